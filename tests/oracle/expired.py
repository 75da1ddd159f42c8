"""A real subgraph that replays so far and no further, and what clients are told beyond that."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

from gateway.client import MemoryStore, Position, Refused, Subscription
from gateway.client.subscription import TRANSIENT
from subgraphs.demo.client import Client
from subgraphs.demo.client import Refused as NotAnswered
from tests.oracle.campaign import Campaign
from tests.oracle.listeners import HABITS, WAYS, Listener, query_of, token_of, transport_of
from tests.oracle.system import System

REPLAYED: Final = 20
FEED: Final = "supervisionFeed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Expired:
    """What each way to the gateway was told; the sequences that were missed, and what the pages
    told of brought in their place."""

    told: Mapping[str, Mapping[str, object]]
    missed: list[int]
    read: list[int]


async def behind(campaign: Campaign, events: int) -> Expired:
    """The regulator comes back after so many events, to an audit that replays `REPLAYED`."""
    system = campaign.system
    regulator = next(one for one in campaign.listeners if one.audience.field == FEED)
    here = regulator.notebook.position
    assert here is not None
    before = len(regulator.notebook.received)
    campaign.publish(single=0, bulk=events)
    await campaign.settle()
    assert not campaign.failure, campaign.failure
    missed = regulator.notebook.received[before:]
    try:
        await system.restart("audit", {"replay_entries: 0 ": f"replay_entries: {REPLAYED} "})
        told = {way: await _refusal(system, regulator, way, here) for way in WAYS}
        read = await _read(system, regulator, here)
        return Expired(told=told, missed=missed, read=read[: len(missed)])
    finally:
        await system.restart("audit", {})


async def _refusal(
    system: System, regulator: Listener, way: str, here: Position
) -> Mapping[str, object]:
    subscription = Subscription(
        transport=transport_of(way, system.links["gateway"].port),
        query=query_of(FEED),
        store=MemoryStore(here),
        token=partial(_token, regulator),
        habits=HABITS,
    )
    try:
        async for event in subscription:
            return {"event": event.frame}
    except Refused as refusal:
        (error,) = refusal.errors
        extensions = error.get("extensions")
        assert isinstance(extensions, Mapping)
        return {name: extensions.get(name) for name in ("code", "snapshot", "pages")}
    raise AssertionError("a subscription does not end without an error")


async def _token(regulator: Listener) -> str:
    return token_of(regulator.deployment, regulator.audience.claims, 3600.0)


async def _read(system: System, regulator: Listener, here: Position) -> list[int]:
    """All pages after that very cursor."""
    found: list[int] = []
    cursor = here.cursor
    query = "query($after: Cursor) { supervisionFeedEvents(after: $after, first: 100) {"
    async with Client(system.stack.url, await _token(regulator)) as client:
        while True:
            try:
                answer = await client.ask(f"{query} cursor sequence }} }}", {"after": cursor})
            except NotAnswered as refusal:
                if not set(refusal.codes) <= TRANSIENT:
                    raise
                await asyncio.sleep(0.1)
                continue
            page = answer["supervisionFeedEvents"]
            assert isinstance(page, list)
            found += [frame["sequence"] for frame in page]
            if len(page) < 100:
                return found
            cursor = page[-1]["cursor"]
