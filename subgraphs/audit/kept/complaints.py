"""A complaint as a row, its store document, and when it is due. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from subgraphs.audit.kept.due import due_after
from subgraphs.audit.states import ComplaintState
from subgraphs.kit.mongo import Document
from subgraphs.rules.calendar import CHINA, Calendar

WORKING_DAYS: Final = 7
WAITING: Final = frozenset({ComplaintState.RECEIVED, ComplaintState.INVESTIGATING})
"""Nobody has been told yet how it stands."""
SOON: Final = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Note:
    """What was said with a step; `by` an institution."""

    at: datetime
    by: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """`lead` answers to the complainant; `reminded` are the stages somebody was reminded at."""

    id: str
    version: int
    state: ComplaintState
    holder: str
    channel: str
    text: str
    lead: str
    co_handlers: tuple[str, ...] = ()
    received_at: datetime
    due_at: datetime
    notes: tuple[Note, ...] = ()
    reminded: tuple[str, ...] = ()

    @property
    def handlers(self) -> tuple[str, ...]:
        return (self.lead, *self.co_handlers)


def due(received: datetime, calendar: Calendar = CHINA) -> datetime:
    """The end of the seventh working day."""
    return due_after(received, WORKING_DAYS, calendar)


def stage(row: Complaint, now: datetime) -> str | None:
    """What its handlers are to be reminded of now: SOON, OVERDUE, or nothing new."""
    if row.state not in WAITING:
        return None
    if now >= row.due_at:
        return None if "OVERDUE" in row.reminded else "OVERDUE"
    return "SOON" if now >= row.due_at - SOON and not row.reminded else None


def document(row: Complaint) -> Document:
    return {
        "_id": row.id,
        "version": row.version,
        "state": row.state.value,
        "holder": row.holder,
        "channel": row.channel,
        "text": row.text,
        "handlers": list(row.handlers),
        "received_at": row.received_at,
        "due_at": row.due_at,
        "notes": [{"at": one.at, "by": one.by, "text": one.text} for one in row.notes],
        "reminded": list(row.reminded),
        "waits": row.state in WAITING,
    }


def complaint(row: Document) -> Complaint:
    return Complaint(
        id=row["_id"],
        version=row["version"],
        state=ComplaintState(row["state"]),
        holder=row["holder"],
        channel=row["channel"],
        text=row["text"],
        lead=row["handlers"][0],
        co_handlers=tuple(row["handlers"][1:]),
        received_at=row["received_at"],
        due_at=row["due_at"],
        notes=tuple(Note(one["at"], one["by"], one["text"]) for one in row["notes"]),
        reminded=tuple(row["reminded"]),
    )
