"""Non-interference: what a caller may not see changes nothing of what it is answered.

Two worlds that differ by another holder's whole story with the same institutions; random queries
are asked in both by everybody who has no part in it: about what the caller has, about the ids of
that story (in the first world they are of nothing), with lists, counts, pages and bad arguments.
Left out is what the public log tells everybody: proofs, heads, positions, cursors.
"""

import random
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

import pytest
from graphql import GraphQLObjectType, GraphQLSchema, get_named_type, is_composite_type

from subgraphs.kit.ids import BY_TYPE, new_id
from tests.access.matrix import api
from tests.access.world import Asking, World, client, tell

CALLERS: Final = (
    *("holder", "other_holder", "other_issuer", "other_verifier", "analyst", "nobody"),
)
DOCUMENTS, TOGETHER, DEEPEST = 25, 4, 4
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


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.whole)])
async def test_another_story_changes_no_answer(world: World, seed: int) -> None:
    writer = Writer(api(), world.ids, random.Random(seed))
    documents = [writer.document() for _ in range(DOCUMENTS)]
    nothing = {type_: new_id(BY_TYPE[type_].prefix) for type_ in world.ids}
    shared = {name: world.ids[name] for name in ("Institution", "CredentialSchema")}
    async with client() as http:
        before = [
            await heard(http, world, document, {**nothing, **shared}, role)
            for document in documents
            for role in CALLERS
        ]
        other = await tell(world.stack)
        after = [
            await heard(http, world, document, {**other.ids, **shared}, role)
            for document in documents
            for role in CALLERS
        ]
        seen = await heard(http, world, "{ me { id credentials { totalCount } } }", {}, "holder")
    differ = [
        (documents[number // len(CALLERS)], CALLERS[number % len(CALLERS)], one, two)
        for number, (one, two) in enumerate(zip(before, after, strict=True))
        if one != two
    ]
    assert not differ, "\n".join(map(repr, differ))
    assert seen[0]["me"]["credentials"]["totalCount"] == 1
    told = [one for one, _ in before if one and any(one.values())]
    assert len(told) > len(before) // 2, "most questions found something to answer"
