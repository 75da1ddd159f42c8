"""Audit's collections and queries; every query has its index in INDEXES.

Visibility is part of each query: a row names the ids that may see it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from subgraphs.audit import codec, policy
from subgraphs.audit.projection import Changes
from subgraphs.audit.records import Accepted, EventRow
from subgraphs.kit import idempotent, institutions, prepared, roots
from subgraphs.kit.mongo import Database, Document, IndexModel, Session
from subgraphs.kit.paging import Counter, Order, Rows, Window, capped_count, fetch
from subgraphs.kit.statuses import ENDORSED, STATE_OF
from subgraphs.kit.viewer import Viewer

EVENTS: Final = "events"
ACCEPTED: Final = "accepted"

INDEXES: Final[Mapping[str, Sequence[IndexModel]]] = {
    EVENTS: [
        IndexModel([("index", 1)], unique=True),
        IndexModel([("viewers", 1), ("index", 1)]),
        IndexModel([("subjects", 1), ("index", 1)]),
        IndexModel([("institutions", 1), ("index", 1)]),
        IndexModel([("kind", 1), ("index", 1)]),
    ],
    ACCEPTED: [IndexModel([("credential", 1)])],
    **institutions.INDEXES,
    **prepared.INDEXES,
    **idempotent.INDEXES,
    **roots.INDEXES,
}

NEWEST: Final = Order(fields=("index",))
OLDEST: Final = Order(fields=("index",), descending=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFilter:
    """Which events are asked for; None leaves that side open."""

    kinds: tuple[str, ...] | None = None
    subject: str | None = None
    institution: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def where(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        if self.kinds is not None:
            found["kind"] = {"$in": list(self.kinds)}
        if self.subject is not None:
            found["subjects"] = self.subject
        if self.institution is not None:
            found["institutions"] = self.institution
        bounds = {"$gte": self.since, "$lt": self.until}
        given = {step: bound for step, bound in bounds.items() if bound is not None}
        return {**found, "at": given} if given else found


def visible(viewer: Viewer) -> dict[str, Any]:
    """The part of the events that a viewer may see."""
    if policy.sees_all(viewer):
        return {"index": {"$gte": 0}}  # all of them, along an index even when they are counted
    return {"viewers": {"$in": list(policy.names_of(viewer))}}


class Store:
    """What audit keeps."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._events = database[EVENTS]
        self._accepted = database[ACCEPTED]

    # -- the follower's side

    async def accepted(self, credentials: Iterable[str], session: Session) -> list[Accepted]:
        """Live acceptances of these credentials."""
        where = {"credential": {"$in": list(credentials)}}
        found = await self._accepted.find(where, session=session).to_list(None)
        return [codec.accepted(row) for row in found]

    async def write(self, changes: Changes, session: Session) -> None:
        """Apply a batch; the same batch again gives the same rows."""
        if changes.rows:
            first, last = changes.rows[0].index, changes.rows[-1].index
            between = {"index": {"$gte": first, "$lte": last}}
            await self._events.delete_many(between, session=session)
            rows = [codec.event_document(row) for row in changes.rows]
            await self._events.insert_many(rows, session=session)
        for one in changes.live:
            await self._open(one, session)
        for one in changes.over:
            await self._close(one, session)

    async def _open(self, one: Accepted, session: Session) -> None:
        row = codec.accepted_document(one)
        await self._accepted.replace_one({"_id": one.id}, row, upsert=True, session=session)
        await self._events.update_many(
            _shared(one), {"$addToSet": {"viewers": one.verifier}}, session=session
        )

    async def _close(self, one: Accepted, session: Session) -> None:
        await self._accepted.delete_one({"_id": one.id}, session=session)
        other = {"credential": one.credential, "verifier": one.verifier}
        if await self._accepted.find_one(other, session=session) is None:
            own = {"institutions": {"$ne": one.verifier}}
            await self._events.update_many(
                {**_shared(one), **own}, {"$pull": {"viewers": one.verifier}}, session=session
            )

    # -- the readers' side

    async def by_id(self, ids: Sequence[str]) -> dict[str, EventRow]:
        found = await self._events.find({"_id": {"$in": list(ids)}}).to_list(None)
        return {row["_id"]: codec.event(row) for row in found}

    async def by_index(self, positions: Sequence[int]) -> dict[int, EventRow]:
        found = await self._events.find({"index": {"$in": list(positions)}}).to_list(None)
        return {row["index"]: codec.event(row) for row in found}

    async def after(self, position: int, limit: int) -> list[EventRow]:
        """Events after a position, ascending."""
        where = {"index": {"$gt": position}}
        found = await self._events.find(where).sort(OLDEST.sort).limit(limit).to_list(None)
        return [codec.event(row) for row in found]

    async def anchoring(self, kind: str, subjects: Sequence[str]) -> dict[str, EventRow]:
        """The newest event of a kind for each subject, in one read."""
        where = {"subjects": {"$in": list(subjects)}, "kind": kind}
        found = await self._events.find(where).sort(OLDEST.sort).to_list(None)
        rows = [codec.event(row) for row in found]
        return {subject: row for row in rows for subject in row.subjects}

    async def last_word(self, credential: str, time: datetime) -> EventRow | None:
        """The newest event up to a time that says what state a credential is in."""
        kinds = {"$in": [*STATE_OF, ENDORSED]}
        where = {"subjects": credential, "kind": kinds, "at": {"$lte": time}}
        found = await self._events.find(where).sort(NEWEST.sort).limit(1).to_list(None)
        return codec.event(found[0]) if found else None

    async def page(
        self, viewer: Viewer, wanted: EventFilter, order: Order, asked: Window
    ) -> tuple[Rows, list[EventRow]]:
        page = await fetch(self._events, {**wanted.where(), **visible(viewer)}, order, asked)
        return page, [codec.event(row) for row in page.rows]

    def count(self, viewer: Viewer, wanted: EventFilter) -> Counter:
        return capped_count(self._events, {**wanted.where(), **visible(viewer)})

    async def ends_of_timelines(
        self, viewer: Viewer, subjects: Sequence[str], order: Order, limit: int
    ) -> dict[str, list[Document]]:
        """The first rows of each subject's timeline in an order: one call for all subjects."""
        reply = await self._database.command(
            {
                "aggregate": 1,
                "pipeline": [
                    {"$documents": [{"subject": subject} for subject in subjects]},
                    {
                        "$lookup": {
                            "from": EVENTS,
                            "localField": "subject",
                            "foreignField": "subjects",
                            "pipeline": [
                                {"$match": visible(viewer)},
                                {"$sort": dict(order.sort)},
                                {"$limit": limit},
                            ],
                            "as": "rows",
                        }
                    },
                ],
                "cursor": {"batchSize": len(subjects) + 1},
            }
        )
        return {one["subject"]: one["rows"] for one in reply["cursor"]["firstBatch"]}


def _shared(one: Accepted) -> dict[str, Any]:
    return {"subjects": one.credential, "kind": {"$in": sorted(policy.SHARED_WITH_ACCEPTING)}}
