"""Figures that give nobody away: events counted in cells that tell only whole groups. Pure.

A cell is one institution, kind, month, outcome and band, and the span that the event ends if it
ends one. What enters it waits until K different persons wait together, and is then told at once. An
event is in one cell only. So every figure anybody ever gets, of whatever metric, now or later, is a
sum of groups of at least K persons, and so is every difference of two figures: there is no total
that a small cell could be worked out from (none holds what is not told), and no moment before and
after one person.

Laws: events come in the order of the log; folding the same events again changes nothing (`upto`);
what is told of a cell is always the beginning of its events, up to `told_to`.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Final, NamedTuple

from ledger_adapter.port import LoggedEvent
from subgraphs.kit.ids import is_id
from subgraphs.rules.calendar import SHANGHAI

K: Final = 5
NONE: Final = ""
_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400
BOUNDS: Final[tuple[int, ...]] = (
    *(1, 2, 5, 10, 20, 30, _MINUTE, 2 * _MINUTE, 5 * _MINUTE, 10 * _MINUTE, 20 * _MINUTE),
    *(30 * _MINUTE, _HOUR, 2 * _HOUR, 4 * _HOUR, 8 * _HOUR, _DAY, 2 * _DAY, 3 * _DAY, 7 * _DAY),
    *(14 * _DAY, 30 * _DAY, 90 * _DAY, 180 * _DAY, 365 * _DAY),
)
"""Durations are told by the step they lie under: a duration of 7 s is one of under 10 s."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """How long from the last event of one kind to one of another about the same object."""

    start: str
    end: str
    about: str


SPANS: Final[Mapping[str, Span]] = {
    "ENDORSEMENT_TO_SUSPENSION_SECONDS": Span(
        start="CREDENTIAL_ENDORSED", end="PERMISSION_SUSPENDED", about="cred"
    ),
    "REQUEST_TO_OFFER_SECONDS": Span(
        start="CREDENTIAL_REQUESTED", end="CREDENTIAL_OFFERED", about="cred"
    ),
    "OFFER_TO_ACTIVATION_SECONDS": Span(
        start="CREDENTIAL_OFFERED", end="CREDENTIAL_ACTIVATED", about="cred"
    ),
    "PRESENTATION_TO_CHECK_SECONDS": Span(
        start="PRESENTATION_SUBMITTED", end="PRESENTATION_VERIFIED", about="pres"
    ),
}
STARTS: Final = frozenset(span.start for span in SPANS.values())
_ENDS: Final = {span.end: (metric, span) for metric, span in SPANS.items()}
OUTCOME_OF: Final[Mapping[str, str]] = {
    "PRESENTATION_VERIFIED": "result",
    "QUALIFICATION_DECIDED": "outcome",
    "CREDENTIAL_ENDORSED": "effect",
    "FRAUD_SIGNAL": "check",
    "ACCEPTANCE_ENDED": "reasonCode",
}
"""Which member of an event's body is its outcome."""


class CellKey(NamedTuple):
    """NONE where an event has no such side."""

    institution: str
    kind: str
    month: str
    outcome: str
    band: str
    span: str


class Fact(NamedTuple):
    """One event as it is counted; `step` is the place of its duration in BOUNDS."""

    key: CellKey
    place: int
    person: str
    step: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """`steps` and `waiting_steps` have len(BOUNDS) + 1 places in cells of durations, else none."""

    key: CellKey
    upto: int = -1
    told_to: int = -1
    count: int = 0
    steps: tuple[int, ...] = ()
    waiting: int = 0
    waiting_steps: tuple[int, ...] = ()
    persons: frozenset[str] = field(default=frozenset())


class Mark(NamedTuple):
    """When something began: the last event of a kind about an object."""

    kind: str
    subject: str


def month_of(at: datetime) -> str:
    """`2026-11`, by the clock of the pilot."""
    there = at.astimezone(SHANGHAI)
    return f"{there.year}-{there.month:02}"  # a tenth of what strftime takes, for each event


def marks_wanted(events: Iterable[LoggedEvent]) -> set[Mark]:
    """The beginnings that these events are the end of."""
    return {mark for event in events for mark in _began(event)}


def facts_of(events: Iterable[LoggedEvent], began: Mapping[Mark, datetime]) -> list[Fact]:
    """What these events add; `began` holds those of `marks_wanted` from before them."""
    found, known = list[Fact](), dict(began)
    for event in events:
        person = _person(event)
        if person is not None:
            span, step = _duration(event, known)
            found.append(Fact(_key(event, span), event.position.index, person, step))
        _note(event, known)
    return found


def fold(before: Mapping[CellKey, Cell], facts: Iterable[Fact]) -> dict[CellKey, Cell]:
    """The cells that these facts change, as they are after them."""
    ordered = sorted(facts, key=lambda fact: (fact.key, fact.place))
    return {
        key: _filled(before.get(key) or Cell(key=key), list(some))
        for key, some in groupby(ordered, key=lambda fact: fact.key)
    }


def _filled(cell: Cell, facts: Sequence[Fact]) -> Cell:
    """In plain variables: a rebuild folds millions of facts."""
    size = len(BOUNDS) + 1 if facts[0].step is not None else 0
    count, steps, told_to = cell.count, list(cell.steps or [0] * size), cell.told_to
    waiting, waits = cell.waiting, list(cell.waiting_steps or [0] * size)
    persons, upto = set(cell.persons), cell.upto
    for _, place, person, step in facts:
        if place <= upto:
            continue
        upto = place
        waiting += 1
        persons.add(person)
        if step is not None:
            waits[step] += 1
        if len(persons) >= K:
            count, waiting, told_to = count + waiting, 0, place
            steps, waits = [a + b for a, b in zip(steps, waits, strict=True)], [0] * size
            persons = set()
    return Cell(
        key=cell.key,
        upto=upto,
        told_to=told_to,
        count=count,
        steps=tuple(steps),
        waiting=waiting,
        waiting_steps=tuple(waits),
        persons=frozenset(persons),
    )


def _person(event: LoggedEvent) -> str | None:
    for subject in event.envelope.subjects:
        if is_id(subject, "hold"):
            return subject
    return None


def _key(event: LoggedEvent, span: str) -> CellKey:
    envelope = event.envelope
    outcome = envelope.body.get(OUTCOME_OF.get(envelope.kind, NONE), NONE)
    return CellKey(
        institution=envelope.institutions[0] if envelope.institutions else NONE,
        kind=envelope.kind,
        month=month_of(envelope.at),
        outcome=str(outcome),
        band=str(envelope.body.get("newTotalBand", NONE)),
        span=span,
    )


def _began(event: LoggedEvent) -> list[Mark]:
    _, span = _ENDS.get(event.envelope.kind, (None, None))
    if span is None:
        return []
    return [Mark(span.start, s) for s in event.envelope.subjects if is_id(s, span.about)]


def _duration(event: LoggedEvent, began: Mapping[Mark, datetime]) -> tuple[str, int | None]:
    """From the latest beginning; a clock that went back makes it nothing."""
    starts = [began[mark] for mark in _began(event) if mark in began]
    if not starts:
        return NONE, None
    metric, _ = _ENDS[event.envelope.kind]
    seconds = max(0, int((event.envelope.at - max(starts)).total_seconds()))
    return metric, bisect_right(BOUNDS, seconds)


def _note(event: LoggedEvent, began: dict[Mark, datetime]) -> None:
    envelope = event.envelope
    if envelope.kind in STARTS:
        for subject in envelope.subjects:
            began[Mark(envelope.kind, subject)] = envelope.at
