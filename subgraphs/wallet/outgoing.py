"""The events the wallet writes to the log. No name, no amount: digests, codes and ids."""

from __future__ import annotations

from datetime import datetime

from ledger_adapter.port import Envelope
from subgraphs.kit.events import event
from subgraphs.vc.did_versions import salted_digest
from subgraphs.vc.receipt import RootDidReceipt, document_digest
from subgraphs.wallet.records import Consent, RootDid
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


def root_did_changed(row: RootDid, at: datetime) -> Envelope:
    """The salted digest of the newest version; its holder has the salt that opens it."""
    newest = row.later[-1]
    return event(
        "ROOT_DID_CHANGED",
        entity=row.holder,
        version=row.version,
        subjects=[row.holder],
        institutions=[],
        at=at,
        body={
            "version": 1 + len(row.later),
            "documentDigest": salted_digest(newest.salt, newest.version),
            "deactivated": row.state is RootDidState.DEACTIVATED,
        },
    )


def consent_granted(row: Consent) -> Envelope:
    """For the institution it is granted to."""
    return _consent("CONSENT_GRANTED", row)


def consent_withdrawn(row: Consent) -> Envelope:
    """`monitoring` says whether watching ends with it."""
    return _consent("CONSENT_WITHDRAWN", row)


def _consent(kind: str, row: Consent) -> Envelope:
    return event(
        kind,
        entity=row.id,
        version=row.version,
        subjects=[row.id, row.holder],
        institutions=[row.granted_to],
        at=row.withdrawn_at or row.granted_at,
        body={"monitoring": row.monitoring_until is not None, "consentDigest": row.digest},
    )
