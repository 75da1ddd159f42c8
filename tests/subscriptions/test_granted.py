"""Permission is asked again before each event, of rules that change their mind meanwhile."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.server.build import token
from tests.subscriptions.desks import SUSPENDED
from tests.subscriptions.log_subgraph import LOG_SDL
from tests.subscriptions.rig import Rig, Socket, Stream, http_stream, rig

GUARDED = LOG_SDL.replace('import: ["@key"', 'import: ["@key", "@policy"').replace(
    "quiet: Boolean!", 'quiet: Boolean @policy(policies: [["active"]])'
)
WATCH = "subscription($after: String) { changes(after: $after) { number before quiet } }"
PLAIN = "subscription { lost { number quiet } }"


@pytest.fixture(autouse=True)
def everybody_active() -> Iterator[None]:
    yield
    SUSPENDED.clear()


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Rig]:
    issuer = {"issuer": "people", "audience": "graph", "jwks": str(tmp_path / "jwks.json")}
    auth = {"issuers": [issuer], "policies": {"active": "tests.subscriptions.desks:active"}}
    async with rig(tmp_path, subscriptions={"scope": ["role"]}, auth=auth) as found:
        found.write(log=GUARDED)
        found.gateway.reload()
        yield found


def bearer(desk: str) -> str:
    return f"Bearer {token(sub=desk)}"


async def ending(stream: Stream) -> dict[str, Any]:
    """The error that ends a stream; whatever comes before it is a heartbeat."""
    while (result := await stream.result()).get("errors") is None:
        assert result["data"]["changes"]["quiet"]
    (error,) = result["errors"]
    assert result["data"] is None
    assert (await stream.frame())["type"] == "complete"
    extensions: dict[str, Any] = error["extensions"]
    return extensions


async def test_who_loses_the_grant_is_told_the_place_and_goes_on_from_it_later(
    running: Rig,
) -> None:
    async with Socket.to(running, bearer("a")) as one, Socket.to(running, bearer("b")) as other:
        kept, lost = await one.start(WATCH), await other.start(WATCH)
        await kept.result()
        await lost.result()
        await running.subgraph.append(1)
        assert await kept.numbers(1) == await lost.numbers(1) == [0]
        SUSPENDED.add("b")
        await running.subgraph.append(2)
        told = await ending(lost)
        assert told["code"] == "SUBSCRIPTION_GRANT_ENDED"
        assert await kept.numbers(2) == [1, 2]
        SUSPENDED.clear()
        again = await other.start(WATCH, {"after": told["cursor"]})
        assert await again.numbers(2) == [1, 2]


async def test_a_replay_shows_nothing_to_whom_it_is_forbidden_now(running: Rig) -> None:
    await running.subgraph.append(3)
    SUSPENDED.add("b")
    async with Socket.to(running, bearer("b")) as socket:
        result = await (await socket.start(WATCH, {"after": "c0"})).result()
    assert result["data"]["changes"]["quiet"] is None
    (error,) = result["errors"]
    assert error["extensions"]["code"] == "UNAUTHORIZED_FIELD_OR_TYPE"


async def test_an_event_stream_ends_with_the_grant(running: Rig) -> None:
    await running.subgraph.append(1)
    query = 'subscription { changes(after: "c-1") { number quiet } }'
    found: list[Any] = []
    async with http_stream(running, "text/event-stream", query, authorization=bearer("b")) as lines:
        async for line in lines:
            if line.startswith("data: {"):
                found.append(orjson.loads(line[6:]))
                SUSPENDED.add("b")
                await running.subgraph.append(1)
    assert found[0]["data"]["changes"]["number"] == 0
    (error,) = found[1]["errors"]
    assert error["extensions"]["code"] == "SUBSCRIPTION_GRANT_ENDED"
    assert error["extensions"]["cursor"] == "c0"
    assert len(found) == 2


async def test_one_without_a_place_ends_with_the_grant_too(running: Rig) -> None:
    async with Socket.to(running, bearer("b")) as socket:
        stream = await socket.start(PLAIN)
        while not await running.subgraph.readers():
            pass
        await running.subgraph.append(1)
        assert (await stream.result())["data"]["lost"]["number"] == 0
        SUSPENDED.add("b")
        await running.subgraph.append(1)
        (error,) = (await stream.result())["errors"]
        assert error["extensions"]["code"] == "SUBSCRIPTION_GRANT_ENDED"
        assert (await stream.frame())["type"] == "complete"
