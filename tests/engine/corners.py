"""A small graph of corners: keys that cannot be entered by, arguments in requirements, a field that
one subgraph gives as a union and another as its only member."""

from collections.abc import Mapping
from typing import Final

from tests.engine.graphs import refs, rows
from tests.kit.federated import Ref, Universe

_LINK = """extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: [
  "@key" "@requires" "@external" "@shareable"])
"""

CORNER_SDLS: Final[Mapping[str, str]] = {
    "maker": _LINK
    + """
      type Query { boxes: [Box!]! }
      type Part @key(fields: "no") @key(fields: "pack { a b }", resolvable: false) {
        no: ID!  pack: Pack! @shareable  label: String  price(currency: String!): Int
      }
      type Pack @shareable { a: ID!  b: ID!  c: ID! }
      union Thing = Hammer | Saw
      type Box @key(fields: "id") { id: ID!  best: Thing @shareable  parts: [Part!]! }
      type Hammer @shareable { weight: Int }
      type Saw { teeth: Int }
    """,
    "depot": _LINK
    + """
      type Query { depot: Depot  box: Box }
      type Depot { parts: [Part!]! }
      type Part @key(fields: "no", resolvable: false) @key(fields: "no pack { b c }") {
        no: ID!  label: String @external  price(currency: String!): Int @external
        pack: Pack! @shareable
        shout: String @requires(fields: "label")
        dear: Boolean @requires(fields: "price(currency: \\"USD\\")")
      }
      type Pack @shareable { a: ID!  b: ID!  c: ID! }
      type Box @key(fields: "id") { id: ID!  best: Hammer @shareable }
      type Hammer @shareable { weight: Int }
    """,
}

CORNERS: Final = Universe(
    rows=rows(
        {
            "__typename": "Part", "id": "n1", "no": "n1", "label": "nut",
            "pack": {"__typename": "Pack", "a": "a1", "b": "b1", "c": "c1"},
            "prices": {"USD": 20, "EUR": 5},
        },
        {
            "__typename": "Part", "id": "n2", "no": "n2", "label": None,
            "pack": {"__typename": "Pack", "a": "a2", "b": "b2", "c": "c2"},
            "prices": {"USD": 3, "EUR": 50},
        },
        {
            "__typename": "Box", "id": "x1", "best": {"__typename": "Hammer", "weight": 9},
            "parts": refs("Part", "n1"),
        },
    ),
    resolvers={
        "Query.depot": lambda _: {"__typename": "Depot", "parts": refs("Part", "n1", "n2")},
        "Query.box": lambda _: Ref("Box", "x1"),
        "Query.boxes": lambda _: refs("Box", "x1"),
        "Part.price": lambda row, currency: row["prices"].get(currency),
        "Part.shout": lambda row: row["label"] and row["label"].upper(),
        "Part.dear": lambda row: row["price"] > 10,
    },
)  # fmt: skip
