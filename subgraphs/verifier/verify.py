"""Check a presentation and write the decision, or nothing.

Laws: everything comes from this subgraph's own rows, the log and the presentation itself, never
from an issuer; the decision stands on statuses no older than the log was when it was asked for; a
status that moves while the decision is written makes it be made again; a rejection waits for what
is committed about the things shown and has no place on the log yet.
"""

import asyncio

from subgraphs.kit.errors import Busy, InvalidTransition, NotFound
from subgraphs.kit.ids import InstitutionId
from subgraphs.kit.mongo import Session
from subgraphs.kit.offload import offload
from subgraphs.rules import rule_set
from subgraphs.verifier.decide import Case, Decision, decide
from subgraphs.verifier.gather import gather
from subgraphs.verifier.grounds import Ground, case_of
from subgraphs.verifier.lifecycle import PRESENTATION, walk
from subgraphs.verifier.parts import Parts
from subgraphs.verifier.reactions import Cause
from subgraphs.verifier.records import Binding, Presentation, Request, Verification
from subgraphs.verifier.states import PresentationState, SupplementState, VerificationResult
from subgraphs.verifier.table import Stale
from subgraphs.verifier.watch import Sheet

_STEP = 0.005


async def verify(
    parts: Parts, verifier: InstitutionId, *, presentation_id: str, session: Session
) -> Verification:
    """All five checks at one position of the log; Busy when this process lags behind it."""
    shown = await parts.store.presentations.get(presentation_id)
    if shown is None or shown.verifier != verifier:
        raise NotFound("presentation", field="presentationId")
    walk(PRESENTATION, shown.state, PresentationState.VERIFYING)
    await _up_to_date(parts)
    await parts.institutions.acting(verifier, "VERIFIER", parts.clock())
    case, ground = await _case(parts, shown)
    decision = decide(case)
    if decision.verification.result is VerificationResult.REJECTED:
        await _sequenced(parts, shown)
        if parts.follower.applied > case.index or await parts.ledger.size() - 1 > case.index:
            await _up_to_date(parts)
            case, ground = await _case(parts, shown)
            decision = decide(case)
    try:
        await _write(parts, case.presentation, ground, decision, session)
    except Stale:
        raise await _overtaken(parts, shown) from None
    return decision.verification


async def _up_to_date(parts: Parts) -> None:
    """Wait until everything that was on the log when the caller asked is in our projections."""
    wanted = await parts.ledger.size() - 1
    deadline = asyncio.get_running_loop().time() + parts.terms.freshness_wait.total_seconds()
    while parts.follower.applied < wanted:
        if asyncio.get_running_loop().time() > deadline:
            raise Busy("this verifier lags behind the log", code="LISTENER_LAGGING")
        await asyncio.sleep(_STEP)


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


async def _case(parts: Parts, shown: Presentation) -> tuple[Case, Ground]:
    request, binding = await _asked(parts, shown)
    rules = rule_set(request.rule_set, among=parts.terms.rule_sets)
    ground = await gather(parts, shown, request, binding, rules)
    return await offload(case_of, request, shown, ground, rules), ground


async def _asked(parts: Parts, shown: Presentation) -> tuple[Request, Binding]:
    request = await parts.store.requests.get(shown.request)
    binding = None if request is None else await parts.store.bindings.get(request.binding)
    if request is None or binding is None:
        raise LookupError(f"{shown.id} answers a request that is gone")
    return request, binding


async def _write(
    parts: Parts, shown: Presentation, ground: Ground, decision: Decision, session: Session
) -> None:
    store, result = parts.store, decision.verification.result
    if result is not VerificationResult.REJECTED:
        await _hold(parts, ground, session)
    state = PresentationState(result.value)
    walk(PRESENTATION, shown.state, PresentationState.VERIFYING, state)
    await store.presentations.change(
        shown.id,
        was={"state": shown.state, "version": shown.version},
        now={
            "state": state,
            "verification": decision.verification.id,
            "shown": shown.shown,
            "version": shown.version + 1,
        },
        session=session,
    )
    await store.verifications.insert(decision.verification, session=session)
    await store.grounds.insert(ground, session=session)
    if decision.qualification is not None:
        await store.qualifications.insert(decision.qualification, session=session)
    await store.acceptances.add(decision.acceptances, session=session)
    await parts.outbox.put(session, *decision.events)
    if decision.qualification is not None and decision.qualification.outcome == "QUALIFIED":
        await _cure(parts, shown, decision, session)


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


async def _cure(parts: Parts, shown: Presentation, decision: Decision, session: Session) -> None:
    """A new proof that qualifies fulfils what supplements were asked for."""
    mine = {"verifier": shown.verifier, "holder": shown.holder, "state": SupplementState.OPEN}
    waiting = await parts.store.supplements.where(mine, session=session)
    known = await parts.store.awaited(waiting, session=session)
    sheet = Sheet(known, due=parts.terms.due)
    for row in known.acceptances:
        sheet.apply(row, Cause.NEW_PROOF, at=decision.verification.checked_at)
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
