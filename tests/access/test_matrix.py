"""Who sees which field of which type: matrix.csv against a running system, pair by pair, through
the gateway and at each subgraph that has the field."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from graphql import GraphQLObjectType, GraphQLSchema, build_schema, get_named_type

from subgraphs.kit.ids import BY_TYPE, new_id
from tests.access.matrix import (
    ROOT,
    Row,
    api,
    change,
    is_there,
    output_fields,
    read_matrix,
    selection,
)
from tests.access.world import ROLES, World, client, tell
from tests.e2e.conftest import started

SUBGRAPHS: Final = ("issuer", "wallet", "verifier", "audit")
MATRIX: Final = read_matrix()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with started(tmp_path_factory.mktemp("matrix")) as stack:
        yield asyncio.run(tell(stack))


def test_every_field_has_its_row() -> None:
    """A new field needs a decision: write its row by hand, from the rules of visibility."""
    known = {(row.type, row.field) for row in MATRIX}
    missing = [
        f"{owner}.{field}"
        for owner, field in output_fields(api())
        if (owner, field) not in known and (owner, "*") not in known
    ]
    assert not missing, f"fields without a row in tests/access/matrix.csv: {missing}"
    there = set(output_fields(api()))
    gone = [row for row in MATRIX if row.field != "*" and (row.type, row.field) not in there]
    assert not gone, f"rows of fields that are gone: {gone}"
    assert len(known) == len(MATRIX), "a field has two rows"


def test_only_what_belongs_to_its_way_is_left_to_it() -> None:
    """A wildcard is for pages, for what answers a change, and for frames of a feed."""
    allowed = ("Connection", "Edge", "Success", "Change", "Frame", "Update", "Error")
    named = {"PageInfo", "Forbidden", "NotFound", "TryAgain", "ValidationFailed"} | {
        *("InvalidSignature", "PresentationRefused", "RootDidAlreadyExists")
    }
    odd = [
        row.type
        for row in MATRIX
        if row.at == "with" and not row.type.endswith(allowed) and row.type not in named
    ]
    assert odd == []


def groups() -> list[list[Row]]:
    """Rows that one request asks for."""
    found: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in MATRIX:
        if row.at not in {"with", "root", "mutation", "subscription"}:
            found[row.type, row.at].append(row)
    return list(found.values())


@pytest.mark.parametrize("role", ROLES)
async def test_fields_through_the_gateway(world: World, role: str) -> None:
    token, schema = world.token(role), api()
    async with client() as http:
        for rows in groups():
            document, variables, path = question(world, rows, schema)
            compare(rows, role, await http.ask(world.stack.url, document, variables, token), path)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("name", SUBGRAPHS)
async def test_fields_at_their_subgraph(world: World, name: str, role: str) -> None:
    """Not one of these rules is the gateway's: each subgraph keeps its own."""
    schema, url, asked = subgraph_schema(name), subgraph_url(world, name), 0
    token = context_token(world, name, world.claims[role])
    async with client() as http:
        for rows in groups():
            own = [row for row in rows if reaches(schema, row)]
            if own:
                document, variables, path = question(world, own, schema)
                compare(own, role, await http.ask(url, document, variables, token), path)
                asked += len(own)
    assert asked > 20


CALLS: Final = {"statusAt": "statusAt(time: $time)", "resolveDid": "resolveDid(did: $did)"}
KINDS: Final = {"id": "ID", "did": "DID", "time": "DateTime"}
ROOTS: Final[Mapping[str, str]] = {
    "node": "node(id: $credential)",
    "resolveDid": "resolveDid(did: $did)",
    "auditEvent": "auditEvent(id: $event)",
    "credential": "credential(id: $credential)",
    "institution": "institution(id: $institution)",
    "presentationRequest": "presentationRequest(id: $request)",
    "presentation": "presentation(id: $presentation)",
}
NAMES: Final[Mapping[str, str]] = {
    "credential": "Credential",
    "event": "AuditEvent",
    "institution": "Institution",
    "request": "PresentationRequest",
    "presentation": "Presentation",
}


@pytest.mark.parametrize("role", ROLES)
async def test_roots_through_the_gateway(world: World, role: str) -> None:
    token, query = world.token(role), api().query_type
    assert query is not None
    async with client() as http:
        for row in MATRIX:
            if row.at != "root":
                continue
            call = ROOTS.get(row.field, row.field)
            used = {name: world.ids[type_] for name, type_ in NAMES.items() if f"${name})" in call}
            heads = f"({', '.join(f'${name}: ID!' for name in used)})" if used else ""
            if row.field == "resolveDid":
                heads, used = "($did: DID!)", {"did": world.did}
            below = selection(api(), query.fields[row.field])
            document = f"query Root{heads} {{ {call}{below} }}"
            compare([row], role, await http.ask(world.stack.url, document, used, token), [])


@pytest.mark.parametrize("role", ROLES)
async def test_changes_that_are_not_for_a_role(world: World, role: str) -> None:
    """What may be tried is tried by the story itself; everybody else is told no, and no more."""
    schema, token = api(), world.token(role)
    # of a role that may, somebody else is told what is wrong with the form before anything else
    refusals = {"Forbidden", "NotFound"} | ({"ValidationFailed"} if "other" in role else set())
    async with client() as http:
        for row in MATRIX:
            if row.at != "mutation" or row.cells[role] == "may":
                continue
            document, variables = change(schema, row.field, world.ids)
            _, unknown = change(schema, row.field, {type_: _unknown(type_) for type_ in world.ids})
            told, other = [
                (await http.ask(world.stack.url, document, given, token)).get("data", {})
                for given in (variables, unknown)
            ]
            answer = (told or {}).get(row.field) or {}
            assert answer.get("__typename") in refusals, (row.field, role, told)
            assert told == other, "an object of others answers like one that is not there"


def _unknown(type_: str) -> str:
    return new_id(BY_TYPE[type_].prefix)


async def test_no_subgraph_answers_without_a_context(world: World) -> None:
    client_token = world.token("regulator")
    for name in SUBGRAPHS:
        url = subgraph_url(world, name)
        other = next(each for each in SUBGRAPHS if each != name)
        stale = context_token(world, name, world.claims["holder"], age=120)
        elsewhere = context_token(world, other, world.claims["holder"])
        for token in (None, client_token, stale, elsewhere, "x.y.z"):
            headers = {"authorization": f"Bearer {token}"} if token else {}
            async with httpx.AsyncClient(verify=False) as http:
                sent = {"query": "{ __typename }"}
                assert (await http.post(url, json=sent, headers=headers)).status_code == 401


def question(
    world: World, rows: Sequence[Row], schema: GraphQLSchema
) -> tuple[str, dict[str, str], list[str]]:
    """One document for all rows, its variables, and the way to the object in its answer."""
    start, *way = rows[0].at.split(".") if rows[0].at != "node" else [rows[0].type]
    owner = schema.type_map[rows[0].type]
    assert isinstance(owner, GraphQLObjectType)
    fields = " ".join(
        CALLS.get(row.field, row.field) + selection(schema, owner.fields[row.field]) for row in rows
    )
    for step in reversed(way):
        fields = f"{CALLS.get(step, step)} {{ {fields} }}"
    if start != "Query":
        fields, way = f"node(id: $id) {{ ... on {start} {{ {fields} }} }}", ["node", *way]
    given = {"id": world.ids.get(start, ""), "did": world.did, "time": _now()}
    used = {name: value for name, value in given.items() if f"${name})" in fields}
    heads = ", ".join(f"${name}: {KINDS[name]}!" for name in used)
    return f"query Cell{f'({heads})' if heads else ''} {{ {fields} }}", used, way


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def compare(rows: Sequence[Row], role: str, body: Any, path: Sequence[str]) -> None:
    assert "data" in body, body
    here = body["data"]
    for step in path:
        here = here.get(step) if isinstance(here, dict) else None
        here = here[0] if isinstance(here, list) and here else here
    values = here if isinstance(here, dict) else {}
    found = {row.field: "yes" if is_there(values.get(row.field)) else "no" for row in rows}
    wanted = {row.field: row.cells[role].replace("unset", "no") for row in rows}
    found = {name: "may" if wanted[name] == "may" else seen for name, seen in found.items()}
    wrong = {f"{row.type}.{row.field}": found[row.field] for row in rows}
    wrong = {
        k: v for (k, v), row in zip(wrong.items(), rows, strict=True) if v != wanted[row.field]
    }
    assert not wrong, f"for {role} the matrix says otherwise than {wrong}: {body.get('errors')}"


def reaches(schema: GraphQLSchema, row: Row) -> bool:
    """Whether a subgraph has the field, and the way to it."""
    owner = schema.type_map.get(row.type)
    if not isinstance(owner, GraphQLObjectType) or row.field not in owner.fields:
        return False
    return not requires(owner, row.field) and all(
        isinstance(schema.type_map.get(each), GraphQLObjectType)
        and field in schema.type_map[each].fields  # type: ignore[attr-defined]
        for each, field in steps(schema, row)
    )


def steps(schema: GraphQLSchema, row: Row) -> Iterator[tuple[str, str]]:
    if row.at == "node":
        return
    here, *way = row.at.split(".")
    for field in way:
        yield here, field
        owner = schema.type_map.get(here)
        fields = owner.fields if isinstance(owner, GraphQLObjectType) else {}
        here = get_named_type(fields[field].type).name if field in fields else ""


def requires(owner: GraphQLObjectType, field: str) -> bool:
    """A field computed from what the gateway brings, and a foreign one, are asked through it."""
    node = owner.fields[field].ast_node
    names = {each.name.value for each in (node.directives or ())} if node else set()
    return bool(names & {"requires", "external"})


def subgraph_url(world: World, name: str) -> str:
    return f"http://127.0.0.1:{world.stack.deployment.ports[name]}/graphql"


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
