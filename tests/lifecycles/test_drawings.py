"""The drawings are those of the code, and each of them is well-formed."""

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.lifecycles.drawing import svg
from tests.lifecycles.machines import MACHINES, Machine
from tests.lifecycles.page import DOCS, files

ids = pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.name)


@pytest.mark.parametrize("path", files(), ids=lambda path: path.name)
def test_the_committed_page_is_what_the_code_makes(path: Path) -> None:
    assert path.read_text("utf-8") == files()[path], "run python -m tests.lifecycles.page"


def test_no_drawing_is_left_of_a_machine_that_is_gone() -> None:
    assert set((DOCS / "images" / "states").iterdir()) == {p for p in files() if p.suffix == ".svg"}


@ids
def test_each_state_has_a_box_and_each_step_an_arrow(machine: Machine) -> None:
    drawn = ET.fromstring(svg(machine))
    names = [text.text for text in drawn.iter("{http://www.w3.org/2000/svg}text")][1:]
    assert sorted(str(name) for name in names) == sorted(s.value for s in machine.table)
    arrows = [p for p in drawn.iter("{http://www.w3.org/2000/svg}path") if p.get("marker-end")]
    assert len(arrows) == sum(len(after) for after in machine.table.values())
