"""The rollup of figures, kept by the follower, summed by aggregation; and analysts' budgets."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from ledger_adapter.crypto import sm3
from subgraphs.audit.figures import RATES, Question, Told
from subgraphs.audit.tally import BOUNDS, SPANS, Cell, CellKey
from subgraphs.kit.errors import Refusal
from subgraphs.kit.mongo import (
    Database,
    Document,
    IndexModel,
    ReplaceOne,
    Session,
)

CELLS: Final = "cells"
ASKED: Final = "asked"
BUDGET: Final = 60
"""Different questions a day, for each analyst."""
KEPT_SECONDS: Final = 2 * 86_400

INDEXES: Final[Mapping[str, Sequence[IndexModel]]] = {
    CELLS: [
        IndexModel([("month", 1)]),
        IndexModel([("span", 1), ("month", 1)]),
        IndexModel([("kind", 1), ("month", 1)]),
    ],
    ASKED: [IndexModel([("at", 1)], expireAfterSeconds=KEPT_SECONDS)],
}


class BudgetSpent(Refusal):
    """The analyst has asked enough different questions today."""

    code = "QUERY_BUDGET_SPENT"


class Tallies:
    """What audit keeps of figures."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._cells = database[CELLS]
        self._asked = database[ASKED]

    async def cells(self, keys: Iterable[CellKey], session: Session) -> dict[CellKey, Cell]:
        where = {"_id": {"$in": ["|".join(key) for key in keys]}}
        found = await self._cells.find(where, session=session).to_list(None)
        cells = [_cell(row) for row in found]
        return {cell.key: cell for cell in cells}

    async def put(self, cells: Iterable[Cell], session: Session) -> None:
        rows = [_document(cell) for cell in cells]
        if rows:
            replaced = [ReplaceOne({"_id": row["_id"]}, row, upsert=True) for row in rows]
            await self._cells.bulk_write(replaced, ordered=False, session=session)

    async def told(self, asked: Question) -> list[Told]:
        """What the cells tell of a question, summed where they lie."""
        reply = await self._database.command(
            {"aggregate": CELLS, "pipeline": pipeline(asked), "cursor": {"batchSize": 100_000}}
        )
        return [_told(asked, row) for row in reply["cursor"]["firstBatch"]]

    async def spend(self, analyst: str, asked: Question, now: datetime) -> int:
        """How many questions are left after this one; the same question again costs nothing."""
        text = json.dumps(asked.digestible)
        digest = sm3.digest(text.encode()).hex()
        day = {"_id": f"{analyst}|{now.astimezone(UTC):%Y-%m-%d}"}
        # by _id alone: an upsert with any other condition fails when two come at once
        await self._asked.update_one(day, {"$setOnInsert": {"questions": []}}, upsert=True)
        new = {**day, "questions": {"$ne": digest}, f"questions.{BUDGET - 1}": {"$exists": False}}
        spent = {"$push": {"questions": digest}, "$set": {"at": now}}
        await self._asked.update_one(new, spent)
        row = await self._asked.find_one(day)
        known: Sequence[str] = row["questions"] if row else ()
        if digest not in known:
            raise BudgetSpent(f"{BUDGET} different questions a day are answered")
        return BUDGET - len(known)


def pipeline(asked: Question) -> list[Document]:
    """The aggregation over cells, along an index that ends with the month."""
    where: dict[str, Any] = {
        "month": {"$gte": asked.months[0], "$lte": asked.months[-1]},
        "count": {"$gt": 0},
    }
    group: dict[str, Any] = {
        "_id": {name: f"${name}" for name in asked.group_by},
        "count": {"$sum": "$count"},
    }
    if asked.metric in RATES:
        where["kind"], good = RATES[asked.metric]
        group["good"] = {"$sum": {"$cond": [{"$eq": ["$outcome", good]}, "$count", 0]}}
    if asked.metric in SPANS:
        where["span"] = asked.metric
        group |= {
            f"s{place}": {"$sum": {"$arrayElemAt": ["$steps", place]}}
            for place in range(len(BOUNDS) + 1)
        }
    return [{"$match": where}, {"$group": group}]


def _told(asked: Question, row: Document) -> Told:
    steps = range(len(BOUNDS) + 1) if asked.metric in SPANS else ()
    return Told(
        values=tuple(row["_id"][name] for name in asked.group_by),
        count=row["count"],
        good=row.get("good", 0),
        steps=tuple(row[f"s{place}"] for place in steps),
    )


def _document(cell: Cell) -> Document:
    return {
        "_id": "|".join(cell.key),
        **cell.key._asdict(),
        "upto": cell.upto,
        "told_to": cell.told_to,
        "count": cell.count,
        "steps": list(cell.steps),
        "waiting": cell.waiting,
        "waiting_steps": list(cell.waiting_steps),
        "persons": sorted(cell.persons),
    }


def _cell(row: Document) -> Cell:
    return Cell(
        key=CellKey(*(row[name] for name in CellKey._fields)),
        upto=row["upto"],
        told_to=row["told_to"],
        count=row["count"],
        steps=tuple(row["steps"]),
        waiting=row["waiting"],
        waiting_steps=tuple(row["waiting_steps"]),
        persons=frozenset(row["persons"]),
    )
