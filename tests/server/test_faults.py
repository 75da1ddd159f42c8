"""A subgraph that misbehaves beside one that is well, behind a whole gateway with its defaults.

Whatever it does, the answer has the well one's data, null for the sick one with the code that says
what happened, and the next request finds the sick one again once it is well.
"""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from gateway.config import Settings
from tests.server.build import demo_files
from tests.server.live import gateway_of
from tests.transport.raw_server import RawServer, Script, http, raw_server, read_request

SUPERGRAPH = """
schema @link(url: "https://specs.apollo.dev/link/v1.0")
  @link(url: "https://specs.apollo.dev/join/v0.5", for: EXECUTION) { query: Query }
directive @link(
  url: String, as: String, for: link__Purpose, import: [link__Import]
) repeatable on SCHEMA
directive @join__graph(name: String!, url: String!) on ENUM_VALUE
directive @join__type(graph: join__Graph!, key: String) repeatable on OBJECT
directive @join__field(graph: join__Graph) repeatable on FIELD_DEFINITION
enum join__Graph {
  SICK @join__graph(name: "sick", url: "http://127.0.0.1:SICK/graphql")
  WELL @join__graph(name: "well", url: "http://127.0.0.1:WELL/graphql")
}
scalar link__Import
enum link__Purpose { SECURITY EXECUTION }
type Query @join__type(graph: SICK) @join__type(graph: WELL) {
  sick: String @join__field(graph: SICK)
  well: String @join__field(graph: WELL)
}
"""
GOOD = b'{"data":{"sick":"better"}}'
WELL = b'{"data":{"well":"fine"}}'
MEGABYTE = b"x" * 1_000_000
NO_RETRY = {"retry": {"share": 0, "free": 0}}
Fault = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def always(body: bytes) -> Script:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await read_request(reader)
            writer.write(http(body))

    return script


@dataclass(frozen=True, slots=True)
class Ward:
    """A gateway, and the sick one's script, which a test changes."""

    url: str
    sick: RawServer

    async def ask(self, query: str = "{sick well}") -> tuple[object, list[str]]:
        """The data, and the codes of the errors."""
        async with httpx.AsyncClient(trust_env=False, timeout=60) as client:
            answer = (await client.post(self.url, json={"query": query})).json()
        codes = [error["extensions"]["code"] for error in answer.get("errors", [])]
        return answer["data"], codes


@asynccontextmanager
async def before(folder: Path, sick: RawServer, **changes: object) -> AsyncIterator[Ward]:
    """A gateway before the sick one and one that is well."""
    async with raw_server(always(WELL)) as well:
        values = {**demo_files(folder), "access_log": False, **changes}
        settings = Settings.from_mapping(values)
        sdl = SUPERGRAPH.replace(":SICK", f":{sick.port}").replace(":WELL", f":{well.port}")
        settings.supergraph.write_text(sdl)
        async with gateway_of(settings) as it:
            yield Ward(it.url, sick)


@asynccontextmanager
async def ward(folder: Path, script: Script, **changes: object) -> AsyncIterator[Ward]:
    async with raw_server(script) as sick, before(folder, sick, **changes) as it:
        yield it


def once(fault: Fault) -> Script:
    """The first request meets the fault, every other one a good answer; no retry hides it."""
    met: list[bool] = []

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await read_request(reader)
            if met:
                writer.write(http(GOOD))
            else:
                met.append(True)
                await fault(reader, writer)

    return script


async def stalls(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(http(GOOD)[:-10])
    await asyncio.sleep(3600)


async def resets(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(http(GOOD)[:-10])
    await writer.drain()
    opened = writer.get_extra_info("socket")
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def promises_more(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(http(GOOD, length=len(GOOD) + 10))
    writer.close()


async def promises_less(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(http(GOOD, length=len(GOOD) - 10))


async def promises_200_megabytes(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(http(MEGABYTE, length=200_000_000))
    await asyncio.sleep(3600)


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        pytest.param(stalls, "SUBREQUEST_TIMEOUT", id="stalls"),
        pytest.param(resets, "SUBREQUEST_CONNECTION_ERROR", id="resets mid-body"),
        pytest.param(promises_more, "SUBREQUEST_CONNECTION_ERROR", id="promises more"),
        pytest.param(promises_less, "SUBREQUEST_MALFORMED_RESPONSE", id="promises less"),
        pytest.param(promises_200_megabytes, "SUBREQUEST_TOO_LARGE", id="promises 200 MB"),
    ],
)
async def test_the_other_subgraph_answers_and_the_code_tells(
    tmp_path: Path, fault: Fault, code: str
) -> None:
    patience = {"request": 3.0}
    async with ward(tmp_path, once(fault), timeouts=patience, traffic=NO_RETRY) as it:
        assert await it.ask() == ({"sick": None, "well": "fine"}, [code])
        assert await it.ask() == ({"sick": "better", "well": "fine"}, [])


async def test_an_answer_in_single_bytes_is_an_answer(tmp_path: Path) -> None:
    async def dribbles(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for byte in http(GOOD):
            writer.write(bytes([byte]))
            await writer.drain()

    async with ward(tmp_path, once(dribbles)) as it:
        assert await it.ask() == ({"sick": "better", "well": "fine"}, [])


async def test_of_200_megabytes_no_more_is_taken_than_the_limit(tmp_path: Path) -> None:
    """Chunked, so that nothing is known before: what the sender got rid of is what we held."""
    sent: list[int] = []

    async def floods(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
        for _number in range(200):
            writer.write(b"f4240\r\n" + MEGABYTE + b"\r\n")
            await writer.drain()
            sent.append(len(MEGABYTE))

    async with ward(tmp_path, once(floods)) as it:
        assert await it.ask() == ({"sick": None, "well": "fine"}, ["SUBREQUEST_TOO_LARGE"])
        assert await it.ask() == ({"sick": "better", "well": "fine"}, [])
    assert 32 <= len(sent) < 60, "the default limit is 32 MB, sockets hold a little more"


async def test_kept_connections_that_were_closed_cost_nobody_an_answer(tmp_path: Path) -> None:
    async def one_answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(http(GOOD))

    async with ward(tmp_path, one_answer) as it:
        for _ in range(5):
            assert await it.ask() == ({"sick": "better", "well": "fine"}, [])
        assert it.sick.connections == 5


async def test_a_subgraph_replaced_on_the_same_port_is_found_again(tmp_path: Path) -> None:
    async with AsyncExitStack() as life:
        sick = await life.enter_async_context(raw_server(always(GOOD)))
        async with before(tmp_path, sick, traffic=NO_RETRY) as it:
            assert await it.ask() == ({"sick": "better", "well": "fine"}, [])
            await life.aclose()
            gone = await it.ask()
            async with raw_server(always(GOOD), sick.port):
                assert await it.ask() == ({"sick": "better", "well": "fine"}, [])
    assert gone == ({"sick": None, "well": "fine"}, ["SUBREQUEST_CONNECTION_ERROR"])
