"""graphql-transport-ws by a real WebSocket client against a served gateway."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path

import orjson
import pytest
import pytest_asyncio
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from tests.auth.build import OTHER
from tests.server.build import Served, served, token

pytestmark = pytest.mark.asyncio(loop_scope="module")

LIMITS = {
    "socket_operations": 3,
    "sockets": 20,
    "queued_messages": 8,
    "queued_bytes": 100_000,
    "body_bytes": 5_000,
}
TIMEOUTS = {"lag": 0.4}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def one_gateway(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    folder = tmp_path_factory.mktemp("gateway")
    async with served(folder, limits=LIMITS, timeouts=TIMEOUTS) as it:
        yield it


@pytest.fixture
def gateway(one_gateway: Served) -> Served:
    one_gateway.engine.requests.clear()
    one_gateway.engine.freed.clear()
    return one_gateway


class Client:
    """Says and hears messages as objects."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    async def say(self, **frame: object) -> None:
        await self.socket.send(orjson.dumps(frame).decode())

    async def hear(self) -> dict[str, object]:
        value = orjson.loads(await asyncio.wait_for(self.socket.recv(), 30))
        assert isinstance(value, dict)
        return value

    async def subscribe(self, query: str, id_: str = "a") -> None:
        await self.say(id=id_, type="subscribe", payload={"query": query})

    async def closed(self) -> tuple[int, str]:
        """How the gateway closed the socket; messages before that are skipped."""
        with suppress(ConnectionClosed):
            while True:
                await asyncio.wait_for(self.socket.recv(), 30)
        return self.socket.close_code or 0, self.socket.close_reason or ""


@asynccontextmanager
async def dialled(gateway: Served, headers: dict[str, str] | None = None) -> AsyncIterator[Client]:
    protocols = [Subprotocol("graphql-transport-ws")]
    async with connect(
        gateway.socket_url, subprotocols=protocols, proxy=None, additional_headers=headers
    ) as socket:
        yield Client(socket)


@asynccontextmanager
async def opened(gateway: Served, authorization: str | None = None) -> AsyncIterator[Client]:
    async with dialled(gateway) as client:
        payload = {"authorization": authorization} if authorization else {}
        await client.say(type="connection_init", payload=payload)
        assert await client.hear() == {"type": "connection_ack"}
        yield client


async def test_a_subscription_from_first_to_last(gateway: Served) -> None:
    async with opened(gateway) as client:
        await client.subscribe("subscription{three}")
        for number in range(3):
            payload = {"data": {"n": number}}
            assert await client.hear() == {"id": "a", "type": "next", "payload": payload}
        assert await client.hear() == {"id": "a", "type": "complete"}
        await client.subscribe("subscription{three}")
        assert (await client.hear())["type"] == "next"


@pytest.mark.parametrize("halts", range(6))
async def test_an_event_right_after_another_is_sent(gateway: Served, halts: int) -> None:
    """However many turns of the event loop lie between the two."""
    gateway.engine.halts = halts
    async with opened(gateway) as client:
        await client.subscribe("subscription{two}")
        for number in range(2):
            assert (await client.hear())["payload"] == {"data": {"n": number}}


async def test_queries_and_mutations_run_on_a_socket_too(gateway: Served) -> None:
    async with opened(gateway) as client:
        for query in ("{ok}", "mutation{ok}"):
            await client.subscribe(query)
            heard = [await client.hear(), await client.hear()]
            assert [frame["type"] for frame in heard] == ["next", "complete"]


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        pytest.param({"query": "{bad"}, "GRAPHQL_PARSE_FAILED", id="does not parse"),
        pytest.param({"query": "subscription{refused}"}, "GRAPHQL_PARSE_FAILED", id="refused late"),
        pytest.param({"query": "{ok}", "variables": []}, "BAD_REQUEST", id="a list of variables"),
        pytest.param({"query": ""}, "BAD_REQUEST", id="an empty query"),
        pytest.param({"query": "{boom}"}, "INTERNAL_SERVER_ERROR", id="a bug"),
    ],
)
async def test_a_request_error_is_one_error_message_and_nothing_more(
    gateway: Served, payload: dict[str, object], code: str
) -> None:
    async with opened(gateway) as client:
        await client.say(id="a", type="subscribe", payload=payload)
        frame = await client.hear()
        assert frame["type"] == "error"
        errors = frame["payload"]
        assert isinstance(errors, list)
        (error,) = errors
        assert error["extensions"]["code"] == code
        assert "secret" not in error["message"]
        await client.say(type="ping")
        assert await client.hear() == {"type": "pong"}


async def test_a_bug_in_mid_stream_ends_the_operation_only(gateway: Served) -> None:
    async with opened(gateway) as client:
        await client.subscribe("subscription{boom}")
        assert (await client.hear())["type"] == "next"
        assert (await client.hear())["type"] == "error"
        await client.subscribe("{ok}")
        assert (await client.hear())["type"] == "next"


@pytest.mark.parametrize(
    ("frames", "code"),
    [
        pytest.param(["{]"], 4400, id="not JSON"),
        pytest.param([b"\x00"], 4400, id="a binary frame"),
        pytest.param(
            ['{"type":"subscribe","id":"a","payload":{"query":"x"}}'], 4401, id="too early"
        ),
        pytest.param(['{"type":"connection_init"}'] * 2, 4429, id="init twice"),
        pytest.param(["x" * 6_000], 1009, id="a frame over the limit"),
    ],
)
async def test_what_breaks_the_protocol_closes_the_socket(
    gateway: Served, frames: list[str | bytes], code: int
) -> None:
    async with dialled(gateway) as client:
        for frame in frames:
            await client.socket.send(frame)
        assert (await client.closed())[0] == code


async def test_an_id_that_is_taken_closes_with_4409_and_frees_both(gateway: Served) -> None:
    async with opened(gateway) as client:
        await client.subscribe("subscription{quiet}")
        await client.hear()
        await client.subscribe("{ok}")
        assert await client.closed() == (4409, "Subscriber for a already exists")
    await asyncio.wait_for(gateway.engine.freed.wait(), 30)
    assert gateway.engine.open == 0


async def test_no_init_in_time_is_4408(tmp_path: Path) -> None:
    async with served(tmp_path, timeouts={"init": 0.3}) as gateway, dialled(gateway) as client:
        assert (await client.closed())[0] == 4408


async def test_without_the_subprotocol_it_is_4406(gateway: Served) -> None:
    protocols = [Subprotocol("graphql-ws")]
    async with connect(gateway.socket_url, subprotocols=protocols, proxy=None) as socket:
        assert (await Client(socket).closed())[0] == 4406


@pytest.mark.parametrize(
    ("authorization", "reason"),
    [
        pytest.param(f"Bearer {token(-60)}", "TOKEN_EXPIRED", id="expired"),
        pytest.param(f"Bearer {token(key=OTHER)}", "TOKEN_INVALID", id="another key"),
        pytest.param("Basic x", "TOKEN_INVALID", id="another scheme"),
        pytest.param(7, "TOKEN_INVALID", id="a number"),
    ],
)
async def test_a_bad_token_is_4403_with_its_reason(
    gateway: Served, authorization: object, reason: str
) -> None:
    async with dialled(gateway) as client:
        await client.say(type="connection_init", payload={"authorization": authorization})
        code, told = await client.closed()
        assert (code, told.partition(":")[0]) == (4403, reason)


async def test_the_token_names_the_viewer(gateway: Served) -> None:
    async with opened(gateway, f"Bearer {token()}") as client:
        await client.subscribe("{viewer}")
        frame = await client.hear()
        assert frame["payload"]["data"]["role"] == "READER"  # type: ignore[index]  # as just sent


@pytest.mark.parametrize(("by_init", "subject"), [(None, "a"), ("b", "b")])
async def test_the_token_may_come_with_the_upgrade_where_init_brings_none(
    gateway: Served, by_init: str | None, subject: str
) -> None:
    payload = {"authorization": f"Bearer {token(sub=by_init)}"} if by_init else {}
    async with dialled(gateway, {"authorization": f"Bearer {token(sub='a')}"}) as client:
        await client.say(type="connection_init", payload=payload)
        assert await client.hear() == {"type": "connection_ack"}
        await client.subscribe("{viewer}")
        assert (await client.hear())["payload"]["data"]["sub"] == subject  # type: ignore[index]  # as just sent


async def test_a_bad_token_of_the_upgrade_is_4403(gateway: Served) -> None:
    async with dialled(gateway, {"authorization": f"Bearer {token(-60)}"}) as client:
        await client.say(type="connection_init")
        assert (await client.closed())[0] == 4403


async def test_a_socket_ends_when_its_token_does(gateway: Served) -> None:
    async with opened(gateway, f"Bearer {token(seconds=1)}") as client:
        await client.subscribe("subscription{quiet}")
        code, reason = await client.closed()
        assert (code, reason.partition(":")[0]) == (4403, "TOKEN_EXPIRED")
    await asyncio.wait_for(gateway.engine.freed.wait(), 30)
    assert gateway.engine.open == 0


async def test_complete_frees_the_upstream_at_once(gateway: Served) -> None:
    async with opened(gateway) as client:
        await client.subscribe("subscription{quiet}")
        await client.hear()
        await client.say(id="a", type="complete")
        await asyncio.wait_for(gateway.engine.freed.wait(), 30)
        await client.say(type="ping")
        assert await client.hear() == {"type": "pong"}


async def test_a_client_that_vanishes_frees_the_upstream(gateway: Served) -> None:
    async with opened(gateway) as client:
        await client.subscribe("subscription{quiet}")
        await client.hear()
        client.socket.transport.abort()
        await asyncio.wait_for(gateway.engine.freed.wait(), 30)


async def test_the_operation_too_many_fails_alone(gateway: Served) -> None:
    async with opened(gateway) as client:
        for id_ in "abc":
            await client.subscribe("subscription{quiet}", id_)
            assert (await client.hear())["type"] == "next"
        await client.subscribe("{ok}", "d")
        assert (await client.hear())["type"] == "error"
        await client.say(id="a", type="complete")
        await client.subscribe("{ok}", "d")
        assert (await client.hear())["type"] == "next"


async def test_a_client_that_stops_reading_is_told_that_it_lags(gateway: Served) -> None:
    """And what it had received before has no gap."""
    async with opened(gateway) as client:
        await client.subscribe("subscription{flood}")
        client.socket.transport.pause_reading()
        await asyncio.wait_for(gateway.engine.freed.wait(), 30)
        assert gateway.engine.open == 0
        client.socket.transport.resume_reading()
        numbers = []
        with suppress(ConnectionClosed):
            while True:
                frame = await client.hear()
                numbers.append(frame["payload"]["data"]["n"])  # type: ignore[index]  # a next
        assert numbers == list(range(len(numbers)))
        code, reason = await client.closed()
        assert (code, reason.partition(":")[0]) == (4460, "LAGGED")


async def test_sockets_are_bounded(gateway: Served) -> None:
    async with AsyncExitStack() as all_open:
        for _ in range(LIMITS["sockets"]):
            await all_open.enter_async_context(opened(gateway))
        async with dialled(gateway) as one_more:
            assert (await one_more.closed())[0] == 1013


class BrokenTokens:
    def viewer(self, _authorization: str | None, _now: float) -> None:
        raise RuntimeError("a secret of ours")


async def test_a_bug_of_ours_is_4500_and_says_nothing_of_it(tmp_path: Path) -> None:
    async with served(tmp_path) as gateway:
        gateway.app._sockets.tokens = BrokenTokens()  # type: ignore[assignment]  # broken in the test
        async with dialled(gateway) as client:
            await client.say(type="connection_init")
            assert await client.closed() == (4500, "Internal server error")


async def test_a_stop_is_told_with_1012_and_is_quick(tmp_path: Path) -> None:
    async with served(tmp_path) as gateway:
        async with opened(gateway) as client:
            await client.subscribe("subscription{quiet}")
            await client.hear()
            started = time.monotonic()
            gateway.server.stop()
            code, reason = await client.closed()
            assert (code, reason.partition(":")[0]) == (1012, "SHUTTING_DOWN")
        await asyncio.wait_for(gateway.engine.freed.wait(), 30)
    assert time.monotonic() - started < 10
