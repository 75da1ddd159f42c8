"""What the identity provider signs when it has registered a root DID: the holder's passport."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ledger_adapter.crypto import sm3
from subgraphs.vc import proofs
from subgraphs.vc.did import Did, DidDocument, MethodId, parse_did, parse_did_document
from subgraphs.vc.encoding import Hash, to_base64url, to_time
from subgraphs.vc.errors import MalformedDocument
from subgraphs.vc.multikey import VerificationKey
from subgraphs.vc.proofs import Expectation, ProofOptions, ProofOutcome, Purpose
from subgraphs.vc.shape import shaped
from subgraphs.vc.strict_json import JsonObject, as_object, canonical

Sign = Callable[[bytes], bytes]
"""Signs a payload with one institution's or one person's key: 64 bytes r || s."""

_TYPE: Final = "RootDidReceipt"
_SALT_BYTES: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class RootDidReceipt:
    """A receipt that was read; whether its proof holds is verify_receipt's question."""

    did: Did
    document: DidDocument
    salt: bytes
    registered_at: datetime
    issuer: Did
    raw: JsonObject


def build_receipt(
    *,
    did_document: JsonObject,
    salt: bytes,
    registered_at: datetime,
    issuer: Did,
    method: MethodId,
    sign: Sign,
) -> JsonObject:
    """The signed receipt. The salt (32 random bytes) opens the digest that goes on the log."""
    if len(salt) != _SALT_BYTES:
        raise MalformedDocument("the salt has 32 bytes", "/salt")
    body: JsonObject = {
        "type": _TYPE,
        "did": parse_did_document(did_document).did,
        "didDocument": did_document,
        "salt": to_base64url(salt),
        "registeredAt": to_time(registered_at),
        "issuer": issuer,
    }
    options = ProofOptions(
        verification_method=method, purpose=Purpose.ASSERTION, created=registered_at
    )
    prepared = proofs.prepare(body, options)
    return proofs.attach(body, prepared, sign(prepared.payload))


def parse_receipt(value: JsonObject, place: str = "") -> RootDidReceipt:
    """Read a receipt; its document has to be about its DID."""
    shape = shaped(value, place).only(
        ("type", "did", "didDocument", "salt", "registeredAt", "issuer", "proof")
    )
    if shape.text("type") != _TYPE:
        raise MalformedDocument("not a root DID receipt", f"{place}/type")
    inner = shape.inner("didDocument")
    document = parse_did_document(inner.members, inner.place)
    salt = shape.data("salt")
    if document.did != shape.text("did") or len(salt) != _SALT_BYTES:
        raise MalformedDocument("document or salt do not belong to the receipt", place)
    return RootDidReceipt(
        did=document.did,
        document=document,
        salt=salt,
        registered_at=shape.time("registeredAt"),
        issuer=parse_did(shape.text("issuer"), f"{place}/issuer"),
        raw=value,
    )


def verify_receipt(
    receipt: RootDidReceipt, *, method: MethodId, key: VerificationKey
) -> ProofOutcome:
    """Whether the provider's key signed it. Whose key that is, the trust register says."""
    expected = Expectation(purpose=Purpose.ASSERTION, verification_method=method)
    return proofs.verify_by(receipt.raw, method, key, expected)


def document_digest(receipt: RootDidReceipt) -> Hash:
    """The salted digest of the DID document, as ROOT_DID_REGISTERED carries it."""
    document = as_object(receipt.raw["didDocument"])
    return Hash(f"sm3:{sm3.hmac(receipt.salt, canonical(document)).hex()}")
