"""The record of an examined presentation: what was asked, what was found, nothing decided."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from subgraphs.vc.consent import Consent
from subgraphs.vc.did import Did
from subgraphs.vc.did_versions import DidHistory
from subgraphs.vc.encoding import Hash
from subgraphs.vc.lower_bound import Steps
from subgraphs.vc.model import CredentialHead, ShownClaims
from subgraphs.vc.multikey import VerificationKey
from subgraphs.vc.presentation import Presentation
from subgraphs.vc.receipt import RootDidReceipt


class CheckKind(StrEnum):
    """The five questions of a verifier (R37-R41)."""

    HOLDER_BINDING = "HOLDER_BINDING"
    INTEGRITY = "INTEGRITY"
    TRUSTED_ISSUER = "TRUSTED_ISSUER"
    HOLDER_AUTHORISATION = "HOLDER_AUTHORISATION"
    TIMELINESS = "TIMELINESS"


class Reason(StrEnum):
    """Why something found counts against a presentation."""

    NOT_OUR_CUSTOMER = "NOT_OUR_CUSTOMER"
    HOLDER_KEY_MISMATCH = "HOLDER_KEY_MISMATCH"
    RECEIPT_INVALID = "RECEIPT_INVALID"
    DID_HISTORY_INVALID = "DID_HISTORY_INVALID"
    PROOF_INVALID = "PROOF_INVALID"
    MALFORMED = "MALFORMED"
    DISCLOSURE_INVALID = "DISCLOSURE_INVALID"
    LOWER_BOUND_INVALID = "LOWER_BOUND_INVALID"
    ISSUER_NOT_TRUSTED = "ISSUER_NOT_TRUSTED"
    ISSUER_KEY_MISMATCH = "ISSUER_KEY_MISMATCH"
    NONCE_UNKNOWN = "NONCE_UNKNOWN"
    AUDIENCE_MISMATCH = "AUDIENCE_MISMATCH"
    CONSENT_MISSING = "CONSENT_MISSING"
    CONSENT_INVALID = "CONSENT_INVALID"
    SCOPE_EXCEEDED = "SCOPE_EXCEEDED"
    MONITORING_NOT_GRANTED = "MONITORING_NOT_GRANTED"
    FACE_CHECK_INVALID = "FACE_CHECK_INVALID"
    EXPIRED = "EXPIRED"
    NOT_YET_VALID = "NOT_YET_VALID"
    CLOCK_SKEW = "CLOCK_SKEW"


class TrustRole(StrEnum):
    """As what an institution has to be registered for its signature to count."""

    ISSUER = "ISSUER"
    IDENTITY_PROVIDER = "IDENTITY_PROVIDER"


class TrustRegister(Protocol):
    """The public register of institutions, as the caller has it from the log."""

    def key_of(
        self, did: Did, role: TrustRole, method: str, at: datetime, /
    ) -> VerificationKey | None:
        """The key behind a method of a DID, if both role and key were in force at that time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What the verifier asked for: its nonce, itself, its own customer, its purpose, and when."""

    nonce: str
    audience: Did
    now: datetime
    customer: Did | None = None
    purpose: str | None = None
    monitoring: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing looked at. It speaks against the presentation when it has a reason.

    `place` is a JSON pointer into the presentation, `detail` a finer code for the record.
    """

    check: CheckKind
    topic: str
    place: str
    reason: Reason | None = None
    detail: str | None = None

    @property
    def ok(self) -> bool:
        """Whether nothing speaks against it."""
        return self.reason is None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExaminedCredential:
    """One credential; `claims`, `bound` and `seasoned` (the bound of the seasoned balance) are None
    where they did not hold or were not shown."""

    vc_hash: Hash
    head: CredentialHead | None
    claims: ShownClaims | None
    bound: Steps | None
    seasoned: Steps | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """Everything found, in the order of looking."""

    presentation: Presentation
    receipt: RootDidReceipt | None
    history: DidHistory | None
    consent: Consent | None
    credentials: tuple[ExaminedCredential, ...]
    findings: tuple[Finding, ...]
    at: datetime

    def of(self, check: CheckKind) -> tuple[Finding, ...]:
        """The findings one check rests on."""
        return tuple(finding for finding in self.findings if finding.check is check)

    def against(self, check: CheckKind | None = None) -> tuple[Finding, ...]:
        """The findings that speak against the presentation, of one check or of all."""
        asked = self.findings if check is None else self.of(check)
        return tuple(finding for finding in asked if not finding.ok)
