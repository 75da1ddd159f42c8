"""graphql-transport-ws down to the byte: what a client may send, and how each fault ends."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio

from tests.server.build import Served, served
from tests.wire.raw import BINARY, CLOSE, MORE, PING, PONG, TEXT, RawSocket, frame, raw_socket

pytestmark = pytest.mark.asyncio(loop_scope="module")

INIT = b'{"type":"connection_init"}'
LIMITS = {"body_bytes": 5_000, "queued_messages": 8, "queued_bytes": 50_000, "sockets": 3_000}
TIMEOUTS = {"init": 2.0, "lag": 0.3, "heartbeat": 0.4, "pong": 0.4}
IDLE = 2_500


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def gateway(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    folder = tmp_path_factory.mktemp("gateway")
    async with served(folder, limits=LIMITS, timeouts=TIMEOUTS) as it:
        yield it


def pieces(payload: bytes) -> bytes:
    """The same text as frames of one byte each."""
    opcodes = [TEXT] + [MORE] * (len(payload) - 1)
    ends = [False] * (len(payload) - 1) + [True]
    return b"".join(
        frame(bytes([byte]), opcode, last=last)
        for byte, opcode, last in zip(payload, opcodes, ends, strict=True)
    )


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(frame(INIT), id="one frame"),
        pytest.param(pieces(INIT), id="frames of one byte"),
        pytest.param(frame(b"", PING) + frame(INIT), id="behind a ping"),
        pytest.param(frame(b" " * 3_000 + INIT), id="behind blanks"),
        pytest.param(
            frame(INIT[:5], last=False) + frame(b"p", PING) + frame(INIT[5:], MORE),
            id="around a ping",
        ),
    ],
)
async def test_an_init_is_an_init_however_it_is_cut(gateway: Served, sent: bytes) -> None:
    async with raw_socket(gateway.port) as socket:
        socket.write(sent)
        heard = await socket.hear()
        while heard.opcode == PONG:
            heard = await socket.hear()
        assert json.loads(heard.payload) == {"type": "connection_ack"}


async def test_bytes_that_come_one_by_one_are_waited_for(gateway: Served) -> None:
    async with raw_socket(gateway.port) as socket:
        for byte in frame(INIT):
            socket.write(bytes([byte]))
            await socket.writer.drain()
            await asyncio.sleep(0)
        assert (await socket.message())["type"] == "connection_ack"


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        pytest.param(frame(INIT, masked=False), 1002, id="not masked"),
        pytest.param(frame(b"\xff\xfe"), 1007, id="not UTF-8"),
        pytest.param(frame(b"x" * 5_001), 1009, id="too many bytes"),
        pytest.param(
            frame(b"x" * 3_000, last=False) + frame(b"x" * 3_000, MORE), 1009, id="in two frames"
        ),
        pytest.param(frame(INIT, MORE), 1002, id="the rest of nothing"),
        pytest.param(frame(b"x" * 126, PING), 1002, id="a long ping"),
        pytest.param(frame(INIT, 3), 1002, id="an unknown opcode"),
        pytest.param(frame(INIT, BINARY), 4400, id="binary"),
        pytest.param(frame(b""), 4400, id="empty"),
        pytest.param(frame(b"null"), 4400, id="null"),
        pytest.param(frame(b"[" * 2_000), 4400, id="brackets"),
        pytest.param(frame(b'{"type":7}'), 4400, id="a number for a type"),
        pytest.param(frame(b'{"type":"next"}'), 4400, id="a server's message"),
        pytest.param(frame(b'{"type":"connection_init","payload":7}'), 4400, id="a payload"),
        pytest.param(frame(b'{"type":"complete"}'), 4400, id="no id"),
        pytest.param(frame(b'{"type":"complete","id":""}'), 4400, id="an empty id"),
        pytest.param(frame(b'{"type":"subscribe","id":"1","payload":{}}'), 4400, id="no query"),
        pytest.param(
            frame(b'{"type":"subscribe","id":"1","payload":{"query":"{ok}"}}'),
            4401,
            id="subscribe before init",
        ),
        pytest.param(frame(INIT) * 2, 4429, id="two inits"),
    ],
)
async def test_what_must_not_be_sent_ends_the_socket(
    gateway: Served, sent: bytes, code: int
) -> None:
    async with raw_socket(gateway.port) as socket:
        socket.write(sent)
        close = await socket.closed()
        assert close.code == code
        assert len(close.reason) <= 123


async def test_a_ping_of_the_protocol_is_answered_at_any_time(gateway: Served) -> None:
    async with raw_socket(gateway.port) as socket:
        socket.say(type="ping")
        assert await socket.message() == {"type": "pong"}
        await socket.init()
        socket.say(type="ping", payload={"n": 1})
        assert await socket.message() == {"type": "pong", "payload": {"n": 1}}


async def test_complete_for_an_id_nobody_has_is_no_fault(gateway: Served) -> None:
    async with raw_socket(gateway.port) as socket:
        await socket.init()
        socket.say(type="complete", id="nobody")
        socket.say(type="ping")
        assert await socket.message() == {"type": "pong"}


async def test_nothing_follows_an_error_and_its_id_is_free(gateway: Served) -> None:
    async with raw_socket(gateway.port) as socket:
        await socket.init()
        for query, kinds in (("{bad", ["error"]), ("{ok}", ["next", "complete"])):
            socket.say(type="subscribe", id="a", payload={"query": query})
            assert [(await socket.message())["type"] for _ in kinds] == kinds
        socket.say(type="ping")
        assert await socket.message() == {"type": "pong"}


async def test_many_operations_at_once_keep_their_ids(gateway: Served) -> None:
    async with raw_socket(gateway.port) as socket:
        await socket.init()
        ids = [f"op-{n}" for n in range(20)]
        for id_ in ids:
            socket.say(type="subscribe", id=id_, payload={"query": "{slow}"})
        heard = [await socket.message() for _ in range(2 * len(ids))]
        for id_ in ids:
            kinds = [message["type"] for message in heard if message["id"] == id_]
            assert kinds == ["next", "complete"]


async def test_a_half_open_socket_is_found_by_its_missing_pong(gateway: Served) -> None:
    gateway.engine.freed.clear()
    async with raw_socket(gateway.port) as socket:
        await socket.init()
        await streaming(socket, "subscription{quiet}")
        assert (await socket.hear()).opcode == PING  # and we say nothing, as if the cable were cut
        await asyncio.wait_for(gateway.engine.freed.wait(), 3)


async def test_a_socket_that_answers_pings_stays(gateway: Served) -> None:
    async with raw_socket(gateway.port) as socket:
        await socket.init()
        for _ in range(3):
            ping = await socket.hear()
            assert ping.opcode == PING
            socket.write(frame(ping.payload, PONG))
        socket.say(type="ping")
        assert await socket.message() == {"type": "pong"}


async def test_a_reset_in_the_middle_of_a_frame_frees_the_upstream(gateway: Served) -> None:
    gateway.engine.freed.clear()
    async with raw_socket(gateway.port) as socket:
        await socket.init()
        await streaming(socket, "subscription{quiet}")
        socket.write(frame(b"x" * 100)[:20])
        await socket.writer.drain()
    await asyncio.wait_for(gateway.engine.freed.wait(), 3)


async def test_a_client_that_stops_reading_is_closed_as_lagging(gateway: Served) -> None:
    gateway.engine.freed.clear()
    async with raw_socket(gateway.port) as socket:
        await socket.init()
        await streaming(socket, "subscription{flood}")
        await asyncio.wait_for(gateway.engine.freed.wait(), 8)


async def streaming(socket: RawSocket, query: str) -> None:
    socket.say(type="subscribe", id="a", payload={"query": query})
    assert (await socket.message())["type"] == "next"


@pytest.mark.parametrize(
    ("origin", "accepted"),
    [
        pytest.param("", True, id="no browser"),
        pytest.param("origin: http://127.0.0.1:{port}", True, id="our own page"),
        pytest.param("origin: https://evil.example", False, id="a page of another site"),
    ],
)
async def test_no_page_of_another_site_opens_a_socket(
    gateway: Served, origin: str, *, accepted: bool
) -> None:
    lines = [origin.format(port=gateway.port)] if origin else []
    try:
        async with raw_socket(gateway.port, *lines) as socket:
            await socket.init()
            opened = True
    except AssertionError as error:
        assert b" 403 " in error.args[0]  # noqa: PT017 - the head of the answer
        opened = False
    assert opened == accepted


async def test_thousands_of_idle_sockets_are_served_and_let_go(tmp_path: Path) -> None:
    calm = {"init": 60, "heartbeat": 600, "shutdown": 30}
    limits = {"sockets": IDLE}
    async with served(tmp_path, limits=limits, timeouts=calm) as gateway, AsyncExitStack() as stack:
        sockets = []
        for _ in range(IDLE):
            sockets.append(await stack.enter_async_context(raw_socket(gateway.port)))
            sockets[-1].say(type="connection_init")
        for socket in sockets:
            assert (await socket.message())["type"] == "connection_ack"
        async with raw_socket(gateway.port) as one_more:
            assert (await one_more.closed()).code == 1013
        gateway.server.stop()
        codes = {(await socket.closed()).code for socket in sockets}
        assert codes == {1012}


async def test_a_close_is_answered_with_its_code(gateway: Served) -> None:
    async with raw_socket(gateway.port) as socket:
        await socket.init()
        socket.write(frame(b"\x03\xe8", CLOSE))
        assert (await socket.closed()).code == 1000
