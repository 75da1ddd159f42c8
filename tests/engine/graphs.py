"""Small federated graphs with data, for tests that need real plans."""

from collections.abc import AsyncIterator, Mapping
from typing import Any, Final

from tests.kit.federated import Ref, Row, Universe

_LINK = """extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: [
  "@key" "@requires" "@provides" "@external" "@shareable" "@override" "@interfaceObject"
  "@inaccessible"])
"""


def rows(*entries: Row) -> dict[Ref, Row]:
    return {Ref(entry["__typename"], entry["id"]): entry for entry in entries}


def refs(type_name: str, *ids: str) -> list[Ref]:
    return [Ref(type_name, id_) for id_ in ids]


SHOP_SDLS: Final[Mapping[str, str]] = {
    "accounts": _LINK
    + """
      type Query { me: User  accounts: [Account!]!  user(email: String!): User }
      interface Account { id: ID!  name: String }
      type User implements Account @key(fields: "id") @key(fields: "email") {
        id: ID!  email: String!  name: String @shareable  friends(first: Int = 2): [User!]!
      }
      type Robot implements Account @key(fields: "id") { id: ID!  name: String  serial: Int! }
    """,
    "catalog": _LINK
    + """
      type Query { products(first: Int): [Product!]!  product(id: ID!): Product
        search(text: String = "a"): [Hit!]!  featured: Item }
      interface Item { id: ID!  title: String! }
      union Hit = Product | Bundle | Brand
      type Product implements Item @key(fields: "id") {
        id: ID!  title: String!  price: Int  weight: Int  brand: Brand
      }
      type Bundle implements Item @key(fields: "id") { id: ID!  title: String!  parts: [Product!]! }
      type Brand { name: String!  country: Country }
      enum Country { CN DE }
    """,
    "stock": _LINK
    + """
      type Query { warehouses: [Warehouse!]! }
      type Product @key(fields: "id") {
        id: ID!  price: Int @external  weight: Int @external
        shipping: Int @requires(fields: "price weight")  inStock: Boolean!  warehouse: Warehouse
      }
      type Warehouse @key(fields: "code") { code: String!  city: String  holds: [Product!]! }
    """,
    "reviews": _LINK
    + """
      type Query { latest: [Review!]! }
      type Product @key(fields: "id") { id: ID!  reviews: [Review!]! }
      type Review @key(fields: "id") { id: ID!  body(short: Boolean = false): String!  stars: Int
        author: User @provides(fields: "name")  product: Product! }
      type User @key(fields: "id") { id: ID!  name: String @external  reviews: [Review!]! }
      type Robot @key(fields: "id") { id: ID!  reviews: [Review!] }
    """,
}


def _by_text(row: Row, text: str | None = None) -> list[Ref]:
    found = [*refs("Product", "p1", "p2"), *refs("Bundle", "b1"), *refs("Brand", "acme")]
    return [ref for ref in found if text is None or text in ref.id]


def _product(row: Row, id: str) -> Ref:  # noqa: A002  # the name of the field's argument
    return Ref("Product", id)


SHOP: Final = Universe(
    rows=rows(
        {"__typename": "User", "id": "u1", "email": "a@x", "name": "Ann", "rs": ["r1", "r2"]},
        {"__typename": "User", "id": "u2", "email": "b@x", "name": None, "rs": ["r3"]},
        {"__typename": "User", "id": "u3", "email": "c@x", "name": "Cy", "rs": []},
        {"__typename": "Robot", "id": "x1", "name": "Rob", "serial": 7, "reviews": None},
        {
            "__typename": "Product", "id": "p1", "title": "Table", "price": 10, "weight": 3,
            "brand": Ref("Brand", "acme"), "inStock": True, "warehouse": Ref("Warehouse", "w1"),
            "reviews": refs("Review", "r1", "r3"),
        },
        {
            "__typename": "Product", "id": "p2", "title": "Chair", "price": None, "weight": 1,
            "brand": None, "inStock": False, "warehouse": Ref("Warehouse", "w1"),
            "reviews": refs("Review", "r2"),
        },
        {
            "__typename": "Product", "id": "p3", "title": "Lamp", "price": 4, "weight": None,
            "brand": Ref("Brand", "zeta"), "inStock": True, "warehouse": None, "reviews": [],
        },
        {"__typename": "Bundle", "id": "b1", "title": "Set", "parts": refs("Product", "p1", "p2")},
        {"__typename": "Brand", "id": "acme", "name": "Acme", "country": "DE"},
        {"__typename": "Brand", "id": "zeta", "name": "Zeta", "country": None},
        {
            "__typename": "Warehouse", "id": "w1", "code": "w1", "city": "Ulm",
            "holds": refs("Product", "p1", "p2"),
        },
        {
            "__typename": "Review", "id": "r1", "text": "fine", "stars": 5,
            "author": Ref("User", "u1"), "product": Ref("Product", "p1"),
        },
        {
            "__typename": "Review", "id": "r2", "text": "so-so", "stars": None,
            "author": Ref("User", "u1"), "product": Ref("Product", "p2"),
        },
        {
            "__typename": "Review", "id": "r3", "text": "bad", "stars": 1,
            "author": Ref("User", "u2"), "product": Ref("Product", "p1"),
        },
    ),
    resolvers={
        "Query.me": lambda _: Ref("User", "u1"),
        "Query.accounts": lambda _: [*refs("User", "u1", "u2"), *refs("Robot", "x1")],
        "Query.user": lambda _, email: Ref("User", {"a@x": "u1", "b@x": "u2"}.get(email, "?")),
        "Query.products": lambda _, first=None: refs("Product", "p1", "p2", "p3")[:first],
        "Query.product": _product,
        "Query.search": _by_text,
        "Query.featured": lambda _: Ref("Bundle", "b1"),
        "Query.warehouses": lambda _: refs("Warehouse", "w1"),
        "Query.latest": lambda _: refs("Review", "r3", "r2", "r1"),
        "User.friends": lambda row, first: refs("User", "u2", "u3", "u1")[:first],
        "User.reviews": lambda row: refs("Review", *row["rs"]),
        "Review.body": lambda row, short: row["text"][:2] if short else row["text"],
        "Product.shipping": lambda row: (row["price"] or 0) * 2 + (row["weight"] or 0),
    },
)  # fmt: skip

MEDIA_SDLS: Final[Mapping[str, str]] = {
    "titles": _LINK
    + """
      type Query { media: [Media!]!  newest: Media  node(id: ID!): Node @shareable }
      interface Node { id: ID! }
      interface Media implements Node @key(fields: "id") { id: ID!  title: String }
      type Book implements Media & Node @key(fields: "id") {
        id: ID!  title: String  pages: Int!  author: Person  genre: Genre
      }
      type Film implements Media & Node @key(fields: "id") {
        id: ID!  title: String  minutes: Int  author: Person  genre: Genre
      }
      type Person implements Node @key(fields: "id") { id: ID! }
      enum Genre { DRAMA CRIME }
    """,
    "ratings": _LINK
    + """
      type Query { topRated: [Media!]! }
      type Media @interfaceObject @key(fields: "id") {
        id: ID!  rating: Float  comments(max: Int = 5): [Comment!]!
      }
      type Comment { text: String!  by: Person }
      type Person @key(fields: "id") { id: ID!  nick: String }
    """,
    "people": _LINK
    + """
      type Query { people: [Person!]!  works: [Work]  node(id: ID!): Node @shareable }
      interface Node { id: ID! }
      union Work = Book | Film
      type Person implements Node @key(fields: "id") {
        id: ID!  name: String!  works: [Work!]!  grid: [[Work]!]  rival: Person
      }
      type Book implements Node @key(fields: "id") { id: ID!  printings: Int }
      type Film implements Node @key(fields: "id") { id: ID!  award: String }
    """,
}


def _node(row: Row, id: str) -> Ref:  # noqa: A002  # the name of the field's argument
    kinds = {"k": "Book", "f": "Film", "h": "Person"}
    return Ref(kinds.get(id[:1], "?"), id)


def _comments(row: Row, max: int) -> list[Any]:  # noqa: A002  # the name of the argument
    return [
        {"__typename": "Comment", "text": f"on {row['id']}", "by": Ref("Person", "h1")},
        {"__typename": "Comment", "text": "hm", "by": None},
    ][:max]


MEDIA: Final = Universe(
    rows=rows(
        {
            "__typename": "Book", "id": "k1", "title": "Alone", "pages": 90, "genre": "CRIME",
            "author": Ref("Person", "h1"), "rating": 4.5, "printings": 3,
        },
        {
            "__typename": "Book", "id": "k2", "title": None, "pages": 12, "genre": None,
            "author": None, "rating": None, "printings": None,
        },
        {
            "__typename": "Film", "id": "f1", "title": "Noir", "minutes": 100, "genre": "DRAMA",
            "author": Ref("Person", "h2"), "rating": 3.0, "award": "Bear",
        },
        {
            "__typename": "Person", "id": "h1", "name": "Ida", "nick": "ii",
            "works": [Ref("Book", "k1"), Ref("Film", "f1")],
            "grid": [[Ref("Book", "k1"), None], []], "rival": Ref("Person", "h2"),
        },
        {
            "__typename": "Person", "id": "h2", "name": "Jo", "nick": None,
            "works": [], "grid": None, "rival": None,
        },
    ),
    resolvers={
        "Query.media": lambda _: [Ref("Book", "k1"), Ref("Film", "f1"), Ref("Book", "k2")],
        "Query.newest": lambda _: Ref("Film", "f1"),
        "Query.node": _node,
        "Query.topRated": lambda _: [Ref("Book", "k1"), Ref("Film", "f1")],
        "Query.people": lambda _: refs("Person", "h1", "h2"),
        "Query.works": lambda _: [Ref("Film", "f1"), None, Ref("Book", "k2")],
        "Book.comments": _comments,
        "Film.comments": _comments,
    },
    members={"Media": ("Book", "Film")},
)  # fmt: skip

LIVE_SDLS: Final[Mapping[str, str]] = {
    "counter": _LINK
    + """
      type Query { total: Int! }
      type Mutation { add(by: Int!): Int!  note: Note }
      type Subscription { ticks(from: Int = 1): Note! }
      type Note @key(fields: "id") { id: ID!  by: Int }
    """,
    "scaler": _LINK
    + """
      type Mutation { scale(times: Int!): Int! }
      type Note @key(fields: "id") { id: ID!  text: String! }
    """,
}


def live() -> Universe:
    """A fresh universe with a number that mutations change, each seeing what came before."""
    state = {"total": 0}

    def add(_: Row, by: int) -> int:
        state["total"] += by
        return state["total"]

    def scale(_: Row, times: int) -> int:
        state["total"] *= times
        return state["total"]

    async def ticks(start: int) -> AsyncIterator[Ref]:
        for number in range(start, start + 3):
            yield Ref("Note", f"n{number}")

    return Universe(
        rows=rows(
            {"__typename": "Note", "id": "n1", "by": 1, "text": "one"},
            {"__typename": "Note", "id": "n2", "by": 2, "text": "two"},
            {"__typename": "Note", "id": "n3", "by": 3, "text": "three"},
        ),
        resolvers={
            "Query.total": lambda _: state["total"],
            "Mutation.add": add,
            "Mutation.scale": scale,
            "Mutation.note": lambda _: Ref("Note", "n1"),
            "Subscription.ticks": lambda _, **given: ticks(given["from"]),
        },
    )


STAND_IN_SDLS: Final[Mapping[str, str]] = {
    **MEDIA_SDLS,
    "critics": _LINK
    + """
      type Query { best: Media  shelves: [[Media!]]! }
      type Media @interfaceObject @key(fields: "id") {
        id: ID!  rating: Float @external  stars: String @requires(fields: "rating")
        blurb: String  like: [Media]  twin: Media
      }
    """,
}


def _stars(row: Row) -> str | None:
    return None if row["rating"] is None else "*" * int(row["rating"])


def _praised(row: Row) -> Row:
    more = {"blurb": f"see {row['id']}", "like": [Ref("Film", "f1"), None, Ref("Book", "k1")]}
    return {**row, **more, "twin": Ref("Book", "k1")}


STAND_INS: Final = Universe(
    rows={
        ref: _praised(row) if ref.type_name in {"Book", "Film"} else row
        for ref, row in MEDIA.rows.items()
    },
    resolvers={
        **MEDIA.resolvers,
        "Query.best": lambda _: Ref("Book", "k1"),
        "Query.shelves": lambda _: [refs("Book", "k1", "k2"), None, refs("Film", "f1")],
        **{f"{owner}.stars": _stars for owner in ("Media", "Book", "Film")},
    },
    members=MEDIA.members,
)
"""Two subgraphs know `Media` only as one object; of which of its types, neither can tell."""

GRAPHS: Final[Mapping[str, tuple[Mapping[str, str], Universe]]] = {
    "shop": (SHOP_SDLS, SHOP),
    "media": (MEDIA_SDLS, MEDIA),
    "stand-ins": (STAND_IN_SDLS, STAND_INS),
}
