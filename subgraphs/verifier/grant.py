"""Grant a permission on a qualification, or give a suspended one back on a new one."""

from dataclasses import replace
from datetime import datetime

from subgraphs.kit.errors import Invalid, NotFound
from subgraphs.kit.ids import InstitutionId, derived_id
from subgraphs.kit.mongo import Session
from subgraphs.rules import Outcome
from subgraphs.vc.consent import CODE
from subgraphs.verifier import outgoing
from subgraphs.verifier.lifecycle import PERMISSION, move
from subgraphs.verifier.parts import Parts
from subgraphs.verifier.records import (
    Acceptance,
    AcceptanceId,
    Permission,
    PermissionId,
    Qualification,
)
from subgraphs.verifier.states import AcceptanceState, PermissionState
from subgraphs.verifier.table import Stale


async def grant(
    parts: Parts, verifier: InstitutionId, *, qualification_id: str, product: str, session: Session
) -> Permission:
    """One permission a customer and product; again on the same proof changes nothing."""
    if CODE.fullmatch(product) is None:
        raise Invalid("a product is a code in capitals", field="product")
    qualification = await _standing(parts, verifier, qualification_id)
    own = await parts.institutions.acting(verifier, "VERIFIER", parts.clock())
    own.begins(qualification.rule_set)
    accepted = await hold_proofs(parts, qualification, session)
    held = await parts.store.permissions.get(
        _permission_id(qualification, product), session=session
    )
    row = _granted(
        held,
        qualification,
        product=product,
        acceptances=tuple(acceptance.id for acceptance in accepted),
        now=parts.clock(),
    )
    if held == row:
        return row
    await parts.store.permissions.put([row], session=session)
    if held is None or held.state is not row.state:
        credentials = [acceptance.credential for acceptance in accepted]
        await parts.outbox.put(session, outgoing.permission_changed(row, *credentials))
    return row


async def _standing(parts: Parts, verifier: InstitutionId, qualification_id: str) -> Qualification:
    found = await parts.store.qualifications.get(qualification_id)
    if found is None or found.verifier != verifier:
        raise NotFound("qualification", field="qualificationId")
    if found.outcome is not Outcome.QUALIFIED:
        raise Invalid(
            "the customer does not qualify", field="qualificationId", code=found.outcome.value
        )
    if found.valid_until <= parts.clock():
        raise Invalid(
            "the qualification is over", field="qualificationId", code="QUALIFICATION_EXPIRED"
        )
    return found


async def hold_proofs(
    parts: Parts, qualification: Qualification, session: Session
) -> list[Acceptance]:
    """Every proof it rests on must stand; a change in flight collides here."""
    rows = parts.store.acceptances
    if qualification.verification is None:
        return []  # it rests on paper alone
    accepted = await rows.where({"verification": qualification.verification}, session=session)
    try:
        stand = AcceptanceState.MONITORED
        were = {str(row.id): {"state": stand, "version": row.version} for row in accepted}
        await rows.hold_all(were, session=session)
    except Stale:
        raise Invalid(
            "a proof it rests on no longer stands",
            field="qualificationId",
            code="PROOF_NO_LONGER_STANDS",
        ) from None
    return accepted


def _permission_id(qualification: Qualification, product: str) -> PermissionId:
    facts = (qualification.verifier, qualification.holder, product)
    return PermissionId(derived_id("perm", *facts))


def _granted(
    held: Permission | None,
    qualification: Qualification,
    *,
    product: str,
    acceptances: tuple[AcceptanceId, ...],
    now: datetime,
) -> Permission:
    if held is None:
        return Permission(
            id=_permission_id(qualification, product),
            verifier=qualification.verifier,
            holder=qualification.holder,
            product=product,
            qualification=qualification.id,
            acceptances=acceptances,
            state=move(PERMISSION, PermissionState.PENDING, PermissionState.GRANTED),
            suspended_by=None,
            suspended_reason=None,
            changed_at=now,
            version=1,
        )
    if held.qualification == qualification.id and held.state is PermissionState.GRANTED:
        return held
    state = PermissionState.GRANTED
    return replace(
        held,
        qualification=qualification.id,
        acceptances=acceptances,
        state=state if held.state is state else move(PERMISSION, held.state, state),
        suspended_by=None,
        suspended_reason=None,
        reacted_at=None,
        changed_at=now,
        version=held.version + 1,
    )
