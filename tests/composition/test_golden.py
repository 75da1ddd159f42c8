"""Golden supergraphs, and that nothing but the subgraphs themselves decides about them."""

from pathlib import Path

import pytest
from hypothesis import given as given_that
from hypothesis import settings
from hypothesis import strategies as st

from gateway.composition import Composed, SubgraphSource, compose
from gateway.spec.names import CONTEXT_IDENTITY, GUARD_IDENTITIES
from gateway.supergraph.reader import read_supergraph
from tests.composition.case_files import subgraphs_in
from tests.composition.golden import CASES, given, written


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_supergraph_is_as_reviewed(path: Path) -> None:
    assert written(path) == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_our_own_reader_takes_it(path: Path) -> None:
    result = compose(subgraphs_in(given(path)))
    assert isinstance(result, Composed)
    read_supergraph(result.supergraph_sdl, understood=GUARD_IDENTITIES | {CONTEXT_IDENTITY})


orders = st.sampled_from(CASES).flatmap(
    lambda path: st.permutations(list(subgraphs_in(given(path))))
)


@settings(max_examples=30, deadline=None)
@given_that(orders)
def test_order_of_subgraphs_has_no_influence(subgraphs: list[SubgraphSource]) -> None:
    by_name = sorted(subgraphs, key=lambda each: each.name)
    assert compose(subgraphs) == compose(by_name)
