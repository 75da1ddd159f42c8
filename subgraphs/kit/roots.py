"""Which holder a root DID belongs to, learnt from the log: ROOT_DID_REGISTERED by salted digest.

Whoever holds the identity provider's receipt can form the digest and so find the holder; the log
itself tells nobody.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ledger_adapter.port import LoggedEvent
from subgraphs.kit.ids import HolderId
from subgraphs.kit.mongo import Database, Document, IndexModel, ReplaceOne, Session, UpdateOne
from subgraphs.kit.together import Question

COLLECTION: Final = "roots"
KIND: Final = "ROOT_DID_REGISTERED"
CHANGED: Final = frozenset({"ROOT_DID_CHANGED", "ROOT_DID_COMPROMISED", "ROOT_DID_RECOVERED"})
"""The kinds that tell another version, whoever signed it."""
INDEXES: Final[Mapping[str, Sequence[IndexModel]]] = {COLLECTION: [IndexModel([("digest", 1)])]}


@dataclass(frozen=True, slots=True, kw_only=True)
class RootOnLog:
    """The newest version of a person's DID that the log knows, by number and salted digest."""

    number: int
    digest: str


class Roots:
    """The projection of one subgraph."""

    heeds: Final = CHANGED | {KIND}

    def __init__(self, database: Database) -> None:
        self._rows = database[COLLECTION]

    async def apply(self, events: Sequence[LoggedEvent], session: Session) -> None:
        writes = [write for event in events if (write := _write(event)) is not None]
        if writes:
            await self._rows.bulk_write(writes, session=session)

    async def holder(self, document_digest: str) -> HolderId | None:
        """The holder behind a DID document's digest; None until the log has told."""
        found = await self._rows.find_one({"digest": document_digest})
        return HolderId(found["_id"]) if found else None

    async def hold(self, holder: HolderId, seen: RootOnLog, session: Session) -> bool:
        """Leave her row as it is, but collide with whoever changes it; False if it has changed."""
        was: dict[str, Any] = {"version": seen.number, "newest": seen.digest}
        if seen.number == 1:
            was = {"version": None, "digest": seen.digest}
        guard = {"_id": holder, **was}
        held = await self._rows.update_one(guard, {"$inc": {"holds": 1}}, session=session)
        return bool(held.matched_count)

    async def newest(self, holder: HolderId) -> RootOnLog | None:
        """What a shown history has to end with; None until the log has told."""
        return await self.newest_of(holder).alone()

    def newest_of(self, holder: HolderId) -> Question[RootOnLog | None]:
        """The same, to be asked with others."""
        return Question(rows=self._rows, where={"_id": holder}, read=_newest)


def _newest(found: Sequence[Document]) -> RootOnLog | None:
    for row in found:
        digest = str(row.get("newest", row["digest"]))
        return RootOnLog(number=row.get("version", 1), digest=digest)
    return None


def _write(event: LoggedEvent) -> ReplaceOne[Any] | UpdateOne | None:
    """What an event changes; None for those that tell no version."""
    kind, body = event.envelope.kind, event.envelope.body
    if kind not in Roots.heeds:
        return None
    where = {"_id": event.envelope.subjects[0]}
    if kind in CHANGED:
        newest = {"version": body["version"], "newest": body["documentDigest"]}
        return UpdateOne(where, {"$set": newest})
    row = {**where, "digest": body["documentDigest"], "index": event.position.index}
    return ReplaceOne(where, row, upsert=True)
