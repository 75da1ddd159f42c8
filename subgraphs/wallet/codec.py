"""Rows to MongoDB documents and back."""

from __future__ import annotations

from typing import Final

from subgraphs.kit.agreements import AgreementKind, AgreementStage
from subgraphs.kit.mongo import Document
from subgraphs.kit.vocabulary import CredentialState
from subgraphs.vc.encoding import from_base64url
from subgraphs.vc.presentation import SaltedVersion
from subgraphs.wallet.records import (
    Cancellation,
    Closure,
    Consent,
    CustodyObject,
    Deletion,
    Recovery,
    RootDid,
    SignedAgreement,
    WalletItem,
)
from subgraphs.wallet.states import (
    ConsentState,
    CustodyState,
    RootDidState,
)

ANY: Final = "*"
"""Stands in `credentials` of a consent for all of the holder's, so that one index finds both."""


def root_did_document(row: RootDid) -> Document:
    return {
        "_id": row.holder,
        "did": row.did,
        "state": row.state.value,
        "receipt": row.receipt,
        "registered_at": row.registered_at,
        "version": row.version,
        "later": [one.as_json() for one in row.later],
        "proofing": row.proofing,
        "recovery": None if (under := row.recovery) is None else _recovery_document(under),
    }


def _recovery_document(row: Recovery) -> Document:
    return {"document": row.document, "proofing": row.proofing}


def root_did(found: Document) -> RootDid:
    return RootDid(
        holder=found["_id"],
        did=found["did"],
        state=RootDidState(found["state"]),
        receipt=found["receipt"],
        registered_at=found["registered_at"],
        version=found["version"],
        later=tuple(
            SaltedVersion(salt=from_base64url(one["salt"]), version=one["version"])
            for one in found.get("later", ())
        ),
        proofing=found.get("proofing"),
        recovery=None if (under := found.get("recovery")) is None else Recovery(**under),
    )


def consent_document(row: Consent) -> Document:
    return {
        "_id": row.id,
        "holder": row.holder,
        "granted_to": row.granted_to,
        "purpose": row.purpose,
        "claims": list(row.claims),
        "total_at_least": row.total_at_least,
        "credentials": list(row.credentials) or [ANY],
        "monitoring_until": row.monitoring_until,
        "valid_from": row.valid_from,
        "valid_until": row.valid_until,
        "state": row.state.value,
        "document": row.document,
        "digest": row.digest,
        "granted_at": row.granted_at,
        "uses": row.uses,
        "used": row.used,
        "last_use": row.last_use,
        "withdrawn_at": row.withdrawn_at,
        "version": row.version,
    }


def consent(found: Document) -> Consent:
    return Consent(
        id=found["_id"],
        holder=found["holder"],
        granted_to=found["granted_to"],
        purpose=found["purpose"],
        claims=tuple(found["claims"]),
        total_at_least=found["total_at_least"],
        credentials=tuple(one for one in found["credentials"] if one != ANY),
        monitoring_until=found["monitoring_until"],
        valid_from=found["valid_from"],
        valid_until=found["valid_until"],
        state=ConsentState(found["state"]),
        document=found["document"],
        digest=found["digest"],
        granted_at=found["granted_at"],
        uses=found.get("uses"),
        used=found.get("used", 0),
        last_use=found.get("last_use"),
        withdrawn_at=found["withdrawn_at"],
        version=found["version"],
    )


def item_document(row: WalletItem) -> Document:
    return {
        "_id": row.id,
        "holder": row.holder,
        "credential": row.credential,
        "issuer": row.issuer,
        "vc_hash": row.vc_hash,
        "label": row.label,
        "state": row.state.value,
        "added_at": row.added_at,
        "index": row.index,
        "custody": row.custody,
    }


def item(found: Document) -> WalletItem:
    return WalletItem(
        id=found["_id"],
        holder=found["holder"],
        credential=found["credential"],
        issuer=found["issuer"],
        vc_hash=found["vc_hash"],
        label=found["label"],
        state=CredentialState(found["state"]),
        added_at=found["added_at"],
        index=found["index"],
        custody=found["custody"],
    )


def custody_document(row: CustodyObject) -> Document:
    return {
        "_id": row.id,
        "holder": row.holder,
        "item": row.item,
        "ciphertext_hash": row.ciphertext_hash,
        "key_id": row.key_id,
        "replicas": row.replicas,
        "state": row.state.value,
        "deposited_at": row.deposited_at,
        "version": row.version,
        "wrapped_key": row.wrapped_key,
        "failures": row.failures,
        **({} if row.retry_at is None else {"retry_at": row.retry_at}),
    }


def custody(found: Document) -> CustodyObject:
    return CustodyObject(
        id=found["_id"],
        holder=found["holder"],
        item=found["item"],
        ciphertext_hash=found["ciphertext_hash"],
        key_id=found["key_id"],
        replicas=found["replicas"],
        state=CustodyState(found["state"]),
        deposited_at=found["deposited_at"],
        version=found["version"],
        wrapped_key=found.get("wrapped_key"),
        retry_at=found.get("retry_at"),
        failures=found.get("failures", 0),
    )


def deletion_document(row: Deletion) -> Document:
    return {
        "_id": row.id,
        "holder": row.holder,
        "custody": row.custody,
        "custodian": row.custodian,
        "document": row.document,
        "received_at": row.received_at,
    }


def deletion(found: Document) -> Deletion:
    return Deletion(
        id=found["_id"],
        holder=found["holder"],
        custody=found["custody"],
        custodian=found["custodian"],
        document=found["document"],
        received_at=found["received_at"],
    )


def cancellation_document(row: Cancellation) -> Document:
    return {
        "_id": row.credential,
        "holder": row.holder,
        "issuer": row.issuer,
        "vc_hash": row.vc_hash,
        "document": row.document,
        "at": row.at,
    }


def cancellation(found: Document) -> Cancellation:
    return Cancellation(
        credential=found["_id"],
        holder=found["holder"],
        issuer=found["issuer"],
        vc_hash=found["vc_hash"],
        document=found["document"],
        at=found["at"],
    )


def closure_document(row: Closure) -> Document:
    return {
        "_id": row.holder,
        "holder": row.holder,
        "document": row.document,
        "consents": row.consents,
        "copies": row.copies,
        "at": row.at,
    }


def closure(found: Document) -> Closure:
    return Closure(
        holder=found["holder"],
        document=found["document"],
        consents=found["consents"],
        copies=found["copies"],
        at=found["at"],
    )


def agreement_document(row: SignedAgreement) -> Document:
    """The id is what was agreed to: the same version is signed once."""
    return {
        "_id": f"{row.holder}|{row.stage.value}|{row.kind.value}|{row.version}",
        "holder": row.holder,
        "stage": row.stage.value,
        "kind": row.kind.value,
        "version": row.version,
        "text_digest": row.text_digest,
        "document": row.document,
        "signed_at": row.signed_at,
    }


def agreement(found: Document) -> SignedAgreement:
    return SignedAgreement(
        holder=found["holder"],
        stage=AgreementStage(found["stage"]),
        kind=AgreementKind(found["kind"]),
        version=found["version"],
        text_digest=found["text_digest"],
        document=found["document"],
        signed_at=found["signed_at"],
    )
