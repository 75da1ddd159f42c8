"""Payloads waiting for a holder's signature: bound to her, used once, gone after ten minutes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from subgraphs.kit.errors import Invalid, NotFound
from subgraphs.kit.ids import HolderId, new_id
from subgraphs.kit.mongo import Database, Document, IndexModel, Session

COLLECTION: Final = "prepared"
LIFETIME: Final = timedelta(minutes=10)
INDEXES: Final[Mapping[str, Sequence[IndexModel]]] = {
    COLLECTION: [IndexModel([("expires_at", 1)], expireAfterSeconds=3600)]
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedRow:
    """`to_sign` are the bytes, `facts` what the submit step needs to go on."""

    id: str
    holder: HolderId
    purpose: str
    payload: Mapping[str, Any]
    to_sign: bytes
    facts: Mapping[str, Any]
    expires_at: datetime


class Prepared:
    """The rows of one subgraph."""

    def __init__(self, database: Database) -> None:
        self._rows = database[COLLECTION]

    async def put(
        self,
        *,
        holder: HolderId,
        purpose: str,
        payload: Mapping[str, Any],
        to_sign: bytes,
        now: datetime,
        facts: Mapping[str, Any] | None = None,
    ) -> PreparedRow:
        """Keep a payload; answering it to the client is the caller's."""
        row = PreparedRow(
            id=new_id("prep"),
            holder=holder,
            purpose=purpose,
            payload=payload,
            to_sign=to_sign,
            facts=facts or {},
            expires_at=now + LIFETIME,
        )
        await self._rows.insert_one(_document(row))
        return row

    async def find(
        self, prepared_id: str, *, holder: HolderId, purpose: str, now: datetime
    ) -> PreparedRow:
        """The row if it may still be used; a foreign, unknown or otherwise used one alike."""
        found = await self._rows.find_one(_usable(prepared_id, holder, purpose))
        return _fresh(found, now)

    async def use(
        self, session: Session, prepared_id: str, *, holder: HolderId, purpose: str, now: datetime
    ) -> PreparedRow:
        """Take the row for good, in the transaction that makes its effect."""
        found = await self._rows.find_one_and_update(
            _usable(prepared_id, holder, purpose), {"$set": {"used": True}}, session=session
        )
        return _fresh(found, now)


def _usable(prepared_id: str, holder: HolderId, purpose: str) -> dict[str, Any]:
    return {"_id": prepared_id, "holder": holder, "purpose": purpose, "used": False}


def _fresh(found: Document | None, now: datetime) -> PreparedRow:
    if found is None:
        raise NotFound("prepared payload", field="preparedId")
    if found["expires_at"] <= now:
        raise Invalid(
            "the prepared payload is too old", field="preparedId", code="PREPARED_EXPIRED"
        )
    return PreparedRow(
        id=found["_id"],
        holder=found["holder"],
        purpose=found["purpose"],
        payload=found["payload"],
        to_sign=bytes(found["to_sign"]),
        facts=found["facts"],
        expires_at=found["expires_at"],
    )


def _document(row: PreparedRow) -> Document:
    return {
        "_id": row.id,
        "holder": row.holder,
        "purpose": row.purpose,
        "payload": dict(row.payload),
        "to_sign": row.to_sign,
        "facts": dict(row.facts),
        "expires_at": row.expires_at,
        "used": False,
    }
