"""Complaints, and each institution's channels, in the database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from subgraphs.audit.kept.complaints import SOON, Complaint, complaint, document
from subgraphs.kit.errors import Busy
from subgraphs.kit.mongo import Database, IndexModel, Session
from subgraphs.kit.paging import Order, Rows, Window, fetch
from subgraphs.kit.sealed import Seen, find_seen

COMPLAINTS: Final = "complaints"
CHANNELS: Final = "complaint_channels"
INDEXES: Final[Mapping[str, Sequence[IndexModel]]] = {
    COMPLAINTS: [
        IndexModel([("due_at", 1), ("_id", 1)]),
        IndexModel([("holder", 1), ("due_at", 1), ("_id", 1)]),
        IndexModel([("handlers", 1), ("due_at", 1), ("_id", 1)]),
        IndexModel([("waits", 1), ("due_at", 1), ("_id", 1)]),
    ],
    CHANNELS: (),
}
BY_DUE: Final = Order(fields=("due_at", "_id"), descending=False)
_AT_ONCE: Final = 100


class Complaints:
    """What audit keeps of complaints."""

    def __init__(self, database: Database) -> None:
        self._rows = database[COMPLAINTS]
        self._channels = database[CHANNELS]

    async def get(self, id_: str, session: Session | None = None) -> Complaint | None:
        row = await self._rows.find_one({"_id": id_}, session=session)
        return None if row is None else complaint(row)

    async def find(self, ids: Sequence[str], seen: Seen) -> dict[str, Complaint]:
        """By id, those that may be seen."""
        rows = await find_seen(self._rows, {"_id": {"$in": list(ids)}}, seen)
        return {row["_id"]: complaint(row) for row in rows}

    async def page(self, where: Mapping[str, Any], asked: Window) -> tuple[Rows, list[Complaint]]:
        page = await fetch(self._rows, where, BY_DUE, asked)
        return page, [complaint(row) for row in page.rows]

    async def to_remind(self, now: datetime) -> list[Complaint]:
        """Those that wait and are due soon, or were."""
        where = {"waits": True, "due_at": {"$lte": now + SOON}, "reminded": {"$ne": "OVERDUE"}}
        rows = await self._rows.find(where).sort(BY_DUE.sort).limit(_AT_ONCE).to_list(None)
        return [complaint(row) for row in rows]

    async def late(self, now: datetime) -> int:
        """How many complainants were not told in time."""
        return await self._rows.count_documents({"waits": True, "due_at": {"$lte": now}})

    async def waiting(self, owner: str | None, session: Session) -> int:
        """Of how many complaints of hers, or at an institution, nobody was told how they stand;
        None: of anybody."""
        where: dict[str, Any] = {"waits": True}
        if owner is not None:
            where["$or"] = [{"holder": owner}, {"handlers": owner}]
        return await self._rows.count_documents(where, session=session)

    async def add(self, row: Complaint, session: Session) -> None:
        await self._rows.insert_one(document(row), session=session)

    async def move(self, was: Complaint, now: Complaint, session: Session) -> None:
        """Busy when somebody else moved it first."""
        same = {"_id": was.id, "version": was.version}
        done = await self._rows.replace_one(same, document(now), session=session)
        if done.matched_count != 1:
            raise Busy("the complaint has just changed")

    async def channels(self, institution: str) -> dict[str, str]:
        """Address by kind of channel; empty where the institution has named none."""
        row = await self._channels.find_one({"_id": institution})
        return dict(row["channels"]) if row else {}

    async def name_channels(
        self, institution: str, channels: Mapping[str, str], session: Session
    ) -> None:
        row = {"_id": institution, "channels": dict(channels)}
        await self._channels.replace_one({"_id": institution}, row, upsert=True, session=session)
