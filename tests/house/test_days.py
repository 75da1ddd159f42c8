"""A day begins at midnight in Shanghai; who takes the date of a moment says so by `day_of`."""

import ast
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
OTHERWISE: Final = {
    "subgraphs/rules/calendar.py": "says what a day is",
    "subgraphs/audit/store.py": "its days are shelves of an index, by UTC, and nobody is told them",
}


def test_no_date_is_taken_by_utc() -> None:
    found = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "subgraphs").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        if node.func.attr in {"date", "today"} and not node.args
    }
    assert found == set(OTHERWISE)
