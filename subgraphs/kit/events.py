"""The business events that may enter the log: who they concern, and the exact keys of their body.

An institution in `institutions` may see the event, a holder in `subjects` may see it, a public kind
is seen by all. Bodies carry digests, states and codes: no name of a person, no amount in clear.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from ledger_adapter.port import Envelope, EventId, JsonValue
from subgraphs.kit.ids import InstitutionId, type_of
from subgraphs.vc.consent import CODE
from subgraphs.vc.encoding import HASH


@dataclass(frozen=True, slots=True, kw_only=True)
class EventKind:
    """The shape of one kind; `subjects` are the types its subject ids may have. `acts`: the first
    of its institutions did it, and is not only concerned."""

    subjects: frozenset[str]
    required: frozenset[str] = frozenset()
    optional: frozenset[str] = frozenset()
    public: bool = False
    acts: bool = True


def _kind(
    subjects: str,
    required: str = "",
    optional: str = "",
    *,
    public: bool = False,
    acts: bool = True,
) -> EventKind:
    return EventKind(
        subjects=frozenset(subjects.split()),
        required=frozenset(required.split()),
        optional=frozenset(optional.split()),
        public=public,
        acts=acts,
    )


_CRED = "Credential Holder"
_ENDO = "Credential Endorsement Holder"
_PERM = "BusinessPermission Holder Credential"
_CUST = "CustodyObject Holder"
_DISP = "Dispute Holder Credential Consent Presentation Qualification"
_ACCP = "Acceptance Credential Holder"
_CASE = "Credential Consent Presentation Verification Qualification Acceptance BusinessPermission"

KINDS: Final[Mapping[str, EventKind]] = {
    "INSTITUTION_REGISTERED": _kind(
        "Institution",
        "uscc name kind roles did publicKeyMultibase participation",
        "licences",
        public=True,
    ),
    "INSTITUTION_MOVED": _kind("Institution", "participation reasonCode", public=True),
    "INSTITUTION_LICENSED": _kind("Institution", "licences", public=True),
    "INSTITUTION_DID_CHANGED": _kind("Institution", "version didVersion", public=True),
    "ROOT_DID_REGISTERED": _kind("Holder", "documentDigest"),
    "ROOT_DID_CHANGED": _kind("Holder", "version documentDigest deactivated"),
    "ROOT_DID_COMPROMISED": _kind("Holder", "version documentDigest"),
    "ROOT_DID_RECOVERY_STARTED": _kind("Holder", "recoveryDigest notBefore"),
    "ROOT_DID_RECOVERY_CANCELLED": _kind("Holder", "recoveryDigest"),
    "ROOT_DID_RECOVERED": _kind("Holder", "version documentDigest recoveryDigest"),
    "IDENTITY_PROOFED": _kind("Holder", "step result proofingDigest"),
    "AGREEMENT_SIGNED": _kind(
        "Holder", "agreementStage agreement version textDigest documentDigest"
    ),
    "CUSTOMER_BOUND": _kind("Holder", "role"),
    "CREDENTIAL_REQUESTED": _kind(_CRED, "issuer"),
    "CREDENTIAL_DRAFTED": _kind(_CRED, "issuer"),
    "CREDENTIAL_OFFERED": _kind(_CRED, "issuer vcHash"),
    "CREDENTIAL_REJECTED": _kind(_CRED, "issuer reasonCode"),
    "CREDENTIAL_WITHDRAWN": _kind(_CRED, "issuer"),
    "CREDENTIAL_LAPSED": _kind(_CRED, "issuer"),
    "CREDENTIAL_EXPIRED": _kind(_CRED, "issuer"),
    "CREDENTIAL_SUPERSEDED": _kind(_CRED, "issuer vcHash supersededBy"),
    "CREDENTIAL_ACTIVATED": _kind(_CRED, "issuer vcHash validUntil asOf", "statusList statusIndex"),
    "CREDENTIAL_ENDORSED": _kind(_ENDO, "issuer vcHash effect reasonCode state", "newTotalBand"),
    "CREDENTIAL_RECHECKED": _kind(_CRED, "issuer"),
    "CREDENTIAL_CANCELLED": _kind(_CRED, "issuer vcHash cancellationDigest"),
    "CONSENT_GRANTED": _kind("Consent Holder", "monitoring", "consentDigest"),
    "CONSENT_WITHDRAWN": _kind("Consent Holder", "monitoring", "consentDigest"),
    "CONSENT_EXPIRED": _kind("Consent Holder", "monitoring", "consentDigest"),
    "CONSENT_EXHAUSTED": _kind("Consent Holder", "monitoring", "consentDigest"),
    "WALLET_CLOSED": _kind("Holder", "closureDigest"),
    "CUSTODY_STORED": _kind(_CUST, "contentHash replicas"),
    "CUSTODY_GIVEN_UP": _kind(_CUST, "contentHash"),
    "CUSTODY_DELETED": _kind(_CUST + " DeletionReceipt", "receiptDigest"),
    "PRESENTATION_SUBMITTED": _kind("Presentation Holder Credential Consent", "presentationDigest"),
    "PRESENTATION_VERIFIED": _kind(
        "Verification Presentation Holder Credential", "result", "evidenceDigest"
    ),
    "CREDENTIAL_ACCEPTED": _kind(_ACCP, "vcHash verifier"),
    "QUALIFICATION_DECIDED": _kind("Qualification Holder", "outcome ruleSet", "basis reviewed"),
    "PERMISSION_GRANTED": _kind(_PERM, "product state"),
    "PERMISSION_SUSPENDED": _kind(_PERM, "product state", "reasonCode"),
    "PERMISSION_REINSTATED": _kind(_PERM, "product state", "reasonCode"),
    "SUPPLEMENT_REQUESTED": _kind(_ACCP + " SupplementRequest", "dueAt"),
    "ACCEPTANCE_ENDED": _kind(_ACCP, "reasonCode"),
    "DISPUTE_OPENED": _kind(_DISP, "ground"),
    "DISPUTE_CLOSED": _kind(_DISP, "state"),
    "EVIDENCE_SUBMITTED": _kind("Dispute Holder", "part documentDigest"),
    "EVIDENCE_SEALED": _kind("EvidencePackage Dispute Holder", "manifestHash"),
    "COMPLAINT_FILED": _kind("Complaint Holder", "channel dueAt"),
    "COMPLAINT_MOVED": _kind("Complaint Holder", "state"),
    "COMPLAINT_REMINDED": _kind("Complaint Holder", "stage"),
    "PRIVILEGED_READ": _kind(
        "Dispute EvidencePackage Complaint DeletionReceipt Holder " + _CASE,
        "what role reader",
        "operation",
        acts=False,
    ),
    "ALLOW_LIST_CHANGED": _kind("Institution", "version listDigest role by", acts=False),
    "INCIDENT_MOVED": _kind("Incident", "state severity", "reportDigest runbookDigest"),
    "DRILL_MOVED": _kind("Drill Incident", "scenario state", "findingsDigest"),
    "EXIT_MOVED": _kind("ExitCase Holder", "scope state", "evidenceDigest business"),
    "FRAUD_SIGNAL": _kind("Presentation Holder Credential", "check reasonCode"),
}

_NAME: Final = re.compile(r"[A-Z_]{1,40}")
_HEX: Final = re.compile(r"[0-9a-f]{64}")
_INSTITUTION: Final = re.compile(r"inst_[0-9A-Z]{26}")
_FORMS: Final[Mapping[str, re.Pattern[str]]] = {
    "vcHash": HASH,
    "documentDigest": HASH,
    "consentDigest": HASH,
    "cancellationDigest": HASH,
    "contentHash": HASH,
    "textDigest": HASH,
    "proofingDigest": HASH,
    "recoveryDigest": HASH,
    "closureDigest": HASH,
    "receiptDigest": HASH,
    "presentationDigest": HASH,
    "evidenceDigest": HASH,
    "reportDigest": HASH,
    "runbookDigest": HASH,
    "findingsDigest": HASH,
    "business": CODE,
    "severity": _NAME,
    "scenario": _NAME,
    "manifestHash": HASH,
    "step": _NAME,
    "agreement": _NAME,
    "agreementStage": _NAME,
    "ground": _NAME,
    "part": _NAME,
    "what": _NAME,
    "reader": _HEX,
    "listDigest": _HEX,
    "by": _HEX,
    "channel": _NAME,
    "reasonCode": CODE,
    "state": re.compile(r"[A-Z][A-Z_]{0,63}"),
    "effect": re.compile(r"NOTE|REDUCED|RESTORED|SUSPEND|REVOKE"),
    "supersededBy": re.compile(r"cred_[0-9A-Z]{26}"),
    "issuer": _INSTITUTION,
    "verifier": _INSTITUTION,
}
LONGEST_TEXT: Final = 200


class BadEvent(Exception):
    """A writer built an event that its kind does not allow: a bug, never a caller's fault."""

    code = "EVENT_INVALID"


def event(
    kind: str,
    *,
    entity: str,
    version: int,
    subjects: Sequence[str],
    institutions: Sequence[InstitutionId],
    at: datetime,
    body: Mapping[str, JsonValue],
) -> Envelope:
    """An envelope whose id is the fact itself, so that the same fact is queued at most once."""
    shape = KINDS.get(kind)
    if shape is None:
        raise BadEvent(f"unknown kind {kind!r}")
    _check_subjects(kind, shape, subjects)
    _check_body(kind, shape, body)
    return Envelope(
        event_id=EventId(f"{entity}:{kind}:{version}"),
        kind=kind,
        subjects=tuple(dict.fromkeys(subjects)),
        institutions=tuple(dict.fromkeys(institutions)),
        at=at.astimezone(UTC).replace(microsecond=0),
        body=body,
    )


def _check_subjects(kind: str, shape: EventKind, subjects: Sequence[str]) -> None:
    for subject in subjects:
        if type_of(subject) not in shape.subjects:
            raise BadEvent(f"{kind} does not concern {subject!r}")


def _check_body(kind: str, shape: EventKind, body: Mapping[str, JsonValue]) -> None:
    keys = set(body)
    if not shape.required <= keys <= shape.required | shape.optional:
        raise BadEvent(f"{kind} has keys {sorted(keys)}, needs {sorted(shape.required)}")
    for key, value in body.items():
        form = _FORMS.get(key)
        if form is not None and not (isinstance(value, str) and form.fullmatch(value)):
            raise BadEvent(f"{kind}.{key} is not well-formed")
        if isinstance(value, str) and len(value) > LONGEST_TEXT:
            raise BadEvent(f"{kind}.{key} is too long")
