"""What a subscriber sees of Hive Gateway and of ours when the subgraph restarts, and when the
client does not read for a while: `python -m tests.js.other_gateways.beside` writes the table.

Both stand before the same subgraph process (a log that numbers its events, resumable by `after`)
with the same supergraph; both subscribers speak SSE and resume nothing by themselves.
"""

import asyncio
import json
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import httpx

from tests.engine.pair import composed
from tests.js.other_gateways import serving
from tests.kit.stack import free_ports
from tests.subscriptions.log_subgraph import LOG_SDL, NAMES_SDL
from tests.subscriptions.rig import Process

ROOT: Final = Path(__file__).resolve().parents[3]
PAGE: Final = ROOT / "docs" / "subscriptions-beside-others.md"
QUERY: Final = "subscription { changes { at number before quiet item { id name } } }"
NAMES: Final = {"hive": "Hive Gateway 2.15.1", "ours": "CredGraph"}
PATIENCE: Final = 15.0


@dataclass(slots=True)
class Seen:
    """Numbers of the events in the order they came, and how the stream ended if it did."""

    numbers: list[int] = field(default_factory=list)
    ended: str = ""
    frames: int = 0

    def told(self, wanted: int) -> str:
        """In words, against the events 0 to wanted - 1."""
        missing = sorted(set(range(wanted)) - set(self.numbers))
        repeats = len(self.numbers) - len(set(self.numbers))
        parts = [f"{wanted - len(missing)} of {wanted} events"]
        parts += [f"{len(missing)} missing ({missing[0]} to {missing[-1]})"] if missing else []
        parts += [f"{repeats} repeated"] if repeats else []
        parts.append(self.ended or "the stream stays open")
        return "; ".join(parts)


@dataclass(slots=True)
class Reader:
    """A subscriber over SSE that can stop reading."""

    seen: Seen = field(default_factory=Seen)
    reads: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self, url: str) -> None:
        """Reads until the stream ends; how it ended is written down."""
        self.reads.set()
        headers = {"accept": "text/event-stream"}
        try:
            async with (
                httpx.AsyncClient(trust_env=False, timeout=None) as client,
                client.stream("POST", url, json={"query": QUERY}, headers=headers) as answer,
            ):
                async for line in answer.aiter_lines():
                    await self.reads.wait()
                    self._take(line)
        except httpx.HTTPError as error:
            self.seen.ended = self.seen.ended or f"the connection breaks ({type(error).__name__})"
        self.seen.ended = self.seen.ended or "the stream ends without a word"

    def _take(self, line: str) -> None:
        if line.startswith("event: complete"):
            self.seen.ended = self.seen.ended or "the stream ends with `complete`, without an error"
        if not line.startswith("data: {"):
            return
        result = json.loads(line.removeprefix("data: "))
        self.seen.frames += 1
        if result.get("errors"):
            message = result["errors"][0]["message"]
            self.seen.ended = f"an error ends the stream: “{message}”"
        elif not result["data"]["changes"]["quiet"]:
            self.seen.numbers.append(result["data"]["changes"]["number"])


@asynccontextmanager
async def subscribed(gateway: str, folder: Path) -> AsyncIterator[tuple[Process, Reader]]:
    """The subgraph and one subscriber behind a gateway, after the first frame."""
    port = free_ports(["subgraph"])["subgraph"]
    subgraph = Process(port, folder / f"log-{port}")
    await subgraph.start()
    # a subgraph called `log` would take the place of Hive's own logger in its context
    text = composed({"events": LOG_SDL, "names": NAMES_SDL})
    for name, path in (("events", "log"), ("names", "names")):
        text = text.replace(f"http://{name}.test", f"http://127.0.0.1:{port}/{path}")
    supergraph = folder / f"{gateway}.graphql"
    supergraph.write_text(text, encoding="utf-8")
    try:
        with serving(gateway, supergraph) as url:
            reader = Reader()
            task = asyncio.create_task(reader.run(url))
            await _settled(lambda: reader.seen.frames > 0 or bool(reader.seen.ended))
            yield subgraph, reader
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
    finally:
        await subgraph.kill()


async def _settled(holds: object) -> None:
    """Waits until it holds, or until patience ends: what was seen by then is the finding."""
    assert callable(holds)
    with suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE):
            while not holds():  # noqa: ASYNC110 - asked again and again, like a person would
                await asyncio.sleep(0.05)


async def restart(gateway: str, folder: Path) -> str:
    """The subgraph is killed between events and comes back with more of them."""
    async with subscribed(gateway, folder) as (subgraph, reader):
        await subgraph.append(5)
        await _settled(lambda: len(reader.seen.numbers) >= 5)
        await subgraph.kill()
        await asyncio.sleep(0.5)
        await subgraph.start()
        await subgraph.append(5)
        await asyncio.sleep(2)
        await subgraph.append(5)
        await _settled(lambda: len(set(reader.seen.numbers)) >= 15)
        return reader.seen.told(15)


async def stall(gateway: str, folder: Path) -> str:
    """The client reads nothing while 5 000 events happen, then goes on."""
    async with subscribed(gateway, folder) as (subgraph, reader):
        reader.reads.clear()
        for _ in range(5):
            await subgraph.append(1_000)
            await asyncio.sleep(0.2)
        await asyncio.sleep(2)
        reader.reads.set()
        before = -1
        while before < reader.seen.frames and not reader.seen.ended:
            before = reader.seen.frames
            await _settled(lambda: len(reader.seen.numbers) >= 5_000)
            if len(reader.seen.numbers) >= 5_000:
                break
        return reader.seen.told(5_000)


async def observed() -> list[tuple[str, str, str]]:
    """Rows: what happened, Hive Gateway, ours."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for what, act in (
            ("The subgraph is killed after 5 events and comes back; 10 more happen", restart),
            ("The client does not read for 3 seconds while 5 000 events happen", stall),
        ):
            found = {name: await act(name, Path(folder)) for name in ("hive", "ours")}
            print(what, found, flush=True)
            rows.append((what, found["hive"], found["ours"]))
    return rows


def main() -> int:
    """Writes the page."""
    rows = asyncio.run(observed())
    table = "\n".join(f"| {what} | {hive} | {ours} |" for what, hive, ours in rows)
    before, _, _ = PAGE.read_text(encoding="utf-8").partition("| what happens |")
    head = f"| what happens | {NAMES['hive']} | {NAMES['ours']} |\n|---|---|---|\n"
    PAGE.write_text(f"{before}{head}{table}\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
