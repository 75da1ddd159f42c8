"""Queries that well-known gateways answer wrongly or not at all, with the right answers."""

from typing import Any

import pytest

from tests.engine.corners import CORNER_SDLS, CORNERS
from tests.engine.graphs import MEDIA, MEDIA_SDLS, SHOP, SHOP_SDLS
from tests.engine.pair import Pair

GRAPHS = {
    "shop": Pair(SHOP_SDLS, SHOP),
    "media": Pair(MEDIA_SDLS, MEDIA),
    "corners": Pair(CORNER_SDLS, CORNERS),
}


def case(id_: str, graph: str, query: str, want: dict[str, Any]) -> Any:
    return pytest.param(graph, query, want, id=id_)


CASES = [
    case(
        "a variable in a condition below what is provided is declared",
        "shop",
        "query ($yes: Boolean!)"
        " { latest { author { name @skip(if: $yes) id @include(if: $yes) } } }",
        {"latest": [{"author": {"id": i}} for i in ("u2", "u1", "u1")]},
    ),
    case(
        "a field that is repeated and once skipped stays",
        "shop",
        "{ me { name name @skip(if: true) reviews @skip(if: true) { id } reviews { stars } } }",
        {"me": {"name": "Ann", "reviews": [{"stars": 5}, {"stars": None}]}},
    ),
    case(
        "an alias may be the name of a key",
        "shop",
        "{ me { id: name email: id reviews { stars } } }",
        {"me": {"id": "Ann", "email": "u1", "reviews": [{"stars": 5}, {"stars": None}]}},
    ),
    case(
        "an alias may be the name of a required field",
        "shop",
        '{ product(id: "p1") { price: weight weight: title shipping } }',
        {"product": {"price": 3, "weight": "Table", "shipping": 23}},
    ),
    case(
        "a key may travel under the name of a required field",
        "shop",
        '{ product(id: "p1") { price: id shipping } }',
        {"product": {"price": "p1", "shipping": 23}},
    ),
    case(
        "an alias may be the name of a key beside what is provided",
        "shop",
        "{ latest { id: stars author { id: name reviews { id } } } }",
        {
            "latest": [
                {"id": 1, "author": {"id": None, "reviews": [{"id": "r3"}]}},
                *[
                    {"id": stars, "author": {"id": "Ann", "reviews": [{"id": "r1"}, {"id": "r2"}]}}
                    for stars in (None, 5)
                ],
            ]
        },
    ),
    case(
        "a condition on an interface that the subgraph does not know of the type",
        "shop",
        "{ warehouses { holds { ... on Item { title ... on Product { price } } } } }",
        {
            "warehouses": [
                {"holds": [{"title": "Table", "price": 10}, {"title": "Chair", "price": None}]}
            ]
        },
    ),
    case(
        "a list selected twice has its items once",
        "shop",
        "{ products(first: 1) { reviews { id } } products(first: 1) { reviews { stars } id } }",
        {
            "products": [
                {"id": "p1", "reviews": [{"id": "r1", "stars": 5}, {"id": "r3", "stars": 1}]}
            ]
        },
    ),
    case(
        "nothing is left to be asked",
        "shop",
        "query ($yes: Boolean!)"
        " { me @skip(if: $yes) { name } ... @skip(if: $yes) { latest { id } } }",
        {},
    ),
    case(
        "nothing is left of an object",
        "shop",
        "query ($no: Boolean!)"
        " { me { name @include(if: $no) } featured { ... on Product { id } } }",
        {"me": {}, "featured": {}},
    ),
    case(
        "a type name under an alias only",
        "media",
        "{ works { t: __typename } topRated { t: __typename } }",
        {
            "works": [{"t": "Film"}, None, {"t": "Book"}],
            "topRated": [{"t": "Book"}, {"t": "Film"}],
        },
    ),
    case(
        "a type name inside a condition on an interface object",
        "media",
        "{ topRated { ... on Book { __typename rating } ... on Film { minutes } } }",
        {"topRated": [{"__typename": "Book", "rating": 4.5}, {"minutes": 100}]},
    ),
    case(
        "a type name beside a condition on an interface object",
        "media",
        "{ topRated { __typename ... on Film { minutes } } }",
        {"topRated": [{"__typename": "Book"}, {"__typename": "Film", "minutes": 100}]},
    ),
    case(
        "a field of an interface object on one implementation",
        "media",
        "{ newest { ... on Film { rating } } media { ... on Book { rating } } }",
        {"newest": {"rating": 3.0}, "media": [{"rating": 4.5}, {}, {"rating": None}]},
    ),
    case(
        "a condition below a field that one subgraph gives as the member itself",
        "corners",
        "{ box { best { ... on Hammer { weight } } } boxes { best { ... on Hammer { weight } } } }",
        {"box": {"best": {"weight": 9}}, "boxes": [{"best": {"weight": 9}}]},
    ),
    case(
        "a condition below it that can never hold",
        "corners",
        "{ box { best { ... on Saw { teeth } } } }",
        {"box": {"best": {}}},
    ),
    case(
        "back by a key that can be entered by",
        "corners",
        "{ depot { parts { label shout } } }",
        {"depot": {"parts": [{"label": "nut", "shout": "NUT"}, {"label": None, "shout": None}]}},
    ),
    case(
        "a required argument beside the client's own",
        "corners",
        '{ depot { parts { dear price(currency: "EUR") other: price(currency: "GBP") } } }',
        {
            "depot": {
                "parts": [
                    {"dear": True, "price": 5, "other": None},
                    {"dear": False, "price": 50, "other": None},
                ]
            }
        },
    ),
    case(
        "a required argument that the client gives by a variable",
        "corners",
        'query ($c: String! = "USD") { depot { parts { price(currency: $c) dear } } }',
        {"depot": {"parts": [{"price": 20, "dear": True}, {"price": 3, "dear": False}]}},
    ),
]


@pytest.mark.parametrize(("graph", "query", "want"), CASES)
async def test_the_right_answer(graph: str, query: str, want: dict[str, Any]) -> None:
    body = await GRAPHS[graph].ask(query, variables={"yes": True, "no": False})
    assert body == {"data": want}


async def test_a_null_that_must_not_be_is_told_in_errors() -> None:
    rows = {ref: {**row, "title": None} for ref, row in SHOP.rows.items()}
    pair = Pair(SHOP_SDLS, type(SHOP)(rows=rows, resolvers=SHOP.resolvers))
    body = await pair.ask('{ me { name } product(id: "p1") { title } }')
    assert body["data"] == {"me": {"name": "Ann"}, "product": None}
    assert [error["path"] for error in body["errors"]] == [["product", "title"]]


async def test_an_entity_under_two_root_fields_is_asked_for_in_one_request() -> None:
    pair = Pair(SHOP_SDLS, SHOP)
    body = await pair.ask('{ a: product(id: "p1") { inStock } b: product(id: "p1") { inStock } }')
    assert body["data"] == {"a": {"inStock": True}, "b": {"inStock": True}}
    assert [r.subgraph for r in pair.client.requests] == ["catalog", "stock"]
