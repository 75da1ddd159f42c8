"""Each promise of docs/wire.md names a test that is there."""

import re

import pytest

from tests.house.test_security_table import ROOT, functions

TABLE = (ROOT / "docs" / "wire.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| (.+) \| `([\w/.]+)::(\w+)` \|$", TABLE, re.MULTILINE)


def test_every_row_of_the_table_names_one_test() -> None:
    rows = [line for line in TABLE.splitlines() if line.startswith("| ") and "promise" not in line]
    assert len(ROWS) == len(rows) > 60


@pytest.mark.parametrize(("promise", "file", "name"), ROWS)
def test_the_test_of_a_promise_is_there(promise: str, file: str, name: str) -> None:
    assert name in functions(file), f"{promise}: {file} has no {name}"
