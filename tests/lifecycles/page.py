"""Writes docs/states.md and its drawings from the code: `python -m tests.lifecycles.page`."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.lifecycles.drawing import svg
from tests.lifecycles.machines import MACHINES, Machine

DOCS: Final = Path(__file__).parents[2] / "docs"
_INTRO: Final = """# States and steps

Drawn from the `lifecycle` modules of the four subgraphs; `python -m tests.lifecycles.page`
makes this page, and a test holds it against the code. A step that is not drawn is refused with
`InvalidTransitionError { from to allowed }`. Green arrows write an event of their own to the log;
grey ones are written with the event of what caused them (a decision, an endorsement, the clock), or
by no operation yet. Amber states are final.
"""


def files() -> dict[Path, str]:
    """Every file this page consists of, with its text."""
    drawings = {
        DOCS / "images" / "states" / f"{machine.name}.svg": svg(machine) for machine in MACHINES
    }
    return {DOCS / "states.md": "\n".join([_INTRO, *map(_section, MACHINES)]), **drawings}


def _section(machine: Machine) -> str:
    lines = [f"## {machine.title}", "", f"![{machine.title}](images/states/{machine.name}.svg)", ""]
    lines += ["| from | to | event |", "|---|---|---|", *_rows(machine), ""]
    return "\n".join(lines)


def _rows(machine: Machine) -> Iterator[str]:
    order = list(machine.table)
    for source, targets in machine.table.items():
        for target in sorted(targets, key=order.index):
            told = machine.tell(source, target, 2)
            event = "–" if told is None else f"`{told.kind}`"
            yield f"| {source.value} | {target.value} | {event} |"


if __name__ == "__main__":
    for path, text in files().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
