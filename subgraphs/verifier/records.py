"""The rows of this subgraph's database, frozen: a change is a new record."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NewType

from subgraphs.kit.ids import CredentialId, EndorsementId, HolderId, InstitutionId
from subgraphs.rules import Evidence, Outcome, ReasonCode
from subgraphs.rules.overlap import OverlapVerdict, ShownProof
from subgraphs.vc.examination import CheckKind
from subgraphs.verifier.states import (
    AcceptanceState,
    CheckOutcome,
    CredentialStatus,
    PermissionState,
    PresentationState,
    RequestState,
    SupplementState,
    TransferMode,
    VerificationResult,
)

BindingId = NewType("BindingId", str)
RequestId = NewType("RequestId", str)
PresentationId = NewType("PresentationId", str)
VerificationId = NewType("VerificationId", str)
AcceptanceId = NewType("AcceptanceId", str)
QualificationId = NewType("QualificationId", str)
PermissionId = NewType("PermissionId", str)
SupplementId = NewType("SupplementId", str)
ConsentId = NewType("ConsentId", str)


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """A real-name customer of one verifier matched to a root DID; the number only as a digest."""

    id: BindingId
    verifier: InstitutionId
    customer_digest: str
    holder: HolderId
    did: str
    matched_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What was asked for: `claims` are claim paths, `at_least` the amount in fen that bounds
    together have to prove, if that is enough."""

    claims: tuple[str, ...]
    at_least: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One use, one customer, one audience, one nonce. The query: `claims` are the claim paths asked
    for, `at_least` the amount in fen that bounds together have to prove, if that is enough."""

    id: RequestId
    verifier: InstitutionId
    holder: HolderId
    binding: BindingId
    rule_set: str
    purpose: str
    nonce: str
    audience: str
    created_at: datetime
    expires_at: datetime
    state: RequestState
    claims: tuple[str, ...] = ()
    at_least: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownLine:
    """A disclosed line; the amount in fen, None when withheld."""

    category: str
    amount: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One credential inside a presentation, as its bytes say; unchecked until verified."""

    credential: CredentialId
    vc_hash: str
    issuer: InstitutionId | None
    lines: tuple[ShownLine, ...]
    total: int | None
    lower_bound: int | None
    as_of: date
    valid_from: datetime
    valid_until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Presentation:
    """What a holder submitted, verbatim, with what was read from it."""

    id: PresentationId
    request: RequestId
    verifier: InstitutionId
    holder: HolderId
    digest: str
    document: str
    shown: tuple[Shown, ...]
    consent: ConsentId | None
    state: PresentationState
    submitted_at: datetime
    verification: VerificationId | None
    version: int
    transfer_mode: TransferMode | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """The answer to one of the five questions, with what it rests on."""

    kind: CheckKind
    outcome: CheckOutcome
    reason: str | None
    evidence: dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """All five answers at one position of the log. `outcome` is what the rules found, before any
    person looked; `evidence` the digest of the ground; `proofs` what the guard was shown."""

    id: VerificationId
    presentation: PresentationId
    verifier: InstitutionId
    holder: HolderId
    result: VerificationResult
    checks: tuple[Check, ...]
    checked_at: datetime
    checked_at_index: int
    qualification: "QualificationId | None"
    acceptances: "tuple[AcceptanceId, ...]"
    evidence: str | None = None
    outcome: Outcome | None = None
    double_count: OverlapVerdict | None = None
    proofs: tuple[ShownProof, ...] = ()
    needed: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """A credential this verifier relies on and therefore watches. `band_agreed`: the consent lets
    it read the band of a later endorsement; `reduced_to` is the last one's lower end, in fen."""

    id: AcceptanceId
    verifier: InstitutionId
    holder: HolderId
    credential: CredentialId
    vc_hash: str
    issuer: InstitutionId
    presentation: PresentationId
    verification: VerificationId
    qualification: QualificationId
    consent: ConsentId
    monitoring_until: datetime
    state: AcceptanceState
    accepted_at: datetime
    version: int
    band_agreed: bool = False
    reduced_to: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionReason:
    """One threshold of the rule set and what the proofs showed against it, in fen or months."""

    code: ReasonCode
    metric: str
    required: int
    shown: int | None
    short_by: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """A person's decision: who, when, why in codes, and a note of her own."""

    by: str
    at: datetime
    reasons: tuple[str, ...]
    note: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperProof:
    """A document on paper: its kind, its hash, and what staff read in it, in fen or months."""

    kind: str
    digest: str
    metric: str
    value: int
    as_of: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Qualification:
    """A decision under one version of the rules; it keeps that version for good. `verification`
    is None where it rests on paper alone; `recorded_by` is who took the paper in."""

    id: QualificationId
    verifier: InstitutionId
    holder: HolderId
    verification: VerificationId | None
    rule_set: str
    outcome: Outcome
    reasons: tuple[DecisionReason, ...]
    evidence: Evidence | None
    as_of: date | None
    basis: str
    decided_at: datetime
    valid_until: datetime
    version: int = 1
    review: Review | None = None
    paper: tuple[PaperProof, ...] = ()
    recorded_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Permission:
    """What the customer may do at this verifier because of a qualification. `reacted_at` is when
    an endorsement of `changed_at` suspended it here."""

    id: PermissionId
    verifier: InstitutionId
    holder: HolderId
    product: str
    qualification: QualificationId
    acceptances: tuple[AcceptanceId, ...]
    state: PermissionState
    suspended_by: EndorsementId | None
    suspended_reason: str | None
    changed_at: datetime
    version: int
    reacted_at: datetime | None = None

    @property
    def reaction(self) -> float | None:
        """Seconds from the endorsement, whose time has whole ones, to the suspension."""
        if self.reacted_at is None or self.suspended_by is None:
            return None
        return max(0.0, (self.reacted_at - self.changed_at).total_seconds())


@dataclass(frozen=True, slots=True, kw_only=True)
class Supplement:
    """A request for further proof, due by a date."""

    id: SupplementId
    verifier: InstitutionId
    holder: HolderId
    credential: CredentialId
    acceptance: AcceptanceId
    reason: str
    requested_at: datetime
    due_at: datetime
    state: SupplementState
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialOnLog:
    """What the log has said of a credential up to `at_index`, first at `first_index`. `reduced`:
    its issuer endorsed a fall that was not restored since; `looked_at`: when its issuer last told
    that it had looked at the assets, None for a row from before that was kept."""

    id: CredentialId
    vc_hash: str
    issuer: InstitutionId
    holder: HolderId
    status: CredentialStatus
    valid_until: datetime | None
    at_index: int
    first_index: int | None = None
    first_at: datetime | None = None
    as_of: date | None = None
    reduced: bool = False
    looked_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentOnLog:
    """A holder's authorisation for one institution."""

    id: ConsentId
    holder: HolderId
    institution: InstitutionId
    monitoring: bool
    digest: str | None
    withdrawn: bool
    at_index: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionOnLog:
    """Where the log tells of a decision."""

    id: VerificationId
    at_index: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One event of a feed; `audience` is the verifier or the holder it is for."""

    id: str
    audience: str
    holder: HolderId | None
    index: int
    kind: str
    at: datetime
    credential: CredentialId | None
    effect: str | None
    state: str | None
    endorsement: EndorsementId | None
    acceptance: AcceptanceId | None
    permission: PermissionId | None
    supplement: SupplementId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which changes of a feed somebody wants; empty: whatever it is. Sorted, so that equal wishes
    have one text."""

    credentials: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """What a cursor is bound to; nothing for those who want all."""
        return f"{self.credentials} {self.kinds}" if self.credentials or self.kinds else ""

    def takes(self, change: Change) -> bool:
        return (not self.credentials or change.credential in self.credentials) and (
            not self.kinds or change.kind in self.kinds
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """The rows that entries of the log may touch, as read in one transaction."""

    credentials: Mapping[str, CredentialOnLog] = field(default_factory=dict)
    consents: Mapping[str, ConsentOnLog] = field(default_factory=dict)
    acceptances: Sequence[Acceptance] = ()
    permissions: Sequence[Permission] = ()
    supplements: Sequence[Supplement] = ()
    verifications: Mapping[str, Verification] = field(default_factory=dict)
    beside: Sequence[Acceptance] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """The rows one transaction saves."""

    credentials: Sequence[CredentialOnLog]
    consents: Sequence[ConsentOnLog]
    acceptances: Sequence[Acceptance]
    permissions: Sequence[Permission]
    supplements: Sequence[Supplement]
    changes: Sequence[Change]
