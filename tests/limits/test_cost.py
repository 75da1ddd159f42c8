"""What operations cost, before and after."""

import pytest
from graphql import parse

from gateway.errors import ListTooLong
from gateway.limits.cost import price
from gateway.limits.weights import Weights

SDL = """
schema
  @link(url: "https://specs.apollo.dev/link/v1.0")
  @link(url: "https://specs.apollo.dev/join/v0.5", for: EXECUTION)
  @link(url: "https://specs.apollo.dev/cost/v0.1", import: [{name: "@cost", as: "@price"}])
{ query: Query mutation: Mutation }
type Query {
  me: User
  search(text: String @price(weight: 3), first: Int = 4): [Thing] @cost__listSize(
    assumedSize: 5, slicingArguments: ["first"]
  )
  page(first: Int, last: Int): Page @cost__listSize(
    assumedSize: 20, slicingArguments: ["first", "last"], sizedFields: ["nodes"]
  )
}
type Mutation { rename(name: String): User }
interface Thing { id: ID }
type User implements Thing { id: ID friends: [User!]! secret: String @price(weight: 7) }
type Book implements Thing { id: ID author: User }
type Page { nodes: [User] total: Count }
scalar Count @price(weight: 2)
"""
WEIGHTS = Weights.of(SDL)


@pytest.mark.parametrize(
    ("query", "variables", "cost"),
    [
        pytest.param("{ __typename }", {}, 0, id="nothing"),
        pytest.param("{ me { id } }", {}, 1, id="an object"),
        pytest.param("{ me { secret } }", {}, 8, id="a dear leaf"),
        pytest.param("{ a: me { id } b: me { id } }", {}, 2, id="aliases count each"),
        pytest.param("{ me { friends { friends { id } } } }", {}, 3, id="lists of unknown size"),
        pytest.param("{ search { id } }", {}, 4, id="a default of the schema"),
        pytest.param("{ search(first: 9) { id } }", {}, 9, id="a literal"),
        pytest.param('{ search(first: 9, text: "x") { id } }', {}, 12, id="a dear argument"),
        pytest.param("query($n: Int) { search(first: $n) { id } }", {"n": 6}, 6, id="a variable"),
        pytest.param("query($n: Int = 2) { search(first: $n) { id } }", {}, 2, id="its default"),
        pytest.param(
            "{ search(first: 2) { ... on User { secret } ... on Book { author { id } } } }",
            {},
            16,
            id="the dearest of what excludes one another",
        ),
        pytest.param("{ page { nodes { id } } }", {}, 21, id="an assumed size, of another field"),
        pytest.param("{ page(last: 3) { total nodes { id } } }", {}, 6, id="a size passed down"),
        pytest.param("mutation { rename { id } }", {}, 11, id="a mutation"),
        pytest.param("{ ...F ...F } fragment F on Query { me { id } }", {}, 1, id="spread twice"),
    ],
)
def test_the_estimate(query: str, variables: dict[str, object], cost: int) -> None:
    priced = price(parse(query), None, WEIGHTS)
    assert priced is not None
    assert priced.estimate(variables, 100) == cost


def test_the_actual_cost_counts_what_came() -> None:
    priced = price(parse("{ page(first: 50) { nodes { id secret } } me { id } }"), None, WEIGHTS)
    assert priced is not None
    nodes: list[object] = [{"id": "1", "secret": "x"}, {"id": "2", "secret": None}, None]
    assert priced.actual({"page": {"nodes": nodes}, "me": None}) == 1 + (1 + 7) + 1
    assert priced.actual(None) == 0


def test_a_list_that_is_too_long_is_refused_whatever_it_costs() -> None:
    priced = price(parse("query($n: Int) { page(first: $n) { total } }"), None, WEIGHTS)
    assert priced is not None
    with pytest.raises(ListTooLong):
        priced.estimate({"n": 101}, 100)


def test_many_fragments_in_many_places_are_priced_in_no_time() -> None:
    levels = 60
    fragments = [
        f"fragment F{n} on User {{ a: friends {{ ...F{n + 1} }} b: friends {{ ...F{n + 1} }} }}"
        for n in range(levels)
    ]
    text = f"{{ me {{ ...F0 }} }} {' '.join(fragments)} fragment F{levels} on User {{ id }}"
    priced = price(parse(text), None, WEIGHTS)
    assert priced is not None
    assert priced.estimate({}, 100) == 2 ** (levels + 1) - 1


def test_asking_for_the_schema_is_seen_through_fragments() -> None:
    text = "{ ...F } fragment F on Query { __schema { __typename } }"
    priced = price(parse(text), None, WEIGHTS)
    assert priced is not None
    assert priced.introspects
