"""Copies in custody, the receipts of those that are gone, and cancellations: their collections."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from subgraphs.kit.ids import HolderId
from subgraphs.kit.mongo import Database, IndexModel, Session
from subgraphs.wallet import codec
from subgraphs.wallet.records import Cancellation, Closure, CustodyId, CustodyObject, Deletion

INDEXES: Final[Mapping[str, Sequence[IndexModel]]] = {
    "custody": [
        IndexModel([("holder", 1), ("state", 1)]),
        IndexModel([("retry_at", 1)], sparse=True),
    ],
    "deletions": [IndexModel([("holder", 1), ("received_at", -1)])],
    "cancellations": [IndexModel([("holder", 1), ("at", -1)])],
    "closures": [],
}


class CustodyStore:
    """What the wallet keeps of copies and of what was given up."""

    def __init__(self, database: Database) -> None:
        self._custody = database["custody"]
        self._items = database["wallet_items"]
        self._deletions = database["deletions"]
        self._cancellations = database["cancellations"]
        self._closures = database["closures"]

    async def custody(self, ids: Sequence[str]) -> dict[str, CustodyObject]:
        found = await self._custody.find({"_id": {"$in": list(ids)}}).to_list(None)
        return {row["_id"]: codec.custody(row) for row in found}

    async def one(self, id_: CustodyId, *, session: Session | None = None) -> CustodyObject | None:
        found = await self._custody.find_one({"_id": id_}, session=session)
        return codec.custody(found) if found else None

    async def of_holder(
        self, holder: HolderId, states: Sequence[str], *, session: Session | None = None
    ) -> list[CustodyObject]:
        """A holder's copies in any of these states."""
        where = {"holder": holder, "state": {"$in": list(states)}}
        found = await self._custody.find(where, session=session).to_list(None)
        return [codec.custody(row) for row in found]

    async def due(self, now: datetime, limit: int) -> list[CustodyObject]:
        """Erasures to be tried, again or for the first time after a crash."""
        found = await (
            self._custody.find({"retry_at": {"$lte": now}})
            .sort([("retry_at", 1)])
            .limit(limit)
            .to_list(None)
        )
        return [codec.custody(row) for row in found]

    async def add(self, row: CustodyObject, session: Session) -> None:
        """Write a new object and make it the one its item names."""
        await self._custody.insert_one(codec.custody_document(row), session=session)
        await self._items.update_one(
            {"_id": row.item}, {"$set": {"custody": row.id}}, session=session
        )

    async def replace(self, row: CustodyObject, session: Session) -> bool:
        """Compare-and-set on the version before."""
        done = await self._custody.replace_one(
            {"_id": row.id, "version": row.version - 1},
            codec.custody_document(row),
            session=session,
        )
        return bool(done.modified_count == 1)

    async def add_deletion(self, row: Deletion, session: Session) -> None:
        await self._deletions.insert_one(codec.deletion_document(row), session=session)

    async def deletions(self, ids: Sequence[str]) -> dict[str, Deletion]:
        found = await self._deletions.find({"_id": {"$in": list(ids)}}).to_list(None)
        return {row["_id"]: codec.deletion(row) for row in found}

    async def deletions_of(self, holder: HolderId, limit: int) -> list[Deletion]:
        """A holder's receipts, newest first."""
        found = self._deletions.find({"holder": holder}).sort([("received_at", -1)]).limit(limit)
        return [codec.deletion(row) for row in await found.to_list(None)]

    async def add_cancellation(self, row: Cancellation, session: Session) -> None:
        """Raises DuplicateKeyError for a credential that has one."""
        await self._cancellations.insert_one(codec.cancellation_document(row), session=session)

    async def cancellations(
        self, ids: Sequence[str], *, session: Session | None = None
    ) -> dict[str, Cancellation]:
        """By credential."""
        found = self._cancellations.find({"_id": {"$in": list(ids)}}, session=session)
        return {row["_id"]: codec.cancellation(row) for row in await found.to_list(None)}

    async def cancellations_of(self, holder: HolderId, limit: int) -> list[Cancellation]:
        """A holder's own, newest first."""
        found = self._cancellations.find({"holder": holder}).sort([("at", -1)]).limit(limit)
        return [codec.cancellation(row) for row in await found.to_list(None)]

    async def add_closure(self, row: Closure, session: Session) -> None:
        """Raises DuplicateKeyError for a wallet that is closed."""
        await self._closures.insert_one(codec.closure_document(row), session=session)

    async def closure(self, holder: HolderId, *, session: Session | None = None) -> Closure | None:
        found = await self._closures.find_one({"_id": holder}, session=session)
        return codec.closure(found) if found else None
