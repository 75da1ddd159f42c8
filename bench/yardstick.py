"""The benchmark query: four subgraphs, eight fetches, an answer of some 87 kB; and a light one.

Answers come from subgraphs inside the process and are remembered as bytes, so that what is
measured is the gateway and the JSON it cannot do without.
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

import orjson

from gateway.composition import Composed, SubgraphSource, compose
from gateway.executor.ports import Fault, SubgraphReply, SubgraphRequest
from gateway.spec.names import SubgraphName
from tests.kit.federated import LocalClient, Ref, Row, Universe, local_client

_LINK: Final = """extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: [
  "@key" "@shareable" "@external" "@requires" "@provides"])
"""
SDLS: Final[Mapping[str, str]] = {
    "accounts": _LINK
    + """
      type Query { viewer: Member  member(id: ID!): Member  members: [Member] }
      type Member @key(fields: "id") {
        id: ID!  fullName: String  handle: String @shareable  bornOn: Int
      }
    """,
    "inventory": _LINK
    + """
      type Item @key(fields: "sku") {
        sku: String!  cents: Int @external  grams: Int @external  available: Boolean
        shippingCents: Int @requires(fields: "cents grams")
      }
    """,
    "products": _LINK
    + """
      type Query { bestSellers(first: Int = 5): [Item] }
      type Item @key(fields: "sku") { sku: String!  title: String  cents: Int  grams: Int }
    """,
    "reviews": _LINK
    + """
      type Item @key(fields: "sku") { sku: String!  opinions: [Opinion] }
      type Opinion @key(fields: "id") {
        id: ID!  text: String  item: Item  writer: Member @provides(fields: "handle")
      }
      type Member @key(fields: "id") {
        id: ID!  handle: String @external  opinions: [Opinion]
      }
    """,
}
_BEST: Final = """
  ...Thing
  opinions { ...What  writer { ...Who  opinions { ...What  item { ...Thing } } } }
"""
HEAVY: Final = f"""query Yardstick {{
  members {{ ...Who  opinions {{ ...What  item {{ {_BEST} }} }} }}
  bestSellers {{ {_BEST} }}
}}
fragment Who on Member {{ id  handle  fullName }}
fragment What on Opinion {{ id  text }}
fragment Thing on Item {{ sku  title  cents  grams  available  shippingCents }}
"""
LIGHT: Final = "query Light { bestSellers(first: 3) { sku  title  available } }"
_SIZES: Final = (445, 290, 275, 145, 445, 290, 275, 145, 145, 145, 840)
_ABOUT: Final = "11112222344"
_ITEMS: Final = 9
_MEMBERS: Final = 6


def supergraph() -> str:
    """The four composed by ourselves."""
    return supergraph_at({name: f"http://{name}" for name in SDLS})


def supergraph_at(urls: Mapping[str, str]) -> str:
    """The four at these addresses."""
    return supergraph_of(SDLS, urls)


def supergraph_of(sdls: Mapping[str, str], urls: Mapping[str, str]) -> str:
    """Any subgraphs, composed by ourselves."""
    sources = [
        SubgraphSource(name=SubgraphName(name), url=urls[name], sdl=sdl)
        for name, sdl in sdls.items()
    ]
    composed = compose(sources)
    if not isinstance(composed, Composed):
        raise TypeError(composed)
    return composed.supergraph_sdl


def universe() -> Universe:
    """Six members, nine items, eleven opinions with long texts."""
    chance = Random(1)
    rows: dict[Ref, Row] = {}
    for number in range(1, _ITEMS + 1):
        about = [str(i) for i, sku in enumerate(_ABOUT, 1) if sku == str(number)]
        rows[Ref("Item", str(number))] = {
            "__typename": "Item", "sku": str(number), "title": f"Item {number}",
            "cents": 1500 * number, "grams": 700 * number, "available": number % 3 != 0,
            "opinions": [Ref("Opinion", id_) for id_ in about],
        }  # fmt: skip
    for number in range(1, _MEMBERS + 1):
        rows[Ref("Member", str(number))] = {
            "__typename": "Member", "id": str(number), "handle": f"m{number}",
            "fullName": f"Member {number}", "opinions": [Ref("Opinion", "1"), Ref("Opinion", "2")],
        }  # fmt: skip
    for number, size in enumerate(_SIZES, 1):
        text = "".join(chance.choice("abcdefgh jklm nopqr stuv wxyz") for _ in range(size))
        rows[Ref("Opinion", str(number))] = {
            "__typename": "Opinion", "id": str(number), "text": text,
            "item": Ref("Item", _ABOUT[number - 1]), "writer": Ref("Member", "1"),
        }  # fmt: skip
    return Universe(
        rows=rows,
        resolvers={
            "Query.members": lambda _: [Ref("Member", str(i)) for i in range(1, _MEMBERS + 1)],
            "Query.bestSellers": lambda _, first: [
                Ref("Item", str(i)) for i in range(1, min(first, _ITEMS) + 1)
            ],
            "Item.shippingCents": lambda row: row["cents"] and row["grams"] // 2,
        },
    )


@dataclass(slots=True)
class RememberingClient:
    """Answers a request it has seen before from the bytes of the first answer."""

    behind: LocalClient = field(default_factory=lambda: local_client(SDLS, universe()))
    bodies: dict[tuple[str, bytes], bytes] = field(default_factory=dict)
    fetches: int = 0

    async def fetch(self, request: SubgraphRequest, /) -> SubgraphReply | Fault:
        body = orjson.dumps({"query": request.document, "variables": request.variables})
        key = (request.subgraph, body)
        known = self.bodies.get(key)
        if known is None:
            reply = await self.behind.fetch(request)
            if isinstance(reply, Fault) or reply.errors:
                raise ValueError(reply)
            known = self.bodies[key] = orjson.dumps({"data": reply.data})
        self.fetches += 1
        answer: dict[str, Any] = orjson.loads(known)
        return SubgraphReply(data=answer["data"], errors=(), extensions={})

    def subscribe(self, request: SubgraphRequest, /) -> AsyncIterator[SubgraphReply | Fault]:
        raise NotImplementedError(request.subgraph)
