"""A verifier that begins nothing new while the chain is really gone, and tells it."""

import asyncio
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Final

from subgraphs.demo.client import Client
from subgraphs.demo.deployment import DemoError
from subgraphs.demo.journey import VERIFIER
from tests.oracle.listeners import token_of
from tests.oracle.system import System

PATIENCE: Final = 240.0
PAUSED: Final = "SERVICE_PAUSED"
STATE: Final = "subscription { serviceStatusChanged { functions { function mode } } }"
BIND: Final = """mutation { bindCustomer(input: {customerNo: "NOBODY", did: "did:nobody"}) {
  ... on DomainError { code } } }"""
_DESK: Final = {"sub": "oracle-verifier", "role": "VERIFIER", "institution": VERIFIER}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """What a mutation was answered before the chain went, while it was away, and afterwards."""

    before: str
    during: str
    after: str


async def outage(system: System) -> Outage:
    """The chain is killed and started again; each answer comes when its state has been told."""
    stack = system.stack
    await system.restart("verifier", {"pause_after: 300 ": "pause_after: 2 "})
    try:
        async with (
            asyncio.timeout(PATIENCE),
            Client(stack.url, token_of(stack.deployment, _DESK, 3600.0)) as client,
        ):
            before = await _answer(client, "NORMAL")
            stack.kill("chain")
            during = await _answer(client, "PAUSED")
            await asyncio.to_thread(stack.start, "chain")
            after = await _answer(client, "NORMAL")
            return Outage(before=before, during=during, after=after)
    finally:
        await asyncio.to_thread(stack.start, "chain")
        await system.restart("verifier", {})


async def _answer(client: Client, mode: str) -> str:
    """The mutation's code once the mode is told: of an answer that came while it was so."""
    while True:
        try:
            await _told(client, mode)
            data: Any = await client.ask(BIND)
        except DemoError:  # the verifier is just starting
            await asyncio.sleep(0.2)
            continue
        code = str(data["bindCustomer"]["code"])
        if (code == PAUSED) is (mode == "PAUSED"):
            return code


async def _told(client: Client, mode: str) -> None:
    events: Any = client.events(STATE)
    async with aclosing(events) as frames:
        async for frame in frames:
            told: Any = frame["serviceStatusChanged"]
            modes = {one["function"]: one["mode"] for one in told["functions"]}
            if modes["VERIFICATION"] == mode:
                return
