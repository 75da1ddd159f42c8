"""A small town's events for figures: persons, institutions, months, as told on the log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ledger_adapter.port import Envelope, LoggedEvent
from subgraphs.kit.events import event
from subgraphs.kit.ids import InstitutionId, derived_id
from tests.subgraphs.kit.logged import at_place

START = datetime(2026, 6, 10, 4, tzinfo=UTC)
HASH = "sm3:" + "ab" * 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """`seconds`: for a suspension, after the endorsement that goes before; None without one."""

    person: int
    institution: InstitutionId
    kind: str
    month: int = 0
    outcome: str = ""
    seconds: int | None = None


def told(happenings: Sequence[Happening], first: int = 0) -> list[Envelope]:
    """In order, each with a subject of its own, numbered from `first` on."""
    return [envelope for n, one in enumerate(happenings, first) for envelope in _events(n, one)]


def _events(number: int, one: Happening) -> list[Envelope]:
    at = START + timedelta(days=31 * one.month)
    holder, credential = derived_id("hold", f"town {one.person}"), derived_id("cred", str(number))
    by = [one.institution]
    if one.kind == "PRESENTATION_VERIFIED":
        ids = [derived_id("veri", str(number)), derived_id("pres", str(number)), holder]
        return [_event(one.kind, ids, by, at, result=one.outcome)]
    if one.kind == "PERMISSION_SUSPENDED":
        before = [] if one.seconds is None else [_endorsed(number, credential, holder, by, at)]
        later = at + timedelta(seconds=one.seconds or 0)
        ids = [derived_id("perm", str(number)), holder, credential]
        body = {"product": "PRIVATE_FUND", "state": "SUSPENDED"}
        return [*before, _event(one.kind, ids, by, later, **body)]
    return [_event("CREDENTIAL_REQUESTED", [credential, holder], by, at, issuer=by[0])]


def _endorsed(
    number: int, credential: str, holder: str, by: Sequence[InstitutionId], at: datetime
) -> Envelope:
    ids = [credential, derived_id("endo", str(number)), holder]
    return _event(
        "CREDENTIAL_ENDORSED", ids, by, at,
        issuer=by[0], vcHash=HASH, effect="REVOKE", reasonCode="GONE", state="REVOKED",
    )  # fmt: skip


def _event(
    kind: str, ids: Sequence[str], by: Sequence[InstitutionId], at: datetime, **body: str
) -> Envelope:
    return event(
        kind, entity=ids[0], version=1, subjects=ids, institutions=by, at=at, body=dict(body)
    )


def logged(envelopes: Sequence[Envelope]) -> list[LoggedEvent]:
    """With places, and without what proves them."""
    return [at_place(place, one) for place, one in enumerate(envelopes)]
