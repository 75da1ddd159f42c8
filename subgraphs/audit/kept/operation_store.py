"""Incidents and drills in the database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from subgraphs.audit.kept.operation import (
    Drill,
    DrillState,
    Incident,
    IncidentState,
    document,
    drill,
    incident,
)
from subgraphs.kit.errors import Busy
from subgraphs.kit.mongo import Collection, Database, IndexModel, Session
from subgraphs.kit.paging import Order, Rows, Window, fetch

INCIDENTS: Final = "incidents"
DRILLS: Final = "drills"
INDEXES: Final[Mapping[str, Sequence[IndexModel]]] = {
    INCIDENTS: [
        IndexModel([("opened_at", -1), ("_id", -1)]),
        IndexModel([("owner", 1), ("opened_at", -1), ("_id", -1)]),
        IndexModel([("state", 1), ("report_due_at", 1)]),
    ],
    DRILLS: [
        IndexModel([("due_at", 1), ("_id", 1)]),
        IndexModel([("owner", 1), ("due_at", 1), ("_id", 1)]),
        IndexModel([("state", 1), ("due_at", 1)]),
    ],
}
NEWEST: Final = Order(fields=("opened_at", "_id"))
BY_DUE: Final = Order(fields=("due_at", "_id"), descending=False)
UNREPORTED: Final = [IncidentState.OPEN.value, IncidentState.CONTAINED.value]


class Operation:
    """What audit keeps of how the deployment is run."""

    def __init__(self, database: Database) -> None:
        self._incidents, self._drills = database[INCIDENTS], database[DRILLS]

    async def incident(self, id_: str, session: Session | None = None) -> Incident | None:
        row = await self._incidents.find_one({"_id": id_}, session=session)
        return None if row is None else incident(row)

    async def drill(self, id_: str, session: Session | None = None) -> Drill | None:
        row = await self._drills.find_one({"_id": id_}, session=session)
        return None if row is None else drill(row)

    async def incidents(
        self, where: Mapping[str, Any], asked: Window
    ) -> tuple[Rows, list[Incident]]:
        page = await fetch(self._incidents, where, NEWEST, asked)
        return page, [incident(row) for row in page.rows]

    async def drills(self, where: Mapping[str, Any], asked: Window) -> tuple[Rows, list[Drill]]:
        page = await fetch(self._drills, where, BY_DUE, asked)
        return page, [drill(row) for row in page.rows]

    async def add(self, row: Incident | Drill, session: Session) -> None:
        await self._place(row).insert_one(document(row), session=session)

    async def move(self, was: Incident | Drill, now: Incident | Drill, session: Session) -> None:
        """Busy when somebody else moved it first."""
        same = {"_id": was.id, "version": was.version}
        done = await self._place(was).replace_one(same, document(now), session=session)
        if done.matched_count != 1:
            raise Busy("it has just changed")

    async def reports_late(self, now: datetime) -> int:
        """Incidents whose report is due and not written."""
        late = {"state": {"$in": UNREPORTED}, "report_due_at": {"$lte": now}}
        return await self._incidents.count_documents(late)

    async def drills_late(self, now: datetime) -> int:
        """Drills that are due and were not held."""
        late = {"state": DrillState.PLANNED.value, "due_at": {"$lte": now}}
        return await self._drills.count_documents(late)

    def _place(self, row: Incident | Drill) -> Collection:
        return self._incidents if isinstance(row, Incident) else self._drills
