"""Whole databases out of the server as they were at one moment, and into an empty server."""

from collections.abc import AsyncIterator, Sequence
from typing import Any, Final

from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from pymongo.write_concern import WriteConcern

from ledger_adapter.store.mongo import names as ledger_names
from ledger_adapter.store.mongo.seam import faults, settle

SERVERS_OWN: Final = frozenset({"admin", "config", "local"})
_RAW: Final[CodecOptions[RawBSONDocument]] = CodecOptions(document_class=RawBSONDocument)
_AT_ONCE: Final = 500


async def databases(client: Any) -> list[str]:
    """All but the server's own."""
    async with faults():
        return sorted(set(await client.list_database_names()) - SERVERS_OWN)


async def collections(client: Any, database: str) -> list[str]:
    async with faults():
        found: list[str] = await client[database].list_collection_names(
            filter={"type": "collection"}
        )
    return sorted(found)


class Moment:
    """Reads of several databases that all see the same moment; over after about five minutes."""

    def __init__(self, client: Any, session: Any) -> None:
        self._client, self._session = client, session

    @classmethod
    async def now(cls, client: Any) -> "Moment":
        async with faults():
            return cls(client, await settle(client.start_session(snapshot=True)))

    async def rows(self, database: str, collection: str) -> AsyncIterator[bytes]:
        """Every document as BSON, by id."""
        source = self._client[database].get_collection(collection, codec_options=_RAW)
        async with faults():
            async for row in source.find({}, session=self._session).sort("_id", 1):
                yield row.raw

    async def head(self, database: str, shard: str) -> tuple[int, str, str]:
        """The log's size, root in hex and origin; nothing, while there is no log."""
        async with faults():
            heads = self._client[database][ledger_names.HEAD]
            row = await heads.find_one({"_id": shard}, session=self._session)
        return (row["size"], bytes(row["root"]).hex(), row["origin"]) if row else (0, "", "")

    async def end(self) -> None:
        async with faults():
            await settle(self._session.end_session())


async def put(client: Any, database: str, collection: str, rows: Sequence[bytes]) -> None:
    """Documents as they were read, in one call each time."""
    target = client[database].get_collection(
        collection, codec_options=_RAW, write_concern=WriteConcern("majority")
    )
    async with faults():
        for start in range(0, len(rows), _AT_ONCE):
            some = [RawBSONDocument(row) for row in rows[start : start + _AT_ONCE]]
            await target.insert_many(some, ordered=False)
