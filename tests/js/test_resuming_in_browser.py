"""The JavaScript helper in a real Chromium: one file loaded by a page, its position in the page's
own storage, its gateway cut off and the page closed and opened again."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Page

import gateway.client
from gateway.graphiql.node import Node
from tests.e2e.browser import chromium, visiting
from tests.js.clients import clients
from tests.kit.faults import Link
from tests.server.build import token
from tests.subscriptions.rig import Rig, rig

HELPER = Path(gateway.client.__file__).with_name("js") / "credgraph-subscriptions.mjs"
LIBRARY = Path(__file__).parent / "clients" / "node_modules" / "graphql-ws" / "dist"
PAGE = """<!doctype html><title>watch</title><link rel="icon" href="data:,">
<script type="importmap">{"imports": {"graphql-ws": "/page/client.js"}}</script>
<script type="module">
import { createClient } from 'graphql-ws';
import { resume, webStorage } from '/page/credgraph-subscriptions.mjs';
const tally = { connections: 0, events: 0, heartbeats: 0, repeats: 0 };
window.seen = { heard: [], tally, ready: false, fault: null };
const url = `ws://127.0.0.1:${location.search.slice(1)}/graphql`;
const events = resume({
  connect: (options) => createClient({ url, ...options }),
  query: 'subscription($after: String) { changes(after: $after) { at number before quiet } }',
  names: { cursor: 'at', sequence: 'number', previous: 'before', heartbeat: 'quiet' },
  storage: webStorage('watch'), token: () => 'TOKEN',
  firstPause: 10, longestPause: 100, silence: 2000, heartbeats: true, tally,
});
try {
  for await (const event of events) {
    window.seen.ready = true;
    if (!event.heartbeat) window.seen.heard.push(event.frame.number);
  }
} catch (fault) {
  window.seen.fault = String(fault);
}
</script>"""


@pytest_asyncio.fixture
async def running(tmp_path: Path) -> AsyncIterator[Rig]:
    async with rig(tmp_path, cors=[{"origins": ["*"]}]) as found:
        yield found


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A static web server: the page, the helper and the library it is made of."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    name = head.split(" ", 2)[1].partition("?")[0].rpartition("/")[2]
    if name == "watch":
        kind, text = "text/html", PAGE.replace("TOKEN", token())
    else:
        file = HELPER if name == HELPER.name else LIBRARY / name
        kind, text = "text/javascript", file.read_text(encoding="utf-8")
    body = text.encode()
    told = f"HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {len(body)}\r\n"
    writer.write(f"{told}connection: close\r\n\r\n".encode() + body)
    await writer.drain()
    writer.close()


@asynccontextmanager
async def watching(port: int) -> AsyncIterator[Page]:
    """The page over a gateway on that port, once its first frame is there."""
    assert isinstance(clients(), Node), clients()
    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    home = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server, chromium() as browser, visiting(browser, home) as visit:
        await visit.page.goto(f"/page/watch?{port}")
        await until(visit.page, lambda seen: seen["ready"])
        yield visit.page
        assert visit.abroad == []


async def until(page: Page, holds: Callable[[Any], bool]) -> Any:
    """What the page has seen, when that holds."""
    async with asyncio.timeout(30):
        while True:
            seen = await page.evaluate("window.seen")
            assert seen["fault"] is None, seen
            if holds(seen):
                return seen
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("fault", ["cut", "leave_half_open", "refuse"])
async def test_a_page_hears_each_event_once_over_a_gateway_that_is_cut_off(
    running: Rig, fault: str
) -> None:
    async with Link.to(running.port) as link, watching(link.port) as page:
        await running.subgraph.append(5)
        await until(page, lambda seen: len(seen["heard"]) == 5)
        getattr(link, fault)()
        await running.subgraph.append(10)
        await asyncio.sleep(0.05)
        link.heal()
        await running.subgraph.append(5)
        seen = await until(page, lambda seen: len(seen["heard"]) >= 20)
    assert seen["heard"] == list(range(20))
    assert seen["tally"]["connections"] >= 2


async def test_a_page_opened_again_goes_on_where_it_was(running: Rig) -> None:
    async with Link.to(running.port) as link, watching(link.port) as page:
        await running.subgraph.append(3)
        await until(page, lambda seen: seen["heard"] == [0, 1, 2])
        kept = "JSON.parse(localStorage.getItem('watch')).sequence"
        await page.wait_for_function(f"{kept} === 2")
        await page.goto("about:blank")
        await running.subgraph.append(4)
        await page.goto(f"/page/watch?{link.port}")
        seen = await until(page, lambda seen: len(seen["heard"]) >= 4)
    assert seen["heard"] == [3, 4, 5, 6]
