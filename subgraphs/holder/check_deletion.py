"""The offline check that a copy is gone: receipt, its place on the log, and who signed it.

Laws: no network, no clock, no store; whom to trust comes from the caller's trust file alone; the
custodian's key is read from its registration on the very log, never from the receipt.
"""

from dataclasses import dataclass
from typing import Final

from ledger_adapter.errors import BadProof
from ledger_adapter.evidence.trust import Trust
from ledger_adapter.verify import verify_bundle
from subgraphs.holder.registered import body_of, opened, registered_key
from subgraphs.vc.deletion import (
    DeletionReceipt,
    deletion_digest,
    parse_deletion,
    verify_deletion,
)
from subgraphs.vc.strict_json import as_object, parse

OPERATOR: Final = "CLOUD_OPERATOR"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gone:
    """A receipt that holds: what it says, who signs for it, how far to trust the log."""

    receipt: DeletionReceipt
    custodian: str
    logged_at: str
    trust: str


def check_deletion(receipt: bytes, proof: bytes, registration: bytes, trust: Trust) -> Gone:
    """Check all of it: the receipt's JSON, the bundle of its CUSTODY_DELETED, and the bundle of
    the custodian's INSTITUTION_REGISTERED. BadProof names what failed, VcError what does not read.
    """
    document = as_object(parse(receipt))
    read = parse_deletion(document)
    told = verify_bundle(proof, trust)
    event = opened(told.envelope, "CUSTODY_DELETED")
    body = body_of(event)
    if body.get("receiptDigest") != deletion_digest(document):
        raise BadProof("receipt", "the log tells of another receipt")
    subjects = event["subjects"]
    if not isinstance(subjects, list) or read.erased.object_id not in subjects:
        raise BadProof("receipt", "the log tells of another copy")
    known = registered_key(
        registration, trust, did=read.erased.custodian, method=read.method, role=OPERATOR
    )
    if not verify_deletion(read, known.key).ok:
        raise BadProof("signature", "the custodian did not sign this receipt")
    return Gone(
        receipt=read,
        custodian=known.name,
        logged_at=str(event["at"]),
        trust=told.trust,
    )
