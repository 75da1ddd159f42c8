"""One shard of the log on MongoDB, for its readers and its leader.

Laws: an append is one transaction or nothing; the compare-and-set on term and size and the id of
the batch each refuse a second writer; batches are never changed; nothing is read from a secondary.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Collection, Iterable, Mapping, Sequence
from contextlib import aclosing
from typing import Final

from pymongo import ReplaceOne, ReturnDocument
from pymongo.errors import DuplicateKeyError
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from ledger_adapter.errors import LeadershipLost
from ledger_adapter.log.checkpoint import Checkpoint, NoteSignature
from ledger_adapter.log.tiles import TileId
from ledger_adapter.port import Shard
from ledger_adapter.records import Append, Batch, Head, Lease, Waiting, within_weight
from ledger_adapter.store.mongo import codec, names
from ledger_adapter.store.mongo.anchors import MongoAnchors
from ledger_adapter.store.mongo.seam import (
    Database,
    Document,
    Session,
    faults,
    kill_session,
    open_session,
    transact,
    watch,
)

_INSERTS: Final = {"operationType": "insert"}
_LONGEST_MS: Final = 3_600_000  # of a lease written before lengths were kept


def _cut(first: int, limit: int) -> Document:
    """A projection: of a batch only the entries from index `first` on, at most `limit`."""
    skipped = {"$subtract": [first, "$first"]}
    lists = ("entries", "envelopes", "salts")
    return {
        "first": {"$literal": first},
        "root": 1,
        **{name: {"$slice": [f"${name}", skipped, limit]} for name in lists},
    }


class MongoLog:
    """A `LogSource` and a `SequencerStore`."""

    def __init__(self, database: Database, shard: Shard) -> None:
        self._database, self._shard = database, shard
        self._session: Session | None = None
        durable = {
            "read_concern": ReadConcern("majority"),
            "write_concern": WriteConcern("majority"),
        }
        self._queue = database[names.QUEUE]
        self._heads = database.get_collection(names.HEAD, **durable)
        self._leases = database.get_collection(names.LEASE, **durable)
        self._batches = database.get_collection(names.BATCHES, **durable)
        self._tiles = database.get_collection(names.TILES, **durable)
        self._checkpoints = database.get_collection(names.CHECKPOINTS, **durable)

    def anchors(self) -> MongoAnchors:
        """The anchors of this log's heads."""
        return MongoAnchors(self._database, self._shard)

    # -- readers

    async def head(self) -> Head | None:
        async with faults():
            row = await self._heads.find_one({"_id": self._shard})
        return codec.head_of(row) if row else None

    async def queued(self, entities: Collection[str], /) -> bool:
        """One range of the primary key for each."""
        ranges = [{"_id": {"$gte": f"{each}:", "$lt": f"{each};"}} for each in entities]
        if not ranges:
            return False
        queue = self._queue.with_options(read_concern=ReadConcern("majority"))  # as the head is
        async with faults():
            return await queue.find_one({"$or": ranges}, projection=["_id"]) is not None

    async def batches(self, first: int, limit: int, /) -> Sequence[Batch]:
        """Two index walks: down to the batch that holds `first`, cut on the server to what was
        asked for (one entry of a thousand, for a proof), then up from there."""
        start = names.numbered(self._shard, first)
        lowest = names.numbered(self._shard, 0)
        async with faults():
            at = await self._batches.find_one(
                {"_id": {"$gte": lowest, "$lte": start}},
                projection=_cut(first, limit),
                sort=[("_id", -1)],
            )
            if at is None or not at["entries"]:
                return []
            found = codec.batch_of(at)
            end = names.numbered(self._shard, first + limit)
            rest = self._batches.find({"_id": {"$gt": at["_id"], "$lt": end}}).sort("_id", 1)
            return [found, *(codec.batch_of(row) for row in await rest.to_list(None))]

    async def tiles(self, wanted: Iterable[TileId], /) -> Mapping[TileId, tuple[bytes, ...]]:
        ids = [names.tile(self._shard, tile.level, tile.number) for tile in wanted]
        async with faults():
            rows = await self._tiles.find({"_id": {"$in": ids}}).to_list(None) if ids else []
        return dict(codec.tile_of(row) for row in rows)

    async def signed_checkpoint(self) -> Checkpoint | None:
        return await self._newest_checkpoint({"signatures": {"$ne": []}})

    async def checkpoints(self, after: int, limit: int, /) -> Sequence[Checkpoint]:
        """Those of a greater size, ascending, signed or not."""
        above = {**names.all_of(self._shard), "$gt": names.numbered(self._shard, after)}
        async with faults():
            found = self._checkpoints.find({"_id": above}).sort("_id", 1).limit(limit)
            return [codec.checkpoint_of(row) for row in await found.to_list(None)]

    async def arrivals(self) -> AsyncIterator[Batch | None]:
        inserts = {"$match": {**_INSERTS, "fullDocument.shard": self._shard}}
        async for change in watch(self._batches, [inserts]):
            yield codec.batch_of(change["fullDocument"]) if change else None

    # -- the leader

    async def open(self, head: Head) -> Head:
        """Create the log's head, or give the one that is there."""
        async with faults():
            try:
                await self._heads.insert_one(codec.head_document(head))
            except DuplicateKeyError:
                row = await self._heads.find_one({"_id": self._shard})
                return codec.head_of(row)
        return head

    async def lead(self, owner: str, seconds: float) -> Lease | None:
        """Take or renew the lease by the server's clock; None while another owner holds it.

        A lease that ends later than its own length from now was taken before the clock was put
        back: it is free, or nobody would lead until the clock has caught up.
        """
        mine = await self._my_session()
        latest = {"$add": ["$$NOW", {"$ifNull": ["$length", _LONGEST_MS]}]}
        past = {"$or": [{"$lt": ["$until", "$$NOW"]}, {"$gt": ["$until", latest]}]}
        free = {"$or": [{"$eq": ["$owner", owner]}, past]}
        term = {"$cond": [{"$eq": ["$owner", owner]}, "$term", {"$add": ["$term", 1]}]}
        length = int(seconds * 1000)
        until = {"$add": ["$$NOW", length]}
        taken = {
            "term": term,
            "owner": owner,
            "until": until,
            "length": length,
            "session": mine.session_id,
        }
        async with faults():
            await self._ensure_lease()
            before = await self._leases.find_one_and_update(
                {"_id": self._shard, "$expr": free},
                [{"$set": taken}],
                return_document=ReturnDocument.BEFORE,
            )
        if before is None:
            return None
        if before["owner"] == owner:
            return Lease(owner, before["term"])
        if "session" in before:
            await kill_session(self._database, before["session"])
        return Lease(owner, before["term"] + 1)

    async def _my_session(self) -> Session:
        """The one session of this leader's transactions, named in the lease for its successor."""
        if self._session is None:
            self._session = await open_session(self._database)
        return self._session

    async def _ensure_lease(self) -> None:
        if await self._leases.find_one({"_id": self._shard}) is None:
            try:
                await self._leases.update_one(
                    {"_id": self._shard},
                    [{"$set": {"owner": "", "term": 0, "until": {"$add": ["$$NOW", -1]}}}],
                    upsert=True,
                )
            except DuplicateKeyError:
                return  # another process was first, which is as good

    async def fence(self, lease: Lease) -> None:
        """From now on no older term can append."""
        async with faults():
            moved = await self._heads.update_one(
                {"_id": self._shard, "term": {"$lte": lease.term}}, {"$set": {"term": lease.term}}
            )
        if moved.matched_count != 1:
            raise LeadershipLost("a newer leader has taken over")

    async def resign(self, lease: Lease) -> None:
        """Let the next leader start at once."""
        async with faults():
            await self._leases.update_one(
                {"_id": self._shard, "owner": lease.owner, "term": lease.term},
                [{"$set": {"owner": "", "until": {"$add": ["$$NOW", -1]}}}],
            )

    async def waiting(self, limit: int) -> Sequence[Waiting]:
        """The oldest queued events in the order of their commits: a snapshot, in natural order."""
        queue = self._queue.with_options(read_concern=ReadConcern("snapshot"))
        async with faults():
            found = queue.find({"shard": self._shard}).sort("$natural", 1).limit(limit)
            rows = await found.to_list(None)
        return within_weight(
            [
                Waiting(row["_id"], row["kind"], bytes(row["envelope"]), bytes(row["salt"]))
                for row in rows
            ]
        )

    async def append(self, lease: Lease, append: Append) -> None:
        """All of it or nothing; LeadershipLost when term or size are no longer ours."""

        async def work(session: Session) -> None:
            await self._move_head(lease, append.batch, session)
            document = codec.batch_document(self._shard, append.batch)
            await self._batches.insert_one(document, session=session)
            rows = [codec.tile_document(self._shard, tile) for tile in append.tiles]
            if rows:
                whole = [ReplaceOne({"_id": row["_id"]}, row, upsert=True) for row in rows]
                await self._tiles.bulk_write(whole, session=session)
            gone = await self._queue.delete_many(
                {"_id": {"$in": list(append.event_ids)}}, session=session
            )
            if gone.deleted_count != len(append.event_ids):
                raise LeadershipLost("the queue moved below this leader")

        try:
            await transact(await self._my_session(), work)
        except DuplicateKeyError:
            raise LeadershipLost("another leader has appended at this place") from None

    async def _move_head(self, lease: Lease, batch: Batch, session: Session) -> None:
        moved = await self._heads.update_one(
            {"_id": self._shard, "term": lease.term, "size": batch.first},
            {"$set": {"size": batch.end, "root": batch.root}},
            session=session,
        )
        if moved.matched_count != 1:
            raise LeadershipLost("the head moved below this leader")

    async def announced_checkpoint(self) -> Checkpoint | None:
        """The newest checkpoint body, signed or not yet."""
        return await self._newest_checkpoint({})

    async def announce_checkpoint(
        self, lease: Lease, checkpoint: Checkpoint, previous: int
    ) -> None:
        """Keep an unsigned body after `previous`; LeadershipLost when term or chain moved."""

        async def work(session: Session) -> None:
            moved = await self._heads.update_one(
                {"_id": self._shard, "term": lease.term, "announced": previous},
                {"$set": {"announced": checkpoint.tree_size}},
                session=session,
            )
            if moved.matched_count != 1:
                raise LeadershipLost("a newer leader keeps the checkpoints")
            row = codec.checkpoint_document(self._shard, checkpoint)
            await self._checkpoints.insert_one(row, session=session)

        await transact(await self._my_session(), work)

    async def sign_checkpoint(self, size: int, signatures: Sequence[NoteSignature]) -> None:
        """Add the log's signature to the body kept for a size."""
        rows = codec.signature_rows(tuple(signatures))
        async with faults():
            await self._checkpoints.update_one(
                {"_id": names.numbered(self._shard, size)}, {"$set": {"signatures": rows}}
            )

    async def bell(self) -> AsyncGenerator[None, None]:
        """Rings once at the start, then whenever the queue may have grown."""
        pipeline: list[Document] = [
            {"$match": {**_INSERTS, "fullDocument.shard": self._shard}},
            {"$project": {"_id": 1}},
        ]
        async with aclosing(watch(self._queue, pipeline)) as news:
            async for _ in news:
                yield

    async def _newest_checkpoint(self, condition: Mapping[str, object]) -> Checkpoint | None:
        async with faults():
            row = await self._checkpoints.find_one(
                {"_id": names.all_of(self._shard), **condition}, sort=[("_id", -1)]
            )
        return codec.checkpoint_of(row) if row else None
