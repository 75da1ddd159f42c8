"""The events the wallet writes to the log. No name, no amount: digests, codes and ids."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from ledger_adapter.port import Envelope, JsonValue
from subgraphs.kit.events import event
from subgraphs.kit.ids import HolderId
from subgraphs.vc.cancellation import cancellation_digest
from subgraphs.vc.deletion import deletion_digest
from subgraphs.vc.did_versions import salted_digest
from subgraphs.vc.encoding import sm3_hash, to_time
from subgraphs.vc.proofing import Proofing
from subgraphs.vc.receipt import RootDidReceipt, document_digest
from subgraphs.vc.recovery import RecoveryNotice
from subgraphs.vc.strict_json import canonical
from subgraphs.wallet.records import (
    Cancellation,
    Closure,
    Consent,
    CustodyObject,
    Deletion,
    RootDid,
    SignedAgreement,
)
from subgraphs.wallet.states import RootDidState


def root_did_registered(row: RootDid, receipt: RootDidReceipt) -> Envelope:
    """The salted digest of the DID document; the receipt's salt opens it."""
    return event(
        "ROOT_DID_REGISTERED",
        entity=row.holder,
        version=row.version,
        subjects=[row.holder],
        institutions=[],
        at=row.registered_at,
        body={"documentDigest": document_digest(receipt)},
    )


def identity_proofed(
    holder: HolderId, proofing: Proofing, at: datetime, *, again: int | None = None
) -> list[Envelope]:
    """One event a step, and of the whole the digest. `again`: the version of her root DID that she
    was looked at once more for."""
    return [
        event(
            "IDENTITY_PROOFED",
            entity=holder if again is None else f"{holder}:{again}",
            version=number,
            subjects=[holder],
            institutions=[],
            at=at,
            body={"step": step.kind, "result": step.result, "proofingDigest": proofing.digest},
        )
        for number, step in enumerate(proofing.steps, 1)
    ]


def agreement_signed(row: SignedAgreement) -> Envelope:
    """What was agreed to, as digests of the text and of the document with her signature."""
    return event(
        "AGREEMENT_SIGNED",
        entity=f"{row.holder}:{row.stage.value}.{row.kind.value}",
        version=row.version,
        subjects=[row.holder],
        institutions=[],
        at=row.signed_at,
        body={
            "agreementStage": row.stage.value,
            "agreement": row.kind.value,
            "version": row.version,
            "textDigest": row.text_digest,
            "documentDigest": sm3_hash(canonical(row.document)),
        },
    )


def root_did_changed(row: RootDid, at: datetime) -> Envelope:
    """The newest version, which the key of before signed: another key, or the end of the DID."""
    ended = row.state is RootDidState.DEACTIVATED
    return _did("ROOT_DID_CHANGED", row, at, {**_newest(row), "deactivated": ended})


def root_did_compromised(row: RootDid, at: datetime) -> Envelope:
    """The newest version leaves the DID without a key."""
    return _did("ROOT_DID_COMPROMISED", row, at, _newest(row))


def recovery_started(row: RootDid, notice: RecoveryNotice) -> Envelope:
    """The digest of the provider's notice, and the earliest time of the new key."""
    body: Mapping[str, JsonValue] = {
        "recoveryDigest": notice.digest,
        "notBefore": to_time(notice.not_before),
    }
    return _did("ROOT_DID_RECOVERY_STARTED", row, notice.started_at, body)


def recovery_cancelled(row: RootDid, notice: RecoveryNotice, at: datetime) -> Envelope:
    """The key in force took the recovery back."""
    return _did("ROOT_DID_RECOVERY_CANCELLED", row, at, {"recoveryDigest": notice.digest})


def root_did_recovered(row: RootDid, notice: RecoveryNotice, at: datetime) -> Envelope:
    """The newest version carries the new key, signed by the identity provider."""
    body = {**_newest(row), "recoveryDigest": notice.digest}
    return _did("ROOT_DID_RECOVERED", row, at, body)


def _newest(row: RootDid) -> dict[str, JsonValue]:
    """The salted digest of the newest version; its holder has the salt that opens it."""
    newest = row.later[-1]
    return {
        "version": 1 + len(row.later),
        "documentDigest": salted_digest(newest.salt, newest.version),
    }


def _did(kind: str, row: RootDid, at: datetime, body: Mapping[str, JsonValue]) -> Envelope:
    return event(
        kind,
        entity=row.holder,
        version=row.version,
        subjects=[row.holder],
        institutions=[],
        at=at,
        body=body,
    )


def consent_granted(row: Consent) -> Envelope:
    """For the institution it is granted to."""
    return _consent("CONSENT_GRANTED", row)


def consent_withdrawn(row: Consent) -> Envelope:
    """`monitoring` says whether watching ends with it."""
    return _consent("CONSENT_WITHDRAWN", row)


def consent_expired(row: Consent, at: datetime) -> Envelope:
    """Its time is over; what it let be watched has an end of its own."""
    return _consent("CONSENT_EXPIRED", row, at)


def consent_exhausted(row: Consent, at: datetime) -> Envelope:
    """It was used as often as it is for; what it lets be watched has an end of its own."""
    return _consent("CONSENT_EXHAUSTED", row, at)


def credential_cancelled(row: Cancellation) -> Envelope:
    """The holder's own end of a credential; its issuer is told with everybody else."""
    return event(
        "CREDENTIAL_CANCELLED",
        entity=row.credential,
        version=1,
        subjects=[row.credential, row.holder],
        institutions=[row.issuer],
        at=row.at,
        body={
            "issuer": row.issuer,
            "vcHash": row.vc_hash,
            "cancellationDigest": cancellation_digest(row.document),
        },
    )


def wallet_closed(row: Closure) -> Envelope:
    """The holder left; what ended with it has events of its own."""
    return event(
        "WALLET_CLOSED",
        entity=row.holder,
        version=1,
        subjects=[row.holder],
        institutions=[],
        at=row.at,
        body={"closureDigest": sm3_hash(canonical(row.document))},
    )


def custody_stored(row: CustodyObject) -> Envelope:
    """A copy lies with the custodian."""
    return _custody("CUSTODY_STORED", row, row.deposited_at, {"replicas": row.replicas})


def custody_given_up(row: CustodyObject, at: datetime) -> Envelope:
    """From here on nobody reads the copy."""
    return _custody("CUSTODY_GIVEN_UP", row, at, {})


def custody_deleted(row: Deletion) -> Envelope:
    """The digest of the custodian's receipt, and to whom it was given."""
    return event(
        "CUSTODY_DELETED",
        entity=row.id,
        version=1,
        subjects=[row.id, row.custody, row.holder],
        institutions=[row.custodian],
        at=row.received_at,
        body={"receiptDigest": deletion_digest(row.document)},
    )


def _custody(
    kind: str, row: CustodyObject, at: datetime, body: Mapping[str, JsonValue]
) -> Envelope:
    return event(
        kind,
        entity=row.id,
        version=1,
        subjects=[row.id, row.holder],
        institutions=[],
        at=at,
        body={"contentHash": row.ciphertext_hash, **body},
    )


def _consent(kind: str, row: Consent, at: datetime | None = None) -> Envelope:
    return event(
        kind,
        entity=row.id,
        version=row.version,
        subjects=[row.id, row.holder],
        institutions=[row.granted_to],
        at=at or row.withdrawn_at or row.granted_at,
        body={"monitoring": row.monitoring_until is not None, "consentDigest": row.digest},
    )
