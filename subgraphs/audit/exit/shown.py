"""What a step of an exit is held against before it is taken: the log, the register, the copy.

Laws: a wallet, an institution or the pilot is frozen when the log says so, not when somebody claims
it; one business is frozen by the step itself, which all read on the log, and which names what was
agreed on with the lead about its results; a backup is verified by the digest of what was read back;
nothing is cleaned while a dispute or a complaint waits that needs it (legal hold), nor while a
custodian still has a copy of hers.
"""

from __future__ import annotations

from typing import Final

from subgraphs.audit.kept.exits import ExitCase
from subgraphs.audit.parts import Parts
from subgraphs.audit.states import ExitScope, ExitState
from subgraphs.kit.errors import Invalid
from subgraphs.kit.ids import InstitutionId
from subgraphs.kit.mongo import Session
from subgraphs.vc.encoding import HASH

FROZEN_BY: Final = "WALLET_CLOSED"
_LEAVING: Final = ("EXITING", "EXITED")
_GONE: Final = ("CANDIDATE", "EXITED")
_RESTING: Final = ("CANDIDATE", "ADMITTED", "SUSPENDED", "EXITING", "EXITED")


async def shown(
    parts: Parts, row: ExitCase, state: ExitState, evidence: str | None, session: Session
) -> int | None:
    """Where the log shows the step, if it does; Invalid for a step that nothing shows."""
    if evidence is not None and not HASH.fullmatch(evidence):
        raise Invalid("a digest of SM3", field="evidence", code="DIGEST_INVALID")
    match state:
        case ExitState.FROZEN:
            return await _frozen(parts, row, evidence)
        case ExitState.BACKED_UP:
            _given(evidence)
        case ExitState.BACKUP_VERIFIED:
            if _given(evidence) != row.step(ExitState.BACKED_UP).evidence:
                raise _refused("what was read back is not what was copied", "BACKUP_DIFFERS")
        case ExitState.CLEANED:
            await _may_clean(parts, row, evidence, session)
        case ExitState.CLOSED:
            return await _gone(parts, row)
    return None


async def _frozen(parts: Parts, row: ExitCase, evidence: str | None) -> int | None:
    if row.scope is ExitScope.BUSINESS:
        _given(evidence)
        return None
    if row.of_person:
        found = (await parts.store.anchoring(FROZEN_BY, [row.owner])).get(row.owner)
        if found is None:
            raise _refused("the wallet is open: close it first", "SCOPE_NOT_FROZEN")
        return found.index
    return await _stands(parts, row, _LEAVING, _RESTING, "SCOPE_NOT_FROZEN")


async def _gone(parts: Parts, row: ExitCase) -> int | None:
    if row.of_person:
        return None
    if row.scope is ExitScope.BUSINESS:
        return await _ended(parts, row)
    return await _stands(parts, row, ("EXITED",), _GONE, "SCOPE_NOT_EXITED")


async def _ended(parts: Parts, row: ExitCase) -> int:
    """Where the log froze the business."""
    told = await parts.store.around(row.id, len(ExitState))
    for one in told:
        if one.body["state"] == ExitState.FROZEN.value:
            return one.index
    raise _refused("the log has not told yet that it is frozen", "SCOPE_NOT_FROZEN")


async def _stands(
    parts: Parts, row: ExitCase, own: tuple[str, ...], each: tuple[str, ...], code: str
) -> int | None:
    """An institution by its own standing; the pilot by that of every issuer and verifier."""
    if row.scope is ExitScope.PROJECT:
        if await parts.exits.working(besides=each):
            raise _refused("the register still has institutions that take part", code)
        return None
    found = await parts.institutions.get(InstitutionId(row.owner))
    if found is None or found.participation not in own:
        raise _refused("the register does not say so", code)
    return found.standings[-1].index if found.standings else found.index


async def _may_clean(parts: Parts, row: ExitCase, evidence: str | None, session: Session) -> None:
    owner = None if row.scope is ExitScope.PROJECT else row.owner
    disputes = await parts.disputes.undecided(owner, session)
    complaints = await parts.complaints.waiting(owner, session)
    if disputes or complaints:
        waits = f"disputes that wait: {disputes}, complaints that wait: {complaints}"
        raise _refused(f"{waits}; what they need is kept", "LEGAL_HOLD")
    if not row.of_person:
        _given(evidence)
    elif await parts.store.copies(row.owner):
        raise _refused("a copy in custody is not erased yet", "COPIES_LEFT")


def _given(evidence: str | None) -> str:
    if evidence is None:
        raise Invalid("the step needs its evidence", field="evidence", code="EVIDENCE_MISSING")
    return evidence


def _refused(message: str, code: str) -> Invalid:
    return Invalid(message, field="state", code=code)
