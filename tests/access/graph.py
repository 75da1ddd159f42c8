"""A guarded graph of two subgraphs: every guard, on every kind of element that can have one."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Final

from tests.engine.graphs import refs, rows
from tests.kit.federated import Ref, Row, Universe

_LINK = """extend schema @link(url: "https://specs.apollo.dev/federation/v2.6", import: [
  "@key" "@requires" "@provides" "@external" "@shareable" "@authenticated" "@requiresScopes"
  "@policy"])
"""

GUARDED_SDLS: Final[Mapping[str, str]] = {
    "accounts": _LINK
    + """
      type Query {
        hello: String
        me: User @authenticated
        user(id: ID!): User
        users: [User!]! @requiresScopes(scopes: [["read:users"]])
        either: String @requiresScopes(scopes: [["a", "b"], ["c"]])
        both: String @authenticated @requiresScopes(scopes: [["a"]])
        card: String @policy(policies: [["read_card"]])
        cards: String @policy(policies: [["p1", "p2"], ["p3"]])
        all: String @authenticated @requiresScopes(scopes: [["a"]]) @policy(policies: [["p1"]])
        must: String! @authenticated
        vault: Vault
        vaults: [Vault!]
        mood: Mood
        stamp: Stamp
        box: Box
        pets: [Pet!]!
        places: [Place!]!
        found: [Found!]!
        shared: String @shareable @requiresScopes(scopes: [["a"]])
        grid: [[User!]!]
      }
      type Mutation {
        rename(name: String!): User!
        erase: Boolean @requiresScopes(scopes: [["admin"]])
        seal: Vault
      }
      type Subscription { ticks: Tick  secrets: Int @authenticated }
      type Tick { no: Int!  cause: String @requiresScopes(scopes: [["cause"]]) }
      type Vault @authenticated { gold: Int  mood: Mood }
      enum Mood @requiresScopes(scopes: [["moods"]]) { GOOD BAD }
      scalar Stamp @policy(policies: [["stamps"]])
      type Box { label: String  inner: Box  vault: Vault  must: String! @authenticated
        mood: Mood  items: [Item!]! }
      type Item { name: String!  price: Int! @requiresScopes(scopes: [["prices"]]) }
      interface Pet { id: ID!  name: String  owner: User  kind: String  vet: Vet }
      type Vet { name: String  city: String! }
      type Dog implements Pet @key(fields: "id") {
        id: ID!  name: String @authenticated  owner: User  kind: String  barks: Boolean
        vet: Vet @authenticated }
      type Cat implements Pet @key(fields: "id") {
        id: ID!  name: String  owner: User  kind: String  vet: Vet
        lives: Int @requiresScopes(scopes: [["cats"]]) }
      interface Place { id: ID!  city: String }
      interface Sited { city: String }
      type House implements Place & Sited { id: ID!  city: String  rooms: Int }
      type Bunker implements Place & Sited @authenticated { id: ID!  city: String  depth: Int }
      union Found = Dog | Cat | Vault | House
      type User @key(fields: "id") {
        id: ID!  name: String  email: String @requiresScopes(scopes: [["read:email"]])
        phone: String! @authenticated  friends: [User!]  boss: User! @policy(policies: [["hr"]])
      }
    """,
    "reviews": _LINK
    + """
      type Query { reviews: [Review!]!
        shared: String @shareable @requiresScopes(scopes: [["b"]]) }
      type User @key(fields: "id") {
        id: ID!  email: String @external
        reviews: [Review!]! @requiresScopes(scopes: [["read:reviews"]])
        score: Int @requires(fields: "email") @requiresScopes(scopes: [["read:email"]])
      }
      type Dog @key(fields: "id") { id: ID!  tricks: [String!] @authenticated }
      type Cat @key(fields: "id") { id: ID!  tricks: [String!] }
      type Review @key(fields: "id") {
        id: ID!  body: String  author: User
        hidden: String @authenticated  stars: Int! @authenticated
      }
    """,
}


def _user(_: Row, id: str) -> Ref:  # noqa: A002  # the name of the field's argument
    return Ref("User", id)


async def _ticks(_: Row) -> AsyncIterator[object]:
    for no in range(1, 4):
        await asyncio.sleep(0)
        yield {"__typename": "Tick", "no": no, "cause": f"why {no}"}


async def _secrets(_: Row) -> AsyncIterator[object]:
    for no in range(1, 3):
        await asyncio.sleep(0)
        yield no


GUARDED: Final = Universe(
    rows=rows(
        {
            "__typename": "User", "id": "u1", "name": "Ann", "email": "a@x", "phone": "1",
            "friends": refs("User", "u2"), "boss": Ref("User", "u2"),
            "reviews": refs("Review", "r1"), "score": 7,
        },
        {
            "__typename": "User", "id": "u2", "name": "Bo", "email": "b@x", "phone": "2",
            "friends": [], "boss": Ref("User", "u2"), "reviews": [], "score": 8,
        },
        {
            "__typename": "Review", "id": "r1", "body": "fine", "hidden": "h", "stars": 5,
            "author": Ref("User", "u1"),
        },
        {
            "__typename": "Dog", "id": "d1", "name": "Rex", "owner": Ref("User", "u1"),
            "kind": "dog", "barks": True, "tricks": ["sit"],
            "vet": {"__typename": "Vet", "name": "Dr", "city": "Ulm"},
        },
        {
            "__typename": "Cat", "id": "c1", "name": "Tom", "owner": Ref("User", "u2"),
            "kind": "cat", "lives": 9, "tricks": [],
            "vet": {"__typename": "Vet", "name": "Dr", "city": "Ulm"},
        },
        {"__typename": "House", "id": "h1", "city": "Ulm", "rooms": 3},
        {"__typename": "Bunker", "id": "b1", "city": "Bern", "depth": 40},
        {"__typename": "Vault", "id": "v1", "gold": 12, "mood": "GOOD"},
        {
            "__typename": "Box", "id": "x1", "label": "outer", "inner": Ref("Box", "x2"),
            "vault": Ref("Vault", "v1"), "must": "m", "mood": "BAD",
            "items": [{"__typename": "Item", "name": "pen", "price": 2}],
        },
        {
            "__typename": "Box", "id": "x2", "label": "inner", "inner": None, "vault": None,
            "must": "n", "mood": None, "items": [],
        },
    ),
    resolvers={
        "Query.hello": lambda _: "hello",
        "Query.me": lambda _: Ref("User", "u1"),
        "Query.user": _user,
        "Query.users": lambda _: refs("User", "u1", "u2"),
        "Query.either": lambda _: "either",
        "Query.both": lambda _: "both",
        "Query.card": lambda _: "card",
        "Query.cards": lambda _: "cards",
        "Query.all": lambda _: "all",
        "Query.must": lambda _: "must",
        "Query.vault": lambda _: Ref("Vault", "v1"),
        "Query.vaults": lambda _: refs("Vault", "v1"),
        "Query.mood": lambda _: "GOOD",
        "Query.stamp": lambda _: "stamp",
        "Query.box": lambda _: Ref("Box", "x1"),
        "Query.pets": lambda _: [Ref("Dog", "d1"), Ref("Cat", "c1")],
        "Query.places": lambda _: [Ref("House", "h1"), Ref("Bunker", "b1")],
        "Query.found": lambda _: [
            Ref("Dog", "d1"), Ref("Cat", "c1"), Ref("Vault", "v1"), Ref("House", "h1")],
        "Query.shared": lambda _: "shared",
        "Query.grid": lambda _: [refs("User", "u1"), refs("User", "u2")],
        "Query.reviews": lambda _: refs("Review", "r1"),
        "Mutation.rename": lambda _, name: Ref("User", "u1"),
        "Mutation.erase": lambda _: True,
        "Mutation.seal": lambda _: Ref("Vault", "v1"),
        "Subscription.ticks": _ticks,
        "Subscription.secrets": _secrets,
    },
)  # fmt: skip
