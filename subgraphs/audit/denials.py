"""What callers were denied, as gateways tell it: a signal for the regulator, on no log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from subgraphs.kit.mongo import Database, Document, IndexModel
from subgraphs.kit.paging import Counter, Order, Rows, Window, capped_count, fetch

COLLECTION: Final = "denials"
KEPT_SECONDS: Final = 90 * 86_400
INDEXES: Final[Mapping[str, Sequence[IndexModel]]] = {
    COLLECTION: [
        IndexModel([("minute", -1), ("_id", -1)]),
        IndexModel([("told_at", 1)], expireAfterSeconds=KEPT_SECONDS),
    ]
}
NEWEST: Final = Order(fields=("minute", "_id"))
_PARTS: Final = "\n"  # in no name, path or code


@dataclass(frozen=True, slots=True, kw_only=True)
class Denial:
    """How often a client was refused a field in one minute."""

    client: str
    field: str
    code: str
    minute: datetime
    count: int


class Denied:
    """The denials of all gateways of a deployment, added up."""

    def __init__(self, database: Database) -> None:
        self._rows = database[COLLECTION]

    async def add(self, denials: Sequence[Denial], now: datetime) -> None:
        """Add to what is known of the same client, field, code and minute."""
        for each in denials:
            stamp = each.minute.isoformat()
            row = {"client": each.client, "field": each.field, "code": each.code}
            first = {**row, "minute": each.minute, "told_at": now}
            await self._rows.update_one(
                {"_id": _PARTS.join((stamp, *row.values()))},
                {"$setOnInsert": first, "$inc": {"count": each.count}},
                upsert=True,
            )

    async def page(self, asked: Window) -> tuple[Rows, list[Denial]]:
        page = await fetch(self._rows, {}, NEWEST, asked)
        return page, [_denial(row) for row in page.rows]

    def count(self) -> Counter:
        return capped_count(self._rows, {"minute": {"$exists": True}})


def _denial(row: Document) -> Denial:
    return Denial(
        client=row["client"],
        field=row["field"],
        code=row["code"],
        minute=row["minute"],
        count=row["count"],
    )
