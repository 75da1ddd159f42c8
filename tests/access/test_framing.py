"""A page that frames GraphiQL shows nothing of it, in a real Chromium."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.e2e.browser import Visit, chromium, visiting
from tests.server.build import served

OURS = "GraphiQL"
PLAIN = f"<!doctype html><title>plain</title><p>{OURS}"


@asynccontextmanager
async def stranger() -> AsyncIterator[str]:
    """Another origin: a page that frames what its query names, and one to be framed."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        path = (await reader.readuntil(b"\r\n\r\n")).decode().split(" ", 2)[1]
        framed = path.partition("?")[2]
        frame = f'<!doctype html><link rel="icon" href="data:,"><iframe name="it" src="{framed}">'
        body = (frame if framed else PLAIN).encode()
        told = f"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: {len(body)}\r\n"
        writer.write(f"{told}connection: close\r\n\r\n".encode() + body)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def framed(visit: Visit, home: str, url: str) -> tuple[str, str]:
    """Where the frame has ended, and what is in it."""
    await visit.page.goto(f"{home}/frame?{url}", wait_until="load")
    frame = visit.page.frame(name="it")
    assert frame is not None
    await frame.wait_for_load_state()
    return frame.url, await frame.content()


async def test_who_frames_the_page_shows_nothing_of_it(tmp_path: Path) -> None:
    async with (
        served(tmp_path) as gateway,
        stranger() as home,
        chromium() as browser,
        visiting(browser, home) as visit,
    ):
        url, text = await framed(visit, home, f"{home}/plain")
        assert (url, OURS in text) == (f"{home}/plain", True), "other pages can be framed"
        url, text = await framed(visit, home, gateway.url)
        assert url.startswith("chrome-error:"), url
        assert OURS not in text
        assert any("frame-ancestors 'none'" in each for each in visit.complaints)
        alone = await visit.page.goto(gateway.url)
        assert alone is not None
        assert OURS in await alone.text(), "by itself it shows"
