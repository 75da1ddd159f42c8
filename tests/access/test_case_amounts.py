"""The amounts of a case through a running system: one operation, two reads, told to the holder."""

import asyncio
import secrets
from typing import Any, Final

import httpx

from tests.access.world import World, ask

SEES: Final = "{ id credentialNo } total { amount currency }"
LINES: Final = "assetLines { category amount { amount } } asOf"
CASE: Final = f"""query Case($id: ID!) {{
  case(id: $id) {{ credentials {{ id credentialNo }} amounts {{ credential {SEES} {LINES} }} }}
  again: case(id: $id) {{ amounts {{ total {{ amount }} }} }} }}"""
HERS: Final = f"""query Hers($id: ID!) {{
  node(id: $id) {{ ... on Credential {{ id total {{ amount currency }} {LINES} }} }} }}"""
READS: Final = """query Reads($id: ID!) { node(id: $id) { ... on Holder { timeline(last: 100) {
  edges { node { kind chainProof { opening } } } } } } }"""


async def asked_as(world: World, operation: str) -> Any:
    """The case, by the regulator, under an operation's id of the test's own."""
    headers = {"authorization": f"Bearer {world.token('regulator')}", "x-request-id": operation}
    sent = {"query": CASE, "variables": {"id": world.ids["Holder"]}}
    async with httpx.AsyncClient(timeout=30) as http:
        return (await http.post(world.stack.url, json=sent, headers=headers)).json()


async def told_of(world: World) -> list[tuple[str, str]]:
    """What her timeline says was read of her: in which operation, and what."""
    answer = await ask(world.stack.url, READS, {"id": world.ids["Holder"]}, world.token("holder"))
    nodes = [edge["node"] for edge in answer["data"]["node"]["timeline"]["edges"]]
    bodies = [
        node["chainProof"]["opening"]["envelope"]["body"]
        for node in nodes
        if node["kind"] == "PRIVILEGED_READ"
    ]
    return [(body["operation"], body["what"]) for body in bodies]


async def test_one_operation_and_two_reads_that_its_holder_hears_of(world: World) -> None:
    operations = [f"case-{secrets.token_hex(6)}" for _ in range(2)]
    first, second = [await asked_as(world, one) for one in operations]
    assert "errors" not in first, first["errors"]
    case = first["data"]["case"]
    hers = (
        await ask(world.stack.url, HERS, {"id": world.ids["Credential"]}, world.token("holder"))
    )["data"]["node"]
    (amount,) = case["amounts"]
    assert amount["credential"] == case["credentials"][0]
    assert amount["credential"]["id"] == hers.pop("id")
    assert hers["total"]["amount"] != "0.00"
    assert {name: amount[name] for name in hers} == hers
    assert first["data"]["again"]["amounts"] == [{"total": {"amount": hers["total"]["amount"]}}]
    assert second["data"] == first["data"]
    told = list[tuple[str, str]]()
    async with asyncio.timeout(30):
        while sum(one == operations[1] for one, _ in told) < 2:
            await asyncio.sleep(0.3)
            told = await told_of(world)
    for operation in operations:
        assert sorted(what for one, what in told if one == operation) == ["AMOUNTS", "CASE"]


async def test_by_itself_a_credential_stays_shut(world: World) -> None:
    answer = await ask(
        world.stack.url, HERS, {"id": world.ids["Credential"]}, world.token("regulator")
    )
    shown = answer["data"]["node"]
    assert (shown["total"], shown["assetLines"]) == (None, None)
    assert {error["extensions"]["code"] for error in answer["errors"]} == {"FORBIDDEN"}


async def test_no_client_can_name_the_pass(world: World) -> None:
    url, token = world.stack.url, world.token("regulator")
    asked = "query Pass($id: ID!) { case(id: $id) { pass } }"
    answer = await ask(url, asked, {"id": world.ids["Holder"]}, token)
    codes = [error["extensions"]["code"] for error in answer["errors"]]
    assert codes == ["GRAPHQL_VALIDATION_FAILED"]
    fields = '{ __type(name: "Case") { fields { name } } }'
    told = (await ask(url, fields, {}, token))["data"]["__type"]["fields"]
    names = {one["name"] for one in told}
    assert ("amounts" in names, "pass" in names) == (True, False)


async def test_for_everybody_else_there_is_no_case(world: World) -> None:
    for role in ("holder", "issuer", "verifier", "analyst", "nobody"):
        answer = await ask(world.stack.url, CASE, {"id": world.ids["Holder"]}, world.token(role))
        assert answer["data"] == {"case": None, "again": None}
        assert {error["extensions"]["code"] for error in answer["errors"]} == {"FORBIDDEN"}
