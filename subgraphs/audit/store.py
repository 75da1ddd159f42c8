"""Audit's collections and queries; every query has its index in INDEXES.

Visibility is part of each query: a row names the ids that may see it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

from subgraphs.audit import codec, denials, flows, policy, signals, tallies
from subgraphs.audit.kept import allow_lists
from subgraphs.audit.kept import complaint_store as complaint
from subgraphs.audit.kept import dispute_store as dispute
from subgraphs.audit.kept import exit_store as exits
from subgraphs.audit.kept import operation_store as operation
from subgraphs.audit.projection import Changes
from subgraphs.audit.records import Accepted, EventRow
from subgraphs.audit.signals import SignalKind
from subgraphs.audit.tally import Mark
from subgraphs.kit import idempotent, institutions, prepared, roots
from subgraphs.kit.ids import is_id
from subgraphs.kit.mongo import Database, Document, IndexModel, Session, UpdateOne
from subgraphs.kit.paging import Counter, Order, Rows, Window, capped_count, fetch
from subgraphs.kit.statuses import ENDORSED, STATE_OF
from subgraphs.kit.viewer import Viewer

EVENTS: Final = "events"
ACCEPTED: Final = "accepted"
DAYS: Final = "days"
STORED, ERASED = "CUSTODY_STORED", "CUSTODY_DELETED"
PROJECTED: Final = (EVENTS, ACCEPTED, DAYS, flows.WAITS, tallies.CELLS, institutions.COLLECTION)
"""What follows from the log alone, and can be made from it again."""

WHILE_WRITING: Final = [
    IndexModel([("index", 1)], unique=True),
    IndexModel([("subjects", 1), ("index", 1)]),
]
"""What the follower itself looks events up by."""

INDEXES: Final[Mapping[str, Sequence[IndexModel]]] = {
    EVENTS: [
        *WHILE_WRITING,
        IndexModel([("viewers", 1), ("index", 1)]),
        # of what one may see a kind that is hardly in it: else all of either is looked through
        IndexModel([("viewers", 1), ("kind", 1), ("index", 1)]),
        IndexModel([("institutions", 1), ("index", 1)]),
        IndexModel([("kind", 1), ("index", 1)]),
        IndexModel([("institutions", 1), ("kind", 1), ("index", 1)]),
        IndexModel(
            [("body.check", 1), ("index", 1)], partialFilterExpression={"kind": signals.FRAUD}
        ),
    ],
    ACCEPTED: [IndexModel([("credential", 1)])],
    DAYS: (),
    **tallies.INDEXES,
    **dispute.INDEXES,
    **complaint.INDEXES,
    **exits.INDEXES,
    **flows.INDEXES,
    **operation.INDEXES,
    **denials.INDEXES,
    **allow_lists.INDEXES,
    **institutions.INDEXES,
    **prepared.INDEXES,
    **idempotent.INDEXES,
    **roots.INDEXES,
}

NEWEST: Final = Order(fields=("index",))
OLDEST: Final = Order(fields=("index",), descending=False)
_NOWHERE: Final = 2**62


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFilter:
    """Which events are asked for; None leaves that side open."""

    kinds: tuple[str, ...] | None = None
    subject: str | None = None
    institution: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    first: int | None = None
    last: int | None = None

    def where(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        if self.kinds is not None:
            found["kind"] = {"$in": list(self.kinds)}
        if self.subject is not None:
            found["subjects"] = self.subject
        if self.institution is not None:
            found["institutions"] = self.institution
        for name, bounds in (
            ("at", {"$gte": self.since, "$lt": self.until}),
            ("index", {"$gte": self.first, "$lte": self.last}),
        ):
            given = {step: bound for step, bound in bounds.items() if bound is not None}
            found |= {name: given} if given else {}
        return found


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
        self._days = database[DAYS]

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
            await self._enter_days(changes.rows, session)
        for one in changes.live:
            await self._open(one, session)
        for one in changes.over:
            await self._close(one, session)

    async def _enter_days(self, rows: Sequence[EventRow], session: Session) -> None:
        """Between which positions each day lies: what finds a time deep in the log."""
        days: dict[str, list[int]] = {}
        for row in rows:
            days.setdefault(_day(row.at), []).append(row.index)
        bounds = [
            UpdateOne(
                {"_id": day}, {"$min": {"first": min(at)}, "$max": {"last": max(at)}}, upsert=True
            )
            for day, at in days.items()
        ]
        await self._days.bulk_write(bounds, ordered=False, session=session)

    async def _open(self, one: Accepted, session: Session) -> None:
        row = codec.accepted_document(one)
        await self._accepted.replace_one({"_id": one.id}, row, upsert=True, session=session)
        unseen = {**_shared(one), "viewers": {"$ne": one.verifier}}
        # in order, as in a row that is written whole: however batches fall, rows come out alike
        entered = {"$push": {"viewers": {"$each": [one.verifier], "$sort": 1}}}
        await self._events.update_many(unseen, entered, session=session)

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

    async def after(
        self,
        position: int,
        limit: int,
        *,
        kinds: Sequence[str] = (),
        institutions: Sequence[str] = (),
    ) -> list[EventRow]:
        """Events after a position, ascending; of these kinds and naming one of these institutions,
        where any are given."""
        where: dict[str, Any] = {"index": {"$gt": position}}
        for name, values in (("kind", kinds), ("institutions", institutions)):
            where |= {name: {"$in": list(values)}} if values else {}
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

    async def placed(self, wanted: EventFilter) -> EventFilter:
        """The same filter with the positions between which its time lies."""
        first, last = wanted.first, wanted.last
        if wanted.since is not None:
            days = {"_id": {"$gte": _day(wanted.since)}}
            row = await self._days.find(days).sort([("first", 1)]).limit(1).to_list(None)
            first = max(first or 0, row[0]["first"]) if row else _NOWHERE
        if wanted.until is not None:
            days = {"_id": {"$lte": _day(wanted.until)}}
            row = await self._days.find(days).sort([("last", -1)]).limit(1).to_list(None)
            end = row[0]["last"] if row else -1
            last = end if last is None else min(last, end)
        return replace(wanted, first=first, last=last)

    async def page(
        self, viewer: Viewer, wanted: EventFilter, order: Order, asked: Window
    ) -> tuple[Rows, list[EventRow]]:
        page = await fetch(self._events, _all(wanted.where(), visible(viewer)), order, asked)
        return page, [codec.event(row) for row in page.rows]

    def count(self, viewer: Viewer, wanted: EventFilter) -> Counter:
        return capped_count(self._events, _all(wanted.where(), visible(viewer)))

    async def signals(
        self, kinds: Iterable[SignalKind], institution: str | None, asked: Window
    ) -> tuple[Rows, list[EventRow]]:
        """Signs of fraud, newest first; of any institution where None is named."""
        page = await fetch(self._events, _signs(kinds, institution), NEWEST, asked)
        return page, [codec.event(row) for row in page.rows]

    def count_signals(self, kinds: Iterable[SignalKind], institution: str | None) -> Counter:
        return capped_count(self._events, _signs(kinds, institution))

    async def around(self, subject: str, limit: int) -> list[EventRow]:
        """The newest events about a subject, the newest first."""
        found = self._events.find({"subjects": subject}).sort(NEWEST.sort).limit(limit)
        return [codec.event(row) for row in await found.to_list(None)]

    async def first_about(self, subject: str, holder: str) -> EventRow | None:
        """The first event about something of a holder's: who told it answers for it."""
        where = {"$and": [{"subjects": subject}, {"subjects": holder}]}
        found = await self._events.find(where).sort(OLDEST.sort).limit(1).to_list(None)
        return codec.event(found[0]) if found else None

    async def copies(self, holder: str) -> set[str]:
        """Copies in custody of hers that no receipt tells the end of."""
        where = {"subjects": holder, "kind": {"$in": [STORED, ERASED]}}
        rows = await self._events.find(where, {"kind": 1, "subjects": 1}).to_list(None)
        found: dict[str, set[str]] = {STORED: set(), ERASED: set()}
        for row in rows:
            found[row["kind"]] |= {one for one in row["subjects"] if is_id(one, "cust")}
        return found[STORED] - found[ERASED]

    async def case(self, subject: str, holder: str, institution: str, limit: int) -> list[EventRow]:
        """Events about a subject and what belongs to it, as far as an institution may see them:
        the newest ones, in order."""
        own = {"viewers": institution, "subjects": subject}
        about = await self._events.find(own).sort(NEWEST.sort).limit(limit).to_list(None)
        related = {one for row in about for one in row["subjects"] if not is_id(one, "hold")}
        mine = {"viewers": institution, "subjects": {"$in": sorted(related)}}
        where = {"$and": [mine, {"subjects": holder}]}
        found = await self._events.find(where).sort(NEWEST.sort).limit(limit).to_list(None)
        return [codec.event(row) for row in reversed(found)]

    async def before(
        self, holder: str, place: int, kinds: Sequence[str], limit: int, **seen: Any
    ) -> list[EventRow]:
        """The newest of these kinds about a holder before a place on the log, newest first;
        `seen` narrows them."""
        where = {"subjects": holder, "kind": {"$in": list(kinds)}, "index": {"$lt": place}}
        found = await self._events.find({"$and": [where, seen]}).sort(NEWEST.sort).to_list(limit)
        return [codec.event(row) for row in found]

    async def began(
        self, marks: Iterable[Mark], before: int, session: Session
    ) -> dict[Mark, datetime]:
        """When these last began, before a position; those that never did are not in the answer."""
        wanted = list(marks)
        if not wanted:
            return {}
        where = {
            "subjects": {"$in": sorted({mark.subject for mark in wanted})},
            "kind": {"$in": sorted({mark.kind for mark in wanted})},
            "index": {"$lt": before},
        }
        fields = {"kind": 1, "subjects": 1, "at": 1}
        rows = await self._events.find(where, fields, session=session).sort(OLDEST.sort).to_list()
        return {
            Mark(row["kind"], subject): row["at"] for row in rows for subject in row["subjects"]
        }

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


def _all(*clauses: dict[str, Any]) -> dict[str, Any]:
    given = [clause for clause in clauses if clause]
    return given[0] if len(given) == 1 else {"$and": given}


def _signs(kinds: Iterable[SignalKind], institution: str | None) -> dict[str, Any]:
    return _all(signals.where(kinds), {"institutions": institution} if institution else {})


def _day(at: datetime) -> str:
    return at.astimezone(UTC).date().isoformat()


def _shared(one: Accepted) -> dict[str, Any]:
    return {"subjects": one.credential, "kind": {"$in": sorted(policy.SHARED_WITH_ACCEPTING)}}
