"""Subscriptions of the whole system on this machine: `python -m bench.subscriptions [ROW ...]`.

Every figure is taken over the real system (Procfile, MongoDB, log, gateway) by WebSocket clients in
this process, which take their share of the same cores. Rows: idle, few, all, fan-out, catch-up,
storm. Each row's figure is printed as it is taken, and all of them beside the musts at the end;
`--scale 0.1` makes every size a tenth, and each size has an option of its own.
"""

import argparse
import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, fields
from functools import partial
from pathlib import Path
from typing import Final

import psutil
import uvloop

from bench.calibrate import calibrate
from bench.doors import child
from bench.ears import Crowd, Ear
from subgraphs.demo.answers import mutate, text
from subgraphs.demo.journey import VERIFIER
from tests.oracle.campaign import STRANGER, Campaign
from tests.oracle.listeners import token_of
from tests.oracle.system import System, end_on_sigterm

DAY: Final = 86_400.0
WRITERS: Final = 8
BULK: Final = 100
FRAME: Final = "cursor sequence prevSequence heartbeat endorsement { id }"
WATCH: Final = (
    "subscription W($after: Cursor) { acceptedCredentialChanges(after: $after) { FRAME } }"
).replace("FRAME", FRAME)
PROVED: Final = WATCH.replace("{ id }", "{ id chainProof { leafHash } }")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """How much of everything."""

    sockets: int = 10_000
    watchers: int = 500
    mutations: int = 400
    events: int = 100_000
    proofs: int = 20_000
    storm: int = 2_000

    def scaled(self, scale: float) -> "Sizes":
        """All of them, a part of themselves."""
        return Sizes(**{name: max(1, int(getattr(self, name) * scale)) for name in self.names()})

    @classmethod
    def names(cls) -> Sequence[str]:
        """What can be set."""
        return [each.name for each in fields(cls)]


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table; `held` is whether the must is met."""

    what: str
    taken: str
    must: str
    held: bool

    def line(self) -> str:
        """For the terminal."""
        return f"| {self.what} | {self.taken} | {self.must} | {'yes' if self.held else 'NO'} |"


@dataclass(frozen=True, slots=True)
class Bench:
    """What every row works on."""

    campaign: Campaign
    sizes: Sizes

    @property
    def system(self) -> System:
        """The running system."""
        return self.campaign.system

    @property
    def gateway(self) -> psutil.Process:
        """The gateway's process."""
        return psutil.Process(self.system.stack.pid("gateway"))

    def crowd(self, institution: str = VERIFIER, query: str = WATCH) -> Crowd:
        """Nobody yet, of one verifier."""
        deployment = self.system.stack.deployment
        claims = {"sub": f"bench-{institution}", "role": "VERIFIER", "institution": institution}
        url = self.system.stack.url.replace("http", "ws", 1)
        return Crowd(url, token_of(deployment, claims, DAY), query)

    async def endorse(self, number: int) -> str:
        """One NOTE through the gateway; its id."""
        credential = self.campaign.credentials[number % len(self.campaign.credentials)]
        done = await mutate(
            self.campaign.publishers.desk, "endorse-credential", credentialId=credential.id,
            effect="NOTE", reasonCode="BENCH",
        )  # fmt: skip
        return text(done, "endorsement", "id")

    async def publish(self, count: int) -> None:
        """So many NOTEs in large transactions; returns when every reader has applied them."""
        credentials, publishers = self.campaign.credentials, self.campaign.publishers
        for start in range(0, count, BULK):
            numbers = range(start, min(start + BULK, count))
            publishers.write([credentials[number % len(credentials)] for number in numbers])
            if len(publishers.open) >= WRITERS:
                await asyncio.wait(publishers.open, return_when=asyncio.FIRST_COMPLETED)
        await publishers.finished(self.system.heal, seconds=600)
        await self.system.settled_log(600)
        for reader in ("verifier", "audit"):
            await _until(partial(self._has_applied, reader), pause=0.2)

    async def _has_applied(self, reader: str) -> bool:
        row = await self.system.mongo.database(f"credgraph_{reader}")["positions"].find_one(
            {"_id": reader}
        )
        return row is not None and row["index"] + 1 >= await self.system.ledger.size()


async def few(bench: Bench) -> AsyncIterator[Figure]:
    """Mutation to event where three of all match."""
    taken = await _latencies(bench, strangers=max(1, bench.sizes.watchers - 3), matching=3)
    yield _latency(f"mutation to event, 3 of {bench.sizes.watchers} match", taken, 80, 400)


async def every(bench: Bench) -> AsyncIterator[Figure]:
    """Mutation to event where all match."""
    taken = await _latencies(bench, strangers=0, matching=bench.sizes.watchers)
    yield _latency(f"mutation to event, all {bench.sizes.watchers} match", taken, 150, 600)


async def _latencies(bench: Bench, *, strangers: int, matching: int) -> list[float]:
    """Seconds from sending a mutation to each arrival, ascending, at twenty mutations a second.
    AssertionError where anybody missed one."""
    ours, others = bench.crowd(), bench.crowd(STRANGER)
    await others.join(strangers)
    await ours.join(matching)
    sent: dict[str, float] = {}

    async def one(number: int) -> None:
        started = time.monotonic()
        sent[await bench.endorse(number)] = started

    calls, first = [], time.monotonic()
    for number in range(bench.sizes.mutations):
        calls.append(asyncio.create_task(one(number)))
        await asyncio.sleep(max(0.0, first + (number + 1) / 20 - time.monotonic()))
    await asyncio.gather(*calls)
    await _until(partial(_all_came, ours, sent))
    await asyncio.gather(ours.leave(), others.leave())
    return sorted(at - sent[id_] for id_, times in ours.came.items() for at in times)


def _latency(what: str, taken: list[float], p50: int, p99: int) -> Figure:
    middle, late = statistics.median(taken) * 1000, taken[int(len(taken) * 0.99)] * 1000
    held = middle <= p50 and late <= p99
    told = f"p50 {middle:.0f} ms, p99 {late:.0f} ms"
    return Figure(f"{what}, at 20/s", told, f"<= {p50} ms, <= {p99} ms", held)


async def fan_out(bench: Bench) -> AsyncIterator[Figure]:
    """One event to everybody, from sending the mutation to the last arrival."""
    crowd = bench.crowd()
    await crowd.join(bench.sizes.sockets)
    taken = []
    for number in range(5):
        started = time.monotonic()
        id_ = await bench.endorse(number)
        await _until(partial(_all_came, crowd, {id_: started}))
        taken.append(max(crowd.came[id_]) - started)
    await crowd.leave()
    middle = statistics.median(taken)
    what = f"one event to {len(crowd.ears)}, mutation to last arrival"
    yield Figure(what, f"{middle:.2f} s", "<= 1 s", middle <= 1)


async def catch_up(bench: Bench) -> AsyncIterator[Figure]:
    """A client far behind: bare frames, then with proofs; and what the gateway took for it."""
    crowd = bench.crowd()
    await crowd.join(1)
    cursor = crowd.ears[0].cursor
    await crowd.leave()
    count = bench.sizes.events
    await bench.publish(count)
    before = bench.gateway.memory_info().rss
    ways = (("bare", WATCH, count, 2000), ("with proofs", PROVED, bench.sizes.proofs, 200))
    for way, query, wanted, must in ways:
        late = bench.crowd(query=query)
        late.ears.append(Ear(late, cursor=cursor))
        started = time.monotonic()
        await late.listen(late.ears)
        await _until(partial(_has_read, late, min(wanted, count)))
        rate = late.ears[0].frames / (time.monotonic() - started)
        await late.leave()
        what = f"catch-up over {count} events, {way}"
        yield Figure(what, f"{rate:.0f} frames/s", f">= {must}", rate >= must)
    grown = (bench.gateway.memory_info().rss - before) / 1e6
    yield Figure("the gateway's growth by both", f"{grown:.1f} MB", "flat: <= 10 MB", grown <= 10)


async def storm(bench: Bench) -> AsyncIterator[Figure]:
    """All connections are lost at once, everybody comes back with a cursor."""
    crowd = bench.crowd()
    await crowd.join(bench.sizes.storm)
    await crowd.leave()
    await bench.endorse(0)
    started = time.monotonic()
    await crowd.listen(crowd.ears, at_once=len(crowd.ears))
    taken = time.monotonic() - started
    await crowd.leave()
    what = f"{len(crowd.ears)} clients back at once with cursors"
    yield Figure(what, f"{taken:.1f} s", "<= 15 s", taken <= 15)


async def idle(bench: Bench) -> AsyncIterator[Figure]:
    """Memory of the gateway for subscriptions that hear nothing, and of a server that does nothing
    for sockets that say nothing."""
    count = bench.sizes.sockets
    each = await _bytes_each(bench.gateway, bench.crowd(STRANGER), count)
    yield Figure(f"{count} open subscriptions", f"{each:.1f} kB each", "<= 32 kB", each <= 32)
    async with child("echo") as bare:
        silent = Crowd(f"ws://127.0.0.1:{bare.port}/graphql", "", "")
        floor = await _bytes_each(bare.process, silent, count)
    what = f"over a bare uvicorn socket ({floor:.1f} kB)"
    yield Figure(what, f"{each - floor:.1f} kB each", "<= 14 kB", each - floor <= 14)


async def _bytes_each(server: psutil.Process, crowd: Crowd, count: int) -> float:
    """Thousands of a server's own bytes for one of so many sockets; a few come before, for what
    the first ones bring. All of them are `count`, the most sockets that the gateway takes."""
    first = min(50, count // 2)
    await crowd.join(first)
    before = server.memory_full_info().uss
    await crowd.join(count - first)
    await asyncio.sleep(2)
    after = server.memory_full_info().uss
    await crowd.leave()
    return float(after - before) / (count - first) / 1000


ROWS: Final[dict[str, Callable[[Bench], AsyncIterator[Figure]]]] = {
    "idle": idle,  # first: later rows leave memory behind that this one would find again
    "few": few,
    "all": every,
    "fan-out": fan_out,
    "storm": storm,
    "catch-up": catch_up,
}


async def _all_came(crowd: Crowd, sent: dict[str, float]) -> bool:
    return all(len(crowd.came.get(id_, ())) == len(crowd.ears) for id_ in sent)


async def _has_read(crowd: Crowd, frames: int) -> bool:
    return crowd.ears[0].frames >= frames


async def _until(holds: Callable[[], Awaitable[bool]], pause: float = 0.005) -> None:
    async with asyncio.timeout(600):
        while not await holds():  # noqa: ASYNC110 - frames come in other callbacks
            await asyncio.sleep(pause)


async def measure(folder: Path, rows: Sequence[str], sizes: Sizes) -> list[Figure]:
    """Prints a line for each figure, as it is taken."""
    figures = []
    async with AsyncExitStack() as held:
        system = await held.enter_async_context(System.running(folder))
        opened = Campaign.running(system, crowd=0, people=8)
        bench = Bench(await held.enter_async_context(opened), sizes)
        for row in rows:
            async for figure in ROWS[row](bench):
                figures.append(figure)
                print(f"{figure.line()} load {os.getloadavg()[0]:.1f}", flush=True)
    return figures


def main() -> None:
    """Calibration first: no figure says anything without what the machine could do."""
    parser = argparse.ArgumentParser(prog="python -m bench.subscriptions", description=__doc__)
    parser.add_argument("rows", nargs="*", metavar="ROW", help=", ".join(ROWS))
    parser.add_argument("--scale", type=float, default=1.0, help="of every size without an option")
    for name in Sizes.names():
        parser.add_argument(f"--{name}", type=int, help=f"{getattr(Sizes(), name)}")
    given = parser.parse_args()
    own = {name: value for name in Sizes.names() if (value := getattr(given, name)) is not None}
    sizes = Sizes().scaled(given.scale)
    sizes = Sizes(**{name: own.get(name, getattr(sizes, name)) for name in Sizes.names()})
    end_on_sigterm()
    started = time.monotonic()
    print(calibrate().line(), flush=True)
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as folder,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        figures = runner.run(measure(Path(folder), given.rows or list(ROWS), sizes))
    print("\n| what | taken | must | held |\n|---|---|---|---|")
    print("\n".join(figure.line() for figure in figures))
    print(f"took {time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
