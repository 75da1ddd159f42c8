"""Check a presentation and write the decision, or nothing.

Laws: everything comes from this subgraph's own rows, the log and the presentation itself, never
from an issuer; the decision stands on statuses no older than the log was when it was asked for; a
status that moves while the decision is written makes it be made again; a rejection waits for what
is committed about the things shown and has no place on the log yet, and holds nothing meanwhile.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from functools import partial

from subgraphs.kit.errors import Busy, InvalidTransition, NotFound
from subgraphs.kit.ids import InstitutionId
from subgraphs.kit.mongo import Session, begin_anew
from subgraphs.kit.offload import offload
from subgraphs.vc.presentation import Presentation as Presented
from subgraphs.vc.presentation import parse_presentation
from subgraphs.verifier.decide import Case, Decision, decide
from subgraphs.verifier.gather import Gathered, gather
from subgraphs.verifier.grounds import Ground, case_of
from subgraphs.verifier.lifecycle import PRESENTATION, walk
from subgraphs.verifier.parts import Parts
from subgraphs.verifier.reactions import Cause
from subgraphs.verifier.records import Presentation
from subgraphs.verifier.states import PresentationState, VerificationResult
from subgraphs.verifier.table import Stale
from subgraphs.verifier.watch import Sheet

_STEP = 0.005


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What was decided, and the presentation as it stands after; `done` is what a repeat of the
    call is told."""

    presentation: Presentation
    decision: Decision
    done: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Made:
    case: Case
    ground: Ground
    decision: Decision
    waited: bool

    @property
    def rejected(self) -> bool:
        return self.decision.verification.result is VerificationResult.REJECTED


async def verify(
    parts: Parts,
    verifier: InstitutionId,
    *,
    presentation_id: str,
    session: Session,
    ahead: bool = True,
) -> Verified:
    """All five checks at one position of the log; Busy when this process lags behind it. `ahead`:
    the rows that the decision rests on are held while it is made, and let go if it is a rejection;
    a session that can let nothing go has them held after."""
    shown, size = await asyncio.gather(
        parts.store.presentations.get(presentation_id), parts.ledger.size()
    )
    if shown is None or shown.verifier != verifier:
        raise NotFound("presentation", field="presentationId")
    walk(PRESENTATION, shown.state, PresentationState.VERIFYING)
    presented = await offload(parse_presentation, shown.document)
    await _applied(parts, size)
    making = partial(_made, parts, shown, presented, session, ahead=ahead)
    try:
        made = await making()
        if made.rejected:
            await _sequenced(parts, shown)
            size = await parts.ledger.size()
            if max(parts.follower.applied, size - 1) > made.case.index:
                await _applied(parts, size)
                made = await making()
        checked = await _write(parts, shown, made, session)
    except Stale:
        raise await _overtaken(parts, shown) from None
    done = {"id": str(made.decision.verification.id)}
    return Verified(presentation=checked, decision=made.decision, done=done)


async def _applied(parts: Parts, size: int) -> None:
    """Wait until a log of this size is in our projections."""
    try:
        async with asyncio.timeout(parts.terms.freshness_wait.total_seconds()):
            await parts.follower.reach(size - 1)
    except TimeoutError:
        raise Busy("this verifier lags behind the log", code="LISTENER_LAGGING") from None


async def _sequenced(parts: Parts, shown: Presentation) -> None:
    """A holder shows what was signed a moment ago: nobody is turned away while the log has still
    to take in what was committed about it."""
    about = [item.credential for item in shown.shown]
    entities = [*about, shown.holder, *([shown.consent] if shown.consent else [])]
    deadline = asyncio.get_running_loop().time() + parts.terms.freshness_wait.total_seconds()
    while await parts.ledger.awaits(entities):
        if asyncio.get_running_loop().time() > deadline:
            raise Busy("the log has still to take in what is shown", code="LISTENER_LAGGING")
        await asyncio.sleep(_STEP)


async def _made(
    parts: Parts, shown: Presentation, presented: Presented, session: Session, *, ahead: bool
) -> _Made:
    """The decision; unless it is a rejection, the session holds what it rests on."""
    found = await gather(parts, shown, presented)
    if not ahead:
        made = await offload(_decided, found)
        if not made.rejected:
            await _hold(parts, found.ground, session)
        return made
    # signatures leave the event loop free: the rows are held in the same time
    decided, failed = await asyncio.gather(
        offload(_decided, found), _hold(parts, found.ground, session), return_exceptions=True
    )
    if isinstance(decided, BaseException):
        raise decided
    if decided.rejected:
        await begin_anew(session)
    elif failed is not None:
        raise failed
    return decided


def _decided(found: Gathered) -> _Made:
    case = case_of(found.request, found.shown, found.presented, found.ground, found.rules)
    return _Made(case=case, ground=found.ground, decision=decide(case), waited=found.awaited)


async def _write(parts: Parts, shown: Presentation, made: _Made, session: Session) -> Presentation:
    """The presentation as it then stands."""
    store, decision = parts.store, made.decision
    state = PresentationState(decision.verification.result.value)
    walk(PRESENTATION, shown.state, PresentationState.VERIFYING, state)
    checked = replace(
        made.case.presentation,
        state=state,
        verification=decision.verification.id,
        version=shown.version + 1,
    )
    by = ("state", "version")
    await store.presentations.move(shown, checked, by=by, session=session)
    await store.verifications.insert(decision.verification, session=session)
    await store.grounds.insert(made.ground, session=session)
    if decision.qualification is not None:
        await store.qualifications.insert(decision.qualification, session=session)
    await store.acceptances.add(decision.acceptances, session=session)
    await parts.outbox.put(session, *decision.events)
    if decision.qualification is not None and decision.qualification.outcome == "QUALIFIED":
        await _cure(parts, shown, made, session)
    return checked


async def _hold(parts: Parts, ground: Ground, session: Session) -> None:
    """Collide with a follower that moves one of these at the same time."""
    were = {str(one.id): {"at_index": one.at_index} for one in ground.credentials}
    await parts.store.credentials.hold_all(were, session=session)
    if ground.consent is not None:
        was = {"at_index": ground.consent.at_index}
        await parts.store.consents.hold(ground.consent.id, was=was, session=session)
    root, holder = ground.root, ground.holder
    if root is None or not await parts.roots.hold(holder, root, session):
        raise Stale(holder)


async def _cure(parts: Parts, shown: Presentation, made: _Made, session: Session) -> None:
    """A new proof that qualifies fulfils what supplements were asked for."""
    if not made.waited and parts.follower.news_at <= made.ground.index:
        return  # nothing was asked for, nor has been since: that would have been published
    waiting = await parts.store.open_for(shown.verifier, shown.holder, session=session)
    known = await parts.store.awaited(waiting, session=session)
    sheet = Sheet(known, due=parts.terms.due)
    for row in known.acceptances:
        sheet.apply(row, Cause.NEW_PROOF, at=made.case.at)
    await parts.store.save(sheet.written(), session=session)
    if sheet.events:
        await parts.outbox.put(session, *sheet.events)


async def _overtaken(parts: Parts, shown: Presentation) -> Busy | InvalidTransition:
    now = await parts.store.presentations.get(shown.id)
    if now is not None and now.state is not shown.state:
        return InvalidTransition(
            source=now.state, target=PresentationState.VERIFYING, allowed=PRESENTATION[now.state]
        )
    return Busy("a status moved while it was checked")
