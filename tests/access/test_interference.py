"""Non-interference: what a caller may not see changes nothing of what it is answered.

Two worlds that differ by another holder's whole story at a pair of institutions; random queries
are asked in both by everybody who has no part in it: about what the caller has, about the ids of
that story (in the first world they are of nothing), with lists, counts, bad ids and bad arguments;
and every list is walked page by page, by cursors of the first world, too. Left out is what the
public log tells everybody: proofs, heads, positions, the bytes of cursors.

The suite plays two pairs with a seed each, `make interference` four with three.
"""

import asyncio
import random
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

import pytest
from graphql import GraphQLObjectType, GraphQLSchema, get_named_type, is_composite_type

from subgraphs.demo.pilot import (
    CAITONG_FUND,
    GUOTAI_JUNAN,
    GUOTAI_JUNAN_FUTURES,
    HUAAN_FUND,
)
from subgraphs.kit.ids import BY_TYPE, institution_id, new_id
from tests.access.matrix import api
from tests.access.world import Asking, Houses, World, client, tell
from tests.e2e.conftest import started

ALWAYS: Final = ("holder", "other_holder", "analyst", "nobody")
PAIRS: Final = (
    Houses(),  # those of the first world
    Houses(issuer=HUAAN_FUND, verifier=GUOTAI_JUNAN_FUTURES),  # others
    Houses(issuer=CAITONG_FUND, verifier=GUOTAI_JUNAN),  # the same in each other's role
    Houses(issuer=GUOTAI_JUNAN_FUTURES),
)
WHOLE: Final = pytest.mark.whole
DOCUMENTS, TOGETHER, DEEPEST = 40, 4, 4
FEW, IN_THE_SUITE = 5, {(0, 1), (1, 1)}
LOG: Final = {
    "chainProof",
    "treeHead",
    "chainNodes",
    "headAnchors",
    "failoverEvents",
    "statusAt",
} | {
    "listener",
    "asOfSequence",
    "headSequence",
    "anchorState",
}
"""Fields that tell how far the log is, or what of it is proved by now."""


BROKEN: Final = ('""', '"x"', '"cred_"', '"cred_00000000000000000000000000"', '"*"')
PAGES: Final = 4


class Writer:
    """Random queries over a schema."""

    def __init__(
        self, schema: GraphQLSchema, types: Collection[str], chance: random.Random
    ) -> None:
        self.schema, self.types, self.chance = schema, sorted(types), chance

    def document(self) -> str:
        """Of nodes by variables named after their type, `own` or `foreign`, and of root fields."""
        pieces = [self._piece(f"p{number}") for number in range(TOGETHER)]
        body = " ".join(pieces)
        names = [f"{whose}_{type_}" for whose in ("own", "foreign") for type_ in self.types]
        heads = ", ".join(f"${name}: ID!" for name in names if f"${name})" in body)
        return f"query Random{f'({heads})' if heads else ''} {{ {body} }}"

    def _piece(self, alias: str) -> str:
        query = self.schema.query_type
        assert query is not None
        if self.chance.random() < 0.05:
            return f"{alias}: node(id: {self.chance.choice(BROKEN)}) {{ __typename }}"
        type_ = self.chance.choice(self.types)
        whose = self.chance.choice(("own", "foreign"))
        if self.chance.random() < 0.75:
            owner = self.schema.type_map[type_]
            return (
                f"{alias}: node(id: ${whose}_{type_}) {{ ... on {type_} {self.fields(owner, 0)} }}"
            )
        lists = [n for n, f in query.fields.items() if n not in LOG and "first" in f.args]
        name = self.chance.choice(sorted(lists))
        return f"{alias}: {self._field(name, query, 0)}"

    def fields(self, owner: Any, depth: int) -> str:
        """A selection of some of its fields."""
        if not isinstance(owner, GraphQLObjectType):
            return "{ __typename }"
        able = [n for n, f in sorted(owner.fields.items()) if self._fits(n, f, depth)]
        chosen = self.chance.sample(able, min(len(able), self.chance.randint(1, 5)))
        return "{ __typename " + " ".join(self._field(n, owner, depth) for n in chosen) + " }"

    def _fits(self, name: str, field: Any, depth: int) -> bool:
        kind = get_named_type(field.type)
        needs = [a for n, a in field.args.items() if n not in {"first", "after", "filter"}]
        return (
            name not in LOG
            and kind.name != "Cursor"
            and not needs
            and (depth < DEEPEST or not is_composite_type(kind))
        )

    def _field(self, name: str, owner: GraphQLObjectType, depth: int) -> str:
        field = owner.fields[name]
        kind = get_named_type(field.type)
        below = self.fields(kind, depth + 1) if is_composite_type(kind) else ""
        return f"{name}{self._arguments(field)} {below}"

    def _arguments(self, field: Any) -> str:
        given = []
        if "first" in field.args:
            given.append(f"first: {self.chance.choice((1, 2, 3, 100, 0, 101))}")
        if "after" in field.args and self.chance.random() < 0.1:
            given.append('after: "AAAA"')
        return f"({', '.join(given)})" if given else ""


async def heard(
    http: Asking, world: World, document: str, foreign: Mapping[str, str], role: str
) -> Any:
    """The answer, with the ids of the other story named by their types."""
    known = {f"own_{type_}": id_ for type_, id_ in world.ids.items()}
    known |= {f"foreign_{type_}": id_ for type_, id_ in foreign.items()}
    used = {name: id_ for name, id_ in known.items() if f"${name})" in document}
    body = await http.ask(world.stack.url, document, used, world.token(role))
    named = {id_: f"<{type_}>" for type_, id_ in foreign.items()}
    errors = sorted(_errors(body, named), key=repr)
    return _named(body.get("data"), named), errors


def _errors(body: Any, named: Mapping[str, str]) -> Iterator[object]:
    """Without the ids of requests, which tell nothing of what was found."""
    for error in body.get("errors", ()):
        told = {k: v for k, v in error.get("extensions", {}).items() if k != "requestId"}
        yield _named({**error, "extensions": told}, named)


def _named(value: Any, named: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _named(inner, named) for key, inner in value.items()}
    if isinstance(value, list):
        return [_named(inner, named) for inner in value]
    return named.get(value, value) if isinstance(value, str) else value


def strangers(world: World, houses: Houses) -> list[str]:
    """The callers who have no part in a story that takes place there."""
    there = {institution_id(one.uscc) for one in (houses.issuer, houses.verifier)}
    return [
        role
        for role, claims in world.claims.items()
        if role in ALWAYS or (role != "regulator" and claims["institution"] not in there)
    ]


def lists() -> list[str]:
    """Connections that anybody may ask for, by their name."""
    query = api().query_type
    assert query is not None
    return sorted(
        name
        for name, field in query.fields.items()
        if name not in LOG and {"first", "after"} <= set(field.args) and _is_connection(field)
    )


def _is_connection(field: Any) -> bool:
    kind = get_named_type(field.type)
    return isinstance(kind, GraphQLObjectType) and "pageInfo" in kind.fields


async def walked(
    http: Asking, world: World, name: str, role: str, most: int
) -> list[tuple[Any, str | None]]:
    """A list one by one: what each page shows, and where it ends."""
    pages: list[tuple[Any, str | None]] = []
    after: str | None = None
    while len(pages) < most and (after is not None or not pages):
        shown, after = await paged(http, world, name, role, after)
        pages.append((shown, after))
    return pages


async def paged(
    http: Asking, world: World, name: str, role: str, after: str | None
) -> tuple[Any, str | None]:
    """One page, and its last cursor where there are more."""
    kind = get_named_type(get_named_type(_fields()[name].type).fields["edges"].type)
    has_id = "id" in getattr(get_named_type(kind.fields["node"].type), "fields", {})
    text = (
        f"query Page($after: Cursor) {{ page: {name}(first: 1, after: $after) {{ totalCount edges "
        f"{{ node {{ __typename {'id' if has_id else ''} }} }} "
        f"pageInfo {{ hasNextPage endCursor }} }} }}"
    )
    body = await http.ask(world.stack.url, text, {"after": after}, world.token(role))
    found = (body.get("data") or {}).get("page")
    codes = [error["extensions"]["code"] for error in body.get("errors", ())]
    if found is None:
        return codes, None
    more = found["pageInfo"]["hasNextPage"]
    return (found["totalCount"], found["edges"], more, codes), (
        found["pageInfo"]["endCursor"] if more else None
    )


def _fields() -> Mapping[str, Any]:
    query = api().query_type
    assert query is not None
    fields: Mapping[str, Any] = query.fields
    return fields


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Its own: the stories that are played here happen at everybody's houses."""
    with started(tmp_path_factory.mktemp("interference")) as stack:
        yield asyncio.run(tell(stack))


@pytest.mark.parametrize(
    ("pair", "seed"),
    [
        pytest.param(pair, seed, marks=() if (pair, seed) in IN_THE_SUITE else WHOLE)
        for pair in range(len(PAIRS))
        for seed in (1, 2, 3)
    ],
)
async def test_another_story_changes_no_answer(world: World, pair: int, seed: int) -> None:
    houses, writer = PAIRS[pair], Writer(api(), world.ids, random.Random(f"{pair} {seed}"))
    callers = strangers(world, houses)
    assert len(callers) > len(ALWAYS)
    short = (pair, seed) in IN_THE_SUITE
    documents = [writer.document() for _ in range(FEW if short else DOCUMENTS)]
    most = 2 if short else PAGES
    nothing = {type_: new_id(BY_TYPE[type_].prefix) for type_ in world.ids}
    shared = {name: world.ids[name] for name in ("Institution", "CredentialSchema")}
    asked = [(document, role) for document in documents for role in callers]
    listed = [(name, role) for name in lists() for role in callers]
    async with client() as http:
        before = [
            await heard(http, world, document, {**nothing, **shared}, role)
            for document, role in asked
        ]
        pages = [await walked(http, world, name, role, most) for name, role in listed]
        other = await tell(world.stack, houses=houses)
        after = [
            await heard(http, world, document, {**other.ids, **shared}, role)
            for document, role in asked
        ]
        again = [await walked(http, world, name, role, most) for name, role in listed]
        resumed = [
            (await paged(http, world, name, role, pages[number][0][1]))[0]
            for number, (name, role) in enumerate(listed)
            if len(pages[number]) > 1
        ]
    differ = [
        (*question, one, two)
        for question, one, two in zip(asked, before, after, strict=True)
        if one != two
    ] + [
        (*question, _shown(one), _shown(two))
        for question, one, two in zip(listed, pages, again, strict=True)
        if _shown(one) != _shown(two)
    ]
    assert not differ, "\n".join(map(repr, differ))
    assert resumed, "some list has a second page"
    assert resumed == [found[1][0] for found in pages if len(found) > 1]
    told = [one for one, _ in before if one and any(one.values())]
    assert len(told) > len(before) // 2, "most questions found something to answer"


def _shown(pages: list[tuple[Any, str | None]]) -> list[Any]:
    """Without the cursors, whose bytes move with everybody's events."""
    return [shown for shown, _ in pages]
