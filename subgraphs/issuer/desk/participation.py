"""The lead institution decides who takes part: a candidate, its licences, each of its steps (R79).

Laws: only the institution that the register names LEAD, and that takes part itself, decides; about
itself it decides nothing but to leave; every decision is one event on the log, and the register is
what the log says: while one is on its way to the log, no other is taken about the same institution.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ledger_adapter.port import JsonValue
from subgraphs.issuer import lifecycle
from subgraphs.issuer.desk.issue import checked_reason
from subgraphs.issuer.outgoing import Decided, institution_decided
from subgraphs.issuer.parts import Parts
from subgraphs.kit.errors import Busy, Forbidden, Invalid, NotFound
from subgraphs.kit.idempotent import Call
from subgraphs.kit.ids import InstitutionId, institution_id
from subgraphs.kit.institutions import KIND, LICENSED, MOVED, InstitutionKind, InstitutionRow
from subgraphs.kit.mongo import DuplicateKeyError, Session
from subgraphs.kit.standing import (
    LICENSED_ROLES,
    MOST_LICENCES,
    NUMBER,
    Licence,
    LicenceKind,
    Participation,
)
from subgraphs.kit.viewer import Role, Viewer
from subgraphs.kit.vocabulary import member
from subgraphs.vc.did import institution_did
from subgraphs.vc.errors import VcError
from subgraphs.vc.multikey import decode_key
from subgraphs.vc.uscc import parse_uscc

LEAD: Final = "LEAD"
LONGEST_NAME: Final = 60
_LEAVING: Final = frozenset({Participation.EXITING, Participation.EXITED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An applicant as the lead has written it down."""

    uscc: str
    name: str
    kind: str
    roles: tuple[str, ...]
    public_key: str


async def register_candidate(
    parts: Parts, viewer: Viewer, *, candidate: Candidate, client_id: str | None
) -> InstitutionId:
    """Put an applicant on the register; it stands in no role until it is ACTIVE."""
    lead, body = await _lead(parts, viewer), _checked(candidate)
    id_ = institution_id(candidate.uscc)
    call = Call.of(viewer, "registerInstitution", client_id, [body])

    async def work(session: Session) -> dict[str, str]:
        if await parts.institutions.get(id_) is not None:
            raise _known()
        told = Decided(kind=KIND, lead=lead, body={**body, "did": institution_did(id_)})
        await parts.store.add_candidate(id_, session)
        await parts.outbox.put(session, institution_decided(id_, told, 1, parts.clock()))
        return {"institution": id_}

    try:
        return InstitutionId((await parts.idempotent.once(call, work))["institution"])
    except DuplicateKeyError:
        raise _known() from None


def _known() -> Invalid:
    return Invalid("it is on the register", field="uscc", code="INSTITUTION_REGISTERED")


async def move_institution(
    parts: Parts,
    viewer: Viewer,
    *,
    institution: str,
    state: str,
    reason_code: str,
    client_id: str | None,
) -> InstitutionId:
    """One step of its participation; it may become ACTIVE only with the licence it needs."""
    lead, reason = await _named_lead(parts, viewer), checked_reason(reason_code)
    target = member(Participation, state, field="state", code="STATE_UNKNOWN")
    leaves = institution == lead and target in _LEAVING
    if not leaves:
        await _lead(parts, viewer)
    call = Call.of(viewer, "moveInstitution", client_id, [institution, state, reason])

    async def work(session: Session) -> dict[str, str]:
        row = await _subject(parts, lead, institution, itself=leaves)
        lifecycle.participation_step(Participation(row.participation), target)
        if target is Participation.ACTIVE:
            _check_licensed(row, parts.clock())
        body: dict[str, JsonValue] = {"participation": target.value, "reasonCode": reason}
        return await _decide(parts, row, Decided(kind=MOVED, lead=lead, body=body), session)

    return InstitutionId((await parts.idempotent.once(call, work))["institution"])


async def license_institution(
    parts: Parts,
    viewer: Viewer,
    *,
    institution: str,
    licences: Sequence[Licence],
    client_id: str | None,
) -> InstitutionId:
    """All licences it has from now on; one that is left out is taken back."""
    lead = await _lead(parts, viewer)
    _check_licences(licences)
    told: list[JsonValue] = [one.as_json() for one in licences]
    call = Call.of(viewer, "licenseInstitution", client_id, [institution, told])

    async def work(session: Session) -> dict[str, str]:
        row = await _subject(parts, lead, institution)
        decided = Decided(kind=LICENSED, lead=lead, body={"licences": told})
        return await _decide(parts, row, decided, session)

    return InstitutionId((await parts.idempotent.once(call, work))["institution"])


async def _lead(parts: Parts, viewer: Viewer) -> InstitutionId:
    lead = await _named_lead(parts, viewer)
    return (await parts.institutions.acting(lead, LEAD, parts.clock())).id


async def _named_lead(parts: Parts, viewer: Viewer) -> InstitutionId:
    """The lead, even on its way out: nobody is left to see it out at the end of the project."""
    role = Role.VERIFIER if viewer.role is Role.VERIFIER else Role.ISSUER
    row = await parts.institutions.get(viewer.require_institution(role))
    if row is None or LEAD not in row.roles:
        raise Forbidden("only the lead institution decides")
    return row.id


async def _subject(
    parts: Parts, lead: InstitutionId, institution: str, *, itself: bool = False
) -> InstitutionRow:
    row = await parts.institutions.get(InstitutionId(institution))
    if row is None:
        raise NotFound("institution", field="institutionId")
    if row.id == lead and not itself:
        raise Forbidden("nobody decides about itself")
    return row


async def _decide(
    parts: Parts, row: InstitutionRow, told: Decided, session: Session
) -> dict[str, str]:
    if not await parts.institutions.decide(row, session):
        raise Busy("another decision about it is on its way to the log")
    version = len(row.standings) + 1
    await parts.outbox.put(session, institution_decided(row.id, told, version, parts.clock()))
    return {"institution": row.id}


def _checked(asked: Candidate) -> dict[str, JsonValue]:
    try:
        parse_uscc(asked.uscc, "uscc")
        decode_key(asked.public_key, "publicKeyMultibase")
    except VcError as fault:
        raise Invalid(str(fault), field=fault.place, code=fault.code) from None
    name, roles = asked.name.strip(), set(asked.roles)
    if not 0 < len(name) <= LONGEST_NAME:
        raise Invalid(f"1 to {LONGEST_NAME} characters", field="name")
    if not roles or not roles <= LICENSED_ROLES:
        raise Invalid("ISSUER, VERIFIER or both", field="roles", code="ROLE_UNKNOWN")
    return {
        "uscc": asked.uscc,
        "name": name,
        "kind": member(InstitutionKind, asked.kind, field="kind", code="KIND_UNKNOWN").value,
        "roles": sorted(roles),
        "publicKeyMultibase": asked.public_key,
        "participation": Participation.CANDIDATE.value,
        "licences": [],
    }


def _check_licences(licences: Sequence[Licence]) -> None:
    if len(licences) > MOST_LICENCES:
        raise Invalid(f"{MOST_LICENCES} licences at most", field="licences")
    for place, one in enumerate(licences):
        at = f"licences[{place}]"
        member(LicenceKind, one.kind, field=f"{at}.kind", code="KIND_UNKNOWN")
        if not NUMBER.fullmatch(one.number):
            raise Invalid("capitals, digits and hyphens", field=f"{at}.number")
        if one.last is not None and one.last < one.first:
            raise Invalid("it ends before it begins", field=f"{at}.validUntil")


def _check_licensed(row: InstitutionRow, now: datetime) -> None:
    last = row.standings[-1] if row.standings else None
    roles = LICENSED_ROLES.intersection(row.roles)
    if last and not all(last.licensed(role, row.kind, now) for role in roles):
        raise Invalid(
            "it has no licence of its kind that is valid today",
            field="institutionId",
            code="LICENCE_MISSING",
        )
