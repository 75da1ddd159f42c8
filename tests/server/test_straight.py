"""Whole answers go past ASGI in one write; whatever that way can't do is as ASGI has it."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from gateway.server.exchange import Exchange
from gateway.server.protocols import bounded
from gateway.server.wire import EXTENSION

GET = b"GET /%b HTTP/1.1\r\nhost: x\r\n\r\n"
POST = b"POST /%b HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n%b"
Answer = Callable[[Exchange], Awaitable[None]]
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Writes:
    """Counts what goes to a transport, and passes it on."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self.pieces: list[bytes] = []
        self._write, self._transport = transport.write, transport

    def write(self, data: bytes) -> None:
        self.pieces.append(data)
        self._write(data)

    def __getattr__(self, name: str) -> object:
        return getattr(self._transport, name)


class Telling(uvicorn.Server):
    """Says when it serves."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()


async def told(exchange: Exchange) -> None:
    """What was asked for: the path and the body, and whether the body had come at once."""
    at_once = exchange.body_at_once(1_000)
    body = await exchange.body(1_000) if at_once is None else at_once
    word = b"waited" if at_once is None else b"at once"
    await exchange.answer(200, "text/plain", b"%b %b %b" % (exchange.path.encode(), word, body))


@asynccontextmanager
async def serving(
    answer: Answer, *, keep_alive: float = 30
) -> AsyncIterator[Callable[[], Awaitable[Streams]]]:
    """A real server; gives a way to connect to it."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await answer(Exchange(scope, receive, send))

    config = uvicorn.Config(
        app,
        port=0,
        http=bounded(65_536, 30),
        lifespan="off",
        log_config=None,
        timeout_keep_alive=keep_alive,  # type: ignore[arg-type]  # seconds of any kind will do
    )
    server = Telling(config)
    running = asyncio.create_task(server.serve())
    await server.ready.wait()
    port = server.servers[0].sockets[0].getsockname()[1]
    opened: list[asyncio.StreamWriter] = []

    async def connect() -> Streams:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        opened.append(writer)
        return reader, writer

    try:
        yield connect
    finally:
        for writer in opened:
            writer.close()
        server.should_exit = True
        await running


async def answered(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    """The head and the body of one answer."""
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 30)
    length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
    return head, await asyncio.wait_for(reader.readexactly(length), 30)


async def test_head_and_body_are_one_write() -> None:
    seen: list[Writes] = []

    async def watched(exchange: Exchange) -> None:
        cycle = exchange.scope["extensions"][EXTENSION].cycle
        cycle.transport = Writes(cycle.transport)
        seen.append(cycle.transport)
        await told(exchange)

    async with serving(watched) as connect:
        reader, writer = await connect()
        writer.write(POST % (b"a", 2, b"hi"))
        assert (await answered(reader))[1] == b"/a at once hi"
    (writes,) = seen
    assert len(writes.pieces) == 1
    assert writes.pieces[0].startswith(b"HTTP/1.1 200 OK\r\n")


async def test_a_body_that_comes_in_pieces_is_waited_for() -> None:
    async with serving(told) as connect:
        reader, writer = await connect()
        writer.write(b"POST /a HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\n\r\nab")
        await asyncio.sleep(0.05)
        writer.write(b"cd")
        assert (await answered(reader))[1] in {b"/a waited abcd", b"/a at once abcd"}


async def test_who_expects_a_continue_gets_one_where_the_body_is_still_to_come() -> None:
    async with serving(told) as connect:
        reader, writer = await connect()
        writer.write(
            b"POST /a HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n"
        )
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 30)
        assert head.startswith(b"HTTP/1.1 100 ")
        writer.write(b"ab")
        assert (await answered(reader))[1] == b"/a waited ab"


async def test_requests_sent_without_waiting_are_answered_in_order() -> None:
    async with serving(told) as connect:
        reader, writer = await connect()
        writer.write(b"".join(POST % (b"%d" % n, 1, b"x") for n in range(5)))
        for n in range(5):
            assert (await answered(reader))[1].startswith(b"/%d " % n)


async def test_a_head_request_is_answered_without_a_body() -> None:
    async with serving(told) as connect:
        reader, writer = await connect()
        writer.write(b"HEAD /a HTTP/1.1\r\nhost: x\r\n\r\n" + GET % b"b")
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 30)
        assert b"content-length: 1" in head
        assert (await answered(reader))[1].startswith(b"/b ")


async def test_who_wants_the_connection_closed_has_it_closed() -> None:
    async with serving(told) as connect:
        reader, writer = await connect()
        writer.write(b"GET /a HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        head, _ = await answered(reader)
        assert b"connection: close\r\n" in head
        assert await asyncio.wait_for(reader.read(), 30) == b""


@pytest.mark.parametrize("value", [b"a\r\nset-cookie: b", b"a\nb", b"a\rb"])
async def test_no_header_holds_a_line_break(value: bytes) -> None:
    async def careless(exchange: Exchange) -> None:
        await exchange.answer(200, "text/plain", b"", ((b"x-word", value),))

    async with serving(careless) as connect:
        reader, writer = await connect()
        writer.write(GET % b"a")
        head, _ = await answered(reader)
        assert head.startswith(b"HTTP/1.1 500 ")
        assert b"x-word" not in head


async def test_an_idle_connection_is_closed_and_a_busy_one_is_not() -> None:
    async def slow(exchange: Exchange) -> None:
        if exchange.path == "/slow":
            await asyncio.sleep(1)
        await told(exchange)

    async with serving(slow, keep_alive=0.3) as connect:
        reader, writer = await connect()
        for path in (b"quick", b"slow"):
            writer.write(GET % path)
            assert (await answered(reader))[1].startswith(b"/" + path)
        assert await asyncio.wait_for(reader.read(), 30) == b""
