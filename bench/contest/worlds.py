"""The data behind the subgraphs of the contest: the yardstick's, and one of chosen sizes."""

from collections.abc import Callable, Mapping
from typing import Final

from bench.yardstick import SDLS, universe
from tests.kit.federated import LocalClient, Ref, Universe, local_client

MOST_FETCHES: Final = 64
_KEY: Final = '@key(fields: "id")'
_THING: Final = Ref("Thing", "1")
_TEXT: Final = "x" * 96


def growing_sdls() -> Mapping[str, str]:
    """One entity of 64 subgraphs, each with a field of its own; the first has a list as well."""
    small = {
        f"s{number}": f"type Thing {_KEY} {{ id: ID!  f{number}: String }}"
        for number in range(1, MOST_FETCHES)
    }
    first = f"""type Query {{ thing: Thing  rows(count: Int!): [Row!] }}
        type Thing {_KEY} {{ id: ID!  f0: String }}
        type Row {{ id: Int  text: String }}"""
    return {"s0": first, **small}


def _growing() -> LocalClient:
    fields = {f"f{number}": "ok" for number in range(MOST_FETCHES)}
    thing = {"__typename": "Thing", "id": "1", **fields}
    data = Universe(
        rows={_THING: thing}, resolvers={"Query.thing": lambda _: _THING, "Query.rows": _rows}
    )
    return local_client(growing_sdls(), data)


def _rows(_: object, count: int) -> list[dict[str, object]]:
    return [{"__typename": "Row", "id": number, "text": _TEXT} for number in range(count)]


WORLDS: Final[Mapping[str, Callable[[], LocalClient]]] = {
    "yardstick": lambda: local_client(SDLS, universe()),
    "growing": _growing,
}
