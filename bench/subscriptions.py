"""Subscriptions of the whole system on this machine: `python -m bench.subscriptions [ROW ...]`.

Every figure is taken over the real system (Procfile, MongoDB, log, gateway) by WebSocket clients in
this process, which take their share of the same cores. Rows: idle, few, all, fan-out, catch-up,
storm; `--small` makes each a tenth, to see that it works.
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import psutil
import uvloop

from bench.calibrate import calibrate
from bench.ears import Crowd, Ear
from subgraphs.demo.answers import mutate, text
from subgraphs.demo.journey import VERIFIER
from tests.oracle.campaign import STRANGER, Campaign
from tests.oracle.listeners import token_of
from tests.oracle.system import System, end_on_sigterm

DAY: Final = 86_400.0
FRAME: Final = "cursor sequence prevSequence heartbeat endorsement { id }"
WATCH: Final = (
    "subscription W($after: Cursor) { acceptedCredentialChanges(after: $after) { FRAME } }"
).replace("FRAME", FRAME)
PROVED: Final = WATCH.replace("{ id }", "{ id chainProof { leafHash } }")


@dataclass(frozen=True, slots=True)
class Bench:
    """What every row works on; `scale` is 1, or 0.1 for a trial."""

    campaign: Campaign
    scale: float

    @property
    def system(self) -> System:
        """The running system."""
        return self.campaign.system

    def crowd(self, institution: str = VERIFIER, query: str = WATCH) -> Crowd:
        """Nobody yet, of one verifier."""
        deployment = self.system.stack.deployment
        claims = {"sub": f"bench-{institution}", "role": "VERIFIER", "institution": institution}
        url = self.system.stack.url.replace("http", "ws", 1)
        return Crowd(url, token_of(deployment, claims, DAY), query)

    def of(self, count: int) -> int:
        """The number, or a tenth of it."""
        return max(1, int(count * self.scale))

    async def endorse(self, number: int) -> str:
        """One NOTE through the gateway; its id."""
        credential = self.campaign.credentials[number % len(self.campaign.credentials)]
        done = await mutate(
            self.campaign.publishers.desk, "endorse-credential", credentialId=credential.id,
            effect="NOTE", reasonCode="BENCH",
        )  # fmt: skip
        return text(done, "endorsement", "id")


async def few(bench: Bench) -> str:
    """Mutation to event, 500 subscribers of which 3 match."""
    return await _latency(bench, strangers=bench.of(497), matching=3, must="<= 80 / <= 400 ms")


async def every(bench: Bench) -> str:
    """Mutation to event, all 500 match."""
    return await _latency(bench, strangers=0, matching=bench.of(500), must="<= 150 / <= 600 ms")


async def _latency(bench: Bench, *, strangers: int, matching: int, must: str) -> str:
    ours, others = bench.crowd(), bench.crowd(STRANGER)
    await others.join(strangers)
    await ours.join(matching)
    sent: dict[str, float] = {}

    async def one(number: int) -> None:
        started = time.monotonic()
        sent[await bench.endorse(number)] = started

    calls = []
    for number in range(bench.of(400)):
        calls.append(asyncio.create_task(one(number)))
        await asyncio.sleep(1 / 20)
    await asyncio.gather(*calls)
    await asyncio.sleep(2)
    await asyncio.gather(ours.leave(), others.leave())
    taken = sorted(at - sent[id_] for id_, times in ours.came.items() for at in times)
    whole = len(taken) == len(sent) * matching
    p50, p99 = statistics.median(taken), taken[int(len(taken) * 0.99)]
    return (
        f"mutation to event at 20/s, {strangers + matching} subscribers, {matching} match: "
        f"p50 {p50 * 1000:.0f} ms, p99 {p99 * 1000:.0f} ms (must {must}), complete: {whole}"
    )


async def fan_out(bench: Bench) -> str:
    """One event to 10 000 with equal scope."""
    crowd = bench.crowd()
    await crowd.join(bench.of(10_000))
    started, taken = time.monotonic(), []
    for number in range(5):
        id_ = await bench.endorse(number)
        started = time.monotonic()
        await _until(partial(_all_heard, crowd, id_))
        taken.append(max(crowd.came[id_]) - started)
    await crowd.leave()
    return f"one event to {len(crowd.ears)}: {statistics.median(taken):.2f} s (must <= 1 s)"


async def catch_up(bench: Bench) -> str:
    """A client far behind: bare frames, then with proofs."""
    crowd = bench.crowd()
    await crowd.join(1)
    cursor = crowd.ears[0].cursor
    await crowd.leave()
    count = bench.of(100_000)
    for start in range(0, count, 2_000):
        bench.campaign.publish(single=0, bulk=min(2_000, count - start))
        await bench.campaign.publishers.finished(bench.system.heal)
    await bench.system.settled_log()
    rates = []
    for query, wanted in ((WATCH, count), (PROVED, count // 20)):
        late = bench.crowd(query=query)
        late.ears.append(Ear(late, cursor=cursor))
        started = time.monotonic()
        await late.listen(late.ears)
        await _until(partial(_has_read, late, wanted))
        rates.append(late.ears[0].frames / (time.monotonic() - started))
        await late.leave()
    return (
        f"catch-up over {count} events: {rates[0]:.0f} bare frames/s (must >= 2000), "
        f"{rates[1]:.0f}/s with proofs (must >= 200), gateway {_gateway(bench) / 1e6:.0f} MB"
    )


async def storm(bench: Bench) -> str:
    """All connections are lost at once, everybody comes back with a cursor."""
    crowd = bench.crowd()
    await crowd.join(bench.of(2_000))
    await crowd.leave()
    await bench.endorse(0)
    started = time.monotonic()
    await crowd.listen(crowd.ears)
    taken = time.monotonic() - started
    await crowd.leave()
    return f"{len(crowd.ears)} clients back with cursors: {taken:.1f} s (must <= 15 s)"


async def idle(bench: Bench) -> str:
    """Memory of the gateway for subscriptions that hear nothing."""
    before, crowd = _gateway(bench), bench.crowd(STRANGER)
    await crowd.join(bench.of(10_000))
    await asyncio.sleep(2)
    each = (_gateway(bench) - before) / len(crowd.ears)
    await crowd.leave()
    return f"{len(crowd.ears)} open subscriptions: {each / 1000:.1f} kB each (must <= 32 kB)"


ROWS: Final[dict[str, Callable[[Bench], Awaitable[str]]]] = {
    "idle": idle,  # first: later rows leave memory behind that this one would find again
    "few": few,
    "all": every,
    "fan-out": fan_out,
    "catch-up": catch_up,
    "storm": storm,
}


def _gateway(bench: Bench) -> int:
    return psutil.Process(bench.system.stack.pid("gateway")).memory_info().rss


def _all_heard(crowd: Crowd, id_: str) -> bool:
    return len(crowd.came.get(id_, ())) == len(crowd.ears)


def _has_read(crowd: Crowd, frames: int) -> bool:
    return crowd.ears[0].frames >= frames


async def _until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(600):
        while not holds():  # noqa: ASYNC110 - frames come in other tasks
            await asyncio.sleep(0.005)


async def measure(folder: Path, rows: list[str], scale: float) -> None:
    """Prints a line for each row, as it is taken."""
    async with AsyncExitStack() as held:
        system = await held.enter_async_context(System.running(folder))
        opened = Campaign.running(system, crowd=0, people=8)
        bench = Bench(await held.enter_async_context(opened), scale)
        for row in rows:
            print(await ROWS[row](bench), flush=True)


def main() -> None:
    """Calibration first: no figure says anything without what the machine could do."""
    parser = argparse.ArgumentParser(prog="python -m bench.subscriptions", description=__doc__)
    parser.add_argument("rows", nargs="*", metavar="ROW", help=", ".join(ROWS))
    parser.add_argument("--small", action="store_true", help="a tenth of everything")
    given = parser.parse_args()
    end_on_sigterm()
    print(calibrate().line(), flush=True)
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        rows = given.rows or list(ROWS)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(measure(Path(folder), rows, 0.1 if given.small else 1.0))


if __name__ == "__main__":
    main()
