"""A token that is renewed on a running upstream, and one that is not."""

import asyncio
from collections.abc import Mapping
from itertools import count

from websockets.asyncio.server import ServerConnection, serve
from websockets.typing import Subprotocol

from gateway.errors import SUBSCRIPTION_UPSTREAM_LOST
from gateway.executor.ports import Fault
from gateway.subscriptions.upstream import UpstreamMachine
from gateway.transport.ws import SocketLimits, UpstreamSubscription
from tests.transport.test_ws import receive, request, say, tick


async def test_a_new_token_is_said_in_a_ping() -> None:
    told: list[object] = []
    tokens = count()

    async def script(socket: ServerConnection) -> None:
        told.append((await receive(socket))["payload"])
        await say(socket, type="connection_ack")
        await receive(socket)
        while (frame := await receive(socket))["type"] == "ping":
            told.append(frame["payload"])
            await say(socket, type="pong")
            await tick(socket, len(told))

    def headers() -> Mapping[str, str]:
        return {"authorization": f"Bearer {next(tokens)}"}

    async with serve(
        script, "127.0.0.1", 0, subprotocols=[Subprotocol("graphql-transport-ws")]
    ) as at:
        port = next(iter(at.sockets)).getsockname()[1]
        limits = SocketLimits(renew_seconds=0.05)
        events = UpstreamSubscription(f"ws://127.0.0.1:{port}/", headers, request(), limits)
        await anext(events)
        await anext(events)
        await events.aclose()
    assert told[:3] == [{"authorization": f"Bearer {number}"} for number in range(3)]


async def test_a_token_that_ran_out_is_a_loss_and_no_refusal() -> None:
    async def script(socket: ServerConnection) -> None:
        await receive(socket)
        await say(socket, type="connection_ack")
        await receive(socket)
        await socket.close(4403, "TOKEN_EXPIRED")

    async with serve(
        script, "127.0.0.1", 0, subprotocols=[Subprotocol("graphql-transport-ws")]
    ) as at:
        port = next(iter(at.sockets)).getsockname()[1]
        url = f"ws://127.0.0.1:{port}/"
        events = UpstreamSubscription(url, dict, request(), SocketLimits())
        async with asyncio.timeout(30):
            (outcome,) = [event async for event in events]
    assert isinstance(outcome, Fault)
    assert outcome.code == SUBSCRIPTION_UPSTREAM_LOST


def test_the_same_token_is_not_said_again() -> None:
    machine = UpstreamMachine(init={"authorization": "a"}, subscribe={"query": "q"})
    machine.open()
    assert machine.renew({"authorization": "b"}) == []  # nobody has let us in yet
    machine.receive('{"type":"connection_ack"}')
    assert machine.renew({"authorization": "a"}) == []
    (said,) = machine.renew({"authorization": "b"})
    assert machine.renew({"authorization": "b"}) == []
    assert said is not None
