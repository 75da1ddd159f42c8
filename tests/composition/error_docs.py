"""docs/composition-errors.md, made from the catalogue: `python -m tests.composition.error_docs`."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from gateway.composition.catalogue import OURS, Explanation, explanations

PAGE: Final = Path(__file__).parents[2] / "docs" / "composition-errors.md"
_TEST: Final = "tests/composition/test_catalogue.py::test_example_triggers_its_code"
_HEAD: Final = f"""\
# Codes of composition

<!-- made by `python -m tests.composition.error_docs`; a test fails when it is stale -->

`credgraph explain CODE` shows an entry of this page with its example. The codes are Apollo's, so
runbooks and searches keep working; those marked "ours" no other composer has. The test of each code
is `{_TEST}[CODE]`, which composes the
example that `credgraph explain` shows; tests/composition/test_against_apollo.py asks Apollo's
composer about the same subgraphs.
"""


def page() -> str:
    """The whole text."""
    errors = [each for each in explanations() if not each.is_hint]
    hints = [each for each in explanations() if each.is_hint]
    parts = [_HEAD, f"## Errors ({len(errors)})\n", *_table(errors)]
    parts += [f"\n## Hints ({len(hints)})\n", "Whether a hint fails the build: `failing_hints`"]
    parts += ["and `allowed_hints` of the config (docs/composition.md).\n", *_table(hints)]
    return "\n".join(parts) + "\n"


def _table(entries: list[Explanation]) -> Iterator[str]:
    yield "| code | meaning | what to do | test |"
    yield "|---|---|---|---|"
    for each in entries:
        ours = " (ours)" if each.code in OURS else ""
        test = f"never by an example: {each.never}" if each.never else f"`[{each.code}]`"
        cells = (f"`{each.code}`{ours}", each.meaning, each.remedy, test)
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


if __name__ == "__main__":
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page(), encoding="utf-8")
