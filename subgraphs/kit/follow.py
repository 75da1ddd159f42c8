"""Follows the log: effects and position in one transaction, then the feed.

After kill -9 the position says what was applied; what was applied but not yet published is what
subscribers read from storage when they come back. Two processes may follow under one name: the one
whose compare-and-set fails lets the other's work stand.

Entries that mean nothing here are passed without a transaction, and where that leads is kept a
moment later: a successor that does not find it passes the same entries once more.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Container, Sequence
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
KEPT_AFTER: Final = 0.1
"""Seconds from an entry that was passed until the position of it is kept."""


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
        heeds: Container[str] | None = None,
    ) -> None:
        """`heeds`: the kinds that `apply` makes anything of, and is given; all when not said."""
        self._name, self._mongo, self._ledger = name, mongo, ledger
        self._positions = database[POSITIONS]
        self._apply, self._feed, self._heeds = apply, feed, heeds
        self._session: Session | None = None
        self._applied, self._moved = BEFORE_FIRST, asyncio.Event()
        self._kept, self._keeping, self._passed = BEFORE_FIRST, asyncio.Lock(), asyncio.Event()
        self._news_at = BEFORE_FIRST

    @property
    def applied(self) -> int:
        """The index of the last entry whose effects, where it has any, are committed."""
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
        keeper = asyncio.create_task(self._keep())
        try:
            await self._run()
        finally:
            keeper.cancel()

    async def _run(self) -> None:
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
        async with self._keeping:
            await self._stand()
        self._news_at = self.applied
        if self._feed is not None:
            self._feed.reread(head=self.applied)

    async def _stand(self) -> None:
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
        self._kept = row["index"] if row else BEFORE_FIRST
        self._now_at(self._kept)

    async def _take(self, batch: Sequence[LoggedEvent]) -> None:
        fresh = [event for event in batch if event.position.index > self.applied]
        if not fresh:
            return
        last = fresh[-1].position.index
        heeded = [event for event in fresh if self._heeded(event)]
        items = await self._effects(heeded, last) if heeded else ()
        self._now_at(last)
        self._news_at = last if items else self._news_at
        if self._feed is not None:
            self._feed.publish(items, head=last)
        if not heeded:
            self._passed.set()

    def _heeded(self, event: LoggedEvent) -> bool:
        return self._heeds is None or event.envelope.kind in self._heeds

    async def _effects(self, events: Sequence[LoggedEvent], last: int) -> Sequence[Item[T]]:
        async def work(session: Session) -> Sequence[Item[T]]:
            await self._move(last, session)
            return await self._apply(events, session)

        async with self._keeping:
            items = await self._mongo.transaction(work, within=self._session)
            self._kept = last
        return items

    async def _keep(self) -> None:
        """The position of what was passed, in one write for all of a moment."""
        while True:
            await self._passed.wait()
            await asyncio.sleep(KEPT_AFTER)
            self._passed.clear()
            try:
                async with self._keeping:
                    if self._kept < (last := self.applied):
                        await self._move(last)
                        self._kept = last
            except _Overtaken:
                continue  # the other process keeps it
            except PyMongoError as fault:
                log.warning("%s keeps its position later: %s", self._name, fault)
                self._passed.set()

    async def _move(self, last: int, session: Session | None = None) -> None:
        # compare-and-set: of two processes that took the same batch only one may apply it
        moved = await self._positions.update_one(
            {"_id": self._name, "index": self._kept}, {"$set": {"index": last}}, session=session
        )
        if moved.modified_count != 1:
            raise _Overtaken
