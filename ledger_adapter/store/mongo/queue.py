"""The way in, on MongoDB: one insert in the caller's transaction."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Final

from bson import Binary
from pymongo.errors import BulkWriteError

from ledger_adapter import envelopes
from ledger_adapter.errors import DuplicateEvent, QueueFull
from ledger_adapter.log.commitment import new_salt
from ledger_adapter.port import Envelope, Shard
from ledger_adapter.store.mongo import names
from ledger_adapter.store.mongo.seam import Database, Document, faults

LIMIT: Final = 20_000
LOOK_SECONDS: Final = 0.5


class MongoQueue:
    """A `Queue`. How full it is, is looked up at most each half second, outside the transaction."""

    def __init__(
        self,
        database: Database,
        shard: Shard,
        *,
        limit: int = LIMIT,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._collection = database[names.QUEUE]
        self._shard, self._limit, self._now = shard, limit, now
        self._waiting, self._looked = 0, -LOOK_SECONDS

    async def put(self, items: Sequence[Envelope], /, *, session: object) -> None:
        """Queue events in the driver's session given; see `Queue`."""
        if not items:
            return
        await self._admit(len(items))
        documents = [self._document(item) for item in items]
        try:
            await self._collection.insert_many(documents, session=session)
        except BulkWriteError as fault:
            errors = (fault.details or {}).get("writeErrors", [])
            if not errors or errors[0].get("code") != 11000:
                raise
            raise DuplicateEvent(str(errors[0]["keyValue"]["_id"])) from None

    async def _admit(self, count: int) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._looked >= LOOK_SECONDS:
            self._looked = now
            async with faults():
                self._waiting = await self._collection.estimated_document_count()
        self._waiting += count
        if self._waiting > self._limit:
            raise QueueFull(self._waiting - count, self._limit)

    def _document(self, item: Envelope) -> Document:
        return {
            "_id": item.event_id,
            "shard": self._shard,
            "kind": item.kind,
            "envelope": Binary(envelopes.encode(item)),
            "salt": Binary(new_salt()),
            "at": self._now(),
        }
