"""The link itself, so that a fault in it is not taken for one of the system."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.kit.faults import Link


@pytest_asyncio.fixture
async def link() -> AsyncIterator[Link]:
    """A link to a server that sends back what it gets."""

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while text := await reader.readline():
                writer.write(text)
        writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    async with Link.to(server.sockets[0].getsockname()[1]) as link:
        yield link
    server.close()
    await asyncio.sleep(0)
    while OPEN:
        OPEN.pop().close()


OPEN: list[asyncio.StreamWriter] = []


async def said(link: Link) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", link.port)
    OPEN.append(writer)
    writer.write(b"one\n")
    assert await reader.readline() == b"one\n"
    return reader, writer


async def nothing_comes(reader: asyncio.StreamReader) -> bool:
    try:
        await asyncio.wait_for(reader.readline(), 0.2)
    except TimeoutError:
        return True
    return False


async def test_a_cut_link_resets_its_connections_and_takes_new_ones(link: Link) -> None:
    reader, _ = await said(link)
    link.cut()
    with pytest.raises(ConnectionError):
        await reader.readline()
    await said(link)


async def test_a_link_that_refuses_takes_nobody_until_it_heals(link: Link) -> None:
    link.refuse()
    with pytest.raises(ConnectionError):
        await said(link)
    link.heal()
    await said(link)


async def test_a_stalled_link_holds_everything_back_and_loses_nothing(link: Link) -> None:
    reader, writer = await said(link)
    link.stall()
    writer.write(b"two\n")
    assert await nothing_comes(reader)
    link.heal()
    assert await reader.readline() == b"two\n"


async def test_a_half_open_link_tells_the_near_end_nothing(link: Link) -> None:
    reader, writer = await said(link)
    link.leave_half_open()
    writer.write(b"two\n")
    assert await nothing_comes(reader)
    link.heal()
    with pytest.raises(ConnectionError):
        await reader.readline()


async def test_a_slow_link_brings_everything_later(link: Link) -> None:
    reader, writer = await said(link)
    link.delay = 0.05
    writer.write(b"two\n")
    assert await reader.readline() == b"two\n"
    assert link.bytes >= 12
