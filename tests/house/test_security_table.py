"""docs/security.md keeps its word: every attack has a row, every row a test that exists."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "security.md").read_text("utf-8")
ROWS = [line for line in TEXT.splitlines() if line.startswith("| ")][1:]
TEST = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")
ATTACKS = (
    *("Algorithm confusion", "`jku`", "Key substitution", "Nonce reuse", "malleability"),
    *("Disclosure forging", "Salt guessing", "overclaim", "Replay across audiences"),
    *("Suite downgrade", "Status list of another issuer", "Expired status list"),
    "Rollback of a DID version",
)


@cache
def functions(path: str) -> frozenset[str]:
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    kinds = ast.FunctionDef | ast.AsyncFunctionDef
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, kinds))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.split("|")[1].strip()[:40])
def test_each_row_names_tests_that_exist(row: str) -> None:
    attack, defence, tests = (cell.strip() for cell in row.strip("|").split("|"))
    named = TEST.findall(tests)
    assert attack
    assert defence
    assert named, f"the row of {attack!r} names no test"
    missing = [f"{path}::{name}" for path, name in named if name not in functions(path)]
    assert not missing, f"docs/security.md names tests that are gone: {missing}"


@pytest.mark.parametrize("attack", ATTACKS)
def test_each_attack_has_a_row(attack: str) -> None:
    assert any(attack in row.split("|")[1] for row in ROWS)
