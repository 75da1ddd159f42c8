"""A field of one type of an interface, where only stand-ins for the interface are at hand."""

import pytest

from tests.differential.check import difference
from tests.differential.operations import VARIABLES
from tests.engine.graphs import STAND_IN_SDLS, STAND_INS
from tests.engine.pair import Pair


@pytest.fixture
def graph() -> Pair:
    return Pair(STAND_IN_SDLS, STAND_INS)


@pytest.mark.parametrize(
    "query",
    [
        pytest.param("{ topRated { ... on Book { blurb } } }", id="in a list"),
        pytest.param("{ best { a: id ... on Book { b: rating c: rating } } }", id="by alias"),
        pytest.param(
            "{ shelves { ... on Book { rating } ... on Film { blurb } } }", id="in lists of lists"
        ),
        pytest.param(
            "{ shelves { ... on Book { comments { text } } } }", id="that may not be null"
        ),
        pytest.param(
            "{ best { like { ... on Book { rating twin { ... on Film { rating }"
            " ... on Book { comments { by { name nick } } } } } } } }",
            id="below another stand-in",
        ),
        pytest.param("{ topRated { ... on Book { stars } } }", id="that requires another"),
        pytest.param(
            "{ works { ... on Book { blurb } ... on Film { twin { id } stars } } }",
            id="that requires another, beside what requires nothing of another type",
        ),
        pytest.param("{ best { ... on Book { stars title } } }", id="that requires what is far"),
        pytest.param(
            "query ($no: Boolean!, $yes: Boolean!) { best { ... on Book @skip(if: $no) { rating }"
            " ... on Film @include(if: $yes) { rating comments { text } } } }",
            id="under a condition",
        ),
        pytest.param(
            "{ media { t: title ... on Book @defer { title } } shelves { like { r: rating }"
            " ... on Book @defer { like { rating } } } }",
            id="deferred, and under another name at once",
        ),
        pytest.param(
            "{ place: topRated { ... on Media @defer { ... on Book { rating } } } }", id="deferred"
        ),
        pytest.param(
            "{ best { ... on Book { ... @defer { stars } ... @defer { comments { text } } } } }",
            id="deferred in two parts",
        ),
        pytest.param(
            "{ shelves { ... on Book { ... @defer { rating title ... @defer { stars pages } } }"
            " ... on Film { ... @defer { minutes blurb } } } }",
            id="deferred in lists, a part in a part",
        ),
    ],
)
async def test_the_type_is_known_before_it_is_asked_about(graph: Pair, query: str) -> None:
    assert await difference(graph, query, VARIABLES) is None


@pytest.mark.parametrize("late", ["titles", "ratings", "critics"])
@pytest.mark.parametrize(
    "query",
    [
        pytest.param(
            """{ topRated { id ... @defer(label: "a") { title } ... @defer(label: "b")
            { ... on Film { rating } } ... @defer(label: "c") { __typename } } }""",
            id="the type",
        ),
        pytest.param(
            """{ best { ... @defer(label: "a") { twin { rating } } ... @defer(label: "b")
            { twin { ... on Book { title } } }
            ... @defer(label: "c") { ... on Book { stars } } } }""",
            id="the object",
        ),
    ],
)
async def test_a_part_waits_for_whatever_another_one_asks_for_it(
    graph: Pair, query: str, late: str
) -> None:
    graph.client.late = {late: 40}
    assert await difference(graph, query, VARIABLES) is None
