"""Rows of the matrix as questions: many objects and fields in one document, judged row by row."""

import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

import jwt
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from graphql import GraphQLObjectType, GraphQLSchema, build_schema, get_named_type

from tests.access.matrix import ROOT, Row, is_there, read_matrix, selection
from tests.access.world import World

SUBGRAPHS: Final = ("issuer", "wallet", "verifier", "audit")
MATRIX: Final = read_matrix()
AT_ONCE: Final = 40
"""Objects in one document; a gateway takes 50 fields at the root."""

_STATS: Final = (
    'auditStats(from: "2026-01-01T00:00:00+08:00", to: "2027-01-01T00:00:00+08:00", '
    "groupBy: [MONTH], metric: EVENTS)"
)
_CALLS: Final = {
    "statusAt": "statusAt(time: $time)",
    "qualificationPreview": 'qualificationPreview(ruleSet: "PRIVATE_FUND")',
    "resolveDid": "resolveDid(did: $did)",
    "auditStats": _STATS,
    "complaintChannels": "complaintChannels(institutionId: $Institution)",
    "case": "case(id: $Holder)",
    "allowList": "allowList(institutionId: $Institution)",
}
_KINDS: Final = {"did": "DID", "time": "DateTime"}
_ROOTS: Final[Mapping[str, str]] = {
    "node": "node(id: $Credential)",
    "resolveDid": "resolveDid(did: $did)",
    "auditEvent": "auditEvent(id: $AuditEvent)",
    "auditStats": _STATS,
    "dispute": "dispute(id: $Dispute)",
    "case": "case(id: $Holder)",
    "complaintChannels": "complaintChannels(institutionId: $Institution)",
    "allowList": "allowList(institutionId: $Institution)",
    "credential": "credential(id: $Credential)",
    "institution": "institution(id: $Institution)",
    "presentationRequest": "presentationRequest(id: $PresentationRequest)",
    "presentation": "presentation(id: $Presentation)",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One field at the root: `path` leads from its answer to the object whose rows are judged.
    `outer`: the field itself is the row."""

    rows: tuple[Row, ...]
    text: str
    foreign: frozenset[str] = frozenset()
    path: tuple[str, ...] = ()
    outer: bool = False

    def found(self, here: object) -> dict[str, str]:
        """`yes` or `no` by field."""
        if self.outer:
            return {self.rows[0].field: _told(here)}
        here = _first(here)
        for step in self.path:
            here = _first(here.get(step) if isinstance(here, dict) else None)
        values = here if isinstance(here, dict) else {}
        return {row.field: _told(values.get(row.field)) for row in self.rows}

    def wrong(self, role: str, here: object) -> Iterator[str]:
        """The rows whose cell says otherwise."""
        found = self.found(here)
        for row in self.rows:
            wanted = row.cells[role].replace("unset", "no")
            if wanted not in {"may", found[row.field]}:
                yield f"{row.type}.{row.field} at {row.at}: {found[row.field]}"
        if self._is_about_one(role) and self.foreign & set(_texts(here)):
            yield f"{self.rows[0].type} at {self.rows[0].at}: shows what is of another story"

    def _is_about_one(self, role: str) -> bool:
        """Lists at the root are, for a holder, of her own."""
        return "holder" in role if self.outer else self.rows[0].at.partition(".")[0] != "Query"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One document, its variables, and the pieces by their alias."""

    text: str
    variables: Mapping[str, str]
    pieces: Mapping[str, Piece]

    def wrong(self, role: str, body: Any) -> list[str]:
        """The rows that the answer contradicts."""
        assert isinstance(body.get("data"), dict), body
        return [
            fault
            for alias, piece in self.pieces.items()
            for fault in piece.wrong(role, body["data"].get(alias))
        ]


def _first(here: object) -> object:
    return here[0] if isinstance(here, list) and here else here


def _texts(value: object) -> Iterator[str]:
    """Every text in an answer."""
    if isinstance(value, str):
        yield value
    for inner in (
        value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    ):
        yield from _texts(inner)


def _told(value: object) -> str:
    return "yes" if is_there(value) else "no"


def questions(world: World, schema: GraphQLSchema, *, at_once: int = AT_ONCE) -> list[Question]:
    """Every row that this schema has a field for."""
    pieces = [replace(each, foreign=world.foreign) for each in (*_nodes(schema), *_roots(schema))]
    return [
        _question(world, pieces[start : start + at_once])
        for start in range(0, len(pieces), at_once)
    ]


def _question(world: World, pieces: Sequence[Piece]) -> Question:
    named = {f"p{index}": piece for index, piece in enumerate(pieces)}
    body = "\n".join(f"{alias}: {piece.text}" for alias, piece in named.items())
    given = {**world.ids, "did": world.did, "time": _now()}
    used = {name: value for name, value in given.items() if f"${name})" in body}
    heads = ", ".join(f"${name}: {_KINDS.get(name, 'ID')}!" for name in used)
    text = f"query Cells{f'({heads})' if heads else ''} {{ {body} }}"
    return Question(text=text, variables=used, pieces=named)


def _nodes(schema: GraphQLSchema) -> Iterator[Piece]:
    groups: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in MATRIX:
        if row.at not in {"with", "root", "mutation", "subscription"} and _reaches(schema, row):
            groups[row.type, row.at].append(row)
    for (type_, at), rows in groups.items():
        start, *way = at.split(".") if at != "node" else [type_]
        owner = schema.type_map[type_]
        assert isinstance(owner, GraphQLObjectType)
        fields = " ".join(
            _CALLS.get(row.field, row.field) + selection(schema, owner.fields[row.field])
            for row in rows
        )
        inner = way if start != "Query" else way[1:]
        for step in reversed(inner):
            fields = f"{_CALLS.get(step, step)} {{ {fields} }}"
        if start == "Query":
            text = f"{_CALLS.get(way[0], way[0])} {{ {fields} }}"
        else:
            text = f"node(id: ${start}) {{ ... on {start} {{ {fields} }} }}"
        yield Piece(rows=tuple(rows), text=text, path=tuple(inner))


def _roots(schema: GraphQLSchema) -> Iterator[Piece]:
    query = schema.query_type
    assert query is not None
    for row in MATRIX:
        if row.at == "root" and row.field in query.fields:
            below = selection(schema, query.fields[row.field])
            yield Piece(rows=(row,), text=_ROOTS.get(row.field, row.field) + below, outer=True)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _reaches(schema: GraphQLSchema, row: Row) -> bool:
    """Whether this schema has the field, and the way to it."""
    owner = schema.type_map.get(row.type)
    if not isinstance(owner, GraphQLObjectType) or row.field not in owner.fields:
        return False
    return not _requires(owner, row.field) and all(
        isinstance(found := schema.type_map.get(each), GraphQLObjectType) and field in found.fields
        for each, field in _steps(schema, row)
    )


def _steps(schema: GraphQLSchema, row: Row) -> Iterator[tuple[str, str]]:
    if row.at == "node":
        return
    here, *way = row.at.split(".")
    for field in way:
        yield here, field
        owner = schema.type_map.get(here)
        fields = owner.fields if isinstance(owner, GraphQLObjectType) else {}
        here = get_named_type(fields[field].type).name if field in fields else ""


def _requires(owner: GraphQLObjectType, field: str) -> bool:
    """A field computed from what the gateway brings, and a foreign one, are asked through it."""
    node = owner.fields[field].ast_node
    names = {each.name.value for each in (node.directives or ())} if node else set()
    return bool(names & {"requires", "external"})


@cache
def subgraph_schema(name: str) -> GraphQLSchema:
    text = (ROOT / "schema" / f"{name}.graphql").read_text(encoding="utf-8")
    return build_schema(text, assume_valid_sdl=True)


def context_token(
    world: World, subgraph: str, claims: Mapping[str, object], *, age: int = 0
) -> str:
    """What the gateway would say of this viewer, signed by its key."""
    pem: Path = world.stack.deployment.data / "keys" / "gateway-context.key.pem"
    key: Any = load_pem_private_key(pem.read_bytes(), password=None)
    now = int(time.time()) - age
    viewer = {"sub": "somebody", **claims} if claims else {}
    told = {"iss": "credgraph-gateway", "aud": subgraph, "iat": now, "exp": now + 60, "jti": "1"}
    return jwt.encode({**told, "viewer": viewer}, key, algorithm="EdDSA")
