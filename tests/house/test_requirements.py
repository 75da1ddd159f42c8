"""docs/requirements.md keeps its word: each requirement has a row, each row names what exists."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest
from graphql import build_schema
from graphql.type import GraphQLObjectType

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "requirements.md").read_text("utf-8")
ROWS = [
    tuple(cell.strip() for cell in line.strip("|").split("|"))
    for line in TEXT.splitlines()
    if re.match(r"\| R\d+ ", line)
]
WANTED = [f"R{number}" for number in (*range(1, 60), 65, 66, 69, 71, 72, 73, *range(75, 84))]
TEST = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")
MODULE = re.compile(r"`((?:subgraphs|gateway|ledger_adapter|bench)/[\w/]+\.py)`")
FIELD = re.compile(r"`([A-Z]\w+)\.(\w+)`")
STATUS = re.compile(r"done|(?:partly|not built): .+|not built")

each_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])


@cache
def functions(path: str) -> frozenset[str]:
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    kinds = ast.FunctionDef | ast.AsyncFunctionDef
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, kinds))


@cache
def fields(type_name: str) -> frozenset[str]:
    text = (ROOT / "schema" / "api.graphql").read_text("utf-8")
    found = build_schema(text, assume_valid_sdl=True).type_map.get(type_name)
    return frozenset(found.fields) if isinstance(found, GraphQLObjectType) else frozenset()


def test_every_requirement_has_one_row_in_order() -> None:
    assert [row[0] for row in ROWS] == WANTED


@each_row
def test_what_a_row_names_exists(row: tuple[str, ...]) -> None:
    _, _, where, tests, _ = row
    gone = [path for path in MODULE.findall(where) if not (ROOT / path).is_file()]
    gone += [f"{name}.{field}" for name, field in FIELD.findall(where) if field not in fields(name)]
    named = TEST.findall(tests)
    gone += [f"{path}::{test}" for path, test in named if test not in functions(path)]
    assert not gone, f"docs/requirements.md names what is not there: {gone}"


@each_row
def test_nothing_is_done_without_a_place_and_a_test(row: tuple[str, ...]) -> None:
    _, wish, where, tests, status = row
    assert wish
    assert STATUS.fullmatch(status), "done, partly: what is missing, or not built"
    if not status.startswith("not built"):
        assert TEST.search(tests), "without a test it is not built"
        assert MODULE.search(where) or FIELD.search(where), "say where it lives"
