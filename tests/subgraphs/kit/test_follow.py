"""Effects and position move together, whatever dies when."""

import asyncio
from collections.abc import AsyncIterator, Container, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ledger_adapter.port import JsonValue, LoggedEvent
from subgraphs.kit.events import event
from subgraphs.kit.feed import Feed, Item
from subgraphs.kit.follow import Follower
from subgraphs.kit.ids import new_id
from subgraphs.kit.mongo import Session
from tests.subgraphs.kit.world import World, running, settled, world_of


@pytest.fixture
async def world(tmp_path: Path, mongo_uri: str, mongo_database: str) -> AsyncIterator[World]:
    async with world_of(
        "wallet", {"seen": []}, folder=tmp_path, uri=mongo_uri, prefix=mongo_database
    ) as opened:
        yield opened


REGISTERED, CLOSED = "ROOT_DID_REGISTERED", "WALLET_CLOSED"


class Reader:
    """Writes each event that it is given once; `fail` makes it die before or after the commit,
    `silent` publish nothing."""

    def __init__(self, world: World, heeds: Container[str] | None = None) -> None:
        self.world, self.heeds, self.fail, self.silent = world, heeds, 0, False
        self.rows = world.base.database["seen"]
        self.feed: Feed[str] = Feed()

    async def apply(
        self, events: Sequence[LoggedEvent], session: Session, /
    ) -> Sequence[Item[str]]:
        for one in events:
            await self.rows.insert_one(
                {"_id": one.position.index, "event": one.envelope.event_id}, session=session
            )
        if self.fail:
            self.fail -= 1
            raise RuntimeError("killed before the commit")
        told = () if self.silent else events
        return [Item(position=one.position.index, value=one.envelope.event_id) for one in told]

    def follower(self) -> Follower[str]:
        return Follower(
            name="test",
            mongo=self.world.base.mongo,
            database=self.world.base.database,
            ledger=self.world.base.ledger,
            apply=self.apply,
            feed=self.feed,
            heeds=self.heeds,
        )

    async def kept(self) -> int | None:
        row = await self.world.base.database["positions"].find_one({"_id": "test"})
        return None if row is None else int(row["index"])

    async def seen(self) -> list[int]:
        rows = await self.rows.find({}).sort([("_id", 1)]).to_list(None)
        return [row["_id"] for row in rows]


async def tell(world: World, count: int, *kinds: str) -> None:
    """So many events of each kind, one after the other; said nothing, of REGISTERED."""
    for kind in (kinds or (REGISTERED,)) * count:
        holder = new_id("hold")
        body: dict[str, JsonValue] = {"documentDigest": "sm3:" + "0" * 64}
        await world.tell(
            event(
                kind,
                entity=holder,
                version=1,
                subjects=[holder],
                institutions=[],
                at=datetime.now(UTC),
                body=body if kind == REGISTERED else {"closureDigest": "sm3:" + "0" * 64},
            )
        )


async def test_it_reads_from_the_start_and_then_as_events_come(world: World) -> None:
    reader = Reader(world)
    await tell(world, 3)
    follower = reader.follower()
    async with running(follower.run):
        await settled(world.base, follower)
        await tell(world, 2)
        size = await settled(world.base, follower)
        assert await follower.lag() == 0

    assert (size, await reader.seen()) == (5, [0, 1, 2, 3, 4])


async def test_who_waits_for_an_entry_is_woken_when_it_is_applied(world: World) -> None:
    reader = Reader(world)
    follower = reader.follower()
    for_two = asyncio.create_task(follower.reach(1))
    async with running(follower.run), asyncio.timeout(30):
        await tell(world, 1)
        await follower.reach(0)
        assert not for_two.done()
        await tell(world, 1)
        await for_two
        assert (follower.applied, await reader.seen()) == (1, [0, 1])
        await follower.reach(0)  # what is past is there


async def test_a_crash_before_the_commit_leaves_no_trace_and_is_made_good(world: World) -> None:
    reader = Reader(world)
    reader.fail = 1
    await tell(world, 2)

    with pytest.raises(RuntimeError):
        await asyncio.wait_for(reader.follower().run(), 5)
    assert await reader.seen() == []

    follower = reader.follower()
    async with running(follower.run):
        await settled(world.base, follower)
    assert await reader.seen() == [0, 1]


async def test_a_new_process_goes_on_where_the_old_one_was(world: World) -> None:
    reader = Reader(world)
    for _ in range(3):
        follower = reader.follower()
        async with running(follower.run):
            await tell(world, 2)
            await settled(world.base, follower)

    assert await reader.seen() == [0, 1, 2, 3, 4, 5]


async def test_of_two_processes_each_event_is_applied_by_one_and_heard_by_both(
    world: World,
) -> None:
    readers = [Reader(world), Reader(world)]
    followers = [reader.follower() for reader in readers]
    streams: list[Any] = []
    for reader in readers:

        async def read(after: int, limit: int, rows: Any = reader.rows) -> list[Item[str]]:
            found = (
                await rows.find({"_id": {"$gt": after}})
                .sort([("_id", 1)])
                .limit(limit)
                .to_list(None)
            )
            return [Item(position=row["_id"], value=row["event"]) for row in found]

        streams.append(reader.feed.subscribe(after=-1, read=read, wants=lambda _: True))

    async with running(*[follower.run for follower in followers]):
        await tell(world, 20)
        for follower in followers:
            await settled(world.base, follower)
        async with asyncio.timeout(30):
            heard = [[(await anext(stream)).position for _ in range(20)] for stream in streams]

    assert await readers[0].seen() == list(range(20))
    assert heard == [list(range(20))] * 2


async def test_a_process_killed_inside_its_transaction_holds_nobody_up(world: World) -> None:
    reader = Reader(world)
    await tell(world, 1)
    follower = reader.follower()
    async with running(follower.run):
        await settled(world.base, follower)
    # what kill -9 leaves behind: a transaction on the position that nobody will end
    positions = world.base.database["positions"]
    row = await positions.find_one({"_id": "test"})
    assert row is not None
    dead = await world.base.mongo.open_session()
    await positions.update_one({"_id": "test"}, {"$set": {"session": dead.session_id}})
    dead.start_transaction()  # type: ignore[attr-defined]
    await positions.update_one({"_id": "test"}, {"$set": {"index": 99}}, session=dead)

    await tell(world, 1)
    async with asyncio.timeout(5), running((heir := reader.follower()).run):
        await settled(world.base, heir)

    assert await reader.seen() == [0, 1]


async def test_what_is_silent_moves_the_position_and_no_news(world: World) -> None:
    reader = Reader(world)
    follower = reader.follower()
    async with running(follower.run):
        await tell(world, 2)
        await settled(world.base, follower)
        published = follower.news_at
        reader.silent = True
        await tell(world, 3)
        await settled(world.base, follower)
    assert (published, follower.news_at, follower.applied) == (1, 1, 4)


async def test_where_another_process_stood_there_may_have_been_news(world: World) -> None:
    reader = Reader(world)
    before, successor = reader.follower(), reader.follower()
    async with running(before.run):
        await tell(world, 2)
        await settled(world.base, before)
    async with running(successor.run):
        await settled(world.base, successor)
    assert successor.news_at == successor.applied == 1


async def test_only_what_is_heeded_is_applied_and_the_rest_is_passed(world: World) -> None:
    reader = Reader(world, {REGISTERED})
    follower = reader.follower()
    async with running(follower.run), asyncio.timeout(30):
        await tell(world, 2, REGISTERED, CLOSED)
        await settled(world.base, follower)
        published = follower.news_at
        await tell(world, 3, CLOSED)
        await settled(world.base, follower)
        assert (follower.applied, follower.news_at, reader.feed.head) == (6, published, 6)
        while await reader.kept() != 6:  # noqa: ASYNC110  # a moment later, in the database
            await asyncio.sleep(0.01)
        await tell(world, 1)
        await settled(world.base, follower)
    assert (await reader.seen(), await reader.kept()) == ([0, 2, 7], 7)


async def test_killed_before_what_was_passed_is_kept_a_successor_passes_it_again(
    world: World,
) -> None:
    reader = Reader(world, {REGISTERED})
    follower = reader.follower()
    async with running(follower.run):
        await tell(world, 1)
        await settled(world.base, follower)
    # what kill -9 leaves behind: entries were passed, and no position says so
    await tell(world, 4, CLOSED)
    await tell(world, 1)
    assert await reader.kept() == 0

    async with running((heir := reader.follower()).run):
        await settled(world.base, heir)
    assert (await reader.seen(), await reader.kept()) == ([0, 5], 5)


async def test_two_processes_that_pass_the_same_apply_what_follows_once(world: World) -> None:
    readers = [Reader(world, {REGISTERED}) for _ in range(2)]
    followers = [reader.follower() for reader in readers]
    async with running(*[follower.run for follower in followers]):
        for _ in range(5):
            await tell(world, 3, CLOSED)
            await tell(world, 1)
        for follower in followers:
            await settled(world.base, follower)
    assert await readers[0].seen() == [3, 7, 11, 15, 19]
