"""From five answers to what is written: verification, qualification, acceptances, events. Pure."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ledger_adapter.port import Envelope
from subgraphs.kit.ids import InstitutionId, derived_id
from subgraphs.rules import Assessment, Outcome, ReasonCode, RuleSet, assess
from subgraphs.rules.overlap import LiveCount, ShownProof, Verdict
from subgraphs.vc.consent import NEW_TOTAL_BAND
from subgraphs.vc.examination import Examination
from subgraphs.verifier import outgoing
from subgraphs.verifier.checks import FRAUD, result_of
from subgraphs.verifier.evidence import facts_of
from subgraphs.verifier.guard import Guarded, guard, needed_by, ruled
from subgraphs.verifier.records import (
    Acceptance,
    AcceptanceId,
    Check,
    DecisionReason,
    Presentation,
    Qualification,
    QualificationId,
    Request,
    Shown,
    Verification,
    VerificationId,
)
from subgraphs.verifier.states import AcceptanceState, CheckOutcome, VerificationResult

_TWICE: Final = {
    Verdict.DOUBLE_COUNT: ReasonCode.DOUBLE_COUNT,
    Verdict.REVIEW: ReasonCode.MAY_COUNT_TWICE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Everything one decision writes, apart from the presentation's own state."""

    verification: Verification
    qualification: Qualification | None
    acceptances: tuple[Acceptance, ...]
    events: tuple[Envelope, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What is decided on: the request, what was shown, what was found."""

    request: Request
    presentation: Presentation
    examined: Examination
    checks: tuple[Check, ...]
    at: datetime
    index: int
    rules: RuleSet
    evidence: str
    reduced: frozenset[str] = frozenset()
    earlier: tuple[ShownProof, ...] = ()
    live: LiveCount | None = None


def decide(case: Case) -> Decision:
    """Ids follow from the presentation, so a decision can be written once only."""
    shown, result = case.presentation, result_of(case.checks)
    verification_id = VerificationId(derived_id("veri", shown.id))
    qualification: Qualification | None = None
    acceptances: tuple[Acceptance, ...] = ()
    guarded: Guarded | None = None
    if result is VerificationResult.ACCEPTED:
        guarded = guard(
            case.examined, case.rules, reduced=case.reduced, earlier=case.earlier, live=case.live
        )
        qualification = _qualify(case, guarded, verification_id)
        if qualification.outcome is Outcome.REVIEW:
            result = VerificationResult.NEEDS_REVIEW
        acceptances = _accept(case, verification_id, qualification.id)
    verification = Verification(
        id=verification_id,
        presentation=shown.id,
        verifier=shown.verifier,
        holder=shown.holder,
        result=result,
        checks=case.checks,
        checked_at=case.at,
        checked_at_index=case.index,
        qualification=None if qualification is None else qualification.id,
        acceptances=tuple(row.id for row in acceptances),
        evidence=case.evidence,
        outcome=None if qualification is None else qualification.outcome,
        double_count=None if guarded is None else guarded.whole,
        proofs=() if guarded is None else guarded.proofs,
        needed=None if guarded is None else needed_by(case.rules),
    )
    events = [outgoing.presentation_verified(verification, shown), *_fraud(case)]
    events += [] if guarded is None else _twice(case, guarded)
    events += [outgoing.credential_accepted(row) for row in acceptances]
    if qualification is not None:
        events.append(outgoing.qualification_decided(qualification))
    return Decision(
        verification=verification,
        qualification=qualification,
        acceptances=acceptances,
        events=tuple(events),
    )


def _fraud(case: Case) -> list[Envelope]:
    failed = [c for c in case.checks if c.kind in FRAUD and c.outcome is CheckOutcome.FAILED]
    return [
        outgoing.fraud_signal(case.presentation, check.kind.value, check.reason, case.at)
        for check in failed
        if check.reason is not None
    ]


def _twice(case: Case, guarded: Guarded) -> list[Envelope]:
    """The verdict on all that she has shown here, where it is not clear: a code, no amount."""
    reason = _TWICE.get(guarded.whole.verdict)
    if reason is None:
        return []
    return [outgoing.fraud_signal(case.presentation, "DOUBLE_COUNT", reason.value, case.at)]


def _qualify(case: Case, guarded: Guarded, verification: VerificationId) -> Qualification:
    facts, assets = facts_of(case.examined, guarded.own.proven)
    found = ruled(assess(facts, case.rules), guarded)
    return Qualification(
        id=QualificationId(derived_id("qual", verification)),
        verifier=case.request.verifier,
        holder=case.request.holder,
        verification=verification,
        rule_set=found.rule_set,
        outcome=found.outcome,
        reasons=recorded(found),
        evidence=None if assets is None else assets.fact.evidence,
        as_of=None if assets is None else assets.as_of,
        basis="VC",
        decided_at=case.at,
        valid_until=min(item.valid_until for item in case.presentation.shown),
    )


def recorded(found: Assessment) -> tuple[DecisionReason, ...]:
    """The reasons as they are kept."""
    return tuple(
        DecisionReason(
            code=reason.code,
            metric=reason.metric.value,
            required=reason.required,
            shown=reason.shown,
            short_by=reason.short_by,
        )
        for reason in found.reasons
    )


def _accept(
    case: Case, verification: VerificationId, qualification: QualificationId
) -> tuple[Acceptance, ...]:
    consent, consent_id = case.examined.consent, case.presentation.consent
    if consent is None or consent_id is None or consent.monitoring.until is None:
        raise ValueError("nothing is accepted without a monitoring grant")
    return tuple(
        Acceptance(
            id=AcceptanceId(derived_id("accp", verification, item.credential)),
            verifier=case.request.verifier,
            holder=case.request.holder,
            credential=item.credential,
            vc_hash=item.vc_hash,
            issuer=_issuer(item),
            presentation=case.presentation.id,
            verification=verification,
            qualification=qualification,
            consent=consent_id,
            monitoring_until=consent.monitoring.until,
            state=AcceptanceState.MONITORED,
            accepted_at=case.at,
            version=1,
            band_agreed=consent.covers(NEW_TOTAL_BAND),
        )
        for item in case.presentation.shown
    )


def _issuer(item: Shown) -> InstitutionId:
    if item.issuer is None:
        raise ValueError("nothing is accepted of an unregistered issuer")
    return item.issuer
