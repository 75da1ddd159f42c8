"""The five checks: what the presentation shows, held against what the log says. Pure.

Laws: all five are always made and reported, none is hidden by the first that fails; a check fails
with the first reason against it and keeps every finding as evidence; what the log does not say is
not assumed in the holder's favour.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from subgraphs.kit.ids import HolderId, InstitutionId
from subgraphs.kit.institutions import InstitutionRow
from subgraphs.kit.roots import RootOnLog
from subgraphs.kit.statuses import Place, list_name
from subgraphs.vc.consent import consent_digest
from subgraphs.vc.did_versions import salted_digest
from subgraphs.vc.examination import CheckKind, Examination, ExaminedCredential, Reason
from subgraphs.vc.receipt import document_digest
from subgraphs.vc.status_list import CheckedList, StatusPurpose, StatusReason, status_of
from subgraphs.verifier.records import Check, ConsentOnLog, CredentialOnLog
from subgraphs.verifier.states import CheckOutcome, CredentialStatus, LogReason, VerificationResult

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
    for place, credential in enumerate(examined.credentials):
        notes += _credential(credential, f"/verifiableCredential/{place}", log, holder)
        notes += _listed(credential, f"/verifiableCredential/{place}", log, examined.at)
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
