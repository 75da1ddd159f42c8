"""Arguments filled from objects above: which object counts, and what if it says nothing."""

from functools import partial
from typing import Any, Final

import pytest

from gateway.engine import Engine, EngineOptions
from tests.engine.graphs import refs, rows
from tests.engine.pair import Pair, asking, assembled
from tests.kit.federated import Ref, Universe

_LINK = """extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: [
  "@key" "@external" "@shareable" "@requires" "@context" "@fromContext"])
"""

_SHOPS: Final = {
    "shops": _LINK
    + """
      type Query { shops: [Shop!]!  places: [Place!]!  chain: Chain! }
      type Chain @key(fields: "id") @context(name: "at") {
        id: ID!  currency: String  unit: String  flagship: Shop!  outlet: Kiosk!  books: [Book!]!
      }
      type Shop @key(fields: "id") @context(name: "at") {
        id: ID!  currency: String @external  unit: String @external  books: [Book!]!  best: Book
      }
      type Kiosk { best: Book }
      union Place @context(name: "place") = Street | Web
      type Street { name: String  best: Item }
      type Web { host: String  best: Item }
      type Item @key(fields: "id") {
        id: ID!
        shelf(at: String @fromContext(
          field: "$place ... on Street { name } ... on Web { host }")): String
      }
      type Book @key(fields: "id") {
        id: ID!
        price(in: String @fromContext(field: "$at { currency }"), net: Boolean = false): String
        tax(in: String @fromContext(field: "$at { unit }")): String
        sequel: Book
      }
    """,
    "banks": _LINK + 'type Shop @key(fields: "id") { id: ID!  currency: String  unit: String }',
    "titles": _LINK + 'type Book @key(fields: "id") { id: ID!  title: String }',
}


def _said(argument: str, row: Any, **given: Any) -> str:
    net = " net" if given.get("net") else ""
    return f"{row['id']} in {given[argument]}{net}"


_UNIVERSE: Final = Universe(
    rows=rows(
        {
            "__typename": "Shop", "id": "s1", "currency": "EUR", "unit": "kg",
            "books": refs("Book", "b1", "b2"), "best": Ref("Book", "b1"),
        },
        {
            "__typename": "Shop", "id": "s2", "currency": "CNY", "unit": "g",
            "books": refs("Book", "b1"), "best": None,
        },
        {
            "__typename": "Shop", "id": "s3", "currency": None, "unit": None,
            "books": refs("Book", "b2"), "best": Ref("Book", "b2"),
        },
        {"__typename": "Book", "id": "b1", "title": "One", "sequel": Ref("Book", "b2")},
        {"__typename": "Item", "id": "i1"},
        {"__typename": "Book", "id": "b2", "title": "Two", "sequel": None},
    ),
    resolvers={
        "Query.shops": lambda _: refs("Shop", "s1", "s2", "s3"),
        "Query.places": lambda _: [
            {"__typename": "Street", "id": "p1", "name": "Main", "best": Ref("Item", "i1")},
            {"__typename": "Web", "id": "p2", "host": "x.test", "best": Ref("Item", "i1")},
        ],
        "Query.chain": lambda _: {
            "__typename": "Chain", "id": "c", "currency": "USD", "unit": "lb",
            "flagship": Ref("Shop", "s1"), "books": refs("Book", "b1", "b2"),
            "outlet": {"__typename": "Kiosk", "best": Ref("Book", "b1")},
        },
        "Book.price": partial(_said, "in"),
        "Book.tax": partial(_said, "in"),
        "Item.shelf": partial(_said, "at"),
    },
)  # fmt: skip


@pytest.fixture
def pair() -> Pair:
    return Pair(_SHOPS, _UNIVERSE)


async def test_one_object_in_two_places_gets_a_value_for_each(pair: Pair) -> None:
    body = await pair.ask("{ shops { id books { id title price } } }")
    assert body == {"data": {"shops": [
        {"id": "s1", "books": [
            {"id": "b1", "title": "One", "price": "b1 in EUR"},
            {"id": "b2", "title": "Two", "price": "b2 in EUR"},
        ]},
        {"id": "s2", "books": [{"id": "b1", "title": "One", "price": "b1 in CNY"}]},
        {"id": "s3", "books": [{"id": "b2", "title": "Two", "price": "b2 in None"}]},
    ]}}  # fmt: skip


async def test_equal_values_travel_together(pair: Pair) -> None:
    await pair.ask("{ chain { flagship { books { price best: price(net: true) } } } }")
    (request,) = [each for each in pair.client.requests if "$from0" in each.document]
    assert [each["id"] for each in request.variables["representations"]] == ["b1", "b2"]  # type: ignore[attr-defined]
    assert request.variables["from0"] == "EUR"


async def test_the_clients_arguments_stay(pair: Pair) -> None:
    body = await pair.ask("query ($yes: Boolean!) { chain { books { price(net: $yes) } } }")
    assert [each["price"] for each in body["data"]["chain"]["books"]] == [
        "b1 in USD net", "b2 in USD net",
    ]  # fmt: skip


async def test_the_nearest_object_that_sets_it_counts(pair: Pair) -> None:
    body = await pair.ask(
        "{ chain { flagship { best { price sequel { price } } } outlet { best { price } } } }"
    )
    assert body == {"data": {"chain": {
        "flagship": {"best": {"price": "b1 in EUR", "sequel": {"price": "b2 in EUR"}}},
        "outlet": {"best": {"price": "b1 in USD"}},
    }}}  # fmt: skip


async def test_each_kind_of_parent_says_it_in_its_own_field(pair: Pair) -> None:
    body = await pair.ask(
        "{ places { ... on Street { best { shelf } } ... on Web { best { shelf } } } }"
    )
    assert body == {"data": {"places": [
        {"best": {"shelf": "i1 in Main"}}, {"best": {"shelf": "i1 in x.test"}},
    ]}}  # fmt: skip


async def test_null_is_handed_down_only_where_null_may_be_given(pair: Pair) -> None:
    required = pair.supergraph.replace(
        'type: "String", selection: " { unit }"', 'type: "String!", selection: " { unit }"'
    )
    assert required != pair.supergraph
    pair.engine.swap(required)
    body = await pair.ask("{ shops { books { price tax } } }")
    assert body["data"]["shops"][1] == {"books": [{"price": "b1 in CNY", "tax": "b1 in g"}]}
    assert body["data"]["shops"][2] == {"books": [{"price": "b2 in None", "tax": None}]}


async def test_a_value_that_could_not_be_had_costs_its_fields_only(pair: Pair) -> None:
    pair.client.down.add("banks")
    body = await pair.ask("{ shops { books { id price } } chain { books { price } } }")
    assert body["data"]["shops"][0] == {
        "books": [{"id": "b1", "price": None}, {"id": "b2", "price": None}]
    }
    assert body["data"]["chain"]["books"][0] == {"price": "b1 in USD"}
    assert {error["extensions"]["service"] for error in body["errors"]} == {"banks"}


async def test_a_field_whose_context_nobody_above_sets_has_no_plan(pair: Pair) -> None:
    without = pair.supergraph.replace('\n  @context(name: "shops__at")', "")
    engine = Engine.from_supergraph(without, client=pair.client, options=EngineOptions())
    response = await engine.execute(asking("{ shops { books { price } } }"))
    assert response.body["data"] is None
    errors: Any = response.body["errors"]
    assert [error["extensions"]["code"] for error in errors] == ["QUERY_PLANNING_FAILED"]


async def test_a_deferred_part_gets_its_values_too(pair: Pair) -> None:
    query = "{ shops { id ... @defer { books { id price } } } }"
    assert assembled(await pair.in_parts(query)) == (await pair.ask(query))["data"]


async def test_clients_do_not_see_the_argument(pair: Pair) -> None:
    assert "price(net: Boolean = false): String" in pair.engine.api_sdl()
