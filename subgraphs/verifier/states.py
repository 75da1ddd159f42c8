"""The closed vocabularies of this subgraph, as they stand in rows, events and the schema."""

from enum import StrEnum


class RequestState(StrEnum):
    """A presentation request waits for exactly one presentation."""

    OPEN = "OPEN"
    USED = "USED"


class PresentationState(StrEnum):
    """From the request to the decision (domain: PresentationState)."""

    REQUESTED = "REQUESTED"
    CONSENTED = "CONSENTED"
    SUBMITTED = "SUBMITTED"
    VERIFYING = "VERIFYING"
    ACCEPTED = "ACCEPTED"
    REJECTED = "REJECTED"
    NEEDS_REVIEW = "NEEDS_REVIEW"
    DECLINED = "DECLINED"
    EXPIRED = "EXPIRED"
    WITHDRAWN = "WITHDRAWN"


class AcceptanceState(StrEnum):
    """Life after acceptance (domain: AcceptanceState)."""

    MONITORED = "MONITORED"
    CHANGE_DETECTED = "CHANGE_DETECTED"
    UNAFFECTED = "UNAFFECTED"
    SUPPLEMENT_REQUESTED = "SUPPLEMENT_REQUESTED"
    CURED = "CURED"
    LAPSED = "LAPSED"
    ENDED = "ENDED"


class PermissionState(StrEnum):
    """What the customer may do because of a qualification."""

    PENDING = "PENDING"
    GRANTED = "GRANTED"
    SUSPENDED = "SUSPENDED"
    TERMINATED = "TERMINATED"


class SupplementState(StrEnum):
    """A request for further proof: open until met, overdue or void."""

    OPEN = "OPEN"
    FULFILLED = "FULFILLED"
    OVERDUE = "OVERDUE"
    VOID = "VOID"


class ServiceFunction(StrEnum):
    """What the verifier does for its customers."""

    VERIFICATION = "VERIFICATION"
    MONITORING = "MONITORING"
    PAPER = "PAPER"


class ServiceMode(StrEnum):
    """How far a function runs."""

    NORMAL = "NORMAL"
    DEGRADED = "DEGRADED"
    PAUSED = "PAUSED"


class TransferMode(StrEnum):
    """How a presentation came from the holder to the verifier (R34)."""

    QR = "QR"
    DEEPLINK = "DEEPLINK"
    FILE = "FILE"
    CUSTODY_LINK = "CUSTODY_LINK"


class TransferModeChoice(StrEnum):
    """The same, as it is given."""

    QR = "QR"
    DEEPLINK = "DEEPLINK"
    FILE = "FILE"
    CUSTODY_LINK = "CUSTODY_LINK"


class QualificationBasis(StrEnum):
    """What a decision rests on: paper stays possible (R14)."""

    VC = "VC"
    PAPER = "PAPER"
    MIXED = "MIXED"


class PaperMetric(StrEnum):
    """What a document on paper can show."""

    FINANCIAL_ASSETS = "FINANCIAL_ASSETS"
    MEAN_ANNUAL_INCOME_3Y = "MEAN_ANNUAL_INCOME_3Y"
    EXPERIENCE_MONTHS = "EXPERIENCE_MONTHS"


class CheckOutcome(StrEnum):
    """A check either holds or does not; there is no doubtful pass."""

    PASSED = "PASSED"
    FAILED = "FAILED"


class VerificationResult(StrEnum):
    """ACCEPTED only when all five checks passed; NEEDS_REVIEW when they did and what the proofs
    come to together is for a person to say."""

    ACCEPTED = "ACCEPTED"
    REJECTED = "REJECTED"
    NEEDS_REVIEW = "NEEDS_REVIEW"


class LogReason(StrEnum):
    """Why a check failed by what the log says; what the presentation itself shows has its reasons
    in vc.examination. All are stable and part of the interface."""

    HASH_NOT_ON_LOG = "HASH_NOT_ON_LOG"
    NOT_ACTIVE = "NOT_ACTIVE"
    CONSENT_WITHDRAWN = "CONSENT_WITHDRAWN"
    DID_NOT_CURRENT = "DID_NOT_CURRENT"
    STATUS_BIT_SET = "STATUS_BIT_SET"
    STATUS_PLACE_MISMATCH = "STATUS_PLACE_MISMATCH"
    RECHECK_TOO_OLD = "RECHECK_TOO_OLD"
    QUERY_NOT_ANSWERED = "QUERY_NOT_ANSWERED"


class CredentialStatus(StrEnum):
    """What the log says of a credential, as far as a verifier needs it."""

    OFFERED = "OFFERED"
    ACTIVE = "ACTIVE"
    SUSPENDED = "SUSPENDED"
    REVOKED = "REVOKED"
    CANCELLED = "CANCELLED"
    EXPIRED = "EXPIRED"
    SUPERSEDED = "SUPERSEDED"
    WITHDRAWN = "WITHDRAWN"
    LAPSED = "LAPSED"


class Effect(StrEnum):
    """What an endorsement does to the credential it stands on."""

    NOTE = "NOTE"
    REDUCED = "REDUCED"
    RESTORED = "RESTORED"
    SUSPEND = "SUSPEND"
    REVOKE = "REVOKE"
