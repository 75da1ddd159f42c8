"""The HTTP client against real servers, well-behaved and not."""

import asyncio
import gzip
import time
from collections.abc import Mapping

import orjson
import pytest

from gateway.executor.ports import Fault, OperationKind, SubgraphReply, SubgraphRequest
from gateway.spec.names import SubgraphName
from gateway.transport.endpoint import parse_endpoint
from gateway.transport.http import HttpTransport
from gateway.transport.line import Traffic
from gateway.transport.pool import PoolLimits
from tests.transport.raw_server import RawServer, Script, http, raw_server, read_request

NAME = SubgraphName("one")
GOOD = b'{"data":{"ok":true}}'


def no_headers(_: SubgraphRequest) -> Mapping[str, str]:
    return {}


def transport_to(server: RawServer, **limits: float) -> HttpTransport:
    """Equal requests are not shared, since all requests of these tests are equal."""
    endpoint = parse_endpoint(f"http://127.0.0.1:{server.port}/graphql")
    pool = PoolLimits(**limits)  # type: ignore[arg-type]
    return HttpTransport({NAME: endpoint}, no_headers, pool, lambda _: Traffic(share=False))


def request(
    *, kind: OperationKind = "query", seconds: float = 2.0, document: str = "{ok}"
) -> SubgraphRequest:
    return SubgraphRequest(
        subgraph=NAME,
        document=document,
        operation_name=None,
        variables={},
        kind=kind,
        context=None,
        deadline=asyncio.get_running_loop().time() + seconds,
    )


def always(answer: bytes) -> Script:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await read_request(reader)
            writer.write(answer)
            await writer.drain()

    return script


def once_then_close(answer: bytes) -> Script:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(answer)
        await writer.drain()

    return script


async def fetch_from(script: Script, **limits: float) -> SubgraphReply | Fault:
    async with raw_server(script) as server:
        transport = transport_to(server, **limits)
        try:
            return await transport.fetch(request(seconds=0.5))
        finally:
            transport.close()


CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(http(GOOD), id="content length"),
        pytest.param(
            CHUNKED + b"a\r\n" + GOOD[:10] + b"\r\na\r\n" + GOOD[10:] + b"\r\n0\r\n\r\n",
            id="chunked",
        ),
        pytest.param(http(gzip.compress(GOOD), b"content-encoding: gzip"), id="gzip"),
        pytest.param(b"HTTP/1.1 200 OK\r\n\r\n" + GOOD, id="until the connection closes"),
        pytest.param(b"HTTP/1.0 200 OK\r\n\r\n" + GOOD, id="http 1.0"),
        pytest.param(CONTINUE + http(GOOD), id="an interim answer first"),
        pytest.param(http(GOOD, status=b"500 Oops"), id="a GraphQL body under a failure's status"),
        pytest.param(http(GOOD, b"connection: close"), id="connection close"),
    ],
)
async def test_reads_what_a_subgraph_may_send(answer: bytes) -> None:
    outcome = await fetch_from(once_then_close(answer))
    assert outcome == SubgraphReply(data={"ok": True}, errors=(), extensions={})


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        pytest.param(b"", "SUBREQUEST_CONNECTION_ERROR", id="closes without a word"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\ncontent-le",
            "SUBREQUEST_CONNECTION_ERROR",
            id="closes in its header",
        ),
        pytest.param(
            http(GOOD, length=500), "SUBREQUEST_CONNECTION_ERROR", id="promises more than it sends"
        ),
        pytest.param(
            CHUNKED + b"a\r\n" + GOOD[:10] + b"\r\n",
            "SUBREQUEST_CONNECTION_ERROR",
            id="closes between chunks",
        ),
        pytest.param(
            http(GOOD, length=5), "SUBREQUEST_MALFORMED_RESPONSE", id="sends more than it promised"
        ),
        pytest.param(
            CHUNKED + b"zz\r\n", "SUBREQUEST_MALFORMED_RESPONSE", id="nonsense for a chunk size"
        ),
        pytest.param(
            b"SSH-2.0-OpenSSH_9.6\r\n", "SUBREQUEST_MALFORMED_RESPONSE", id="another protocol"
        ),
        pytest.param(
            b"HTTP/1.1 101 Switching\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n",
            "SUBREQUEST_MALFORMED_RESPONSE",
            id="changes protocol",
        ),
        pytest.param(http(b"<html>"), "SUBREQUEST_MALFORMED_RESPONSE", id="html"),
        pytest.param(
            http(b"<html>", status=b"502 Bad"), "SUBREQUEST_HTTP_ERROR", id="html under 502"
        ),
        pytest.param(http(b"", status=b"204 No"), "SUBREQUEST_MALFORMED_RESPONSE", id="no body"),
        pytest.param(http(b"x" * 5000), "SUBREQUEST_TOO_LARGE", id="too large"),
        pytest.param(
            CHUNKED + b"1388\r\n" + b"x" * 5000,
            "SUBREQUEST_TOO_LARGE",
            id="too large, chunked and unfinished",
        ),
        pytest.param(
            http(gzip.compress(b" " * 100_000), b"content-encoding: gzip"),
            "SUBREQUEST_TOO_LARGE",
            id="too large once unzipped",
        ),
        pytest.param(
            http(gzip.compress(GOOD)[:-4], b"content-encoding: gzip"),
            "SUBREQUEST_MALFORMED_RESPONSE",
            id="broken gzip",
        ),
        pytest.param(
            http(GOOD, b"content-encoding: br"),
            "SUBREQUEST_MALFORMED_RESPONSE",
            id="an encoding we never offered",
        ),
        pytest.param(
            b"HTTP/1.1 200 OK\r\n" + b"x-a: b\r\n" * 20_000,
            "SUBREQUEST_TOO_LARGE",
            id="a header without end",
        ),
    ],
)
async def test_each_misbehaviour_is_a_fault_with_its_code(answer: bytes, code: str) -> None:
    outcome = await fetch_from(once_then_close(answer), answer_bytes=4000)
    assert isinstance(outcome, Fault)
    assert (outcome.code, outcome.subgraph) == (code, NAME)


async def test_an_answer_in_single_bytes_is_an_answer() -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        for byte in http(GOOD):
            writer.write(bytes([byte]))
            await asyncio.sleep(0)

    outcome = await fetch_from(drip)
    assert isinstance(outcome, SubgraphReply)


async def test_a_stall_ends_at_the_deadline_and_costs_the_others_nothing() -> None:
    calls = 0

    async def stall_first(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal calls
        while True:
            await read_request(reader)
            calls += 1
            if calls == 1:
                await asyncio.sleep(30)
            writer.write(http(GOOD))

    async with raw_server(stall_first) as server:
        transport = transport_to(server)
        started = time.monotonic()
        stalled = asyncio.create_task(transport.fetch(request(seconds=0.3)))
        await asyncio.sleep(0.05)
        assert isinstance(await transport.fetch(request()), SubgraphReply)
        outcome = await stalled
        assert isinstance(outcome, Fault)
        assert outcome.code == "SUBREQUEST_TIMEOUT"
        assert time.monotonic() - started < 10
        transport.close()


async def test_nobody_listens() -> None:
    async with raw_server(always(b"")) as server:
        port = server.port
    endpoint = parse_endpoint(f"http://127.0.0.1:{port}/")
    transport = HttpTransport({NAME: endpoint}, no_headers, PoolLimits())
    outcome = await transport.fetch(request())
    assert isinstance(outcome, Fault)
    assert outcome.code == "SUBREQUEST_CONNECTION_ERROR"


async def test_an_unknown_subgraph_is_a_fault_too() -> None:
    transport = HttpTransport({}, no_headers, PoolLimits())
    outcome = await transport.fetch(request())
    assert isinstance(outcome, Fault)
    assert outcome.code == "SUBREQUEST_INVALID"


async def test_connections_are_kept_and_the_last_one_used_first() -> None:
    async with raw_server(always(http(GOOD))) as server:
        transport = transport_to(server)
        for _ in range(5):
            await transport.fetch(request())
        assert server.connections == 1
        transport.close()


async def test_connections_are_bounded_and_waiters_served_in_order() -> None:
    running = most = 0

    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal running, most
        while True:
            await read_request(reader)
            running += 1
            most = max(most, running)
            await asyncio.sleep(0.01)
            running -= 1
            writer.write(http(GOOD))

    async with raw_server(slow) as server:
        transport = transport_to(server, connections=3)
        outcomes = await asyncio.gather(*(transport.fetch(request()) for _ in range(12)))
        assert all(isinstance(outcome, SubgraphReply) for outcome in outcomes)
        assert (server.connections, most) == (3, 3)
        transport.close()


async def test_too_many_waiters_are_turned_away_at_once() -> None:
    async with raw_server(always(b"")) as server:
        transport = transport_to(server, connections=1, waiting=1)
        first, second = (
            asyncio.create_task(transport.fetch(request(seconds=0.3))) for _ in range(2)
        )
        await asyncio.sleep(0.05)
        third = await transport.fetch(request())
        assert isinstance(third, Fault)
        assert third.code == "SUBREQUEST_OVERLOADED"
        codes = {getattr(await task, "code", None) for task in (first, second)}
        assert codes == {"SUBREQUEST_TIMEOUT"}
        transport.close()


async def test_a_cancelled_fetch_closes_its_connection_and_frees_its_place() -> None:
    async with raw_server(always(b"")) as server:
        transport = transport_to(server, connections=1)
        fetch = asyncio.create_task(transport.fetch(request()))
        await asyncio.sleep(0.05)
        fetch.cancel()
        await asyncio.gather(fetch, return_exceptions=True)
        await asyncio.sleep(0.05)
        assert server.closed == 1
        server.script = always(http(GOOD))
        assert isinstance(await transport.fetch(request()), SubgraphReply)
        transport.close()


def serves_one_then_drops_the_next() -> tuple[Script, list[bytes]]:
    seen: list[bytes] = []

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await read_request(reader))
        writer.write(http(GOOD))
        seen.append(await read_request(reader))

    return script, seen


async def test_a_query_is_sent_again_when_a_kept_connection_dies_before_the_first_byte() -> None:
    script, seen = serves_one_then_drops_the_next()
    async with raw_server(script) as server:
        transport = transport_to(server)
        await transport.fetch(request())
        assert isinstance(await transport.fetch(request()), SubgraphReply)
        assert (server.connections, len(seen)) == (2, 3)
        transport.close()


async def test_a_mutation_is_never_sent_twice() -> None:
    script, seen = serves_one_then_drops_the_next()
    async with raw_server(script) as server:
        transport = transport_to(server)
        await transport.fetch(request())
        outcome = await transport.fetch(request(kind="mutation"))
        assert isinstance(outcome, Fault)
        assert outcome.code == "SUBREQUEST_CONNECTION_ERROR"
        assert len(seen) == 2
        transport.close()


async def test_bytes_nobody_asked_for_end_the_connection() -> None:
    async def chatty(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await read_request(reader)
            writer.write(http(GOOD))
            await asyncio.sleep(0.02)
            writer.write(http(b'{"data":{"ok":"smuggled"}}'))

    async with raw_server(chatty) as server:
        transport = transport_to(server)
        await transport.fetch(request())
        await asyncio.sleep(0.1)
        outcome = await transport.fetch(request())
        assert isinstance(outcome, SubgraphReply)
        assert outcome.data == {"ok": True}
        assert server.connections == 2
        transport.close()


async def test_the_request_is_one_json_post_with_the_viewers_headers() -> None:
    seen: list[bytes] = []

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await read_request(reader))
        writer.write(http(GOOD))

    async with raw_server(script) as server:
        endpoint = parse_endpoint(f"http://127.0.0.1:{server.port}/graphql?a=b")
        transport = HttpTransport(
            {NAME: endpoint}, lambda _: {"authorization": "Bearer t"}, PoolLimits()
        )
        await transport.fetch(request(document="query Q($x:Int){ok}"))
        transport.close()
    head, _, body = seen[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /graphql?a=b HTTP/1.1\r\n")
    assert b"\r\nauthorization: Bearer t\r\n" in head
    assert orjson.loads(body) == {"query": "query Q($x:Int){ok}"}


async def test_a_header_value_cannot_smuggle_a_second_header() -> None:
    async with raw_server(always(http(GOOD))) as server:
        endpoint = parse_endpoint(f"http://127.0.0.1:{server.port}/")
        transport = HttpTransport({NAME: endpoint}, lambda _: {"x-a": "b\r\nx-c: d"}, PoolLimits())
        outcome = await transport.fetch(request())
        assert isinstance(outcome, Fault)
        assert server.connections == 0


async def test_a_subgraph_replaced_on_the_same_port_is_found_again() -> None:
    async with raw_server(always(http(GOOD))) as server:
        transport = transport_to(server)
        await transport.fetch(request())
        port = server.port
    async with raw_server(always(http(GOOD)), port):
        assert isinstance(await transport.fetch(request()), SubgraphReply)
        transport.close()
