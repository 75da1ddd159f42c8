"""Ready means: every subgraph answered lately, by real probes."""

import asyncio
from collections.abc import Awaitable, Callable

from starlette.types import Message

from gateway.server.exchange import Exchange
from gateway.server.health import Health, ProbeRules
from gateway.spec.names import SubgraphName
from gateway.transport.client import NetworkClient
from gateway.transport.endpoint import parse_endpoint
from gateway.transport.pool import PoolLimits
from tests.transport.raw_server import http, raw_server, read_request

GOOD = http(b'{"data":{"__typename":"Query"}}')
DENIED = http(b'{"errors":[{"message":"no"}]}', status=b"401 Unauthorized")


async def status(door: Callable[[Exchange], Awaitable[None]]) -> tuple[int, bytes]:
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": "/", "headers": []}
    await door(Exchange(scope, receive, send))
    return sent[0]["status"], sent[1]["body"]


async def until(health: Health, wanted: int) -> bytes:
    """The body of the readiness answer once it has the status."""
    async with asyncio.timeout(3):
        while True:
            code, body = await status(health.ready)
            if code == wanted:
                return body
            await asyncio.sleep(0.01)


async def test_readiness_follows_the_subgraphs() -> None:
    answers = [GOOD]

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await read_request(reader)
            writer.write(answers[0])

    async with raw_server(script) as server:
        endpoint = parse_endpoint(f"http://127.0.0.1:{server.port}/graphql")
        client = NetworkClient({SubgraphName("one"): endpoint}, lambda _: {}, PoolLimits())
        health = Health(client, ProbeRules(eager=0.02, calm=0.02))
        assert b"not asked yet" in (await status(health.ready))[1]
        watch = asyncio.create_task(health.watch())
        await until(health, 200)
        answers[0] = DENIED
        assert b"refused the probe" in await until(health, 503)
        answers[0] = GOOD
        await until(health, 200)
        health.drain()
        assert b"draining" in await until(health, 503)
        assert (await status(health.live))[0] == 200
        watch.cancel()
        await asyncio.gather(watch, return_exceptions=True)
        client.close()


async def test_an_answer_of_long_ago_does_not_count() -> None:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(GOOD)
        await read_request(reader)

    async with raw_server(script) as server:
        endpoint = parse_endpoint(f"http://127.0.0.1:{server.port}/graphql")
        client = NetworkClient({SubgraphName("one"): endpoint}, lambda _: {}, PoolLimits())
        health = Health(client, ProbeRules(calm=30, fresh=0.1))
        watch = asyncio.create_task(health.watch())
        await until(health, 200)
        await until(health, 503)
        watch.cancel()
        await asyncio.gather(watch, return_exceptions=True)
        client.close()
