"""What people do with complaints, and the reminders that nobody has to think of."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from ledger_adapter.port import Envelope, JsonValue
from subgraphs.audit.kept.complaints import Complaint, Note, due, stage
from subgraphs.audit.lifecycle import complaint_step
from subgraphs.audit.parts import Parts
from subgraphs.audit.states import ComplaintState
from subgraphs.kit.errors import Busy, Invalid, NotFound
from subgraphs.kit.events import event
from subgraphs.kit.ids import HolderId, InstitutionId, new_id
from subgraphs.kit.mongo import Contended, Mongo, Session

CHANNELS: Final = ("APP", "PHONE", "EMAIL", "COUNTER", "LETTER")
LONGEST_TEXT: Final = 2_000
LONGEST_ADDRESS: Final = 200
MOST_HANDLERS: Final = 8
MOST_NOTES: Final = 50
LOOK_SECONDS: Final = 30.0


async def file_complaint(
    parts: Parts, holder: HolderId, *, lead: str, channel: str, text: str, session: Session
) -> Complaint:
    """Received, with the date by which the complainant is told how it stands."""
    await _known(parts, [lead], "institutionId")
    if channel not in await parts.complaints.channels(lead):
        raise Invalid(
            "the institution has no such channel", field="channel", code="CHANNEL_MISSING"
        )
    _text(text, "text")
    now = parts.clock().replace(microsecond=0)
    row = Complaint(
        id=new_id("cmpl"),
        version=1,
        state=ComplaintState.RECEIVED,
        holder=holder,
        channel=channel,
        text=text,
        lead=lead,
        received_at=now,
        due_at=due(now),
    )
    await parts.complaints.add(row, session)
    told: dict[str, JsonValue] = {"channel": channel, "dueAt": row.due_at.isoformat()}
    await parts.outbox.put(session, complaint_event("COMPLAINT_FILED", row, now, told))
    return row


async def handle(
    parts: Parts,
    lead: InstitutionId,
    *,
    complaint_id: str,
    state: ComplaintState | None,
    note: str | None,
    co_handlers: Sequence[str] | None,
    session: Session,
) -> Complaint:
    """A step, a word to the complainant, other institutions that help: by the lead alone."""
    row = await parts.complaints.get(complaint_id, session)
    if row is None or row.lead != lead:
        raise NotFound("complaint", field="complaintId")
    now = parts.clock().replace(microsecond=0)
    changed = replace(row, version=row.version + 1)
    if co_handlers is not None:
        changed = replace(changed, co_handlers=await _helpers(parts, lead, co_handlers))
    if note is not None:
        _text(note, "note")
        if len(row.notes) >= MOST_NOTES:
            raise Invalid("too many notes", field="note", code="NOTES_TOO_MANY")
        changed = replace(changed, notes=(*row.notes, Note(now, lead, note)))
    if state is not None:
        if state is ComplaintState.PROGRESS_REPORTED and note is None:
            raise Invalid("say how it stands", field="note", code="NOTE_MISSING")
        changed = replace(changed, state=complaint_step(row.state, state))
    await parts.complaints.move(row, changed, session)
    told: dict[str, JsonValue] = {"state": changed.state.value}
    await parts.outbox.put(session, complaint_event("COMPLAINT_MOVED", changed, now, told))
    return changed


async def name_channels(
    parts: Parts,
    institution: InstitutionId,
    channels: Sequence[tuple[str, str]],
    session: Session,
) -> None:
    """How people may complain to an institution, as kinds and addresses; takes the place of what
    it named before."""
    for place, (kind, address) in enumerate(channels):
        at = f"channels[{place}]"
        if kind not in CHANNELS:
            known = ", ".join(CHANNELS)
            raise Invalid(f"known are {known}", field=f"{at}.kind", code="CHANNEL_UNKNOWN")
        if not 0 < len(address) <= LONGEST_ADDRESS:
            size = f"1 to {LONGEST_ADDRESS} characters"
            raise Invalid(size, field=f"{at}.address", code="TEXT_TOO_LONG")
    named = dict(channels)
    if len(named) < len(channels):
        raise Invalid("one channel twice", field="channels")
    await parts.complaints.name_channels(institution, named, session)


class Reminders:
    """Tells handlers, once when progress is due soon and once when it is overdue."""

    def __init__(self, mongo: Mongo, parts: Parts) -> None:
        self._mongo, self._parts = mongo, parts

    async def run(self) -> None:
        """For ever."""
        while True:
            await self.look(self._parts.clock())
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self, now: datetime) -> int:
        """How many were reminded of; of two processes that look, one tells."""
        told = 0
        for row in await self._parts.complaints.to_remind(now):
            word = stage(row, now)
            if word is not None:
                told += await self._remind(row, word, now)
        return told

    async def _remind(self, row: Complaint, word: str, now: datetime) -> bool:
        changed = replace(row, version=row.version + 1, reminded=(*row.reminded, word))

        async def work(session: Session) -> None:
            await self._parts.complaints.move(row, changed, session)
            reminder = complaint_event("COMPLAINT_REMINDED", changed, now, {"stage": word})
            await self._parts.outbox.put(session, reminder)

        try:
            await self._mongo.transaction(work)
        except (Busy, Contended):
            return False  # it has just changed: the next look sees it as it is
        return True


def complaint_event(
    kind: str, row: Complaint, at: datetime, body: Mapping[str, JsonValue]
) -> Envelope:
    """For the holder and everybody who handles it."""
    return event(
        kind,
        entity=row.id,
        version=row.version,
        subjects=(row.id, row.holder),
        institutions=[InstitutionId(one) for one in row.handlers],
        at=at,
        body=body,
    )


async def _helpers(parts: Parts, lead: str, given: Sequence[str]) -> tuple[str, ...]:
    others = tuple(dict.fromkeys(one for one in given if one != lead))
    if len(others) > MOST_HANDLERS:
        raise Invalid("too many institutions", field="coHandlerIds", code="HANDLERS_TOO_MANY")
    await _known(parts, others, "coHandlerIds")
    return others


async def _known(parts: Parts, institutions: Sequence[str], field: str) -> None:
    found = await parts.institutions.find([InstitutionId(one) for one in institutions])
    if len(found) != len(institutions):
        raise NotFound("institution", field=field)


def _text(text: str, field: str) -> None:
    if not 0 < len(text) <= LONGEST_TEXT:
        raise Invalid(f"1 to {LONGEST_TEXT} characters", field=field, code="TEXT_TOO_LONG")
