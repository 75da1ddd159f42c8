"""The same subgraphs through @apollo/composition: same verdict, same codes, same supergraph."""

import pytest

from gateway.cli.compose import read_sources
from gateway.cli.compose_config import read_compose_config
from gateway.composition import Composed, CompositionFailure, compose
from gateway.composition.catalogue import explanations
from gateway.graphiql.node import Node
from tests.composition.case_files import HERE, Case, cases_in, subgraphs_in
from tests.composition.golden import CASES, given
from tests.composition.semantics import differences
from tests.js.compose_oracle import Verdict, ask, oracle

EXPLAINED = [
    Case(each.code, (each.code,), subgraphs_in(each.example + "\n"))
    for each in explanations()
    if each.example and not each.is_hint
]
GOLDEN = [Case(path.stem, (), subgraphs_in(given(path))) for path in CASES]
CONFIG = HERE.parents[1] / "schema" / "supergraph.yaml"
NOT_OURS = {"IMPLICITLY_UPGRADED_FEDERATION_VERSION"}  # every federation 1 SDL, by definition
NOT_THEIRS = {"DIRECTIVE_NOT_COMPOSED_EVERYWHERE"}


@pytest.fixture(scope="module")
def apollo() -> Node:
    found = oracle()
    if isinstance(found, str):
        pytest.skip(found)
    return found


@pytest.fixture(scope="module")
def golden_verdicts(apollo: Node) -> dict[str, Verdict]:
    answers = ask(apollo, [case.sources for case in GOLDEN])
    return {case.title: answer for case, answer in zip(GOLDEN, answers, strict=True)}


@pytest.mark.parametrize("case", GOLDEN, ids=lambda case: case.title)
def test_same_supergraph(case: Case, golden_verdicts: dict[str, Verdict]) -> None:
    ours, theirs = compose(case.sources), golden_verdicts[case.title]
    assert isinstance(ours, Composed)
    assert theirs.supergraph is not None, theirs.errors
    assert differences(ours.supergraph_sdl, theirs.supergraph) == []


@pytest.mark.parametrize("case", GOLDEN, ids=lambda case: case.title)
def test_same_hints(case: Case, golden_verdicts: dict[str, Verdict]) -> None:
    ours = {hint.code.value for hint in compose(case.sources).hints}
    assert ours - NOT_THEIRS == set(golden_verdicts[case.title].hints) - NOT_OURS


def test_our_own_schema(apollo: Node) -> None:
    sources = read_sources(read_compose_config(CONFIG, None))
    ours, (theirs,) = compose(sources), ask(apollo, [sources])
    assert isinstance(ours, Composed)
    assert theirs.supergraph is not None, theirs.errors
    assert differences(ours.supergraph_sdl, theirs.supergraph) == []
    assert (ours.hints, theirs.hints) == ((), ())


def test_same_faults(apollo: Node) -> None:
    cases = [*cases_in("faults"), *EXPLAINED]
    unlike = []
    for case, theirs in zip(cases, ask(apollo, [case.sources for case in cases]), strict=True):
        ours = compose(case.sources)
        assert isinstance(ours, CompositionFailure), case.title
        codes = tuple(sorted({error.code.value for error in ours.errors}))
        if not theirs.crashed and codes != theirs.errors:
            unlike.append(f"{case.title}: {codes} != {theirs.errors}")
    assert unlike == []
