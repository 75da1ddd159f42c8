"""Ready means: every subgraph answered lately, by real probes."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial

import pytest
from starlette.types import Message

from gateway.executor.ports import Fault, SubgraphRequest
from gateway.server.exchange import Exchange
from gateway.server.health import Health, ProbeRules
from gateway.spec.names import SubgraphName
from gateway.transport.client import NetworkClient
from gateway.transport.endpoint import parse_endpoint
from gateway.transport.pool import PoolLimits
from tests.transport.raw_server import http, raw_server, read_request

ONE = SubgraphName("one")
REQUEST = SubgraphRequest(
    subgraph=ONE,
    document="{a}",
    operation_name=None,
    variables={},
    kind="query",
    context=None,
    deadline=0.0,
)
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
    async with asyncio.timeout(30):
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


async def test_a_request_that_finds_a_subgraph_gone_has_it_looked_at_now() -> None:
    answers = [GOOD]

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await read_request(reader)
            writer.write(answers[0])

    async with raw_server(script) as server:
        endpoint = parse_endpoint(f"http://127.0.0.1:{server.port}/graphql")
        client = NetworkClient({ONE: endpoint}, lambda _: {}, PoolLimits())
        async with watched(Health(client, ProbeRules(eager=0.01, calm=3_600))) as health:
            await until(health, 200)
            answers[0] = DENIED
            await asyncio.sleep(0.05)  # by now it waits for an hour, or for a doubt
            fault = Fault(code="SUBREQUEST_CONNECTION_ERROR", message="", subgraph=ONE)
            health.fetched(REQUEST, fault, 0.0)
            await until(health, 503)
        client.close()


@pytest.mark.parametrize(
    ("page", "said"),
    [
        pytest.param(http(b'{"lag":3}'), "ready", id="current"),
        pytest.param(http(b'{"lag":4}'), "event feed: 4 events behind", id="behind"),
        pytest.param(http(b"{}"), "ready", id="says nothing of it"),
        pytest.param(http(b"{}", status=b"503 Down"), "event feed: status 503", id="down"),
        pytest.param(http(b"<html>"), "event feed: the answer is not JSON", id="no JSON"),
        pytest.param(b"", "event feed: the subgraph closed the connection", id="nothing"),
    ],
)
async def test_readiness_follows_the_event_feed(page: bytes, said: str) -> None:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = await reader.readline()
        await reader.readuntil(b"\r\n\r\n")
        writer.write(page if asked.startswith(b"GET") else GOOD)
        writer.close()

    async with raw_server(script) as server:
        endpoint = parse_endpoint(f"http://127.0.0.1:{server.port}/graphql")
        client = NetworkClient({ONE: endpoint}, lambda _: {}, PoolLimits())
        feeds = {ONE: parse_endpoint(f"http://127.0.0.1:{server.port}/health")}
        async with watched(Health(client, ProbeRules(eager=0.01, feeds=feeds, lag=3))) as health:
            async with asyncio.timeout(30):
                told = partial(status, health.ready)
                while json.loads((await told())[1])["subgraphs"]["one"] != said:  # noqa: ASYNC110 - polled
                    await asyncio.sleep(0.01)
            assert (await status(health.ready))[0] == (200 if said == "ready" else 503)
        client.close()


async def test_without_an_optional_subgraph_it_is_ready_and_says_what_is_missing() -> None:
    endpoint = parse_endpoint("http://127.0.0.1:9/graphql")
    client = NetworkClient({ONE: endpoint}, lambda _: {}, PoolLimits())
    async with watched(Health(client, ProbeRules(optional=frozenset({"one"})))) as health:
        async with asyncio.timeout(30):
            while b"refused" not in (body := await until(health, 200)):  # noqa: ASYNC110 - polled
                await asyncio.sleep(0.01)
    assert json.loads(body)["subgraphs"] == {"one": "subgraph one: connection refused"}


@asynccontextmanager
async def watched(health: Health) -> AsyncIterator[Health]:
    watch = asyncio.create_task(health.watch())
    try:
        yield health
    finally:
        watch.cancel()
        await asyncio.gather(watch, return_exceptions=True)
