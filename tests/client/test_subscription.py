"""The laws of a subscription, played; then against a running gateway over links that break."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

import gateway.client
from gateway.client import (
    FileStore,
    FrameNames,
    Gap,
    Habits,
    MemoryStore,
    MultipartTransport,
    NotWelcome,
    Refused,
    SseTransport,
    Subscription,
    Transport,
    WebSocketTransport,
)
from gateway.client.errors import Unwelcome
from gateway.client.subscription import TRANSIENT
from gateway.errors import RETRYABLE_CODES, Unauthenticated
from tests.client.frames import Played, body
from tests.kit.faults import Link
from tests.server.build import token
from tests.subscriptions.rig import Rig, eventually, rig

HABITS = Habits(first_pause=0.01, longest_pause=0.1, silence=2.0)
QUERY = "subscription($after: String) { changes(after: $after) { at number before quiet } }"
SCRIPT = Path(gateway.client.__file__).with_name("js") / "credgraph-subscriptions.mjs"
NAMES = FrameNames(cursor="at", sequence="number", previous="before", heartbeat="quiet")


async def first(subscription: Subscription, count: int) -> list[int]:
    """Sequences of the first events."""
    found: list[int] = []
    async with asyncio.timeout(30), aclosing(subscription.events()) as events:
        async for event in events:
            found.append(event.position.sequence)
            if len(found) == count:
                break
    return found


def played(*connections: Any, **options: Any) -> tuple[Subscription, Played]:
    transport = Played(*connections)
    return Subscription(transport=transport, query="", habits=HABITS, **options), transport


async def test_a_new_connection_begins_after_the_last_frame_and_repeats_are_dropped() -> None:
    subscription, transport = played(
        [body(0, None, heartbeat=True), body(1, 0), body(2, 1)],
        [body(1, 0), body(2, 1), body(3, 2)],
    )
    assert await first(subscription, 3) == [1, 2, 3]
    assert [asked.after for asked in transport.asked] == [None, "c2"]
    assert [asked.variables["after"] for asked in transport.asked] == [None, "c2"]
    assert subscription.tally.repeats == 2


async def test_a_gap_ends_the_iteration_and_the_next_one_goes_on_before_it() -> None:
    store = MemoryStore()
    subscription, transport = played([body(1, 0), body(5, 4)], [body(2, 1)], store=store)
    with pytest.raises(Gap):
        await first(subscription, 9)
    assert await first(subscription, 1) == [2]
    assert transport.asked[-1].after == "c1"


async def test_an_event_that_was_not_dealt_with_comes_again() -> None:
    store = MemoryStore()
    subscription, _ = played([body(1, 0), body(2, 1)], [body(2, 1)], store=store)
    async with aclosing(subscription.events()) as events:
        await anext(events)
        await anext(events)  # asking for the second says that the first is done
    assert store.position is not None
    assert store.position.sequence == 1
    assert await first(subscription, 1) == [2]


@pytest.mark.parametrize("code", ["FORBIDDEN", "CURSOR_EXPIRED", "GRAPHQL_VALIDATION_FAILED"])
async def test_what_would_fare_no_better_ends_it(code: str) -> None:
    error = {"message": "no", "extensions": {"code": code}}
    subscription, _ = played([{"data": None, "errors": [error]}])
    with pytest.raises(Refused) as refused:
        await first(subscription, 1)
    assert refused.value.codes == (code,)


@pytest.mark.parametrize("code", sorted(TRANSIENT))
async def test_what_passes_is_waited_for(code: str) -> None:
    error = {"message": "later", "extensions": {"code": code}}
    subscription, _ = played([{"data": None, "errors": [error]}], [Refused([error])], [body(1, 0)])
    assert await first(subscription, 1) == [1]


def test_all_that_the_gateway_calls_passing_is_waited_for() -> None:
    assert RETRYABLE_CODES - {"PERSISTED_QUERY_NOT_FOUND"} <= TRANSIENT
    assert Unauthenticated.code not in TRANSIENT


def test_both_languages_wait_for_the_same() -> None:
    text = SCRIPT.read_text(encoding="utf-8")
    listed = text.partition("const TRANSIENT = new Set([")[2].partition("])")[0]
    assert set(re.findall(r"'(\w+)'", listed)) == TRANSIENT


async def test_each_connection_has_a_token_of_its_own_but_not_for_ever() -> None:
    given = iter(range(100))

    async def fresh() -> str:
        return f"token {next(given)}"

    refused = [Unwelcome("expired")]
    subscription, transport = played(*[refused] * 4, [body(1, 0)], *[refused] * 5, token=fresh)
    assert await first(subscription, 1) == [1]
    assert [asked.token for asked in transport.asked] == [f"token {n}" for n in range(5)]
    with pytest.raises(NotWelcome):
        await first(subscription, 1)


@pytest_asyncio.fixture
async def running(tmp_path: Path) -> AsyncIterator[Rig]:
    async with rig(tmp_path) as found:
        yield found


def transport_of(way: str, port: int) -> Transport:
    if way == "websocket":
        return WebSocketTransport(f"ws://127.0.0.1:{port}/graphql")
    kind = SseTransport if way == "sse" else MultipartTransport
    return kind(f"http://127.0.0.1:{port}/graphql")


async def until(holds: Callable[[], bool]) -> None:
    async def asked() -> bool:
        return holds()

    await eventually(asked)


def _has(heard: list[int], count: int) -> bool:
    return len(heard) >= count


async def fresh_token() -> str:
    return token()


@pytest.mark.parametrize("way", ["websocket", "sse", "multipart"])
async def test_over_a_link_that_breaks_in_every_way_each_event_comes_once(
    running: Rig, way: str, tmp_path: Path
) -> None:
    async with Link.to(running.port) as link:
        store = FileStore(store_file := tmp_path / "kept")
        subscription = Subscription(
            transport=transport_of(way, link.port),
            query=QUERY,
            store=store,
            token=fresh_token,
            habits=HABITS,
            names=NAMES,
        )
        heard: list[int] = []

        async def listen() -> None:
            async for event in subscription:
                heard.append(event.position.sequence)  # noqa: PERF401 - read while it grows

        listening = asyncio.create_task(listen())
        await until(lambda: subscription.tally.heartbeats > 0)
        for number, fault in enumerate((link.cut, link.leave_half_open, link.stall, link.refuse)):
            await running.subgraph.append(5)
            fault()
            await running.subgraph.append(5)
            await asyncio.sleep(0.05)
            link.heal()
            await until(partial(_has, heard, 10 * (number + 1)))
        await until(lambda: '"sequence": 39' in store_file.read_text(encoding="utf-8"))
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
        assert heard == list(range(40))
        assert subscription.tally.connections > 1
        again = Subscription(
            transport=transport_of(way, link.port), query=QUERY, store=FileStore(store_file),
            token=fresh_token, habits=HABITS, names=NAMES,
        )  # fmt: skip
        await running.subgraph.append(2)
        assert (await first(again, 2))[-1] == 41


@pytest.mark.parametrize("way", ["websocket", "sse", "multipart"])
async def test_a_stream_without_even_a_heartbeat_is_left(running: Rig, way: str) -> None:
    async with Link.to(running.port) as link:
        subscription = Subscription(
            transport=transport_of(way, link.port), query=QUERY, token=fresh_token, names=NAMES,
            habits=Habits(first_pause=0.01, longest_pause=0.05, silence=0.6),
        )  # fmt: skip
        waiting = asyncio.create_task(first(subscription, 3))
        await until(lambda: subscription.tally.heartbeats > 0)
        link.stall()
        await running.subgraph.append(3)
        await until(lambda: subscription.tally.connections > 1)
        link.heal()
        assert await waiting == [0, 1, 2]


@pytest.mark.parametrize("way", ["websocket", "sse", "multipart"])
async def test_an_operation_that_the_graph_refuses_is_no_endless_loop(
    running: Rig, way: str
) -> None:
    subscription = Subscription(
        transport=transport_of(way, running.port),
        query="subscription { nothing }",
        token=fresh_token,
        habits=HABITS,
    )
    with pytest.raises(Refused) as refused:
        await first(subscription, 1)
    assert refused.value.codes == ("GRAPHQL_VALIDATION_FAILED",)


@pytest.mark.parametrize("way", ["websocket", "sse", "multipart"])
async def test_a_token_that_expires_on_the_way_is_replaced(running: Rig, way: str) -> None:
    async def short() -> str:
        return token(1.2)

    subscription = Subscription(
        transport=transport_of(way, running.port), query=QUERY, token=short, habits=HABITS,
        names=NAMES,
    )  # fmt: skip
    listening = asyncio.create_task(first(subscription, 2))
    await until(lambda: subscription.tally.heartbeats > 0)
    await running.subgraph.append(1)
    await until(lambda: subscription.tally.connections > 2)
    await running.subgraph.append(1)
    assert await listening == [0, 1]


@pytest.mark.parametrize("way", ["websocket", "sse", "multipart"])
async def test_a_refused_token_is_replaced(running: Rig, way: str) -> None:
    tokens = iter(["worthless"])

    async def better() -> str:
        return next(tokens, token())

    subscription = Subscription(
        transport=transport_of(way, running.port), query=QUERY, token=better, habits=HABITS,
        names=NAMES,
    )  # fmt: skip
    listening = asyncio.create_task(first(subscription, 1))
    await until(lambda: subscription.tally.heartbeats > 0)
    await running.subgraph.append(1)
    assert await listening == [0]
    assert subscription.tally.connections == 2
