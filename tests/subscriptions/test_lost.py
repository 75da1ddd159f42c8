"""A subscription that can't be resumed and whose upstream gives up on us: its client is told that
something may be missing, by every protocol, and never left with a stream that looks complete."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.subscriptions.rig import Rig, Socket, eventually, http_stream, rig

PLAIN = "subscription { lost { number } }"


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Rig]:
    async with rig(tmp_path, subscriptions={"scope": ["role"]}) as found:
        yield found


async def followed(running: Rig) -> None:
    """One event is on its way to somebody."""

    async def reads() -> bool:
        return await running.subgraph.readers() == 1

    await eventually(reads)
    await running.subgraph.append(1)


def told(body: dict[str, Any]) -> tuple[str, bool]:
    (error,) = body["errors"]
    return error["extensions"]["code"], "4460 too slow" in error["message"]


async def test_over_a_socket(running: Rig) -> None:
    async with Socket.to(running) as socket:
        stream = await socket.start(PLAIN)
        await followed(running)
        assert (await stream.result())["data"] == {"lost": {"number": 0}}
        await running.subgraph.overflow()
        assert told(await stream.result()) == ("SUBSCRIPTION_UPSTREAM_LOST", True)
        assert (await stream.frame())["type"] == "complete"


@pytest.mark.parametrize(
    ("accept", "mark"),
    [
        pytest.param("text/event-stream", "data: {", id="events"),
        pytest.param('multipart/mixed; subscriptionSpec="1.0"', '{"payload"', id="parts"),
    ],
)
async def test_over_http(running: Rig, accept: str, mark: str) -> None:
    async with http_stream(running, accept, PLAIN) as lines:
        found = []
        await followed(running)
        async for line in lines:
            if line.startswith(mark):
                body = orjson.loads(line.removeprefix("data: "))
                found.append(body.get("payload", body))
            if len(found) == 1 and line.startswith(mark):
                await running.subgraph.overflow()
    event, end = found
    assert event["data"] == {"lost": {"number": 0}}
    assert told(end) == ("SUBSCRIPTION_UPSTREAM_LOST", True)
