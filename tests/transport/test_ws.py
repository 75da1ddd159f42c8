"""Upstream subscriptions against a real WebSocket server."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress

import orjson
import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from gateway.executor.ports import Fault, SubgraphReply, SubgraphRequest
from gateway.spec.names import SubgraphName
from gateway.transport.client import NetworkClient
from gateway.transport.endpoint import parse_endpoint
from gateway.transport.pool import PoolLimits
from gateway.transport.ws import UpstreamSubscription

NAME = SubgraphName("one")
Script = Callable[[ServerConnection], Awaitable[None]]


@asynccontextmanager
async def socket_server(script: Script, patience: float = 5.0) -> AsyncIterator[NetworkClient]:
    async def guarded(socket: ServerConnection) -> None:
        with suppress(ConnectionClosed):
            await script(socket)

    protocols = [Subprotocol("graphql-transport-ws")]
    async with serve(guarded, "127.0.0.1", 0, subprotocols=protocols) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        endpoint = parse_endpoint(f"http://127.0.0.1:{port}/graphql")
        limits = PoolLimits(connect_seconds=patience, answer_bytes=10_000)
        yield NetworkClient({NAME: endpoint}, headers, limits)


def headers(_: SubgraphRequest) -> Mapping[str, str]:
    return {"authorization": "Bearer secret"}


def request(subgraph: SubgraphName = NAME) -> SubgraphRequest:
    return SubgraphRequest(
        subgraph=subgraph,
        document="subscription($a:Int){tick}",
        operation_name=None,
        variables={"a": 1},
        kind="subscription",
        context=None,
        deadline=0,
    )


async def receive(socket: ServerConnection) -> dict[str, object]:
    value = orjson.loads(await socket.recv())
    assert isinstance(value, dict)
    return value


async def say(socket: ServerConnection, **frame: object) -> None:
    await socket.send(orjson.dumps(frame).decode())


async def accept(socket: ServerConnection) -> dict[str, object]:
    init = await receive(socket)
    assert init == {"type": "connection_init", "payload": {"authorization": "Bearer secret"}}
    await say(socket, type="connection_ack")
    return await receive(socket)


async def tick(socket: ServerConnection, number: int) -> None:
    await say(socket, id="1", type="next", payload={"data": {"tick": number}})


async def outcomes(client: NetworkClient) -> list[object]:
    return [outcome async for outcome in client.subscribe(request())]


def ticked(number: int) -> SubgraphReply:
    return SubgraphReply(data={"tick": number}, errors=(), extensions={})


async def test_events_come_in_order_until_the_subgraph_completes() -> None:
    subscribed: list[object] = []

    async def script(socket: ServerConnection) -> None:
        subscribed.append(await accept(socket))
        await say(socket, type="ping")
        await tick(socket, 1)
        await tick(socket, 2)
        await say(socket, id="1", type="complete")
        assert await receive(socket) == {"type": "pong"}

    async with socket_server(script) as client:
        assert await outcomes(client) == [ticked(1), ticked(2)]
    payload = {"query": "subscription($a:Int){tick}", "variables": {"a": 1}}
    assert subscribed == [{"id": "1", "type": "subscribe", "payload": payload}]


async def test_a_refusal_is_a_reply_with_its_errors() -> None:
    async def script(socket: ServerConnection) -> None:
        await accept(socket)
        await say(socket, id="1", type="error", payload=[{"message": "no such field"}])

    async with socket_server(script) as client:
        want = SubgraphReply(data=None, errors=({"message": "no such field"},), extensions={})
        assert await outcomes(client) == [want]


async def lost_after_one(socket: ServerConnection) -> None:
    await accept(socket)
    await tick(socket, 1)
    socket.transport.abort()


async def forbids(socket: ServerConnection) -> None:
    await socket.close(4403, "Forbidden")


async def talks_nonsense(socket: ServerConnection) -> None:
    await accept(socket)
    await socket.send("{]")


async def never_acknowledges(socket: ServerConnection) -> None:
    await socket.wait_closed()


@pytest.mark.parametrize(
    ("script", "code"),
    [
        pytest.param(lost_after_one, "SUBSCRIPTION_UPSTREAM_LOST", id="the connection is lost"),
        pytest.param(forbids, "SUBSCRIPTION_UPSTREAM_REFUSED", id="the subgraph forbids"),
        pytest.param(talks_nonsense, "SUBSCRIPTION_UPSTREAM_LOST", id="the subgraph is broken"),
    ],
)
async def test_each_end_that_is_none_is_one_fault_at_the_end(script: Script, code: str) -> None:
    async with socket_server(script) as client:
        last = (await outcomes(client))[-1]
        assert isinstance(last, Fault)
        assert last.code == code


async def test_a_subgraph_that_never_acknowledges_is_not_waited_for() -> None:
    async with socket_server(never_acknowledges, patience=0.3) as client:
        (only,) = await outcomes(client)
        assert isinstance(only, Fault)
        assert only.code == "SUBREQUEST_TIMEOUT"


async def test_nobody_listens() -> None:
    async with socket_server(forbids) as client:
        pass
    (only,) = await outcomes(client)
    assert isinstance(only, Fault)
    assert only.code == "SUBSCRIPTION_UPSTREAM_LOST"


async def test_an_unknown_subgraph_is_one_fault() -> None:
    client = NetworkClient({}, headers, PoolLimits())
    (only,) = [outcome async for outcome in client.subscribe(request(SubgraphName("x")))]
    assert isinstance(only, Fault)


class Watched:
    """A subscription that ticks once and then is quiet; tells when its socket has gone."""

    def __init__(self) -> None:
        self.gone = asyncio.Event()
        self.last: list[object] = []

    async def __call__(self, socket: ServerConnection) -> None:
        await accept(socket)
        await tick(socket, 1)
        try:
            while True:
                self.last.append(await receive(socket))
        finally:
            self.gone.set()


async def test_closing_a_quiet_subscription_frees_the_upstream_at_once() -> None:
    watched = Watched()
    async with socket_server(watched) as client:
        events = client.subscribe(request())
        assert isinstance(events, UpstreamSubscription)
        assert await anext(events) == ticked(1)
        pending = asyncio.create_task(anext(events))
        await asyncio.sleep(0.05)
        started = time.monotonic()
        await events.aclose()
        await asyncio.wait_for(watched.gone.wait(), 30)
        assert time.monotonic() - started < 10
        with pytest.raises(StopAsyncIteration):
            await pending
        assert watched.last == [{"id": "1", "type": "complete"}]
        await events.aclose()


async def test_cancelling_the_reader_frees_the_upstream_too() -> None:
    watched = Watched()
    async with socket_server(watched) as client:
        reader = asyncio.create_task(outcomes(client))
        await asyncio.sleep(0.1)
        reader.cancel()
        await asyncio.wait_for(watched.gone.wait(), 30)
        with pytest.raises(asyncio.CancelledError):
            await reader


async def test_a_slow_reader_loses_nothing() -> None:
    async def script(socket: ServerConnection) -> None:
        await accept(socket)
        for number in range(300):
            await tick(socket, number)
        await say(socket, id="1", type="complete")

    async with socket_server(script) as client:
        seen = []
        async for outcome in client.subscribe(request()):
            seen.append(outcome)
            if len(seen) == 1:
                await asyncio.sleep(0.2)
        assert seen == [ticked(number) for number in range(300)]
