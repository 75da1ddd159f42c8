"""What people do in an exit: begin it, and take it a step further.

Laws: of one who leaves there is one exit at a time; a user's is told with its answer, which names
what she can do instead; CLEANED of a user destroys the key of what audit keeps of her, in the same
transaction, so that nothing of it can be read again. What the log holds stays: institutions' keys
and standings too, so that old credentials of one who left still verify.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final, NamedTuple

from subgraphs.audit import policy
from subgraphs.audit.exit.outgoing import moved
from subgraphs.audit.exit.shown import shown
from subgraphs.audit.kept.exits import ExitCase, Step, plan
from subgraphs.audit.lifecycle import exit_step
from subgraphs.audit.parts import Parts
from subgraphs.audit.states import ExitScope, ExitState, ExitTrigger
from subgraphs.kit.errors import Forbidden, Invalid, NotFound
from subgraphs.kit.ids import HolderId, InstitutionId, new_id
from subgraphs.kit.institutions import ISSUING, InstitutionRow
from subgraphs.kit.mongo import DuplicateKeyError, Session
from subgraphs.kit.viewer import Role, Viewer
from subgraphs.kit.vocabulary import member
from subgraphs.rules import RULE_SETS

PILOT: Final = "PROJECT"
"""Who leaves where it is nobody alone."""
RULES: Final = tuple(dict.fromkeys(one.name for one in RULE_SETS))
"""The businesses of a verifier: by what it decides."""


BY_HERSELF: Final = "a user leaves by `requestUserExit`"
_STARTED: Final = tuple(one.value for one in ExitScope if one is not ExitScope.USER)


class Leaves(NamedTuple):
    """Who leaves what, and why."""

    scope: ExitScope
    trigger: ExitTrigger
    owner: str
    business: str | None = None


async def request_user_exit(parts: Parts, holder: HolderId, session: Session) -> ExitCase:
    """Begun and told in one: the answer is the notice."""
    row = await _begin(parts, session, Leaves(ExitScope.USER, ExitTrigger.WISH, holder))
    return await _take(parts, row, replace(row.step(ExitState.NOTIFIED), by=holder), session)


async def start_exit(
    parts: Parts,
    viewer: Viewer,
    *,
    leaves: str,
    why: str,
    institution: str | None,
    business: str | None,
    session: Session,
) -> ExitCase:
    """An institution's own, or what the regulator orders."""
    regulator = viewer.role is Role.REGULATOR
    if not regulator and (viewer.role not in {Role.ISSUER, Role.VERIFIER}):
        raise Forbidden("only an institution, or the regulator, may do this")
    scope = _scope(leaves)
    trigger = member(ExitTrigger, why, field="trigger", code="TRIGGER_UNKNOWN")
    if scope is ExitScope.PROJECT:
        if not regulator:
            raise Forbidden("only the regulator ends the pilot")
        _altogether(business)
        _ordered(trigger)
        return await _begin(parts, session, Leaves(scope, trigger, PILOT))
    owner = institution or viewer.institution or ""
    if not regulator and owner != viewer.institution:
        raise Forbidden("an institution leaves for itself")
    if not owner:
        raise Invalid("name the institution", field="institutionId", code="INSTITUTION_MISSING")
    row = await parts.institutions.get(InstitutionId(owner))
    if row is None:
        raise NotFound("institution", field="institutionId")
    left = _business(row, scope, business)
    return await _begin(parts, session, Leaves(scope, trigger, owner, left))


def _scope(named: str) -> ExitScope:
    if named == ExitScope.USER.value:
        raise Invalid(BY_HERSELF, field="scope", code="SCOPE_INVALID")
    if named not in _STARTED:
        known = ", ".join(_STARTED)
        raise Invalid(f"known are {known}; {BY_HERSELF}", field="scope", code="SCOPE_UNKNOWN")
    return ExitScope(named)


def _ordered(trigger: ExitTrigger) -> None:
    """The pilot is nobody who wishes."""
    if trigger is ExitTrigger.WISH:
        reasons = ", ".join(one.value for one in ExitTrigger if one is not ExitTrigger.WISH)
        raise Invalid(f"the pilot ends by {reasons}", field="trigger", code="TRIGGER_INVALID")


def _altogether(business: str | None) -> None:
    if business is not None:
        alone = "`business` goes with scope BUSINESS only"
        raise Invalid(alone, field="business", code="BUSINESS_INVALID")


def _business(row: InstitutionRow, scope: ExitScope, named: str | None) -> str | None:
    """What it leaves of what it does; None where it leaves altogether."""
    if scope is not ExitScope.BUSINESS:
        _altogether(named)
        return None
    done = (*(ISSUING,) * ("ISSUER" in row.roles), *RULES * ("VERIFIER" in row.roles))
    if named is None or named not in done:
        known = ", ".join(done)
        raise Invalid(f"its businesses are {known}", field="business", code="BUSINESS_UNKNOWN")
    row.begins(named)
    return named


async def record_step(
    parts: Parts,
    viewer: Viewer,
    *,
    exit_id: str,
    target: str,
    evidence: str | None,
    session: Session,
) -> ExitCase:
    """One step of the plan, held against what shows it."""
    policy.require_role(viewer, Role.HOLDER, Role.ISSUER, Role.VERIFIER, Role.REGULATOR)
    row = await parts.exits.get(exit_id, session)
    if row is None or not policy.leads_exit(viewer, row):
        raise NotFound("exit", field="exitId")
    state = member(ExitState, target, field="state", code="STATE_UNKNOWN")
    exit_step(row.state, state)
    sequence = await shown(parts, row, state, evidence, session)
    if state is ExitState.CLEANED and row.of_person:
        await parts.holder_keys.destroy(row.owner, session=session)
    by = viewer.holder or viewer.institution or Role.REGULATOR.value
    done = replace(row.step(state), by=by, evidence=evidence, sequence=sequence)
    return await _take(parts, row, done, session)


async def keep_for(parts: Parts, holder: HolderId, session: Session) -> None:
    """Before something of hers is opened that has to be kept: she has not been cleaned away, and
    whoever cleans at this moment collides."""
    if await parts.exits.hold(holder, session):
        raise Invalid("you have left", field="", code="HOLDER_HAS_LEFT")


async def _begin(parts: Parts, session: Session, leaves: Leaves) -> ExitCase:
    now = parts.clock().replace(microsecond=0)
    row = ExitCase(
        id=new_id("exit"),
        version=1,
        state=ExitState.INITIATED,
        scope=leaves.scope,
        trigger=leaves.trigger,
        owner=leaves.owner,
        opened_at=now,
        steps=plan(leaves.scope, now),
        business=leaves.business,
    )
    try:
        await parts.exits.add(row, session)
    except DuplicateKeyError:
        other = await parts.exits.under_way(row)  # the session has ended with the refusal
        known = "this exit is under way" if other is None else f"{other} is under way"
        raise Invalid(known, field="", code="EXIT_UNDER_WAY") from None
    await parts.outbox.put(session, moved(row, now))
    return row


async def _take(parts: Parts, row: ExitCase, done: Step, session: Session) -> ExitCase:
    further = row.taken(replace(done, done_at=parts.clock().replace(microsecond=0)))
    await parts.exits.move(row, further, session)
    told = further.step(further.state)
    await parts.outbox.put(session, moved(further, told.done_at or row.opened_at, told.evidence))
    return further
