"""The ledger's figures, each beside what it must reach: `python -m bench.ledger [--quick]`.

A real mongod, one process, everything on one machine. Figures of a loaded machine are upper bounds.
"""

import argparse
import asyncio
import base64
import json
import os
import statistics
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.ledger_chain import failover, transactions
from bench.ledger_table import Figure
from ledger_adapter.crypto.sm2 import PrivateKey
from ledger_adapter.evidence.trust import load_trust, parse_trust, write_trust
from ledger_adapter.port import EntryIndex, Envelope, EventId, Shard
from ledger_adapter.reader import LogReader
from ledger_adapter.sequencer import Sequencer, SequencerOptions, log_ref
from ledger_adapter.store.mongo import MongoLog, MongoQueue
from ledger_adapter.store.mongo.seam import connect, open_session, settle, transact
from ledger_adapter.verify import verify_bundle
from tests.kit.mongo import running_mongod

ORIGIN = "bench.example/log/2026"
SHARD = Shard("2026")


def event(number: int) -> Envelope:
    return Envelope(
        event_id=EventId(f"cred_{number:026d}:CREDENTIAL_ACTIVATED:1"),
        kind="CREDENTIAL_ACTIVATED",
        subjects=(f"cred_{number:026d}", "hold_00000000000000000000000001"),
        institutions=("inst_00000000000000000000000001",),
        at=datetime(2026, 11, 22, 10, tzinfo=UTC),
        body={"issuer": "inst_00000000000000000000000001", "vcHash": "sm3:" + "ab" * 32},
    )


class Bench:
    """One log on one database."""

    def __init__(self, client: Any, name: str, key: PrivateKey) -> None:
        self.database = client[name]
        self.store = MongoLog(self.database, SHARD)
        self.queue = MongoQueue(self.database, SHARD, limit=10**9)
        self.reader = LogReader(self.store)
        self.key = key

    def sequencer(self, batch: int) -> Sequencer:
        log = log_ref(origin=ORIGIN, shard=SHARD, first_key=self.key.public_key)
        options = SequencerOptions(owner="bench", batch=batch)
        return Sequencer(self.store, log=log, key=self.key, options=options)

    async def put(self, first: int, count: int) -> None:
        async def work(session: object) -> None:
            await self.queue.put([event(first + n) for n in range(count)], session=session)

        session = await open_session(self.database)
        try:
            await transact(session, work)
        finally:
            await settle(session.end_session())

    async def fill(self, first: int, count: int) -> None:
        for start in range(first, first + count, 1000):
            await self.put(start, min(1000, first + count - start))

    async def drain(self, batch: int) -> float:
        """Entries a second from a full queue to the log, durable."""
        lease = await self.store.lead("bench", 600)
        assert lease is not None
        sequencer = self.sequencer(batch)
        await sequencer.take_over(lease)
        before, started = sequencer.size, time.perf_counter()
        while await sequencer.append_once(lease):
            pass
        speed = (sequencer.size - before) / (time.perf_counter() - started)
        await sequencer.checkpoint_once(lease)
        await self.store.resign(lease)
        return speed


def percentile(values: Sequence[float], part: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


async def appends(bench: Bench, count: int) -> list[Figure]:
    await bench.fill(0, count)
    thousand = await bench.drain(1000)
    await bench.fill(count, count // 3)
    hundred = await bench.drain(100)
    return [
        Figure("append, cap 1 000, entries/s", ">= 15 000", f"{thousand:,.0f}", thousand >= 15_000),
        Figure("append, cap 100, entries/s", ">= 5 000", f"{hundred:,.0f}", hundred >= 5_000),
    ]


async def latencies(bench: Bench, seconds: float, rate: int = 500) -> list[Figure]:
    """Open loop: groups of 25 are due each 50 ms, whatever the last one took."""
    first = await bench.reader.size()
    leader = asyncio.create_task(bench.sequencer(1000).run())
    queued: list[float] = []
    seen: list[float] = []
    total = int(rate * seconds) // 25 * 25

    async def follow() -> None:
        async for batch in bench.reader.follow(EntryIndex(first - 1)):
            seen.extend([time.perf_counter()] * len(batch))
            if len(seen) >= total:
                return

    signed: list[float] = []

    async def watch() -> None:
        while len(signed) < total:
            head = await bench.store.signed_checkpoint()
            covered = max(0, (head.tree_size if head else 0) - first)
            signed.extend([time.perf_counter()] * (min(covered, total) - len(signed)))
            await asyncio.sleep(0.05)

    async def write() -> None:
        started = time.perf_counter()
        for group in range(total // 25):
            await asyncio.sleep(max(0.0, started + group * 0.05 - time.perf_counter()))
            await bench.put(first + group * 25, 25)
            queued.extend([time.perf_counter()] * 25)

    async with asyncio.timeout(seconds * 6 + 30):
        await asyncio.gather(write(), follow(), watch())
    leader.cancel()
    await asyncio.gather(leader, return_exceptions=True)
    sequenced = [1000 * max(0.0, at - since) for since, at in zip(queued, seen, strict=True)]
    checked = [at - since for since, at in zip(queued, signed, strict=True)]
    fast, slow = percentile(sequenced, 0.99), percentile(checked, 0.99)
    return [
        Figure(
            f"queue -> sequenced and read at {rate}/s, p99",
            "<= 100 ms",
            f"{fast:.0f} ms (p50 {percentile(sequenced, 0.5):.0f})",
            fast <= 100,
        ),
        Figure(f"queue -> checkpoint at {rate}/s, p99", "<= 1.5 s", f"{slow:.2f} s", slow <= 1.5),
    ]


async def proofs(bench: Bench, folder: Path, asked: int) -> list[Figure]:
    trust_file = folder / "trust.json"
    write_trust(trust_file, origin=ORIGIN, keys=[bench.key.public_key])
    trust = load_trust(trust_file)
    size = await bench.reader.size()
    served, checked, longest = [], [], 0
    for number in range(asked):
        reader = LogReader(bench.store)  # no tile of another proof in memory
        index = EntryIndex((number * 7_919) % size)
        started = time.perf_counter()
        raw = (await reader.prove(index)).bundle(opening=True)
        served.append(1000 * (time.perf_counter() - started))
        started = time.perf_counter()
        verify_bundle(raw, trust)
        checked.append(1000 * (time.perf_counter() - started))
        longest = max(longest, len(raw))
    serve, check = statistics.median(served), statistics.median(checked)
    return [
        Figure(
            f"inclusion proof of {size:,} leaves, served cold, p50",
            "<= 10 ms",
            f"{serve:.1f} ms",
            serve <= 10,
        ),
        Figure("offline verification, Python, p50", "<= 10 ms", f"{check:.1f} ms", check <= 10),
        Figure("longest bundle", "<= 6 kB", f"{longest:,} B", longest <= 6_000),
    ]


def anchored() -> list[Figure]:
    """The published proof with one anchor: its size, and the check of all its steps."""
    file = Path(__file__).parents[1] / "tests" / "js" / "verify_proof" / "anchored.json"
    vectors = json.loads(file.read_text(encoding="utf-8"))
    trust = parse_trust(json.dumps(vectors["trust"]).encode())
    raw = base64.b64decode(vectors["proofs"][0]["proof"])
    taken = []
    for _ in range(100):
        started = time.perf_counter()
        verify_bundle(raw, trust)
        taken.append(1000 * (time.perf_counter() - started))
    check, size = statistics.median(taken), len(raw)
    return [
        Figure("bundle with one anchor, 300 leaves", "<= 6 kB", f"{size:,} B", size <= 6_000),
        Figure("its offline verification, p50", "<= 10 ms", f"{check:.1f} ms", check <= 10),
    ]


async def storage(bench: Bench) -> list[Figure]:
    """Tiles and every index, by collStats; entries and envelopes are the batches' own content."""
    size = await bench.reader.size()
    tiles = indexes = 0
    for name in ("ledger_tiles", "ledger_batches"):
        stats = await settle(bench.database.command("collStats", name))
        indexes += stats["totalIndexSize"]
        tiles += stats["size"] if name == "ledger_tiles" else 0
    each = (tiles + indexes) / size
    return [Figure("tiles and index an entry", "<= 115 B", f"{each:.1f} B", each <= 115)]


async def measure(uri: str, leaves: int, seconds: float, asked: int) -> list[Figure]:
    client = connect(uri, "pymongo")
    try:
        bench = Bench(client, "bench_ledger", PrivateKey.generate())
        found = await appends(bench, leaves)
        found += await latencies(bench, seconds)
        with tempfile.TemporaryDirectory() as folder:
            found += await proofs(bench, Path(folder), asked)
        return found + anchored() + await storage(bench)
    finally:
        await settle(client.close())


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.ledger", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="30 000 leaves, 4 s of load")
    parser.add_argument("--leaves", type=int, default=750_000, help="before the second third")
    asked = parser.parse_args()
    leaves, seconds, proofs_asked = (30_000, 4.0, 50) if asked.quick else (asked.leaves, 20.0, 500)
    before = os.getloadavg()[0]
    with running_mongod() as uri:
        found = asyncio.run(measure(uri, leaves, seconds, proofs_asked))
    found += asyncio.run(transactions(16 if asked.quick else 60))
    found += asyncio.run(failover(3 if asked.quick else 9))
    print(f"load average {before:.1f} before, {os.getloadavg()[0]:.1f} after\n")
    print("| what | must | found | holds |\n|---|---|---|---|")
    for figure in found:
        print(figure.row())


if __name__ == "__main__":
    main()
