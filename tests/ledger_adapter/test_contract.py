"""What every store must do; memory is the reference, MongoDB runs under both drivers."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from ledger_adapter.errors import (
    BadEnvelope,
    DuplicateEvent,
    EntryNotFound,
    LeadershipLost,
    QueueFull,
)
from ledger_adapter.log.commitment import commit, encode_entry
from ledger_adapter.log.hashing import SM3
from ledger_adapter.port import EntryIndex, LoggedEvent
from ledger_adapter.reader import LogReader
from ledger_adapter.records import Batch, Head
from ledger_adapter.replay import replay
from tests.ledger_adapter.kit import Room, event, every_driver, memory_room, mongo_room


class Refused(Exception):
    """The caller's own reason to abort."""


async def collect(following: AsyncIterator[Sequence[LoggedEvent]], count: int) -> list[LoggedEvent]:
    found: list[LoggedEvent] = []
    async with asyncio.timeout(30):
        async for batch in following:
            found += batch
            if len(found) >= count:
                break
    return found


@every_driver
async def test_an_event_is_queued_exactly_when_the_callers_transaction_commits(room: Room) -> None:
    async def aborted(session: object) -> None:
        await room.queue.put([event(1)], session=session)
        raise Refused

    with pytest.raises(Refused):
        await room.transaction(aborted)
    assert await room.store.waiting(10) == []
    await room.put([event(1), event(2)])
    assert [w.event_id for w in await room.store.waiting(10)] == [
        event(1).event_id,
        event(2).event_id,
    ]


@every_driver
async def test_an_entity_is_awaited_while_an_event_of_it_is_queued(room: Room) -> None:
    waiting = event(1)
    entity = waiting.event_id.partition(":")[0]
    assert not await room.store.queued([entity])
    await room.put([waiting])
    assert await room.store.queued(["nobody", entity])
    assert not await room.store.queued([entity[:-1], entity + "x", ""])
    assert not await room.store.queued([])
    await room.write(0)
    assert not await room.store.queued([entity])


@every_driver
async def test_what_is_no_longer_awaited_has_its_place(room: Room) -> None:
    """A reader that finds the queue without an event finds it below the head it reads next."""
    await room.put([event(number) for number in range(100)])
    sequencing = asyncio.create_task(room.write(0, batch=1))
    seen = 0
    async with asyncio.timeout(60):
        while seen < 100:
            if not await room.reader.awaits([event(seen).event_id.partition(":")[0]]):
                assert await room.reader.size() > seen
                seen += 1
            await asyncio.sleep(0)
    await sequencing


@every_driver
async def test_the_same_event_is_queued_once(room: Room) -> None:
    await room.put([event(1)])
    with pytest.raises(DuplicateEvent) as refused:
        await room.put([event(2), event(1)])
    assert refused.value.event_id == event(1).event_id
    assert len(await room.store.waiting(10)) == 1


async def test_an_event_that_is_too_long_is_refused_before_anything_is_written(room: Room) -> None:
    with pytest.raises(BadEnvelope, match="2048"):
        await room.put([event(1, text="x" * 3000)])
    assert await room.store.waiting(10) == []


async def test_a_full_queue_refuses_and_takes_again_when_it_has_drained(
    mongo_uri: str, mongo_database: str
) -> None:
    async with mongo_room(mongo_uri, mongo_database, "motor", limit=5) as mongo:
        for room in (memory_room(limit=5), mongo):
            await room.put([event(number) for number in range(5)])
            with pytest.raises(QueueFull) as full:
                await room.put([event(9)])
            assert full.value.retryable
            await room.write(0)
            await asyncio.sleep(0.6)  # the queue is counted each half second
            await room.put([event(9)])


@every_driver
async def test_events_get_positions_in_the_order_of_their_commits(room: Room) -> None:
    for number in range(7):
        await room.put([event(number)])
    await room.write(0, batch=3)
    events = await room.reader.read(EntryIndex(0), 100)
    assert [e.envelope for e in events] == [event(number) for number in range(7)]
    assert [e.position.index for e in events] == list(range(7))
    assert await room.reader.size() == 7
    assert await room.store.waiting(10) == []


async def test_an_entry_commits_to_log_kind_and_envelope_under_its_own_salt(room: Room) -> None:
    await room.write(2)
    first, second = await room.reader.read(EntryIndex(0), 2)
    (proof,) = await room.reader.attest([first])
    expected = commit(
        log_id=room.log.id,
        kind=first.envelope.kind,
        envelope=proof.opening.envelope,
        salt=first.salt,
    )
    assert first.entry == encode_entry(first.envelope.kind, expected)
    assert first.leaf_hash == SM3.leaf(first.entry)
    assert first.salt != second.salt
    assert len(first.salt) == 32


@pytest.mark.parametrize(
    ("first", "limit", "want"),
    [
        pytest.param(0, 4, range(4), id="from the start"),
        pytest.param(4, 3, range(4, 7), id="from the middle of a batch"),
        pytest.param(8, 100, range(8, 10), id="past the end"),
        pytest.param(10, 5, range(0), id="after the last"),
    ],
)
async def test_reading_crosses_batches_without_gaps(
    room: Room, first: int, limit: int, want: range
) -> None:
    await room.write(10, batch=3)
    events = await room.reader.read(EntryIndex(first), limit)
    assert [e.position.index for e in events] == list(want)


@every_driver
async def test_an_old_leader_cannot_append_after_a_new_one_has_fenced_it(room: Room) -> None:
    await room.put([event(1), event(2)])
    old, new = room.sequencer("old"), room.sequencer("new", batch=1)
    first = await room.store.lead("old", 60)
    assert first is not None
    await old.take_over(first)
    assert await room.store.lead("new", 5) is None, "the lease is not free yet"
    assert await room.store.lead("old", 0.05) == first
    await asyncio.sleep(0.15)
    second = await room.store.lead("new", 5)
    assert second is not None
    assert second.term > first.term
    await new.take_over(second)
    with pytest.raises(LeadershipLost):
        await old.append_once(first)
    assert await new.append_once(second) == 1
    with pytest.raises(LeadershipLost):
        await old.append_once(first)
    with pytest.raises(LeadershipLost):
        await old.take_over(first)
    assert await room.reader.size() == 1


async def test_a_renewed_lease_keeps_its_term(room: Room) -> None:
    first = await room.store.lead("one", 5)
    assert await room.store.lead("one", 5) == first
    assert first is not None
    await room.store.resign(first)
    taken = await room.store.lead("two", 5)
    assert taken is not None
    assert taken.term == first.term + 1


async def test_there_are_never_two_roots_for_one_size(room: Room) -> None:
    await room.write(3)
    signed = await room.reader.latest_checkpoint()
    await room.write(0)
    assert await room.reader.latest_checkpoint() == signed
    lease = await room.store.lead("rival", 5)
    assert lease is not None
    await room.store.fence(lease)
    assert signed is not None
    with pytest.raises(LeadershipLost):
        await room.store.announce_checkpoint(lease, signed, 0)


@every_driver
async def test_a_body_left_unsigned_by_a_crash_is_signed_by_the_next_leader(room: Room) -> None:
    await room.write(3)
    await room.put([event(7)])
    lease = await room.store.lead("dying", 5)
    assert lease is not None
    dying = room.sequencer("dying")
    await dying.take_over(lease)
    await dying.append_once(lease)
    before = await room.store.signed_checkpoint()
    signed = await dying.checkpoint_once(lease)
    assert signed is not None
    await room.store.sign_checkpoint(signed.tree_size, [])  # as if it had died before signing
    assert await room.store.signed_checkpoint() == before
    await room.store.resign(lease)
    await room.write(0)
    latest = await room.store.signed_checkpoint()
    assert latest is not None
    assert (latest.body, len(latest.signatures)) == (signed.body, 1)


@every_driver
async def test_a_follower_reads_the_past_then_lives(room: Room) -> None:
    await room.write(10, batch=4)
    following = room.reader.follow(EntryIndex(2))
    past = await asyncio.wait_for(anext(following), 5)
    await room.write(3, first=100)
    events = [*past, *await collect(following, 10 - len(past))]
    assert [e.position.index for e in events] == list(range(3, 13))
    await following.aclose()  # type: ignore[attr-defined]


class Late:
    """A store whose first look shows less than is there: an append that is applied, while its
    majority commit is still on the way, when a follower begins to listen."""

    def __init__(self, room: Room, hidden: int) -> None:
        self._store, self.hidden = room.store, hidden

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)

    async def head(self) -> Head | None:
        head = await self._store.head()
        hidden, self.hidden = self.hidden, 0
        return replace(head, size=head.size - hidden) if head else None

    async def arrivals(self) -> AsyncIterator[Batch | None]:
        yield None
        while True:
            await asyncio.sleep(0.05)
            yield None


@pytest.mark.parametrize("listens", ["stream", "idle only"])
async def test_a_follower_that_saw_too_little_at_first_is_woken_by_no_event_but_time(
    room: Room, listens: str
) -> None:
    if room.name == "memory" and listens == "stream":
        pytest.skip("memory has no commit that lags behind")
    await room.write(3)
    await room.write(2, first=10)
    late: Any = Late(room, 2)
    if listens == "stream":
        late.arrivals = room.store.arrivals
    reader = LogReader(late)
    await reader._require_log()  # so that the first look is the follower's
    late.hidden = 2
    events = await collect(reader.follow(None), 5)
    assert [e.position.index for e in events] == list(range(5))


async def test_followers_see_every_event_once_while_the_leader_works(room: Room) -> None:
    leader = asyncio.create_task(room.sequencer(batch=7).run())
    followers = [asyncio.create_task(collect(room.reader.follow(None), 60)) for _ in range(2)]
    for number in range(20):
        await room.put([event(3 * number + offset) for offset in range(3)])
    for events in await asyncio.gather(*followers):
        assert [e.position.index for e in events] == list(range(60))
        assert [e.envelope.event_id for e in events] == [event(n).event_id for n in range(60)]
    leader.cancel()
    await asyncio.gather(leader, return_exceptions=True)


async def test_a_proof_grows_with_its_event(room: Room) -> None:
    await room.put([event(1)])
    lease = await room.store.lead("one", 5)
    assert lease is not None
    sequencer = room.sequencer("one")
    await sequencer.take_over(lease)
    with pytest.raises(EntryNotFound):
        await room.reader.prove(EntryIndex(0))
    await sequencer.append_once(lease)
    proof = await room.reader.prove(EntryIndex(0))
    assert (proof.anchor_state, proof.path, proof.checkpoint) == ("SEQUENCED", (), None)
    await sequencer.checkpoint_once(lease)
    proof = await room.reader.prove(EntryIndex(0))
    assert proof.anchor_state == "CHECKPOINTED"
    assert proof.tree_size == 1


@every_driver
async def test_a_whole_log_replays(room: Room) -> None:
    await room.write(300, batch=70)
    await room.write(300, first=300, batch=41)
    found = await replay(room.store, log=room.log, key=room.key.public_key)
    assert (found.entries, found.tiles, found.checkpoints) == (600, 2, 2)
