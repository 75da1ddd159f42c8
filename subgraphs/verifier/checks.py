"""The five checks: what the presentation shows, held against what the log says. Pure.

Laws: all five are always made and reported, none is hidden by the first that fails; a check fails
with the first reason against it and keeps every finding as evidence; what the log does not say is
not assumed in the holder's favour.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from subgraphs.kit.ids import HolderId, InstitutionId
from subgraphs.kit.institutions import InstitutionRow
from subgraphs.kit.roots import RootOnLog
from subgraphs.kit.statuses import Place, list_name
from subgraphs.vc import model
from subgraphs.vc.consent import consent_digest
from subgraphs.vc.did_versions import salted_digest
from subgraphs.vc.disclosure import general
from subgraphs.vc.examination import CheckKind, Examination, ExaminedCredential, Reason
from subgraphs.vc.guard import FLOW_AMOUNT, POSITION_AMOUNT
from subgraphs.vc.receipt import document_digest
from subgraphs.vc.status_list import CheckedList, StatusPurpose, StatusReason, status_of
from subgraphs.verifier.evidence import amount_of
from subgraphs.verifier.records import Check, ConsentOnLog, CredentialOnLog, Query
from subgraphs.verifier.states import CheckOutcome, CredentialStatus, LogReason, VerificationResult

_ON_EVERY_PROOF: Final = frozenset({model.TOTAL, model.IN_TRANSIT})
FRAUD: Final = (CheckKind.INTEGRITY, CheckKind.TRUSTED_ISSUER)


@dataclass(frozen=True, slots=True, kw_only=True)
class OnLog:
    """This verifier's own projections at one position of the log, read for one presentation."""

    index: int
    credentials: Mapping[str, CredentialOnLog]
    institutions: Mapping[str, InstitutionRow]  # by DID
    consent: ConsentOnLog | None
    places: Mapping[str, Place]  # by credential id
    lists: Mapping[str, CheckedList]  # by URI
    root: RootOnLog | None
    query: Query | None = None
    recheck_within: timedelta | None = None


@dataclass(frozen=True, slots=True)
class _Note:
    check: CheckKind
    topic: str
    place: str
    reason: Reason | LogReason | StatusReason | None
    detail: str | None = None

    def as_json(self) -> dict[str, object]:
        noted = {"topic": self.topic, "place": self.place, "ok": self.reason is None}
        return noted | {
            name: str(value)
            for name, value in (("reason", self.reason), ("detail", self.detail))
            if value is not None
        }


def judge(
    examined: Examination, log: OnLog, *, verifier: InstitutionId, holder: HolderId
) -> tuple[Check, ...]:
    """One answer for each kind, in the order of the vocabulary."""
    notes = [*_shown(examined), *_consent(examined, log, verifier, holder)]
    notes += _did(examined, log)
    if log.query is not None and not examined.against(CheckKind.INTEGRITY):
        notes += _asked(examined.credentials, log.query)
    for place, credential in enumerate(examined.credentials):
        notes += _credential(credential, f"/verifiableCredential/{place}", log, holder)
        notes += _listed(credential, f"/verifiableCredential/{place}", log, examined.at)
        notes += _fresh(credential, f"/verifiableCredential/{place}", log, examined.at)
    return tuple(_check(kind, notes, log.index) for kind in CheckKind)


def result_of(checks: tuple[Check, ...]) -> VerificationResult:
    """Accepted only when every check passed."""
    passed = all(check.outcome is CheckOutcome.PASSED for check in checks)
    return VerificationResult.ACCEPTED if passed else VerificationResult.REJECTED


def _check(kind: CheckKind, notes: list[_Note], index: int) -> Check:
    mine = [note for note in notes if note.check is kind]
    against = next((note.reason for note in mine if note.reason is not None), None)
    return Check(
        kind=kind,
        outcome=CheckOutcome.PASSED if against is None else CheckOutcome.FAILED,
        reason=None if against is None else against.value,
        evidence={"logIndex": index, "findings": [note.as_json() for note in mine]},
    )


def _shown(examined: Examination) -> Iterator[_Note]:
    for found in examined.findings:
        yield _Note(found.check, found.topic, found.place, found.reason, found.detail)


def _did(examined: Examination, log: OnLog) -> Iterator[_Note]:
    """A history that ends before, or elsewhere than, the log's newest version is a rollback."""
    if examined.receipt is None:
        return
    later = examined.presentation.did_versions
    last = salted_digest(later[-1].salt, later[-1].version) if later else None
    digest = last or document_digest(examined.receipt)
    shown = RootOnLog(number=1 + len(later), digest=digest)
    reason = None if shown == log.root else LogReason.DID_NOT_CURRENT
    detail = f"{shown.number} of {log.root.number if log.root else 0}@{log.index}"
    yield _Note(CheckKind.HOLDER_BINDING, "did-current", "/didVersions", reason, detail)


def _consent(
    examined: Examination, log: OnLog, verifier: InstitutionId, holder: HolderId
) -> Iterator[_Note]:
    kind, document = CheckKind.HOLDER_AUTHORISATION, examined.presentation.consent
    if document is None:
        return
    held = log.consent
    if held is None:
        yield _Note(kind, "consent-on-log", "/consent", Reason.CONSENT_MISSING, "NOT_ON_LOG")
        return
    same = held.digest in (None, consent_digest(document))
    ours = (held.institution, held.holder) == (verifier, holder)
    yield _Note(
        kind, "consent-on-log", "/consent", None if same and ours else Reason.CONSENT_INVALID
    )
    withdrawn = LogReason.CONSENT_WITHDRAWN if held.withdrawn else None
    yield _Note(kind, "consent-in-force", "/consent", withdrawn)
    watched = None if held.monitoring else Reason.MONITORING_NOT_GRANTED
    yield _Note(kind, "monitoring-on-log", "/consent", watched)


def _asked(credentials: Sequence[ExaminedCredential], query: Query) -> Iterator[_Note]:
    """Whether she let be seen what was asked for: what every proof states by every one, what only
    some state by one of them. Nothing is said where what was shown does not hold."""
    kind = CheckKind.HOLDER_AUTHORISATION
    for claim in query.claims:
        shown = [_shows(one, claim) for one in credentials]
        answered = all(shown) if claim in _ON_EVERY_PROOF else any(shown)
        reason = None if answered else LogReason.QUERY_NOT_ANSWERED
        yield _Note(kind, "query", "/verifiableCredential", reason, claim)
    if query.at_least is not None:
        answered = any(amount_of(one) is not None for one in credentials)
        reason = None if answered else LogReason.QUERY_NOT_ANSWERED
        yield _Note(kind, "query", "/verifiableCredential", reason, "atLeast")


def _shows(one: ExaminedCredential, claim: str) -> bool:
    if one.claims is None:
        return False
    facts = one.claims.guard
    if (claim, ()) in ((POSITION_AMOUNT, facts.positions), (FLOW_AMOUNT, facts.flows)):
        return True  # a whole list was shown, and nothing is on it
    wanted = model.LINES if claim == model.LINE_CATEGORY else claim  # goes with its line
    return any(general(path) == wanted for path in one.claims.paths)


def _fresh(
    credential: ExaminedCredential, place: str, log: OnLog, now: datetime
) -> Iterator[_Note]:
    """How long ago its issuer looked at the assets, against what the policy allows."""
    held = None if credential.head is None else log.credentials.get(credential.head.credential_id)
    if held is None or held.looked_at is None or log.recheck_within is None:
        return
    age = now - held.looked_at
    reason = LogReason.RECHECK_TOO_OLD if age > log.recheck_within else None
    detail = f"{held.looked_at.isoformat()} within {log.recheck_within.days} d"
    yield _Note(CheckKind.TIMELINESS, "recheck-age", place, reason, detail)


def _credential(
    credential: ExaminedCredential, place: str, log: OnLog, holder: HolderId
) -> Iterator[_Note]:
    head = credential.head
    if head is None:
        return
    held, issuer = log.credentials.get(head.credential_id), log.institutions.get(head.issuer)
    known = (
        held is not None
        and held.vc_hash == credential.vc_hash
        and issuer is not None
        and held.issuer == issuer.id
    )
    hashed = None if known else LogReason.HASH_NOT_ON_LOG
    yield _Note(CheckKind.INTEGRITY, "hash-on-log", place, hashed, credential.vc_hash)
    if held is not None and held.first_index is not None and issuer is not None:
        stood = issuer.stood_at("ISSUER", held.first_index, held.first_at)
        reason = None if stood else Reason.ISSUER_NOT_TRUSTED
        yield _Note(CheckKind.TRUSTED_ISSUER, "standing-on-log", place, reason)
    own = None if held is None or held.holder == holder else Reason.NOT_OUR_CUSTOMER
    yield _Note(CheckKind.HOLDER_BINDING, "holder-on-log", place, own)
    status = None if held is None else held.status
    active = None if status is CredentialStatus.ACTIVE else LogReason.NOT_ACTIVE
    detail = "NOT_ON_LOG" if held is None else f"{held.status}@{held.at_index}"
    yield _Note(CheckKind.TIMELINESS, "status", place, active, detail)


def _listed(
    credential: ExaminedCredential, place: str, log: OnLog, now: datetime
) -> Iterator[_Note]:
    """Each status entry against the list made from the log, and both against the place there."""
    head = credential.head
    if head is None:
        return
    known = log.places.get(head.credential_id)
    if known is not None and len(head.status) != len(StatusPurpose):
        yield _Note(CheckKind.TIMELINESS, "status-list", place, StatusReason.LIST_MISSING)
    for entry in head.status:
        found = status_of(entry, head.issuer, log.lists.get(entry.uri), now)
        reason: StatusReason | LogReason | None = found.reason
        name = list_name(entry.uri)
        if known is None or name is None or known != Place(number=name.number, index=entry.index):
            reason = reason or LogReason.STATUS_PLACE_MISMATCH
        elif found.is_set:
            reason = LogReason.STATUS_BIT_SET
        detail = f"{entry.uri}#{entry.index}={found.is_set}@{log.index}"
        yield _Note(CheckKind.TIMELINESS, f"status-list-{entry.purpose}", place, reason, detail)
