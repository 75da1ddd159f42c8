"""From a change of an allow-list to who comes in: the regulator's mutation, the log, the gateway.

Loopback has many addresses, so callers here come from several networks of one machine.
"""

import asyncio
from collections.abc import Iterator
from typing import Any, Final

import httpx
import pytest

from subgraphs.demo.pilot import HUAAN_FUND
from subgraphs.kit.ids import institution_id
from tests.access.world import ask, let_in
from tests.e2e.callers import token_of
from tests.e2e.conftest import whole_again
from tests.kit.stack import Stack

pytestmark = pytest.mark.e2e
WHOSE: Final = institution_id(HUAAN_FUND.uscc)
DESK, BASTION, ELSEWHERE = "127.0.0.2", "127.0.0.3", "127.0.0.9"
EVENTS: Final = """{ auditEvents(filter: {kinds: ["ALLOW_LIST_CHANGED"]}) {
  edges { node { subjects chainProof { opening } } } } }"""
TRIES: Final = 300


@pytest.fixture(scope="module")
def stack(breakable: Stack) -> Iterator[Stack]:
    """With every process in the end, whatever ended before."""
    yield breakable
    whole_again(breakable)


async def comes_in(stack: Stack, address: str, **claims: object) -> bool:
    """Whether somebody of the institution may ask from there."""
    token = token_of(stack.deployment, "verifier", institution=WHOSE, **claims)
    transport = httpx.AsyncHTTPTransport(local_address=address)
    async with httpx.AsyncClient(transport=transport, timeout=30) as client:
        headers = {"authorization": f"Bearer {token}"}
        sent = {"query": "{ __typename }"}
        answer = await client.post(stack.url, json=sent, headers=headers)
    body: Any = answer.json()
    codes = [error["extensions"]["code"] for error in body.get("errors", ())]
    assert codes in ([], ["ADDRESS_NOT_ALLOWED"])
    return not codes


async def until(stack: Stack, address: str, wanted: bool) -> None:
    """Gateways follow within seconds."""
    for _ in range(TRIES):
        if await comes_in(stack, address) is wanted:
            return
        await asyncio.sleep(0.1)
    raise AssertionError(f"the gateway never followed: {address} {wanted}")


async def test_a_change_of_networks_takes_effect_at_the_gateway(stack: Stack) -> None:
    assert await comes_in(stack, ELSEWHERE), "no list yet: admitted by the settings of the demo"
    assert not await comes_in(stack, ELSEWHERE, account="STAFF"), "staff never without a bastion"
    told = await let_in(stack, WHOSE, 0, {f"{DESK}/32": False, f"{BASTION}/32": True})
    assert told["data"]["setAllowList"]["__typename"] == "SetAllowListSuccess", told
    await until(stack, ELSEWHERE, wanted=False)
    assert await comes_in(stack, DESK)
    assert await comes_in(stack, BASTION)
    assert not await comes_in(stack, DESK, account="STAFF")
    assert await comes_in(stack, BASTION, account="STAFF")

    await let_in(stack, WHOSE, 1, {f"{ELSEWHERE}/32": False})
    await until(stack, ELSEWHERE, wanted=True)
    assert not await comes_in(stack, DESK)
    await both_changes_are_told(stack)

    stack.stop("audit", "gateway")
    stack.start("gateway")
    await answers(stack)
    assert await comes_in(stack, ELSEWHERE), "the last known lists hold without their source"
    assert not await comes_in(stack, DESK)


async def both_changes_are_told(stack: Stack) -> None:
    """To the institution concerned and the regulator, without an address."""
    mine = token_of(stack.deployment, "verifier", institution=WHOSE)
    other = token_of(stack.deployment, "issuer")
    nodes: list[Any] = []
    for _ in range(TRIES):
        told = await ask(stack.url, EVENTS, {}, token_of(stack.deployment, "regulator"))
        nodes = [edge["node"] for edge in told["data"]["auditEvents"]["edges"]]
        if len(nodes) == 2:
            break
        await asyncio.sleep(0.1)
    assert [node["subjects"] for node in nodes] == [[WHOSE]] * 2
    assert "127.0.0" not in str(nodes)
    from_elsewhere = httpx.AsyncHTTPTransport(local_address=ELSEWHERE)
    async with httpx.AsyncClient(transport=from_elsewhere, timeout=30) as client:
        headers = {"authorization": f"Bearer {mine}"}
        own = (await client.post(stack.url, json={"query": EVENTS}, headers=headers)).json()
    assert [edge["node"]["subjects"] for edge in own["data"]["auditEvents"]["edges"]] == [
        [WHOSE]
    ] * 2
    theirs = await ask(stack.url, EVENTS, {}, other)
    assert theirs["data"]["auditEvents"]["edges"] == []


async def answers(stack: Stack) -> None:
    """The gateway's door is open, whatever else is missing."""
    async with httpx.AsyncClient(timeout=30) as client:
        for _ in range(TRIES):
            try:
                found = await client.get(f"{stack.deployment.gateway_url}/health/live")
            except httpx.TransportError:
                found = None
            if found is not None and found.status_code == 200:
                return
            await asyncio.sleep(0.1)
    raise AssertionError("the gateway does not answer")
