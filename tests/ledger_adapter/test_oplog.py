"""An oplog so small that it rolls over below a change stream that is not read for a while."""

import asyncio
import tempfile
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ledger_adapter.errors import LedgerUnavailable
from ledger_adapter.port import EntryIndex, Shard
from ledger_adapter.replay import replay
from ledger_adapter.store.mongo import MongoLog
from subgraphs.kit.mongod import EmbeddedMongod
from tests.ledger_adapter.kit import Room, event, mongo_room

JUNK = b"\xa5" * 60_000


class SmallOplog(EmbeddedMongod):
    """One megabyte; what is older goes as soon as a checkpoint no longer needs it."""

    def _command(self, program: Path) -> list[str]:
        usual = super()._command(program)
        usual[usual.index("--oplogSize") + 1] = "1"
        return [*usual, "--syncdelay", "1"]


@pytest.fixture(scope="module")
def small_oplog() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="cg-oplog-") as folder:
        mongod = SmallOplog(Path(folder))
        mongod.start()
        try:
            yield mongod.uri
        finally:
            mongod.stop()


class HeldLog(MongoLog):
    """Whose bell is not listened to while it is held."""

    def __init__(self, database: Any) -> None:
        super().__init__(database, Shard("2026"))
        self._gate = asyncio.Event()
        self._gate.set()
        self.held = self.heard = False
        self.lost = list[str]()

    def hold(self) -> None:
        self.held = False
        self._gate.clear()

    def release(self) -> None:
        self.heard = False
        self._gate.set()

    async def bell(self) -> AsyncGenerator[None, None]:
        try:
            async with aclosing(super().bell()) as rings:
                async for _ in rings:
                    self.heard, self.held = True, not self._gate.is_set()
                    await self._gate.wait()
                    yield
        except LedgerUnavailable as fault:
            self.lost.append(str(fault))
            raise


async def rolled_over(room: Room) -> None:
    """Until the oplog begins after what is its end now."""
    client = room.database.client
    oplog, junk = client["local"]["oplog.rs"], client["elsewhere"]["junk"]
    end = (await oplog.find_one(sort=[("$natural", -1)]))["ts"]
    async with asyncio.timeout(60):
        while (await oplog.find_one(sort=[("$natural", 1)]))["ts"] <= end:
            await junk.insert_one({"junk": JUNK})


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not holds():  # noqa: ASYNC110  # what is waited for happens in the database
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("driver", ["motor", "pymongo"])
async def test_a_leader_whose_place_in_the_oplog_is_gone_goes_on(
    small_oplog: str, driver: str
) -> None:
    async with mongo_room(small_oplog, driver, driver) as plain:
        log = HeldLog(plain.database)
        room = replace(plain, store=log)  # type: ignore[arg-type]  # as in the room itself
        leader = asyncio.create_task(room.sequencer().run())
        try:
            count = await played(room, log, leader)
        finally:
            leader.cancel()
            await asyncio.gather(leader, return_exceptions=True)
        events = await room.reader.read(EntryIndex(0), count + 1)
        assert [e.envelope.event_id for e in events] == [event(n).event_id for n in range(count)]
        await room.write(0)
        assert (await replay(log, log=room.log, key=room.key.public_key)).entries == count


async def played(room: Room, log: HeldLog, leader: asyncio.Task[None]) -> int:
    """How many events came: before its place was lost, while, and after."""
    count = 0

    async def more() -> None:
        nonlocal count
        await room.put([event(count + number) for number in range(3)])
        count += 3

    def ended() -> bool:
        return bool(log.lost) or leader.done()

    await more()
    while not ended():  # again where it led anew meanwhile, and heard anew
        log.hold()
        await until(lambda: log.held or leader.done())
        await more()
        await rolled_over(room)
        await more()
        log.release()
        await until(lambda: log.heard or ended())
    await more()
    async with asyncio.timeout(30):
        while not leader.done() and await room.reader.size() < count:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    assert not leader.done()
    return count
