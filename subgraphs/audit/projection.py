"""From log events to the read model's changes; pure, so that a rebuild gives the same rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ledger_adapter.port import LoggedEvent
from subgraphs.audit import policy
from subgraphs.audit.records import Accepted, EventRow
from subgraphs.kit.ids import derived_id, is_id

ACCEPTED, ENDED = "CREDENTIAL_ACCEPTED", "ACCEPTANCE_ENDED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What a batch does. `live` and `over` concern only acceptances that this batch touched."""

    rows: tuple[EventRow, ...]
    live: tuple[Accepted, ...]
    over: tuple[Accepted, ...]


def credentials_in(events: Iterable[LoggedEvent]) -> set[str]:
    """Credentials whose acceptances decide who sees these events."""
    return {s for event in events for s in event.envelope.subjects if is_id(s, "cred")}


def project(events: Sequence[LoggedEvent], before: Iterable[Accepted]) -> Changes:
    """Rows and changed acceptances; `before` are the live ones of `credentials_in(events)`."""
    known = {one.id: one for one in before}
    standing, touched = dict(known), dict[str, Accepted]()
    for event in events:
        for one in _acceptance(event):
            touched[one.id] = one
            if event.envelope.kind == ACCEPTED:
                standing[one.id] = one
            else:
                standing.pop(one.id, None)
    accepting = _by_credential(standing.values())
    return Changes(
        rows=tuple(_row(event, accepting) for event in events),
        live=tuple(one for id_, one in touched.items() if id_ in standing),
        over=tuple(one for id_, one in touched.items() if id_ not in standing),
    )


def event_row_id(shard: str, index: int) -> str:
    """The id of the event at a position: the same on every deployment that reads this log."""
    return derived_id("aevt", shard, str(index))


def _acceptance(event: LoggedEvent) -> list[Accepted]:
    envelope = event.envelope
    if envelope.kind not in (ACCEPTED, ENDED):
        return []
    acceptance = next(s for s in envelope.subjects if is_id(s, "accp"))
    verifier = envelope.institutions[0]
    return [
        Accepted(id=acceptance, credential=subject, verifier=verifier)
        for subject in envelope.subjects
        if is_id(subject, "cred")
    ]


def _by_credential(standing: Iterable[Accepted]) -> dict[str, list[str]]:
    found = dict[str, list[str]]()
    for one in standing:
        found.setdefault(one.credential, []).append(one.verifier)
    return found


def _row(event: LoggedEvent, accepting: Mapping[str, Sequence[str]]) -> EventRow:
    envelope = event.envelope
    verifiers = [one for subject in envelope.subjects for one in accepting.get(subject, ())]
    return EventRow(
        id=event_row_id(event.position.shard, event.position.index),
        index=event.position.index,
        event_id=envelope.event_id,
        kind=envelope.kind,
        subjects=envelope.subjects,
        institutions=envelope.institutions,
        at=envelope.at,
        body=envelope.body,
        entry=event.entry,
        leaf_hash=event.leaf_hash,
        salt=event.salt,
        viewers=policy.viewers_of(
            envelope.kind, envelope.subjects, envelope.institutions, verifiers
        ),
    )
