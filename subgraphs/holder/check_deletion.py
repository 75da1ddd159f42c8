"""The offline check that a copy is gone: receipt, its place on the log, and who signed it.

Laws: no network, no clock, no store; whom to trust comes from the caller's trust file alone; the
custodian's key is read from its registration on the very log, never from the receipt.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ledger_adapter.errors import BadProof
from ledger_adapter.evidence.trust import Trust
from ledger_adapter.verify import verify_bundle
from subgraphs.vc.deletion import (
    DeletionReceipt,
    deletion_digest,
    parse_deletion,
    verify_deletion,
)
from subgraphs.vc.did import method_id
from subgraphs.vc.multikey import decode_key
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
    event = _opened(told.envelope, "CUSTODY_DELETED")
    body = _body(event)
    if body.get("receiptDigest") != deletion_digest(document):
        raise BadProof("receipt", "the log tells of another receipt")
    subjects = event["subjects"]
    if not isinstance(subjects, list) or read.erased.object_id not in subjects:
        raise BadProof("receipt", "the log tells of another copy")
    registered = _body(
        _opened(verify_bundle(registration, trust).envelope, "INSTITUTION_REGISTERED")
    )
    roles = registered.get("roles")
    if registered.get("did") != read.erased.custodian:
        raise BadProof("custodian", "the registration is another institution's")
    if not isinstance(roles, list) or OPERATOR not in roles:
        raise BadProof("custodian", "not registered as a custodian")
    if read.method != method_id(read.erased.custodian):
        raise BadProof("custodian", "signed with a later key than the registered one")
    if not verify_deletion(read, decode_key(str(registered["publicKeyMultibase"]))).ok:
        raise BadProof("signature", "the custodian did not sign this receipt")
    return Gone(
        receipt=read,
        custodian=str(registered["name"]),
        logged_at=str(event["at"]),
        trust=told.trust,
    )


def _opened(envelope: Mapping[str, object] | None, kind: str) -> Mapping[str, object]:
    if envelope is None or envelope["kind"] != kind:
        raise BadProof("event", f"an opened proof of {kind} is expected")
    return envelope


def _body(envelope: Mapping[str, object]) -> Mapping[str, object]:
    body = envelope["body"]
    assert isinstance(body, dict)  # noqa: S101  # parse_envelope has checked it
    return body
