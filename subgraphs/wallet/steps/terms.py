"""The terms of a consent as a holder asks for them, checked before they become a document."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from subgraphs.kit.errors import Invalid, NotFound
from subgraphs.kit.ids import HolderId, InstitutionId, new_id
from subgraphs.kit.institutions import InstitutionRow
from subgraphs.vc import guard, model
from subgraphs.vc.consent import (
    LIVE_COUNT,
    MOST_USES,
    NEW_TOTAL_BAND,
    AtLeast,
    Consent,
    Monitoring,
)
from subgraphs.vc.did import Did
from subgraphs.vc.disclosure import ClaimPath
from subgraphs.vc.errors import VcError
from subgraphs.vc.money import parse_amount
from subgraphs.wallet.parts import Parts
from subgraphs.wallet.records import RootDid
from subgraphs.wallet.steps.refuse import as_refusal

CLAIMS: Final = frozenset(
    {model.TOTAL, model.IN_TRANSIT, model.EXPERIENCE, model.LINES, model.LINE_AMOUNT}
    | {*guard.WITH_AMOUNTS, LIVE_COUNT, NEW_TOTAL_BAND}
)
MOST_CREDENTIALS: Final = 16
_VERIFIER: Final = "VERIFIER"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The arguments of prepareConsent, unchecked."""

    granted_to: str
    purpose: str
    claims: Sequence[str]
    total_at_least: str | None
    credentials: Sequence[str]
    monitoring_until: datetime | None
    valid_until: datetime
    uses: int | None = None


async def consent_of(parts: Parts, root: RootDid, wanted: Wanted) -> Consent:
    """The consent these terms make, with a fresh id; Invalid or NotFound name the field."""
    now = parts.clock().replace(microsecond=0)
    _check_claims(wanted)
    granted_to = await _verifier(parts, wanted.granted_to)
    await _check_credentials(parts, root.holder, wanted.credentials)
    longest = now + parts.terms.longest_consent
    until = wanted.monitoring_until
    try:
        return Consent(
            consent_id=new_id("cons"),
            holder=Did(root.did),
            granted_to=Did(granted_to.did),
            purpose=wanted.purpose,
            claims=tuple(ClaimPath(path) for path in wanted.claims),
            predicates=_predicates(wanted.total_at_least),
            monitoring=Monitoring(
                granted=until is not None,
                until=None if until is None else _end(until, now, longest, "monitoringUntil"),
            ),
            valid_from=now,
            valid_until=_end(wanted.valid_until, now, longest, "validUntil"),
            credentials=tuple(map(model.credential_uri, wanted.credentials)),
            uses=_uses(wanted.uses),
        )
    except VcError as fault:
        raise as_refusal(fault) from fault


def _check_claims(wanted: Wanted) -> None:
    if not wanted.claims and wanted.total_at_least is None:
        raise Invalid("nothing would be allowed", field="scope", code="SCOPE_EMPTY")
    for index, path in enumerate(wanted.claims):
        if path not in CLAIMS:
            known = ", ".join(sorted(CLAIMS))
            field = f"scope.claims[{index}]"
            raise Invalid(f"unknown claim; known are {known}", field=field, code="CLAIM_UNKNOWN")


async def _verifier(parts: Parts, institution: str) -> InstitutionRow:
    found = await parts.institutions.get(InstitutionId(institution))
    if found is None or _VERIFIER not in found.roles:
        raise NotFound("verifier", field="grantedTo")
    return found


async def _check_credentials(parts: Parts, holder: HolderId, ids: Sequence[str]) -> None:
    if len(ids) > MOST_CREDENTIALS:
        raise Invalid(f"at most {MOST_CREDENTIALS}", field="scope.credentials")
    items = await parts.store.items_of(ids) if ids else {}
    for index, id_ in enumerate(ids):
        if id_ not in items or items[id_].holder != holder:
            field = f"scope.credentials[{index}]"
            raise NotFound("credential", field=field)


def _predicates(total_at_least: str | None) -> tuple[AtLeast, ...]:
    if total_at_least is None:
        return ()
    try:
        return (AtLeast(amount=parse_amount(total_at_least)),)
    except VcError as fault:
        raise as_refusal(fault, "scope.totalAtLeast") from fault


def _uses(wanted: int | None) -> int | None:
    if wanted is not None and not 1 <= wanted <= MOST_USES:
        raise Invalid(f"1 to {MOST_USES}", field="uses", code="USES_OUT_OF_RANGE")
    return wanted


def _end(moment: datetime, now: datetime, longest: datetime, field: str) -> datetime:
    if moment.tzinfo is None:
        raise Invalid("a time needs an offset", field=field, code="TIME_WITHOUT_OFFSET")
    end = moment.astimezone(UTC).replace(microsecond=0)
    if end < now + timedelta(seconds=1):
        raise Invalid("a time after now", field=field, code="TIME_OUT_OF_RANGE")
    if end > longest:
        days = (longest - now) // timedelta(days=1)
        raise Invalid(f"{days} days from now at most", field=field, code="TIME_OUT_OF_RANGE")
    return end
