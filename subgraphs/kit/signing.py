"""What binds a holder: prepare answers bytes, submit brings her signature over them (decision 26).

The private key never comes here. With each signature goes a face assertion bound to the very bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

import strawberry

from ledger_adapter.crypto import sm2
from ledger_adapter.crypto.multikey import from_multibase58
from ledger_adapter.errors import CryptoError
from subgraphs.kit.errors import Invalid, SignatureRefused
from subgraphs.kit.offload import offload
from subgraphs.kit.scalars import JSON, Bytes, Hash, Signature
from subgraphs.vc.did import MethodId
from subgraphs.vc.did_versions import DidHistory
from subgraphs.vc.encoding import Hash as VcHash
from subgraphs.vc.encoding import to_base64url
from subgraphs.vc.face import FaceAssertion, face_refusal
from subgraphs.vc.multikey import VerificationKey

SIGNATURE_BYTES: Final = 64
LONGEST_FACT: Final = 128


@strawberry.input(description="A face and liveness check bound to what is signed (人脸核验).")
class FaceAssertionInput:
    id: strawberry.ID = strawberry.field(description="The provider's id of the check (核验编号).")
    provider: str = strawberry.field(description="Who checked (核验方).")
    liveness: str = strawberry.field(description="PASSED, or what the provider says (活体结果).")
    at: datetime = strawberry.field(description="When it was checked (核验时间).")
    bound_to: Hash = strawberry.field(description="SM3 of the signed bytes (绑定摘要).")


@strawberry.input(description="A holder's signature over prepared bytes (持证方签名).")
class HolderSignatureInput:
    verification_method: str = strawberry.field(
        description="The DID URL of the key, `<did>#key-1` (密钥标识)."
    )
    value: Signature = strawberry.field(description="r||s in multibase base58btc (签名值).")
    face_assertion: FaceAssertionInput = strawberry.field(
        description="The check made at this use of the key (人脸核验)."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldKey:
    """The key a holder has to sign with, as her DID document says."""

    method: MethodId
    key: VerificationKey


def held_key(history: DidHistory) -> HeldKey:
    """The key of today of a person's DID; Invalid once it is given up."""
    method = history.method
    document = history.latest.document
    key = None if method is None or document is None else document.keys[method]
    if method is None or key is None:
        raise Invalid("the root DID has no key to sign with", field="", code="ROOT_DID_KEYLESS")
    return HeldKey(method=method, key=key)


async def checked_signature(
    given: HolderSignatureInput, *, payload: bytes, held: HeldKey, now: datetime
) -> bytes:
    """The 64 signature bytes, after the method, the face assertion and the signature hold."""
    if given.verification_method != held.method:
        raise SignatureRefused(
            "signed with another key than the holder's", code="VERIFICATION_METHOD_MISMATCH"
        )
    refusal = face_refusal(_assertion(given.face_assertion), payload, now)
    if refusal is not None:
        raise SignatureRefused("the face assertion does not stand for this", code=refusal.value)
    raw = _signature_bytes(given.value)
    if not isinstance(held.key, sm2.PublicKey):
        raise SignatureRefused("the holder's key is of another kind", code="KEY_KIND_UNSUPPORTED")
    if not await offload(held.key.verify, payload, raw):
        raise SignatureRefused("the signature does not hold")
    return raw


def to_sign(payload: bytes) -> Bytes:
    """Bytes as clients get them."""
    return Bytes(to_base64url(payload))


@strawberry.type
class PreparedFields:
    """What every prepare mutation answers; inherit it in each `Prepare…Success`."""

    prepared_id: strawberry.ID = strawberry.field(
        description="Names the prepared payload, for one use within ten minutes (待签编号)."
    )
    payload: JSON = strawberry.field(description="What is being signed, in full (待签内容).")
    payload_to_sign: Bytes = strawberry.field(description="The bytes to sign (待签字节).")
    expires_at: datetime = strawberry.field(description="Until when it can be used (有效期至).")


def _assertion(given: FaceAssertionInput) -> FaceAssertion:
    return FaceAssertion(
        id=given.id[:LONGEST_FACT],
        provider=given.provider[:LONGEST_FACT],
        liveness=given.liveness,
        at=given.at if given.at.tzinfo else _refuse_naive(),
        bound_to=VcHash(given.bound_to),
    )


def _refuse_naive() -> datetime:
    raise SignatureRefused("the face assertion's time has no offset", code="FACE_INVALID")


def _signature_bytes(text: str) -> bytes:
    try:
        raw = from_multibase58(text)
    except CryptoError as fault:
        raise SignatureRefused("not a signature in multibase base58btc") from fault
    if len(raw) != SIGNATURE_BYTES:
        raise SignatureRefused(f"a signature has {SIGNATURE_BYTES} bytes")
    return raw
