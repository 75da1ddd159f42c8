"""What people do in a dispute: deny, give a part, seal, decide.

Laws: a denial needs no key, since whoever stole a key must not be able to silence her; an
institution learns of a dispute only where the denied thing was told by itself, so that an issuer
never learns from one where a proof was shown; what is sealed is what it and the holder may see.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from ledger_adapter.evidence_file import digest_of, part_message, signature_holds
from ledger_adapter.log.commitment import canonical
from subgraphs.audit import policy
from subgraphs.audit.dispute import outgoing
from subgraphs.audit.dispute.keys import key_of, registered
from subgraphs.audit.dispute.pack import pack
from subgraphs.audit.exit.steps import keep_for
from subgraphs.audit.kept.disputes import Dispute, Part
from subgraphs.audit.lifecycle import dispute_step
from subgraphs.audit.parts import Parts
from subgraphs.audit.states import DisputeState
from subgraphs.kit.errors import Busy, Invalid, NotFound, SignatureRefused
from subgraphs.kit.ids import HolderId, InstitutionId, derived_id, new_id, type_of
from subgraphs.kit.mongo import DuplicateKeyError, Session
from subgraphs.kit.offload import offload
from subgraphs.kit.viewer import Role, Viewer

GROUNDS: Final = ("APPLICATION_DENIED", "USE_DENIED", "CONTENT_DENIED")
DENIABLE: Final[Mapping[str, tuple[str, ...]]] = {
    "Credential": ("APPLICATION_DENIED", "CONTENT_DENIED"),
    "Consent": ("USE_DENIED", "CONTENT_DENIED"),
    "Presentation": ("USE_DENIED", "CONTENT_DENIED"),
    "Qualification": GROUNDS,
}
"""What can be denied of what: a credential is applied for, and used by presentations of it."""
_DECIDED: Final = frozenset({DisputeState.UPHELD, DisputeState.DISMISSED})
PART_KINDS: Final = (
    *("REQUEST", "AGREEMENTS", "FACE_ASSERTION", "CONSENT", "CREDENTIAL", "PRESENTATION"),
    *("CHECKS", "RULE_SET", "OTHER"),
)
MOST_EVENTS: Final = 32
LONGEST_PART: Final = 48_000


async def open_dispute(
    parts: Parts, holder: HolderId, *, subject: str, ground: str, session: Session
) -> Dispute:
    """Or the same of hers that is not decided yet. NotFound for a thing that no event of hers
    tells of."""
    if ground not in GROUNDS:
        raise Invalid(f"known are {', '.join(GROUNDS)}", field="ground", code="GROUND_UNKNOWN")
    kind = type_of(subject)
    if kind is None or kind not in DENIABLE:
        raise Invalid("this cannot be denied", field="subjectId", code="SUBJECT_NOT_DENIABLE")
    first = await parts.store.first_about(subject, holder)
    if first is None or not first.institutions:
        raise NotFound("object", field="subjectId")
    if ground not in DENIABLE[kind]:
        fits = " or ".join(DENIABLE[kind])
        raise Invalid(f"{kind}: {fits} fits", field="ground", code="GROUND_MISMATCH")
    before = await parts.disputes.same(holder, subject, ground, session)
    if before is not None:
        return before
    row = Dispute(
        id=new_id("disp"),
        version=1,
        state=DisputeState.OPEN,
        holder=holder,
        institution=first.institutions[0],
        subject=subject,
        ground=ground,
        opened_at=parts.clock().replace(microsecond=0),
    )
    await keep_for(parts, holder, session)
    try:
        await parts.disputes.add(row, session)
    except DuplicateKeyError:
        raise Busy("the same is being opened") from None
    await parts.outbox.put(session, outgoing.opened(row))
    return row


async def submit_part(
    parts: Parts,
    institution: InstitutionId,
    *,
    dispute_id: str,
    kind: str,
    document: Any,
    method: str,
    signature: str,
    session: Session,
) -> Part:
    """Kept with its signature, once for each kind, until the evidence is sealed."""
    dispute = await parts.disputes.get(dispute_id, session)
    if dispute is None or dispute.institution != institution:
        raise NotFound("dispute", field="disputeId")
    if kind not in PART_KINDS:
        raise Invalid(f"known are {', '.join(PART_KINDS)}", field="kind", code="PART_UNKNOWN")
    if dispute.state is not DisputeState.OPEN:
        dispute_step(dispute.state, DisputeState.OPEN)
    if len(canonical(document)) > LONGEST_PART:
        raise Invalid(
            f"longer than {LONGEST_PART} bytes", field="document", code="DOCUMENT_TOO_LONG"
        )
    row = Part(
        id=derived_id("evid", dispute.id, kind),
        dispute=dispute.id,
        holder=dispute.holder,
        kind=kind,
        institution=institution,
        method=method,
        digest=digest_of(document),
        signature=signature,
        document=document,
        given_at=parts.clock().replace(microsecond=0),
    )
    await _check(parts, row)
    try:
        await parts.disputes.give(row, session)
    except DuplicateKeyError:
        raise Invalid("this part was given already", field="kind", code="PART_GIVEN") from None
    # collides with whoever seals at this moment: a part is in the package or refused
    await parts.disputes.move(dispute, replace(dispute, version=dispute.version + 1), session)
    await parts.outbox.put(session, outgoing.given(row, dispute))
    return row


async def _check(parts: Parts, given: Part) -> None:
    institution = await registered(parts, given.institution)
    if given.method != institution.method:
        raise SignatureRefused(
            "signed with another key than the institution's", code="VERIFICATION_METHOD_MISMATCH"
        )
    message = part_message(
        dispute=given.dispute,
        kind=given.kind,
        institution=given.institution,
        digest=given.digest,
    )
    if not await offload(signature_holds, key_of(institution), message, given.signature):
        raise SignatureRefused("the signature over the part does not hold")


async def seal(parts: Parts, viewer: Viewer, *, dispute_id: str, session: Session) -> Dispute:
    """The package, for good: of parts, and of events with their proofs. Busy while one of them
    is not below a signed head, which takes a second or two."""
    policy.require_role(viewer, Role.HOLDER, Role.ISSUER, Role.VERIFIER, Role.REGULATOR)
    dispute = await parts.disputes.get(dispute_id, session)
    if dispute is None or not policy.sees_dispute(viewer, dispute):
        raise NotFound("dispute", field="disputeId")
    dispute_step(dispute.state, DisputeState.SEALED)
    package = await pack(parts, dispute, session)
    sealed = replace(
        dispute, version=dispute.version + 1, state=DisputeState.SEALED, package=package.id
    )
    await parts.disputes.move(dispute, sealed, session)
    await parts.disputes.seal(package, session)
    await parts.outbox.put(session, outgoing.sealed(package, dispute))
    return sealed


async def close(
    parts: Parts, dispute_id: str, *, viewer: Viewer, state: DisputeState, session: Session
) -> Dispute:
    """Decided by the regulator, or withdrawn by the holder."""
    policy.require_role(viewer, Role.HOLDER, Role.REGULATOR)
    dispute = await parts.disputes.get(dispute_id, session)
    if dispute is None or not may_close(viewer, dispute, state):
        raise NotFound("dispute", field="disputeId")
    target = dispute_step(dispute.state, state)
    now = replace(dispute, version=dispute.version + 1, state=target)
    await parts.disputes.move(dispute, now, session)
    await parts.outbox.put(session, outgoing.closed(now, parts.clock()))
    return now


def may_close(viewer: Viewer, dispute: Dispute, state: DisputeState) -> bool:
    """The regulator decides; the holder may step back."""
    if state is DisputeState.WITHDRAWN:
        return viewer.role is Role.HOLDER and viewer.holder == dispute.holder
    return viewer.role is Role.REGULATOR and state in _DECIDED
