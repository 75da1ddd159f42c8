"""Subgraphs that must not compose: the codes, and that each error helps."""

import pytest

from gateway.composition import CompositionFailure, ErrorCode, compose
from tests.composition.case_files import Case, cases_in, subgraph

CASES = cases_in("faults")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_fault_has_its_code(case: Case) -> None:
    result = compose(case.sources)
    assert isinstance(result, CompositionFailure)
    assert tuple(sorted({error.code.value for error in result.errors})) == case.codes


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_fault_names_a_place_and_what_to_do(case: Case) -> None:
    result = compose(case.sources)
    assert isinstance(result, CompositionFailure)
    lines = {each.name: len(each.sdl.splitlines()) for each in case.sources}
    for error in result.errors:
        if error.code is not ErrorCode.NO_QUERIES:
            assert error.places
        for place in error.places:
            assert 1 <= place.line <= lines[place.subgraph] + 1
        assert error.advice


def test_all_faults_are_told_at_once() -> None:
    result = compose(
        [
            subgraph("a", "type Query { q: Int w: Nope }"),
            subgraph("b", "type T { a"),
            subgraph("c", 'type T @key(fields: "x") { id: ID! }'),
        ]
    )
    assert isinstance(result, CompositionFailure)
    assert [error.subgraph for error in result.errors] == ["a", "b", "c"]


def test_two_subgraphs_of_one_name() -> None:
    result = compose([subgraph("a", "type Query { q: Int }")] * 2)
    assert isinstance(result, CompositionFailure)
    assert result.errors[0].code is ErrorCode.INVALID_SUBGRAPH_NAME


def test_no_subgraphs() -> None:
    result = compose([])
    assert isinstance(result, CompositionFailure)
    assert result.errors[0].code is ErrorCode.NO_QUERIES


def test_satisfiability_error_shows_an_operation_and_each_shut_way() -> None:
    case = next(case for case in CASES if case.title == "other key")
    result = compose(case.sources)
    assert isinstance(result, CompositionFailure)
    message = next(e.message for e in result.errors if e.message.startswith("T.b "))
    assert "{ t { b } }" in message
    assert '"b" resolves it, but can\'t be entered: @key(fields: "no") needs "no"' in message


@pytest.mark.parametrize(
    "sdl",
    [
        pytest.param("", id="empty"),
        pytest.param("<html><body>502 Bad Gateway</body></html>", id="HTML"),
        pytest.param("{ q }", id="a query"),
        pytest.param("type Query { q: " + "[" * 5000 + "Int" + "]" * 5000 + " }", id="deep"),
        pytest.param("type Query { q: Int }\x00", id="a NUL"),
        pytest.param("type Query { q: Int } type Query { p: Int }", id="twice"),
        pytest.param('type Query { q(a: Int = "x", a: Int): Int }', id="argument twice"),
        pytest.param("extend schema @link(url: 3)\ntype Query { q: Int }", id="link without URL"),
    ],
)
def test_nonsense_is_an_error_and_never_an_exception(sdl: str) -> None:
    result = compose([subgraph("a", sdl)])
    assert isinstance(result, CompositionFailure)
    assert result.errors[0].code in ErrorCode
