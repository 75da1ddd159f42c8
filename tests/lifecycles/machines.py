"""The state machines as the code has them, and the event that each step tells the log."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from functools import partial
from typing import Any, Final

from ledger_adapter.port import Envelope
from subgraphs.audit import lifecycle as audit
from subgraphs.audit import states as audit_states
from subgraphs.audit.complaint.steps import complaint_event
from subgraphs.audit.dispute import outgoing as audit_events
from subgraphs.audit.exit.outgoing import moved
from subgraphs.audit.kept.complaints import Complaint
from subgraphs.audit.kept.disputes import Dispute
from subgraphs.audit.kept.exits import ExitCase
from subgraphs.audit.kept.operation import STEPS as INCIDENT
from subgraphs.audit.kept.operation import Incident, IncidentState, incident_step
from subgraphs.audit.operation.steps import incident_moved
from subgraphs.issuer import lifecycle as issuer
from subgraphs.issuer import outgoing as issuer_events
from subgraphs.issuer.records import Credential, Draft, Endorsement, Offer
from subgraphs.kit.ids import (
    CredentialId,
    EndorsementId,
    HolderId,
    derived_id,
    institution_id,
)
from subgraphs.kit.institutions import MOVED
from subgraphs.kit.standing import Participation
from subgraphs.kit.vocabulary import CredentialState, EndorsementEffect
from subgraphs.vc.did import Did
from subgraphs.vc.money import NOTHING
from subgraphs.vc.presentation import SaltedVersion
from subgraphs.vc.recovery import RecoveryNotice
from subgraphs.verifier import lifecycle as verifier
from subgraphs.verifier import outgoing as verifier_events
from subgraphs.verifier import records
from subgraphs.verifier import states as verifier_states
from subgraphs.wallet import lifecycle as wallet
from subgraphs.wallet import outgoing as wallet_events
from subgraphs.wallet.records import (
    Cancellation,
    Consent,
    ConsentId,
    CustodyId,
    CustodyObject,
    Deletion,
    DeletionId,
    RootDid,
    WalletItemId,
)
from subgraphs.wallet.states import ConsentState, CustodyState, RootDidState

AT: Final = datetime(2026, 11, 20, 9, tzinfo=UTC)
ISSUER: Final = institution_id("9131000063159284XQ")
VERIFIER: Final = institution_id("91310000577433812A")
CREDENTIAL: Final = CredentialId(derived_id("cred", "1"))
HOLDER: Final = HolderId(derived_id("hold", "1"))
HASH: Final = "sm3:" + "0" * 64

Table = Mapping[Any, frozenset[Any]]
Tell = Callable[[Any, Any, int], Envelope | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """`step` is the code's own; `tell` builds the event of a step, None when nothing writes it."""

    name: str
    title: str
    table: Table
    start: Enum
    step: Callable[[Any, Any], Any]
    tell: Tell


def _credential(state: CredentialState, version: int) -> Credential:
    offer = Offer(
        credential_no="CG-1",
        valid_from=AT,
        valid_until=AT + timedelta(days=90),
        offered_until=AT + timedelta(days=7),
        issued_at=AT,
        vc_hash=HASH,
        document={},
        disclosures=(),
        issuer_signature="",
    )
    draft = Draft(
        system="books",
        snapshot_at=AT,
        as_of=date(2026, 11, 19),
        lines=(),
        in_transit=NOTHING,
        trading_experience=None,
    )
    return Credential(
        id=CREDENTIAL,
        version=version,
        state=state,
        issuer=ISSUER,
        holder=HOLDER,
        did="did:credgraph:1",
        account_no="1",
        categories=("STOCK",),
        purpose="PRIVATE_FUND",
        request={},
        requested_at=AT,
        draft=draft,
        offer=offer,
        reason_code="NO_ACCOUNT",
        superseded_by=CREDENTIAL,
    )


_EFFECTS: Final = {
    (CredentialState.ACTIVE, CredentialState.SUSPENDED): EndorsementEffect.SUSPEND,
    (CredentialState.SUSPENDED, CredentialState.ACTIVE): EndorsementEffect.RESTORED,
    (CredentialState.ACTIVE, CredentialState.REVOKED): EndorsementEffect.REVOKE,
    (CredentialState.SUSPENDED, CredentialState.REVOKED): EndorsementEffect.REVOKE,
}


_CANCELLATION: Final = Cancellation(
    credential=CREDENTIAL, holder=HOLDER, issuer=ISSUER, vc_hash=HASH, document={}, at=AT
)


def _credential_told(
    source: CredentialState, target: CredentialState, version: int
) -> Envelope | None:
    if target is CredentialState.CANCELLED:
        return wallet_events.credential_cancelled(_CANCELLATION)
    effect = _EFFECTS.get((source, target))
    if effect is None:
        known = target in issuer_events.KIND_OF
        return issuer_events.moved(_credential(target, version), AT) if known else None
    row = _credential(issuer.endorse(source, effect), version)
    endorsement = Endorsement(
        id=EndorsementId(derived_id("endo", str(version))),
        credential=CREDENTIAL,
        issuer=ISSUER,
        holder=HOLDER,
        effect=effect,
        reason_code="MATERIAL_DECREASE",
        new_total_band=None,
        state=row.state,
        at=AT,
        signature="",
    )
    return issuer_events.endorsed(row, endorsement)


def _participation_told(_: Participation, target: Participation, version: int) -> Envelope:
    body = {"participation": target.value, "reasonCode": "DECIDED"}
    told = issuer_events.Decided(kind=MOVED, lead=ISSUER, body=body)
    return issuer_events.institution_decided(VERIFIER, told, version, AT)


_NOTICE: Final = RecoveryNotice(
    did=Did("did:credgraph:1"),
    public_key_multibase="z1",
    started_at=AT,
    not_before=AT + timedelta(days=3),
    compromised=False,
    issuer=Did("did:credgraph:2"),
    raw={},
)


def _root_did_told(source: RootDidState, target: RootDidState, version: int) -> Envelope | None:
    """Back to ACTIVE is told as recovered; taken back by the key in force, as cancelled."""
    if source is RootDidState.PENDING and target is RootDidState.ACTIVE:
        return None  # told with the provider's receipt, which this page does not make
    row = RootDid(
        holder=HOLDER,
        did="did:credgraph:1",
        state=target,
        receipt={},
        registered_at=AT,
        version=version,
        later=(SaltedVersion(salt=bytes(32), version={}),),
    )
    match target:
        case RootDidState.COMPROMISED:
            return wallet_events.root_did_compromised(row, AT)
        case RootDidState.RECOVERING:
            return wallet_events.recovery_started(row, _NOTICE)
        case RootDidState.ACTIVE:
            return wallet_events.root_did_recovered(row, _NOTICE, AT)
        case _:
            return wallet_events.root_did_changed(row, AT)


def _consent_told(source: ConsentState, target: ConsentState, version: int) -> Envelope | None:
    del source
    row = Consent(
        id=ConsentId(derived_id("cons", "1")),
        holder=HOLDER,
        granted_to=VERIFIER,
        purpose="PRIVATE_FUND",
        claims=(),
        total_at_least=None,
        credentials=(),
        monitoring_until=None,
        valid_from=AT,
        valid_until=AT + timedelta(days=1),
        state=target,
        document={},
        digest=HASH,
        granted_at=AT,
        withdrawn_at=AT,
        version=version,
    )
    if target is ConsentState.EXPIRED:
        return wallet_events.consent_expired(row, AT)
    if target is ConsentState.EXHAUSTED:
        return wallet_events.consent_exhausted(row, AT)
    return wallet_events.consent_withdrawn(row)


_COPY: Final = CustodyObject(
    id=CustodyId(derived_id("cust", "1")),
    holder=HOLDER,
    item=WalletItemId(derived_id("witm", "1")),
    ciphertext_hash=HASH,
    key_id="key-1",
    replicas=3,
    state=CustodyState.STORED,
    deposited_at=AT,
)
_GONE: Final = Deletion(
    id=DeletionId(derived_id("drec", "1")),
    holder=HOLDER,
    custody=_COPY.id,
    custodian=institution_id("91990000MAXYN9001P"),
    document={},
    received_at=AT,
)


def _custody_told(source: CustodyState, target: CustodyState, version: int) -> Envelope | None:
    """A try that failed, and the next one, are the custodian's business, not the log's."""
    del version
    match target:
        case CustodyState.STORED:
            return wallet_events.custody_stored(_COPY)
        case CustodyState.DELETION_PENDING if source is not CustodyState.DELETION_FAILED:
            return wallet_events.custody_given_up(_COPY, AT)
        case CustodyState.DELETED:
            return wallet_events.custody_deleted(_GONE)
        case _:
            return None


_PERMISSION: Final = records.Permission(
    id=records.PermissionId(derived_id("perm", "1")),
    verifier=VERIFIER,
    holder=HOLDER,
    product="PRIVATE_FUND",
    qualification=records.QualificationId(derived_id("qual", "1")),
    acceptances=(),
    state=verifier_states.PermissionState.GRANTED,
    suspended_by=None,
    suspended_reason="REVOKE",
    changed_at=AT,
    version=1,
)


def _permission_told(
    source: verifier_states.PermissionState,
    target: verifier_states.PermissionState,
    version: int,
) -> Envelope | None:
    states = verifier_states.PermissionState
    if target is states.TERMINATED:
        return None
    first = source is states.PENDING
    row = replace(_PERMISSION, state=target, version=1 if first else version + 1)
    return verifier_events.permission_changed(row, CREDENTIAL)


def _nothing_told(source: Enum, target: Enum, version: int) -> Envelope | None:
    """Told with what caused it (a decision, an endorsement), or by nobody yet."""
    del source, target, version
    return None


def _dispute_told(_: object, target: audit_states.DisputeState, version: int) -> Envelope | None:
    if target is audit_states.DisputeState.SEALED:
        return None  # its package tells it
    row = Dispute(
        id=derived_id("disp", "1"),
        version=version,
        state=target,
        holder=HOLDER,
        institution=ISSUER,
        subject=CREDENTIAL,
        ground="USE_DENIED",
        opened_at=AT,
    )
    return audit_events.closed(row, AT)


def _complaint_told(
    _: object, target: audit_states.ComplaintState, version: int
) -> Envelope | None:
    row = Complaint(
        id=derived_id("cmpl", "1"),
        version=version,
        state=target,
        holder=HOLDER,
        channel="APP",
        text="",
        lead=ISSUER,
        received_at=AT,
        due_at=AT,
    )
    return complaint_event("COMPLAINT_MOVED", row, AT, {"state": target.value})


def _incident_told(_: object, target: IncidentState, version: int) -> Envelope | None:
    row = Incident(
        id=derived_id("inci", "1"),
        version=version,
        owner=ISSUER,
        state=target,
        severity="MAJOR",
        part="CHAIN",
        title="",
        opened_at=AT,
        report_due_at=AT,
    )
    return incident_moved(row, AT)


def _exit_told(_: object, target: audit_states.ExitState, version: int) -> Envelope | None:
    row = ExitCase(
        id=derived_id("exit", "1"),
        version=version,
        state=target,
        scope=audit_states.ExitScope.PARTICIPANT,
        trigger=audit_states.ExitTrigger.WISH,
        owner=ISSUER,
        opened_at=AT,
        steps=(),
    )
    return moved(row, AT)


def _of_verifier(name: str, title: str, table: Table, start: Enum, tell: Tell) -> Machine:
    step = partial(verifier.move, table)
    return Machine(name=name, title=title, table=table, start=start, step=step, tell=tell)


MACHINES: Final = (
    Machine(
        name="credential",
        title="Credential (凭证)",
        table=issuer.STEPS,
        start=CredentialState.REQUESTED,
        step=issuer.step,
        tell=_credential_told,
    ),
    Machine(
        name="participation",
        title="Participation of an institution (参与)",
        table=issuer.PARTICIPATION,
        start=Participation.CANDIDATE,
        step=issuer.participation_step,
        tell=_participation_told,
    ),
    Machine(
        name="root-did",
        title="Root DID (根 DID)",
        table=wallet.ROOT_DID,
        start=RootDidState.PENDING,
        step=wallet.root_did_step,
        tell=_root_did_told,
    ),
    Machine(
        name="consent",
        title="Consent (授权)",
        table=wallet.CONSENT,
        start=ConsentState.GRANTED,
        step=wallet.consent_step,
        tell=_consent_told,
    ),
    Machine(
        name="custody",
        title="Copy in custody (托管)",
        table=wallet.CUSTODY,
        start=CustodyState.UPLOADING,
        step=wallet.custody_step,
        tell=_custody_told,
    ),
    _of_verifier(
        "presentation",
        "Presentation (出示)",
        verifier.PRESENTATION,
        verifier_states.PresentationState.REQUESTED,
        _nothing_told,
    ),
    _of_verifier(
        "acceptance",
        "Acceptance (采信)",
        verifier.ACCEPTANCE,
        verifier_states.AcceptanceState.MONITORED,
        _nothing_told,
    ),
    _of_verifier(
        "permission",
        "Business permission (业务权限)",
        verifier.PERMISSION,
        verifier_states.PermissionState.PENDING,
        _permission_told,
    ),
    _of_verifier(
        "supplement",
        "Supplement request (补充证明)",
        verifier.SUPPLEMENT,
        verifier_states.SupplementState.OPEN,
        _nothing_told,
    ),
    Machine(
        name="dispute",
        title="Dispute (争议)",
        table=audit.DISPUTE,
        start=audit_states.DisputeState.OPEN,
        step=audit.dispute_step,
        tell=_dispute_told,
    ),
    Machine(
        name="complaint",
        title="Complaint (投诉)",
        table=audit.COMPLAINT,
        start=audit_states.ComplaintState.RECEIVED,
        step=audit.complaint_step,
        tell=_complaint_told,
    ),
    Machine(
        name="exit",
        title="Exit (退出)",
        table=audit.EXIT,
        start=audit_states.ExitState.INITIATED,
        step=audit.exit_step,
        tell=_exit_told,
    ),
    Machine(
        name="incident",
        title="Incident (故障事件)",
        table=INCIDENT,
        start=IncidentState.OPEN,
        step=incident_step,
        tell=_incident_told,
    ),
)
