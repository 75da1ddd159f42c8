"""The ledger's figures on the embedded chain: how often it writes there, how soon a backup does.

Nodes and witnesses run in this process, each on a socket and a file of its own.
"""

import asyncio
import random
import tempfile
import time
from pathlib import Path

from bench.ledger_table import Figure
from ledger_adapter.anchors.machine import Anchorer, AnchorOptions
from ledger_adapter.chains.embedded.client import EmbeddedChain
from ledger_adapter.chains.port import SignedTransaction
from ledger_adapter.errors import ChainUnavailable
from tests.ledger_adapter.chains.embedded_room import embedded_stage
from tests.ledger_adapter.chains.kit import head_of
from tests.ledger_adapter.kit import memory_room

BLOCK_SECONDS = 1.0
ANCHOR_SECONDS = 5.0


async def transactions(seconds: float, rate: int = 500) -> list[Figure]:
    """The anchor machine, paced as in the demo, on a log that grows by `rate` entries a second."""
    room = memory_room(limit=10**9)
    options = AnchorOptions(seconds=ANCHOR_SECONDS)
    with tempfile.TemporaryDirectory() as folder:
        async with embedded_stage(Path(folder), block_seconds=BLOCK_SECONDS) as (_, chain):
            machine = Anchorer(
                room.anchors, room.store, [chain], log_id=room.log.id, options=options
            )
            working = asyncio.create_task(machine.run())
            started = time.perf_counter()
            total = 0
            while time.perf_counter() - started < seconds:
                due = int((time.perf_counter() - started) * rate) - total
                await room.write(due, first=total)
                total += due
                await asyncio.sleep(0.25)
            passed = time.perf_counter() - started
            blocks = len(await chain.payloads(1, 1000))
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)
    # the first head is sent at once: what counts is how many follow in the time that is left
    each = max(0, blocks - 1) / passed
    return [
        Figure(
            f"chain transactions at {total / passed:,.0f} entries/s",
            "<= 0.2/s",
            f"{each:.2f}/s ({blocks} in {passed:.0f} s)",
            each <= 0.2,
        )
    ]


async def failover(times: int) -> list[Figure]:
    """From the death of the primary to the next final block, in block times; the worst of some."""
    taken = [await _switch() for _ in range(times)]
    worst, middle = max(taken), sorted(taken)[times // 2]
    return [
        Figure(
            f"primary down -> next block by the backup, worst of {times}",
            "<= 1 block time",
            f"{worst:.2f} block times (p50 {middle:.2f}, block time {BLOCK_SECONDS:g} s)",
            worst <= 1,
        )
    ]


async def _switch() -> float:
    with tempfile.TemporaryDirectory() as folder:
        async with embedded_stage(Path(folder), block_seconds=BLOCK_SECONDS) as (stage, chain):
            await _final(chain, await chain.prepare(head_of(5), await chain.account()))
            waiting = await chain.prepare(head_of(9), await chain.account())
            leader = await stage.leader()
            await asyncio.sleep(random.uniform(1, 2) * BLOCK_SECONDS)  # at any point of its watch
            await stage.stop(leader)
            started = time.perf_counter()
            await _final(chain, waiting)
            return (time.perf_counter() - started) / BLOCK_SECONDS


async def _final(chain: EmbeddedChain, transaction: SignedTransaction) -> None:
    async with asyncio.timeout(60):
        while True:
            try:
                await chain.submit(transaction)
                if (await chain.status(transaction)).progress == "FINAL":
                    return
            except ChainUnavailable:
                pass
            await asyncio.sleep(0.01)
