"""Clients that resume nothing by themselves, in front of a gateway that does."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.server.build import token
from tests.subscriptions.log_subgraph import LOG_SDL
from tests.subscriptions.rig import NAMED, SECONDS, WATCH, Rig, Socket, eventually, http_stream, rig

SHARED = {"subscriptions": {"scope": ["role"]}}


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Rig]:
    async with rig(tmp_path, **SHARED) as found:
        yield found


async def test_events_come_with_their_cursor_and_without_what_was_not_asked_for(
    running: Rig,
) -> None:
    async with Socket.to(running) as socket:
        stream = await socket.start(WATCH)
        first = await stream.result()
        assert first["data"]["changes"] == {"number": -1, "before": None, "quiet": True}
        await running.subgraph.append(1)
        while (result := await stream.result())["data"]["changes"]["quiet"]:
            pass
        assert result["data"]["changes"] == {"number": 0, "before": -1, "quiet": False}
        assert result["extensions"] == {"cursor": "c0"}


async def test_a_killed_subgraph_leaves_neither_gap_nor_repeat(running: Rig) -> None:
    async with Socket.to(running) as socket:
        stream = await socket.start(NAMED)
        await stream.result()
        await running.subgraph.append(3)
        assert await stream.numbers(3) == [0, 1, 2]
        await running.subgraph.kill()
        await running.subgraph.start()
        await running.subgraph.append(4)
        assert await stream.numbers(4) == [3, 4, 5, 6]


async def test_a_cut_link_leaves_neither_gap_nor_repeat(running: Rig) -> None:
    async with Socket.to(running) as socket:
        stream = await socket.start(WATCH)
        await stream.result()
        for turn in range(5):
            await running.subgraph.append(2)
            running.link.cut()
            await running.subgraph.append(1)
            first = 3 * turn
            assert await stream.numbers(3) == [first, first + 1, first + 2]


async def test_equal_subscriptions_share_one_upstream_and_entities_are_asked_once(
    running: Rig,
) -> None:
    async with Socket.to(running) as one, Socket.to(running) as other:
        streams = [await one.start(NAMED), await other.start(NAMED), await other.start(NAMED)]
        for stream in streams:
            await stream.result()
        assert (await running.subgraph.counts())["readers"] == 1
        asked = (await running.subgraph.counts())["asked"]
        await running.subgraph.append(2)
        for stream in streams:
            assert await stream.numbers(2) == [0, 1]
        now = (await running.subgraph.counts())["asked"]
        assert asked < now <= asked + 2  # two events that come at once are asked about at once


async def test_the_first_one_leaving_silences_nobody_and_the_last_one_frees_the_upstream(
    running: Rig,
) -> None:
    async with Socket.to(running) as socket:
        first, second = await socket.start(WATCH), await socket.start(WATCH)
        await first.result()
        await second.result()
        await first.stop()
        await running.subgraph.append(1)
        assert await second.numbers(1) == [0]
        assert await running.subgraph.readers() == 1
        await second.stop()

        async def freed() -> bool:
            return await running.subgraph.readers() == 0

        await eventually(freed)


async def test_who_comes_late_catches_up_and_joins(running: Rig) -> None:
    async with Socket.to(running) as socket:
        early = await socket.start(WATCH)
        await early.result()
        await running.subgraph.append(600)
        assert await early.numbers(600) == list(range(600))
        late = await socket.start(WATCH, {"after": "c99"})
        assert await late.numbers(500) == list(range(100, 600))

        async def joined() -> bool:
            return await running.subgraph.readers() == 1

        await eventually(joined)
        await running.subgraph.append(1)
        assert await early.numbers(1) == await late.numbers(1) == [600]


@pytest.mark.parametrize("how", ["argument", "extensions", "both"])
async def test_the_place_comes_in_by_argument_or_beside_the_document(
    running: Rig, how: str
) -> None:
    await running.subgraph.append(5)
    variables: dict[str, object] = {} if how == "extensions" else {"after": "c2"}
    extensions = {} if how == "argument" else {"after": "c2"}
    async with Socket.to(running) as socket:
        stream = await socket.start(WATCH, variables, **extensions)
        assert await stream.numbers(2) == [3, 4]


async def test_two_places_that_differ_are_a_conflict(running: Rig) -> None:
    async with Socket.to(running) as socket:
        frame = await (await socket.start(WATCH, {"after": "c1"}, after="c2")).frame()
        assert frame["type"] == "error"
        assert frame["payload"][0]["extensions"]["code"] == "CURSOR_CONFLICT"


async def test_server_sent_events_carry_the_cursor_and_take_it_back(running: Rig) -> None:
    await running.subgraph.append(4)
    query = 'subscription { changes(after: "c0") { number quiet } }'
    async with http_stream(running, "text/event-stream", query) as lines:
        found = [line async for line in _first(lines, 3)]
    assert found[0] == "id: c1"
    assert orjson.loads(found[2].removeprefix("data: "))["data"]["changes"]["number"] == 1
    query = "subscription { changes { number quiet } }"
    async with http_stream(running, "text/event-stream", query, last="c2") as lines:
        assert await anext(lines) == "id: c3"


async def test_parts_carry_the_cursor_and_take_it_back(running: Rig) -> None:
    await running.subgraph.append(4)
    accept = 'multipart/mixed; subscriptionSpec="1.0"'
    query = "subscription { changes { number quiet } }"
    async with http_stream(running, accept, query, after="c1") as lines:
        text = await anext(line async for line in lines if '"payload"' in line)
    payload = orjson.loads(text)["payload"]
    assert payload["extensions"] == {"cursor": "c2"}
    assert payload["data"]["changes"]["number"] == 2


async def test_a_reload_keeps_what_still_fits_and_ends_the_rest_with_reason_and_cursor(
    running: Rig,
) -> None:
    async with Socket.to(running) as socket:
        kept, ended = await socket.start(WATCH), await socket.start(NAMED)
        await kept.result()
        cursor = (await ended.result())["extensions"]["cursor"]
        running.write(
            names='extend schema @link(url: "https://specs.apollo.dev/federation/v2.9")'
            " type Query { ready: Boolean! }"
        )
        running.gateway.reload()
        while (result := await ended.result()).get("errors") is None:
            cursor = result["extensions"]["cursor"]
        (error,) = result["errors"]
        assert error["extensions"]["code"] == "SUBSCRIPTION_INVALIDATED"
        assert error["extensions"]["cursor"] == cursor
        assert (await ended.frame())["type"] == "complete"
        await running.subgraph.append(2)
        assert await kept.numbers(2) == [0, 1]


async def test_a_reload_that_changes_the_plan_goes_on_from_the_place(running: Rig) -> None:
    moved = LOG_SDL.replace("item: Item }", "item: Item  more: Int }")
    async with Socket.to(running) as socket:
        stream = await socket.start(NAMED)
        await stream.result()
        await running.subgraph.append(2)
        assert await stream.numbers(2) == [0, 1]
        running.write(
            log=moved.replace("id: ID! }", "id: ID!  name: String! @shareable }").replace(
                'import: ["@key"', 'import: ["@key", "@shareable"'
            ),
            names=running.sdls["names"]
            .replace("name: String!", "name: String! @shareable")
            .replace('import: ["@key"', 'import: ["@key", "@shareable"'),
        )
        running.gateway.reload()
        await running.subgraph.append(2)
        frames: list[Any] = []
        while not frames or frames[-1].get("errors") is None:
            frames.append(await stream.result())
        assert "name" in str(frames[-1]["errors"])


async def test_what_the_subgraph_ends_for_good_is_told_with_the_cursor(tmp_path: Path) -> None:
    patience = {"scope": ["role"], "patience": 0.5, "pause": 0.05}
    async with rig(tmp_path, subscriptions=patience) as running, Socket.to(running) as socket:
        stream = await socket.start(WATCH)
        await stream.result()
        await running.subgraph.append(1)
        await stream.numbers(1)
        running.link.refuse()
        while (result := await stream.result()).get("errors") is None:
            pass
        (error,) = result["errors"]
        assert error["extensions"]["code"] == "SUBSCRIPTION_UPSTREAM_LOST"
        assert error["extensions"]["cursor"] == "c0"
        assert (await stream.frame())["type"] == "complete"


async def _first(lines: AsyncIterator[str], number: int) -> AsyncIterator[str]:
    for _ in range(number):
        yield await anext(lines)


async def test_a_stream_without_numbers_is_resumed_by_its_cursor_alone(running: Rig) -> None:
    query = "subscription { bare { at } }"
    async with Socket.to(running) as socket:
        stream = await socket.start(query)

        async def opened() -> bool:
            return await running.subgraph.readers() == 1

        await eventually(opened)
        await running.subgraph.append(2)
        assert [(await stream.result())["data"]["bare"]["at"] for _ in range(2)] == ["c0", "c1"]
        running.link.cut()
        await running.subgraph.append(2)
        assert [(await stream.result())["data"]["bare"]["at"] for _ in range(2)] == ["c2", "c3"]
        late = await socket.start(query, after="c0")
        found = [(await late.result())["data"]["bare"]["at"] for _ in range(3)]
        assert found == ["c1", "c2", "c3"]
        await asyncio.sleep(0)


async def test_an_expired_token_closes_the_socket_with_the_place(running: Rig) -> None:
    async with Socket.to(running, f"Bearer {token(seconds=2)}") as socket:
        stream = await socket.start(WATCH)
        await stream.result()
        await running.subgraph.append(1)
        assert await stream.numbers(1) == [0]
        async with asyncio.timeout(SECONDS):
            await socket.connection.wait_closed()
        assert socket.connection.close_code == 4403
        assert socket.connection.close_reason == "TOKEN_EXPIRED: cursor=c0"


async def test_a_new_token_in_place_keeps_the_socket(running: Rig) -> None:
    async with Socket.to(running, f"Bearer {token(seconds=2)}") as socket:
        stream = await socket.start(WATCH)
        await stream.result()
        renewed = {"authorization": f"Bearer {token(seconds=600)}"}
        await socket.say({"type": "ping", "payload": renewed})
        await asyncio.sleep(2.5)
        await running.subgraph.append(1)
        assert await stream.numbers(1) == [0]


async def test_anothers_token_in_place_ends_the_socket(running: Rig) -> None:
    async with Socket.to(running) as socket:
        other = {"authorization": f"Bearer {token(sub='somebody else')}"}
        await socket.say({"type": "ping", "payload": other})
        async with asyncio.timeout(SECONDS):
            await socket.connection.wait_closed()
        assert socket.connection.close_code == 4403


async def test_an_expired_token_ends_a_stream_with_the_place(running: Rig) -> None:
    await running.subgraph.append(2)
    query = 'subscription { changes(after: "c0") { number } }'
    bearer = f"Bearer {token(seconds=2)}"
    async with http_stream(running, "text/event-stream", query, authorization=bearer) as lines:
        found = [orjson.loads(line[6:]) async for line in lines if line.startswith("data: {")]
    (error,) = found[-1]["errors"]
    assert error["extensions"]["reason"] == "TOKEN_EXPIRED"
    assert error["extensions"]["cursor"] == "c1"
