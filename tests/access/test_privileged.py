"""Audit is killed under a regulator who reads without pause: what she was answered was told."""

import asyncio
from contextlib import suppress
from typing import Any

import httpx

from tests.access.asking import context_token
from tests.access.test_matrix import subgraph_url
from tests.access.world import Asking, World, ask, client

READ = "query Read($id: ID!) { dispute(id: $id) { state } }"
TOLD = """query Told($id: ID!) { auditEvents(
  filter: {kinds: ["PRIVILEGED_READ"], subject: $id}) { totalCount } }"""
KILLS = 2
READS = 5
"""Before each kill, at least."""


async def test_what_was_answered_was_told_however_audit_ends(world: World) -> None:
    before, answers, answered = await told(world), list[bool](), asyncio.Semaphore(0)
    async with client() as http:
        reading = [asyncio.ensure_future(read_on(world, http, answers, answered)) for _ in "four"]
        for _ in range(KILLS):
            for _ in range(READS):
                await answered.acquire()
            world.stack.kill("audit")
            world.stack.start("audit")
        for reader in reading:
            reader.cancel()
        await asyncio.gather(*reading, return_exceptions=True)
    assert not all(answers), "a kill met a read"
    assert await told(world) - before >= sum(answers) >= KILLS * READS


async def read_on(
    world: World, http: Asking, answers: list[bool], answered: asyncio.Semaphore
) -> None:
    """Until cancelled, at the subgraph: a gateway sends equal questions under way only once."""
    url, given = subgraph_url(world, "audit"), {"id": world.ids["Dispute"]}
    while True:
        shown = False
        with suppress(httpx.HTTPError):
            token = context_token(world, "audit", world.claims["regulator"])
            body: Any = await http.ask(url, READ, given, token)
            shown = bool((body.get("data") or {}).get("dispute"))
        answers.append(shown)
        if shown:
            answered.release()
        await asyncio.sleep(0.02)


async def told(world: World) -> int:
    """The holder's own count, once it stands still: audit follows the log."""
    given, counts = {"id": world.ids["Dispute"]}, list[int]()
    while len(counts) < 2 or counts[-2] != counts[-1]:
        answer: Any = await ask(world.stack.url, TOLD, given, world.token("holder"))
        if found := (answer.get("data") or {}).get("auditEvents"):  # none while audit comes back
            counts.append(int(found["totalCount"]))
        await asyncio.sleep(1)
    return counts[-1]
