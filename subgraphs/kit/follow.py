"""Follows the log: effects and position in one transaction, then the feed.

After kill -9 the position says what was applied; what was applied but not yet published is what
subscribers read from storage when they come back. Two processes may follow under one name: the one
whose compare-and-set fails lets the other's work stand.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Generic, Protocol, TypeVar

from ledger_adapter.errors import LedgerError
from ledger_adapter.port import EntryIndex, Ledger, LoggedEvent
from ledger_adapter.store.mongo import open_ledger
from subgraphs.kit.errors import Busy
from subgraphs.kit.feed import BEFORE_FIRST, Feed, Item
from subgraphs.kit.mongo import Contended, Database, Mongo, PyMongoError, Session

T = TypeVar("T")
log = logging.getLogger("credgraph.follower")

POSITIONS: Final = "positions"
LONGEST_PAUSE: Final = 5.0


def open_log(mongo: Mongo, *, database: str, shard: str) -> Ledger:
    """The log for readers of this process; open it once."""
    return open_ledger(mongo.database(database), shard=shard)


class Apply(Protocol[T]):
    """Writes the effects of a batch in the session; idempotent by position; returns feed items."""

    async def __call__(
        self, events: Sequence[LoggedEvent], session: Session, /
    ) -> Sequence[Item[T]]: ...


class _Overtaken(Exception):
    """Another process moved the position first."""


class Follower(Generic[T]):
    """One named reader of the log, writing to one database."""

    def __init__(
        self,
        *,
        name: str,
        mongo: Mongo,
        database: Database,
        ledger: Ledger,
        apply: Apply[T],
        feed: Feed[T] | None = None,
        after_commit: Callable[[Sequence[LoggedEvent]], Awaitable[None]] | None = None,
    ) -> None:
        self._name, self._mongo, self._ledger = name, mongo, ledger
        self._positions = database[POSITIONS]
        self._apply, self._feed, self._after_commit = apply, feed, after_commit
        self._session: Session | None = None
        self._applied, self._moved = BEFORE_FIRST, asyncio.Event()
        self._news_at = BEFORE_FIRST

    @property
    def applied(self) -> int:
        """The index of the last entry whose effects are committed."""
        return self._applied

    @property
    def news_at(self) -> int:
        """The last entry with which something was published, or may have been by another process:
        what is read as of it or later misses nothing that was."""
        return self._news_at

    async def reach(self, index: int) -> None:
        """Wait until an entry is applied; for ever, if need be."""
        while self._applied < index:
            await self._moved.wait()

    def _now_at(self, index: int) -> None:
        self._applied, moved, self._moved = index, self._moved, asyncio.Event()
        moved.set()

    async def lag(self) -> int:
        """How many sequenced events are not applied yet."""
        return max(0, await self._ledger.size() - 1 - self.applied)

    async def run(self) -> None:
        """Follow for ever; a ledger or database that is away is waited for."""
        pause = 0.1
        while True:
            try:
                await self._follow()
                pause = 0.1
            except _Overtaken:
                continue
            except (LedgerError, PyMongoError, Contended, Busy) as fault:
                log.warning("%s waits %.1f s: %s", self._name, pause, fault)
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)

    async def _follow(self) -> None:
        await self._load_position()
        after = None if self.applied == BEFORE_FIRST else EntryIndex(self.applied)
        async for batch in self._ledger.follow(after):
            await self._take(batch)

    async def _load_position(self) -> None:
        """Where the last one stood. If it was killed inside its transaction, that ends now."""
        row = await self._positions.find_one({"_id": self._name})
        if row is not None and self._session is None and "session" in row:
            await self._mongo.end_session(row["session"])
        if self._session is None:
            self._session = await self._mongo.open_session()
        changed = {
            "$setOnInsert": {"index": BEFORE_FIRST},
            "$set": {"session": self._session.session_id},
        }
        await self._positions.update_one({"_id": self._name}, changed, upsert=True)
        self._now_at(row["index"] if row else BEFORE_FIRST)
        self._news_at = self.applied
        if self._feed is not None:
            self._feed.reread(head=self.applied)

    async def _take(self, batch: Sequence[LoggedEvent]) -> None:
        fresh = [event for event in batch if event.position.index > self.applied]
        if not fresh:
            return
        last = fresh[-1].position.index

        async def work(session: Session) -> Sequence[Item[T]]:
            await self._move(last, session)
            return await self._apply(fresh, session)

        items = await self._mongo.transaction(work, within=self._session)
        self._now_at(last)
        self._news_at = last if items else self._news_at
        if self._feed is not None:
            self._feed.publish(items, head=last)
        if self._after_commit is not None:
            await self._after_commit(fresh)

    async def _move(self, last: int, session: Session) -> None:
        # compare-and-set: of two processes that took the same batch only one may apply it
        moved = await self._positions.update_one(
            {"_id": self._name, "index": self.applied}, {"$set": {"index": last}}, session=session
        )
        if moved.modified_count != 1:
            raise _Overtaken
