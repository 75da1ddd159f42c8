"""Check a presentation and write the decision, or nothing.

Laws: everything comes from this subgraph's own rows, the log and the presentation itself, never
from an issuer; the decision stands on statuses no older than the log was when it was asked for; a
status that moves while the decision is written makes it be made again; a rejection waits for what
is committed about the things shown and has no place on the log yet.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import replace

from subgraphs.kit.errors import Busy, InvalidTransition, NotFound
from subgraphs.kit.ids import HolderId, InstitutionId
from subgraphs.kit.institutions import InstitutionRow
from subgraphs.kit.mongo import Session
from subgraphs.kit.offload import offload
from subgraphs.vc.did import Did
from subgraphs.vc.examination import Examination, Terms
from subgraphs.vc.examine import examine
from subgraphs.vc.presentation import Presentation as Presented
from subgraphs.vc.presentation import read_presentation
from subgraphs.vc.strict_json import parse_object
from subgraphs.verifier.checks import OnLog, judge
from subgraphs.verifier.decide import Case, Decision, decide
from subgraphs.verifier.lifecycle import PRESENTATION, walk
from subgraphs.verifier.listed import lists_of
from subgraphs.verifier.parts import Parts
from subgraphs.verifier.reactions import Cause
from subgraphs.verifier.records import Binding, Presentation, Request, Verification
from subgraphs.verifier.states import PresentationState, SupplementState, VerificationResult
from subgraphs.verifier.table import Stale
from subgraphs.verifier.trust import ProjectedRegister, by_did
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
    case, log = await _case(parts, shown)
    decision = decide(case)
    if decision.verification.result is VerificationResult.REJECTED:
        await _sequenced(parts, shown)
        if parts.follower.applied > log.index or await parts.ledger.size() - 1 > log.index:
            await _up_to_date(parts)
            case, log = await _case(parts, shown)
            decision = decide(case)
    try:
        await _write(parts, case.presentation, log, decision, session)
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


async def _case(parts: Parts, shown: Presentation) -> tuple[Case, OnLog]:
    request, binding = await _asked(parts, shown)
    presented = read_presentation(parse_object(shown.document))
    dids = {str(item.credential.get("issuer")) for item in presented.shown}
    receipt = presented.receipt or {}
    institutions = await by_did(parts.institutions, dids | {str(receipt.get("issuer"))})
    index, now = parts.follower.applied, parts.clock()
    log = OnLog(
        index=index,
        credentials=await parts.store.credentials.find(item.credential for item in shown.shown),
        institutions=institutions,
        consent=None if shown.consent is None else await parts.store.consents.get(shown.consent),
        places=await parts.statuses.places([item.credential for item in shown.shown]),
        lists=await lists_of(parts.statuses, presented, now),
        root=await parts.roots.newest(shown.holder),
    )
    shown = _issued(shown, presented, institutions)
    terms = Terms(
        nonce=request.nonce,
        audience=Did(request.audience),
        now=now,
        customer=Did(binding.did),
        purpose=request.purpose,
    )
    examined: Examination = await offload(
        examine, presented, terms, ProjectedRegister(institutions)
    )
    checks = judge(examined, log, verifier=shown.verifier, holder=shown.holder)
    case = Case(
        request=request,
        presentation=shown,
        examined=examined,
        checks=checks,
        at=now,
        index=log.index,
    )
    return case, log


def _issued(
    shown: Presentation, presented: Presented, institutions: Mapping[str, InstitutionRow]
) -> Presentation:
    """An issuer may have joined the register since the presentation came in."""
    issuers = [institutions.get(str(item.credential.get("issuer"))) for item in presented.shown]
    items = zip(shown.shown, issuers, strict=True)
    return replace(
        shown,
        shown=tuple(replace(item, issuer=row.id if row else None) for item, row in items),
    )


async def _asked(parts: Parts, shown: Presentation) -> tuple[Request, Binding]:
    request = await parts.store.requests.get(shown.request)
    binding = None if request is None else await parts.store.bindings.get(request.binding)
    if request is None or binding is None:
        raise LookupError(f"{shown.id} answers a request that is gone")
    return request, binding


async def _write(
    parts: Parts, shown: Presentation, log: OnLog, decision: Decision, session: Session
) -> None:
    store, accepted = parts.store, decision.verification.result is VerificationResult.ACCEPTED
    if accepted:
        await _hold(parts, shown.holder, log, session)
    state = PresentationState.ACCEPTED if accepted else PresentationState.REJECTED
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
    if decision.qualification is not None:
        await store.qualifications.insert(decision.qualification, session=session)
    for row in decision.acceptances:
        await store.acceptances.insert(row, session=session)
    await parts.outbox.put(session, *decision.events)
    if decision.qualification is not None and decision.qualification.outcome == "QUALIFIED":
        await _cure(parts, shown, decision, session)


async def _hold(parts: Parts, holder: HolderId, log: OnLog, session: Session) -> None:
    """Collide with a follower that moves one of these at the same time."""
    for credential in log.credentials.values():
        was = {"at_index": credential.at_index}
        await parts.store.credentials.hold(credential.id, was=was, session=session)
    if log.consent is not None:
        was = {"at_index": log.consent.at_index}
        await parts.store.consents.hold(log.consent.id, was=was, session=session)
    if log.root is None or not await parts.roots.hold(holder, log.root, session):
        raise Stale(holder)


async def _cure(parts: Parts, shown: Presentation, decision: Decision, session: Session) -> None:
    """A new proof that qualifies fulfils what supplements were asked for."""
    mine = {"verifier": shown.verifier, "holder": shown.holder, "state": SupplementState.OPEN}
    waiting = await parts.store.supplements.where(mine, session=session)
    known = await parts.store.awaited(waiting, session=session)
    sheet = Sheet(known, supplement_period=parts.terms.supplement_period)
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
