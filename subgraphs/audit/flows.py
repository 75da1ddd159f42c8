"""Where business waits, in the database: kept by the follower."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from subgraphs.audit.flow import Stage, Wait
from subgraphs.kit.mongo import Database, IndexModel, Session
from subgraphs.kit.paging import COUNT_CAP

WAITS: Final = "waits"
INDEXES: Final[Mapping[str, Sequence[IndexModel]]] = {
    WAITS: [IndexModel([("stage", 1), ("since", 1)])]
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Queued:
    """How many wait for a step, at most 10 000, and since when the first of them."""

    stage: Stage
    waiting: int
    oldest: datetime | None


class Flows:
    """What waits for its next step."""

    def __init__(self, database: Database) -> None:
        self._rows = database[WAITS]

    async def put(self, left: Mapping[str, Wait | None], session: Session) -> None:
        """Apply a batch; the same batch again gives the same rows."""
        if not left:
            return
        await self._rows.delete_many({"_id": {"$in": list(left)}}, session=session)
        rows = [
            {"_id": subject, "stage": wait.stage.value, "since": wait.since}
            for subject, wait in left.items()
            if wait is not None
        ]
        if rows:
            await self._rows.insert_many(rows, session=session)

    async def queued(self) -> list[Queued]:
        """Every stage."""
        return [await self._queued(stage) for stage in Stage]

    async def _queued(self, stage: Stage) -> Queued:
        where = {"stage": stage.value}
        first = await self._rows.find(where).sort([("since", 1)]).limit(1).to_list(None)
        return Queued(
            stage=stage,
            waiting=await self._rows.count_documents(where, limit=COUNT_CAP),
            oldest=first[0]["since"] if first else None,
        )
