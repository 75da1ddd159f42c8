"""What people decide: a doubtful sum, and documents on paper.

Laws: only a qualification that waits for review is decided, once; whoever took paper in does not
decide on it; reasons are codes and are never empty; a decision for the customer needs every proof
it rests on to stand still, one against her ends them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final

from subgraphs.kit.errors import Forbidden, Invalid, InvalidTransition, NotFound
from subgraphs.kit.ids import InstitutionId, new_id
from subgraphs.kit.mongo import Session
from subgraphs.kit.viewer import Role, Viewer
from subgraphs.rules import Evidence, Fact, Metric, Outcome, ReasonCode, assess
from subgraphs.rules.calendar import day_of
from subgraphs.vc.consent import CODE
from subgraphs.verifier import outgoing
from subgraphs.verifier.ask import bound_customer, offered
from subgraphs.verifier.decide import recorded
from subgraphs.verifier.grant import hold_proofs
from subgraphs.verifier.lifecycle import PRESENTATION, move
from subgraphs.verifier.parts import Parts
from subgraphs.verifier.reactions import Cause
from subgraphs.verifier.records import (
    Binding,
    PaperProof,
    Qualification,
    QualificationId,
    Review,
)
from subgraphs.verifier.states import PresentationState, QualificationBasis
from subgraphs.verifier.table import Stale
from subgraphs.verifier.watch import Sheet

_MOST_REASONS: Final = 8
_MOST_PAPERS: Final = 16
_LONGEST_NOTE: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What a person says."""

    qualified: bool
    reasons: tuple[str, ...]
    note: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OnPaper:
    """Whose papers, for which rules, beside which decision."""

    customer_no: str
    rules: str
    papers: Sequence[PaperProof]
    beside: str | None


async def decide_review(
    parts: Parts, viewer: Viewer, *, qualification_id: str, said: Decided, session: Session
) -> Qualification:
    """The qualification as decided."""
    verifier, person = staff(viewer)
    _check(said)
    held = await parts.store.qualifications.get(qualification_id)
    if held is None or held.verifier != verifier:
        raise NotFound("qualification", field="qualificationId")
    outcome = Outcome.QUALIFIED if said.qualified else Outcome.NOT_QUALIFIED
    if held.outcome is not Outcome.REVIEW:
        raise InvalidTransition(
            source=held.outcome,
            target=outcome,
            allowed=(),
            message=f"nothing waits for a decision: the qualification is {held.outcome.value}",
        )
    if held.recorded_by == person:
        raise Invalid(
            "another person has to decide on what you took in",
            field="qualificationId",
            code="REVIEWER_NOT_ANOTHER",
        )
    if said.qualified:
        await _begins(parts, verifier, held.rule_set)
    now = parts.clock()
    review = Review(by=person, at=now, reasons=said.reasons, note=said.note)
    row = replace(held, outcome=outcome, version=held.version + 1, review=review)
    try:
        await parts.store.qualifications.change(
            held.id,
            was={"version": held.version},
            now={"outcome": row.outcome, "version": row.version, "review": row.review},
            session=session,
        )
    except Stale:
        raise InvalidTransition(
            source=held.outcome,
            target=outcome,
            allowed=(),
            message="the qualification was decided meanwhile",
        ) from None
    await _follow_up(parts, row, now, session)
    await parts.outbox.put(session, outgoing.qualification_decided(row))
    return row


async def record_paper(
    parts: Parts,
    viewer: Viewer,
    *,
    asked: OnPaper,
    session: Session,
) -> Qualification:
    """A qualification that waits for another person where the papers reach the threshold, and says
    what is missing where they do not; `beside` names one on credentials that they complete."""
    verifier, person = staff(viewer)
    rules, papers = offered(asked.rules, parts), asked.papers
    _check_papers(papers, day_of(parts.clock()))
    await _begins(parts, verifier, rules.key)
    binding = await bound_customer(parts, verifier, asked.customer_no)
    other = await _beside(parts, binding, asked.beside)
    found = assess([*_facts(papers), *_shown(other)], rules)
    now = parts.clock()
    row = Qualification(
        id=QualificationId(new_id("qual")),
        verifier=verifier,
        holder=binding.holder,
        verification=None if other is None else other.verification,
        rule_set=rules.key,
        outcome=Outcome.REVIEW if found.outcome is Outcome.QUALIFIED else found.outcome,
        reasons=recorded(found),
        evidence=Evidence.LOWER_BOUND,
        as_of=min(paper.as_of for paper in papers),
        basis=(QualificationBasis.PAPER if other is None else QualificationBasis.MIXED).value,
        decided_at=now,
        valid_until=_until(now, parts, other),
        paper=tuple(papers),
        recorded_by=person,
    )
    await parts.store.qualifications.insert(row, session=session)
    await parts.outbox.put(session, outgoing.qualification_decided(row))
    return row


async def _begins(parts: Parts, verifier: InstitutionId, rules: str) -> None:
    own = await parts.institutions.get(verifier)
    if own is not None:
        own.begins(rules)


async def _beside(parts: Parts, binding: Binding, named: str | None) -> Qualification | None:
    if named is None:
        return None
    found = await parts.store.qualifications.get(named)
    if found is None or (found.verifier, found.holder) != (binding.verifier, binding.holder):
        raise NotFound("qualification", field="besideQualificationId")
    return found


def staff(viewer: Viewer) -> tuple[InstitutionId, str]:
    """The institution, and who of its people it is."""
    verifier = viewer.require_institution(Role.VERIFIER)
    if not viewer.subject:
        raise Forbidden("a decision needs a person, and the token names none")
    return verifier, viewer.subject


def _check(said: Decided) -> None:
    if not 1 <= len(said.reasons) <= _MOST_REASONS:
        raise Invalid(f"give 1 to {_MOST_REASONS} reasons", field="reasons", code="REASON_MISSING")
    if any(CODE.fullmatch(reason) is None for reason in said.reasons):
        raise Invalid("a reason is a code in capitals", field="reasons")
    if said.note is not None and len(said.note) > _LONGEST_NOTE:
        raise Invalid("a note has 500 characters at most", field="note")


def _check_papers(papers: Sequence[PaperProof], today: date) -> None:
    if not 1 <= len(papers) <= _MOST_PAPERS:
        raise Invalid(f"give 1 to {_MOST_PAPERS} documents", field="documents")
    if len({paper.digest for paper in papers}) != len(papers):
        raise Invalid("one document twice", field="documents", code="DOCUMENT_REPEATED")
    for place, paper in enumerate(papers):
        at = f"documents[{place}]"
        if CODE.fullmatch(paper.kind) is None:
            raise Invalid("a kind is a code in capitals", field=f"{at}.kind")
        if paper.value < 0:
            raise Invalid("below nothing", field=f"{at}.value")
        if paper.as_of > today:
            raise Invalid("a day that has not come", field=f"{at}.asOf")


def _facts(papers: Sequence[PaperProof]) -> list[Fact]:
    """One day's assets add up, as proofs do; of income and experience the best paper counts."""
    sums: dict[tuple[Metric, date], int] = {}
    for paper in papers:
        key = (Metric(paper.metric), paper.as_of)
        held, adds = sums.get(key, 0), key[0] is Metric.FINANCIAL_ASSETS
        sums[key] = held + paper.value if adds else max(held, paper.value)
    return [
        Fact(metric=metric, value=value, evidence=Evidence.LOWER_BOUND)
        for (metric, _), value in sums.items()
    ]


def _shown(other: Qualification | None) -> list[Fact]:
    reasons = () if other is None else other.reasons
    return [
        Fact(metric=Metric(one.metric), value=one.shown, evidence=Evidence.LOWER_BOUND)
        for one in reasons
        if one.shown is not None and one.code is not ReasonCode.DOUBLE_COUNT
    ]


def _until(now: datetime, parts: Parts, other: Qualification | None) -> datetime:
    end = now + parts.terms.paper_lives
    return end if other is None else min(end, other.valid_until)


async def _follow_up(parts: Parts, row: Qualification, now: datetime, session: Session) -> None:
    """What a doubtful sum rested on: relied upon from here, or no more."""
    if row.outcome is Outcome.QUALIFIED:
        await hold_proofs(parts, row, session)
    if row.basis != QualificationBasis.VC or row.verification is None:
        return
    verification = await parts.store.verifications.get(row.verification)
    if verification is None:
        raise LookupError(f"{row.id} rests on a verification that is gone")
    accepted = row.outcome is Outcome.QUALIFIED
    state = PresentationState.ACCEPTED if accepted else PresentationState.REJECTED
    await parts.store.presentations.change(
        verification.presentation,
        was={"state": PresentationState.NEEDS_REVIEW},
        now={"state": move(PRESENTATION, PresentationState.NEEDS_REVIEW, state)},
        session=session,
    )
    if not accepted:
        known = await parts.store.relied_on(row.verification, session=session)
        sheet = Sheet(known, due=parts.terms.due)
        for acceptance in known.acceptances:
            sheet.apply(acceptance, Cause.REVIEWED_AGAINST, at=now)
        await parts.store.save(sheet.written(), session=session)
        if sheet.events:
            await parts.outbox.put(session, *sheet.events)
