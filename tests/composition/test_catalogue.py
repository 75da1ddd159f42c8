"""Every code is explained, and every explanation is true: its example gives the code.

`python -m tests.composition.error_docs` writes docs/composition-errors.md anew.
"""

import pytest

from gateway.composition import Composed, CompositionFailure, ErrorCode, HintCode, compose
from gateway.composition.catalogue import OURS, Explanation, explanations
from gateway.composition.satisfaction import search
from gateway.graphiql.node import Node
from tests.composition.case_files import subgraphs_in
from tests.composition.error_docs import PAGE, page
from tests.js.compose_oracle import documented_codes, oracle

EXAMPLES = [each for each in explanations() if each.example]


@pytest.mark.parametrize("each", EXAMPLES, ids=lambda each: each.code)
def test_example_triggers_its_code(each: Explanation) -> None:
    result = compose(subgraphs_in(each.example + "\n"))
    errors = result.errors if isinstance(result, CompositionFailure) else ()
    if each.is_hint:
        assert each.code in {hint.code.value for hint in result.hints}
        assert isinstance(result, Composed), "a hint's example composes"
    else:
        assert each.code in {error.code.value for error in errors}


def test_every_code_of_ours_is_explained() -> None:
    explained = {(each.code, each.is_hint) for each in explanations()}
    assert {(code.value, False) for code in ErrorCode} <= explained
    assert {(code.value, True) for code in HintCode} == {each for each in explained if each[1]}


def test_every_code_that_apollo_documents_is_explained() -> None:
    node = oracle()
    if not isinstance(node, Node):
        pytest.skip(node)
    errors = {each.code for each in explanations() if not each.is_hint}
    assert errors - OURS == documented_codes(node)


def test_too_many_ways_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "MAX_STATES", 1)
    sdl = "--- a\ntype Query { a: A }\ntype A { b: B }\ntype B { c: C }\ntype C { d: Int }\n"
    result = compose(subgraphs_in(sdl))
    assert isinstance(result, CompositionFailure)
    (error,) = result.errors
    assert error.code is ErrorCode.MAX_VALIDATION_SUBGRAPH_PATHS_EXCEEDED


def test_the_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run python -m tests.composition.error_docs"
