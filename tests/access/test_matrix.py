"""Who sees which field of which type: matrix.csv against a running system, pair by pair, through
the gateway and at each subgraph that has the field. Many objects go into one document; `make
access-matrix` asks for each by itself as well."""

from typing import Any

import httpx
import pytest

from subgraphs.kit.ids import BY_TYPE, new_id
from tests.access.asking import (
    AT_ONCE,
    MATRIX,
    SUBGRAPHS,
    context_token,
    questions,
    subgraph_schema,
)
from tests.access.matrix import api, changes, output_fields
from tests.access.world import ROLES, Asking, World, client

each = pytest.mark.parametrize("each", [AT_ONCE, pytest.param(1, marks=pytest.mark.whole)])


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
        *("InvalidSignature", "PresentationRefused", "RootDidAlreadyExists", "AgreementRequired")
    }
    odd = [
        row.type
        for row in MATRIX
        if row.at == "with" and not row.type.endswith(allowed) and row.type not in named
    ]
    assert odd == []


@each
@pytest.mark.parametrize("role", ROLES)
async def test_fields_through_the_gateway(world: World, role: str, each: int) -> None:
    token = world.token(role)
    async with client() as http:
        for asked in questions(world, api(), at_once=each):
            body = await http.ask(world.stack.url, asked.text, asked.variables, token)
            assert asked.wrong(role, body) == [], body.get("errors")


@each
@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("name", SUBGRAPHS)
async def test_fields_at_their_subgraph(world: World, name: str, role: str, each: int) -> None:
    """Not one of these rules is the gateway's: each subgraph keeps its own."""
    token, url = context_token(world, name, world.claims[role]), subgraph_url(world, name)
    rows = 0
    async with client() as http:
        for asked in questions(world, subgraph_schema(name), at_once=each):
            body = await http.ask(url, asked.text, asked.variables, token)
            assert asked.wrong(role, body) == [], body.get("errors")
            rows += sum(len(piece.rows) for piece in asked.pieces.values())
    assert rows > 20


@each
@pytest.mark.parametrize("role", ROLES)
async def test_changes_that_are_not_for_a_role(world: World, role: str, each: int) -> None:
    """What may be tried is tried by the story itself; everybody else is told no, and no more."""
    token = world.token(role)
    # of a role that may, somebody else is told what is wrong with the form before anything else
    refusals = {"Forbidden", "NotFound"} | ({"ValidationFailed"} if "other" in role else set())
    closed = [row for row in MATRIX if row.at == "mutation" and row.cells[role] != "may"]
    unknown = {type_: new_id(BY_TYPE[type_].prefix) for type_ in world.ids}
    async with client() as http:
        for start in range(0, len(closed), each):
            fields = [row.field for row in closed[start : start + each]]
            told, other = [
                await _answers(http, world, changes(api(), fields, ids), token)
                for ids in (world.ids, unknown)
            ]
            assert told == other, "an object of others answers like one that is not there"
            kinds = {field: (told.get(field) or {}).get("__typename") for field in fields}
            assert {k: v for k, v in kinds.items() if v not in refusals} == {}


async def _answers(
    http: Asking, world: World, asked: tuple[str, dict[str, Any]], token: str | None
) -> Any:
    return (await http.ask(world.stack.url, *asked, token)).get("data") or {}


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


def subgraph_url(world: World, name: str) -> str:
    return f"http://127.0.0.1:{world.stack.deployment.ports[name]}/graphql"
