"""Random splits and mutations: the same verdict as @apollo/composition, code by code.

The short form of `make compose-corpus`, which judges 1500 sets.
"""

import pytest

from gateway.graphiql.node import Node
from tests.composition.corpus import Judged, judge
from tests.js.compose_oracle import oracle

SETS = 320


@pytest.fixture(scope="module")
def judged() -> Judged:
    node = oracle()
    if not isinstance(node, Node):
        pytest.skip(node)
    return judge(node, SETS)


def test_same_verdicts_codes_hints_and_supergraphs(judged: Judged) -> None:
    assert judged.unlike == []
    assert judged.equal >= 0.99, judged.explained


def test_the_corpus_is_worth_something(judged: Judged) -> None:
    assert judged.failing >= 100
    assert judged.sets - judged.failing >= 40
    assert len(judged.codes) >= 25
