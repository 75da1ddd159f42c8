"""Random splits with a few mistakes: the same verdict as @apollo/composition, code by code."""

from collections import Counter

import pytest

from gateway.composition import CompositionFailure, compose
from gateway.graphiql.node import Node
from tests.composition.random_sets import random_set
from tests.composition.semantics import differences
from tests.js.compose_oracle import Verdict, ask, oracle

SEEDS = range(80)
STOPS_APOLLO = "PROVIDES_ON_NON_OBJECT_FIELD"  # it says nothing else of that subgraph; we do


@pytest.fixture(scope="module")
def verdicts() -> dict[int, Verdict]:
    node = oracle()
    if not isinstance(node, Node):
        pytest.skip(node)
    answers = ask(node, [random_set(seed, mistakes=seed % 4) for seed in SEEDS])
    return dict(zip(SEEDS, answers, strict=True))


def test_same_verdict(verdicts: dict[int, Verdict]) -> None:
    unlike, seen = [], Counter[str]()
    for seed, theirs in verdicts.items():
        ours = compose(random_set(seed, mistakes=seed % 4))
        errors = ours.errors if isinstance(ours, CompositionFailure) else ()
        codes = {error.code.value for error in errors}
        seen.update(codes or {"composes"})
        if STOPS_APOLLO in theirs.errors:
            assert STOPS_APOLLO in codes
        elif codes != set(theirs.errors):
            unlike.append(f"seed {seed}: {sorted(codes)} != {theirs.errors}")
        elif isinstance(ours, CompositionFailure):
            assert theirs.supergraph is None
        else:
            assert theirs.supergraph is not None
            unlike.extend(differences(ours.supergraph_sdl, theirs.supergraph))
            assert {hint.code.value for hint in ours.hints} == set(theirs.hints), f"seed {seed}"
    assert unlike == []
    assert seen["composes"] >= 35, "the corpus must hold both kinds"
    assert len(seen) >= 12, f"too few codes are tried: {seen}"
