"""kill -9 of whatever the ledger is made of, while events come in: nothing lost, nothing doubled.

A dozen faults here; `make ledger-chaos` injects 500 (`CREDGRAPH_LEDGER_FAULTS`).
"""

import asyncio
import os
import random
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from ledger_adapter.errors import LedgerError
from ledger_adapter.port import EntryIndex, Shard
from ledger_adapter.store.mongo import MongoAnchors, open_ledger, open_queue
from ledger_adapter.store.mongo.seam import connect, open_session, settle, transact
from subgraphs.demo.deployment import ROOT
from tests.kit.stack import Stack
from tests.ledger_adapter.kit import event

FAULTS = int(os.environ.get("CREDGRAPH_LEDGER_FAULTS", "12"))
LINES = ("mongod", "ledger", "witness_one", "witness_two", "chain")
VICTIMS = ("ledger", "witness_one", "witness_two", "chain", "node-one", "node-two", "mongod")
SHARD = Shard("2026")


class Writer:
    """Puts events, one transaction each; counts only what was acknowledged."""

    def __init__(self, uri: str) -> None:
        self._client = connect(uri, "pymongo")
        self.database = self._client["credgraph_ledger"]
        self._queue = open_queue(self.database, shard=SHARD)
        self.ledger = open_ledger(self.database, shard=SHARD)
        self.anchors = MongoAnchors(self.database, SHARD)
        self.acknowledged: set[str] = set()
        self._number = 0

    async def run(self) -> None:
        while True:
            self._number += 1
            await self._put(self._number)
            await asyncio.sleep(0.02)

    async def _put(self, number: int) -> None:
        async def work(session: object) -> None:
            await self._queue.put([event(number)], session=session)

        try:
            session = await open_session(self.database)
            try:
                await transact(session, work)
                self.acknowledged.add(event(number).event_id)
            finally:
                await settle(session.end_session())
        except LedgerError:
            await asyncio.sleep(0.1)  # it may have been queued or not: only acknowledged ones count

    async def close(self) -> None:
        await settle(self._client.close())


def kill(stack: Stack, victim: str) -> None:
    """kill -9 by process id; the nodes' ids are those that their own process left."""
    if not victim.startswith("node"):
        stack.kill(victim)
        return
    try:
        number = int((stack.deployment.data / "chain" / f"{victim}.pid").read_text("ascii"))
        os.kill(number, signal.SIGKILL)
    except (OSError, ValueError):
        return  # it has not started again since the last fault


async def settled(writer: Writer) -> None:
    """Until every acknowledged event is in the log, and a head that covers all of it is final."""
    async with asyncio.timeout(120):
        while True:
            try:
                size = await writer.ledger.size()
                rows = await writer.anchors.newest_anchors(1)
                final = bool(rows) and (rows[0].state, rows[0].tree_size) == ("FINAL", size)
                if final and size >= len(writer.acknowledged):
                    return
            except LedgerError:
                pass
            await asyncio.sleep(0.2)


@pytest.mark.parametrize("seed", [1])
async def test_faults_lose_and_double_nothing(tmp_path: Path, seed: int) -> None:
    chance, stack = random.Random(seed), Stack(tmp_path)
    stack.start(*LINES)
    writer = Writer(stack.deployment.uri)
    try:
        writing = asyncio.create_task(writer.run())
        for number in range(FAULTS):
            await asyncio.sleep(chance.uniform(0.1, 1.2))
            victim = VICTIMS[number % len(VICTIMS)]
            await asyncio.to_thread(kill, stack, victim)
            await asyncio.sleep(chance.uniform(0, 0.3))
            await asyncio.to_thread(stack.start, *LINES)
        await asyncio.sleep(1)
        writing.cancel()
        await asyncio.gather(writing, return_exceptions=True)
        await settled(writer)
        await whole(writer)
        for command in ("replay", "scan-chain"):
            done = await asyncio.to_thread(audited, stack, command)
            assert done.returncode == 0, (command, done.stdout, done.stderr, stack.log_ends())
    finally:
        await writer.close()
        await asyncio.to_thread(stack.stop, *LINES)


async def whole(writer: Writer) -> None:
    """Each acknowledged event once in the log; each head that was sent once on the chain."""
    size, ids = await writer.ledger.size(), Counter[str]()
    for first in range(0, size, 500):
        events = await writer.ledger.read(EntryIndex(first), 500)
        ids.update(one.envelope.event_id for one in events)
    assert set(ids) >= writer.acknowledged
    assert max(ids.values()) == 1
    rows = await writer.anchors.anchor_rows(0, 10_000)
    assert {row.state for row in rows} == {"FINAL"}
    blocks = [row.block.number for row in rows if row.block is not None]
    assert blocks == list(range(1, len(rows) + 1))


def audited(stack: Stack, command: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "ledger_adapter", command],
        cwd=ROOT, env=stack.deployment.environment(), capture_output=True, text=True,
        check=False, timeout=120,
    )  # fmt: skip
