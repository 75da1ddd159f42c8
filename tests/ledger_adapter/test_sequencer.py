"""The leader's own promises: faults thrown away, corruption refused, checkpoints in a chain."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from ledger_adapter.errors import BadProof, LedgerUnavailable, LogCorrupt
from ledger_adapter.log.checkpoint import body_digest
from ledger_adapter.log.tiles import TileId
from ledger_adapter.port import EntryIndex, Envelope
from ledger_adapter.records import Append, Batch, Lease
from ledger_adapter.replay import replay
from ledger_adapter.sequencer import MANY
from ledger_adapter.store.memory import MemoryStore
from ledger_adapter.store.mongo.seam import connect, settle, wait_until_writable
from tests.ledger_adapter.kit import Room, event, every_driver, memory_room, mongo_room


class FlakyStore(MemoryStore):
    """Every third append is lost before or after it took effect, as a network would."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0

    async def append(self, lease: Lease, append: Append) -> None:
        self.calls += 1
        if self.calls % 3 == 1:
            raise LedgerUnavailable("gone before the write")
        await super().append(lease, append)
        if self.calls % 3 == 2:
            raise LedgerUnavailable("gone after the write")


def room_over(store: Any) -> Room:
    async def transaction(work: Any) -> None:
        async with store.transaction() as session:
            await work(session)

    return replace(memory_room(), store=store, queue=store, transaction=transaction)


async def until_size(room: Room, size: int) -> None:
    async with asyncio.timeout(30):
        while await room.reader.size() < size:  # noqa: ASYNC110  # the leader rings no bell for us
            await asyncio.sleep(0.01)


async def test_lost_answers_neither_lose_nor_double_an_event() -> None:
    room = room_over(FlakyStore())
    leader = asyncio.create_task(room.sequencer(batch=3).run())
    for number in range(9):
        await room.put([event(number)])
    await until_size(room, 9)
    leader.cancel()
    await asyncio.gather(leader, return_exceptions=True)
    events = await room.reader.read(EntryIndex(0), 20)
    assert [e.envelope.event_id for e in events] == [event(n).event_id for n in range(9)]
    await room.write(0)
    assert (await replay(room.store, log=room.log, key=room.key.public_key)).entries == 9


@every_driver
async def test_two_leaders_at_once_make_one_log(room: Room) -> None:
    leaders = [asyncio.create_task(room.sequencer(f"leader {n}", batch=5).run()) for n in (1, 2)]
    for number in range(0, 40, 4):
        await room.put([event(number + offset) for offset in range(4)])
    await until_size(room, 20)
    for leader in leaders:
        leader.cancel()
        await asyncio.gather(leader, return_exceptions=True)
        await asyncio.sleep(0.05)
    await room.write(0)
    found = await replay(room.store, log=room.log, key=room.key.public_key)
    assert found.entries == 40


async def test_heavy_events_that_fill_a_batch_before_its_count_do_not_wait_for_a_bell(
    room: Room,
) -> None:
    """A batch is bounded in bytes too: the leader goes on although it got fewer than it asked."""
    await room.put([event(number, text="x" * 1800) for number in range(900)])
    lease = await room.store.lead("one", 60)
    assert lease is not None
    sequencer = room.sequencer("one")
    await sequencer.take_over(lease)
    batches = [await sequencer.append_once(lease)]
    while sequencer.behind:
        batches.append(await sequencer.append_once(lease))
    assert sum(batches) == await room.reader.size() == 900
    assert len(batches) > 1


class LoudStore(MemoryStore):
    """Rings for each event, as a change stream does; counts how often nobody listened on."""

    def __init__(self) -> None:
        super().__init__()
        self.news = asyncio.Queue[None]()
        self.unheard = 0

    async def put(self, items: Sequence[Envelope], /, *, session: object) -> None:
        await super().put(items, session=session)
        for _ in items:
            self.news.put_nowait(None)

    async def append(self, lease: Lease, append: Append) -> None:
        for _ in range(10):
            await asyncio.sleep(0)  # a transaction takes longer than to hear of an event
        await super().append(lease, append)

    async def bell(self) -> AsyncGenerator[None, None]:
        try:
            while True:
                yield
                await self.news.get()
                await asyncio.sleep(0)
        finally:
            self.unheard += 1


@pytest.mark.parametrize(("at_once", "unheard"), [(MANY, True), (3, False)])
async def test_the_bell_of_a_flood_is_not_heard_and_that_of_a_trickle_is(
    at_once: int, unheard: bool
) -> None:
    store: Any = LoudStore()
    room = room_over(store)
    leader = asyncio.create_task(room.sequencer(batch=MANY).run())
    await until_size(room, 0)
    await room.put([event(number) for number in range(at_once)])
    await until_size(room, at_once)
    await room.put([event(at_once)])
    await until_size(room, at_once + 1)
    assert (store.unheard > 0) == unheard
    leader.cancel()
    await asyncio.gather(leader, return_exceptions=True)


async def test_checkpoints_form_a_chain(room: Room) -> None:
    signed = []
    for number in range(3):
        await room.write(2, first=10 * number)
        signed.append(await room.reader.latest_checkpoint())
    first, second, third = (head for head in signed if head is not None)
    assert first.head.previous is None
    assert second.head.previous == body_digest(first.body)
    assert third.head.previous == body_digest(second.body)
    assert [head.tree_size for head in (first, second, third)] == [2, 4, 6]


async def test_a_leader_does_not_start_on_a_store_whose_data_make_another_root() -> None:
    room = memory_room()
    await room.write(5)
    store: Any = room.store
    batch: Batch = store._batches[0]
    store._batches[0] = replace(batch, entries=(batch.entries[1], *batch.entries[1:]))
    lease = await room.store.lead("next", 5)
    assert lease is not None
    with pytest.raises(LogCorrupt, match="do not make the head's root"):
        await room.sequencer("next").take_over(lease)


async def test_the_signer_refuses_a_tree_that_does_not_extend_its_last_head() -> None:
    room = memory_room()
    await room.write(300)
    await room.put([event(1000)])
    lease = await room.store.lead("next", 5)
    assert lease is not None
    sequencer = room.sequencer("next")
    await sequencer.take_over(lease)
    await sequencer.append_once(lease)
    store: Any = room.store
    store._tiles[TileId(1, 0)] = (bytes(32),)
    with pytest.raises(BadProof, match="does not extend"):
        await sequencer.checkpoint_once(lease)
    latest = await room.reader.latest_checkpoint()
    assert latest is not None
    assert latest.tree_size == 300


def altered(**change: object) -> Callable[[Any], None]:
    def alter(store: Any) -> None:
        store._batches[1] = replace(store._batches[1], **change)

    return alter


def tampered_tile(store: Any) -> None:
    tile = store._tiles[TileId(0, 0)]
    store._tiles[TileId(0, 0)] = (*tile[:7], bytes(32), *tile[8:])


def dropped_batch(store: Any) -> None:
    del store._batches[1]


def forged_signature(store: Any) -> None:
    head = store._checkpoints[400]
    bad = replace(head.signatures[0], value=bytes(64))
    store._checkpoints[400] = replace(head, signatures=(bad,))


def rolled_back(store: Any) -> None:
    store._batches.pop()


def swapped(store: Any) -> None:
    batch = store._batches[0]
    a, b, *rest = batch.envelopes
    store._batches[0] = replace(batch, envelopes=(b, a, *rest))


@pytest.mark.parametrize(
    ("tamper", "names"),
    [
        pytest.param(tampered_tile, "entry 7 differs from its tile", id="tile"),
        pytest.param(dropped_batch, "entry 100 is missing", id="batch dropped"),
        pytest.param(forged_signature, "checkpoint of size 400", id="signature"),
        pytest.param(rolled_back, "the head says size 400", id="last batch gone"),
        pytest.param(swapped, "entry 0 ", id="envelopes exchanged"),
        pytest.param(altered(root=bytes(32)), "entries 100 to 199", id="root"),
        pytest.param(altered(salts=(b"x" * 32,) * 100), "entry 100 ", id="salts"),
    ],
)
async def test_replay_names_the_first_difference(tamper: Callable[[Any], None], names: str) -> None:
    room = memory_room()
    await room.write(400, batch=100)
    assert (await replay(room.store, log=room.log, key=room.key.public_key)).tiles == 1
    tamper(room.store)
    with pytest.raises(LogCorrupt, match=names):
        await replay(room.store, log=room.log, key=room.key.public_key)


async def test_an_erased_salt_leaves_the_log_whole() -> None:
    room = memory_room()
    await room.write(3)
    store: Any = room.store
    batch: Batch = store._batches[0]
    store._batches[0] = replace(batch, salts=(batch.salts[0], b"", batch.salts[2]))
    assert (await replay(room.store, log=room.log, key=room.key.public_key)).entries == 3


async def test_a_start_waits_for_the_database_a_bounded_time() -> None:
    client = connect("mongodb://127.0.0.1:1/", "motor", selection_ms=50)
    with pytest.raises(LedgerUnavailable, match=r"not writable after 0\.2 s"):
        await wait_until_writable(client, seconds=0.2)
    await settle(client.close())


async def test_a_database_that_goes_away_is_waited_for_and_then_told(
    mongo_database: str,
) -> None:
    async with mongo_room(
        "mongodb://127.0.0.1:1/", mongo_database, "motor", selection_ms=50
    ) as room:
        with pytest.raises(LedgerUnavailable) as gone:
            await room.reader.size()
        assert gone.value.retryable
        assert str(gone.value).startswith("MongoDB: ")
