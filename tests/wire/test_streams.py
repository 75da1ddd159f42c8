"""Event streams and parts down to the byte, on one connection each and on a shared one."""

import asyncio
import json
from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio

from tests.server.build import Served, served, token

pytestmark = pytest.mark.asyncio(loop_scope="module")
TOKEN = "x-graphql-event-stream-token"
PARTS = "multipart/mixed;subscriptionSpec=1.0"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def gateway(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    folder = tmp_path_factory.mktemp("gateway")
    timeouts = {"lag": 0.3, "heartbeat": 0.2}
    async with served(folder, timeouts=timeouts, limits={"socket_operations": 2}) as it:
        yield it


@pytest_asyncio.fixture(loop_scope="module")
async def client(gateway: Served) -> AsyncIterator[httpx.AsyncClient]:
    root = gateway.url.removesuffix("/graphql")
    async with httpx.AsyncClient(base_url=root, trust_env=False) as it:
        yield it


def request(accept: str, query: str) -> bytes:
    body = json.dumps({"query": query}).encode()
    head = f"POST /graphql HTTP/1.1\r\nhost: x\r\naccept: {accept}\r\n"
    kind = f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    return (head + kind).encode() + body


@pytest.mark.parametrize("accept", ["text/event-stream", PARTS])
async def test_a_request_of_single_bytes_is_served(gateway: Served, accept: str) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    for byte in request(accept, "subscription{three}"):
        writer.write(bytes([byte]))
        await writer.drain()
    async with asyncio.timeout(30):
        text = b""
        while b'"n":2' not in text:
            text += await reader.readline()
    writer.close()


@pytest.mark.parametrize("accept", ["text/event-stream", PARTS])
async def test_a_client_that_stops_reading_is_cut_off_and_frees_the_upstream(
    gateway: Served, accept: str
) -> None:
    gateway.engine.freed.clear()
    _, writer = await asyncio.open_connection("127.0.0.1", gateway.port, limit=1)
    writer.write(request(accept, "subscription{flood}"))
    await asyncio.wait_for(gateway.engine.freed.wait(), 30)
    writer.transport.abort()


@pytest.mark.parametrize(
    ("accept", "beat"),
    [
        pytest.param("text/event-stream", b":\n\n", id="events"),
        pytest.param(PARTS, b"{}", id="parts"),
    ],
)
async def test_a_quiet_stream_beats(gateway: Served, accept: str, beat: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    writer.write(request(accept, "subscription{quiet}"))
    async with asyncio.timeout(30):
        await reader.readuntil(b'"n":0')
        await reader.readuntil(beat)
        await reader.readuntil(beat)
    writer.transport.abort()


async def test_a_failure_in_mid_stream_is_a_fatal_part(client: httpx.AsyncClient) -> None:
    query = {"query": "subscription{boom}"}
    answer = await client.post("/graphql", json=query, headers={"accept": PARTS})
    last = answer.text.split("--graphql")[-2].partition("\r\n\r\n")[2]
    fatal = json.loads(last)
    assert fatal["payload"] is None
    assert fatal["errors"][0]["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
    assert answer.text.endswith("--graphql--\r\n")


async def reserved(client: httpx.AsyncClient, **headers: str) -> str:
    answer = await client.put("/graphql", headers=headers)
    assert answer.status_code == 201
    return answer.text


async def started(client: httpx.AsyncClient, token_: str, id_: str, query: str) -> httpx.Response:
    body = {"query": query, "extensions": {"operationId": id_}}
    return await client.post("/graphql", json=body, headers={TOKEN: token_})


async def test_one_connection_carries_many_operations(client: httpx.AsyncClient) -> None:
    stream = await reserved(client)
    assert (await started(client, stream, "early", "{ok}")).status_code == 202
    headers = {TOKEN: stream, "accept": "text/event-stream"}
    async with client.stream("GET", "/graphql", headers=headers) as answer:
        lines = answer.aiter_lines()
        assert (await started(client, stream, "late", "subscription{three}")).status_code == 202
        heard: list[object] = []
        while sum("payload" not in str(each) for each in heard) < 2:
            line = await anext(lines)
            if line.startswith("data:"):
                heard.append(json.loads(line[5:]))
    assert {"id": "early", "payload": {"data": {"ok": True}}} in heard
    assert [e for e in heard if e == {"id": "late"}] == [{"id": "late"}]
    assert sum('"late"' in json.dumps(each) for each in heard) == 4


async def test_a_stream_is_opened_once_and_by_its_owner_only(client: httpx.AsyncClient) -> None:
    mine = {"authorization": f"Bearer {token()}"}
    stream = await reserved(client, **mine)
    headers = {TOKEN: stream, "accept": "text/event-stream"}
    assert (await client.get("/graphql", headers=headers)).status_code == 404
    async with client.stream("GET", "/graphql", headers={**headers, **mine}) as answer:
        assert answer.status_code == 200
        again = await client.get("/graphql", headers={**headers, **mine})
        assert again.status_code == 409
        assert (await started(client, stream, "a", "{ok}")).status_code == 404


async def test_an_operation_is_stopped_and_frees_its_upstream(
    gateway: Served, client: httpx.AsyncClient
) -> None:
    stream = await reserved(client)
    headers = {TOKEN: stream}
    async with client.stream("GET", "/graphql", headers=headers):
        gateway.engine.freed.clear()
        for id_ in ("a", "b"):
            assert (await started(client, stream, id_, "subscription{quiet}")).status_code == 202
        assert (await started(client, stream, "a", "{ok}")).status_code == 400
        assert (await started(client, stream, "c", "{ok}")).status_code == 400
        await asyncio.sleep(0.05)
        stopped = await client.delete("/graphql", params={"operationId": "a"}, headers=headers)
        assert stopped.status_code == 200
        await asyncio.wait_for(gateway.engine.freed.wait(), 30)
        assert gateway.engine.open == 1
    async with asyncio.timeout(30):
        while gateway.engine.open:  # noqa: ASYNC110 - the engine has no event for "all gone"
            await asyncio.sleep(0.01)
