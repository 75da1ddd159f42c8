"""A place that is too far behind: the client is told so by every protocol, with what to do."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.subscriptions.log_subgraph import EXPIRED
from tests.subscriptions.rig import WATCH, Rig, Socket, http_stream, rig

ANONYMOUS = "subscription { changes { number quiet } }"


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Rig]:
    async with rig(tmp_path, subscriptions={"scope": ["role"]}) as found:
        yield found


def told(body: dict[str, Any]) -> dict[str, object]:
    (error,) = body["errors"]
    assert body.get("data") is None
    return {name: error["extensions"].get(name) for name in EXPIRED}


async def test_over_a_socket(running: Rig) -> None:
    async with Socket.to(running) as socket:
        other = await socket.start(WATCH)
        await other.result()
        stream = await socket.start(WATCH, {"after": "expired"})
        assert told(await stream.result()) == EXPIRED
        assert (await stream.frame())["type"] == "complete"
        await running.subgraph.append(1)
        assert await other.numbers(1) == [0]


async def test_as_events(running: Rig) -> None:
    async with http_stream(running, "text/event-stream", ANONYMOUS, last="expired") as lines:
        found = [orjson.loads(line[6:]) async for line in lines if line.startswith("data: {")]
    assert [told(body) for body in found] == [EXPIRED]


async def test_as_parts(running: Rig) -> None:
    accept = 'multipart/mixed; subscriptionSpec="1.0"'
    async with http_stream(running, accept, ANONYMOUS, after="expired") as lines:
        found = [orjson.loads(line) async for line in lines if '"errors"' in line]
    assert [told(body.get("payload") or body) for body in found] == [EXPIRED]
