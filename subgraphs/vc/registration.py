"""Asking for a root DID: the key proves itself, over the identity it is asked for.

The payload names the key and a keyed digest of the identity document, so a signature made for one
person cannot register the key for another; and the digests of the texts she agreed to, so that one
signature before the camera binds her to them as well.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from ledger_adapter.crypto import sm2, sm3
from ledger_adapter.crypto.multikey import from_multibase58
from ledger_adapter.errors import CryptoError
from subgraphs.vc.did import Did, person_did
from subgraphs.vc.encoding import Hash, to_base64url, to_time
from subgraphs.vc.errors import BadKey, MalformedDocument
from subgraphs.vc.multikey import decode_key, encode_key
from subgraphs.vc.shape import shaped
from subgraphs.vc.strict_json import Limits, canonical, parse

_TYPE: Final = "RootDidRegistration"
_LIMITS: Final = Limits(size=2048, depth=3)
_MOST_TEXTS: Final = 12
_NONCE_BYTES: Final = 16
_FRESH: Final = timedelta(minutes=10)
_SKEW: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """A key that showed itself to be in somebody's hands."""

    did: Did
    key: sm2.PublicKey
    public_key_multibase: str
    agreed: tuple[Hash, ...]


def registration_payload(
    key: sm2.PublicKey,
    *,
    identity_document: str,
    nonce: bytes,
    at: datetime,
    agreed: Sequence[Hash],
) -> bytes:
    """The bytes the new key signs. `nonce` is 16 fresh random bytes; `agreed`: SM3 of each text."""
    if len(nonce) != _NONCE_BYTES:
        raise MalformedDocument("a nonce has 16 bytes", "/nonce")
    return canonical(
        {
            "type": _TYPE,
            "did": person_did(key),
            "publicKeyMultibase": encode_key(key),
            "identityDigest": identity_digest(nonce, identity_document),
            "nonce": to_base64url(nonce),
            "createdAt": to_time(at),
            "agreed": list(agreed),
        }
    )


def check_registration(
    payload: bytes,
    *,
    public_key_multibase: str,
    proof_of_possession: str,
    identity_document: str,
    now: datetime,
) -> Registration:
    """The registration, or the first thing wrong with it as a VcError."""
    key = decode_key(public_key_multibase, "/publicKeyMultibase")
    if not isinstance(key, sm2.PublicKey):
        raise BadKey("a root DID starts with an SM2 key", "/publicKeyMultibase")
    shape = shaped(parse(payload, _LIMITS), "/payload")
    did = person_did(key)
    named = (shape.text("type"), shape.text("did"), shape.text("publicKeyMultibase"))
    if named != (_TYPE, did, public_key_multibase):
        raise MalformedDocument("the payload is for another key", "/payload")
    if shape.text("identityDigest") != identity_digest(shape.data("nonce"), identity_document):
        raise MalformedDocument("the payload is for another identity", "/payload/identityDigest")
    if not -_SKEW <= now - shape.time("createdAt") <= _FRESH:
        raise MalformedDocument("the payload is not of now", "/payload/createdAt")
    if not signed_by(key, payload, proof_of_possession):
        raise BadKey("the key did not sign the payload", "/proofOfPossession")
    agreed = tuple(map(Hash, shape.texts("agreed", most=_MOST_TEXTS)))
    return Registration(did=did, key=key, public_key_multibase=public_key_multibase, agreed=agreed)


def signed_by(key: sm2.PublicKey, payload: bytes, signature: str) -> bool:
    try:
        return key.verify(payload, from_multibase58(signature))
    except CryptoError:
        return False


def identity_digest(nonce: bytes, identity_document: str) -> Hash:
    return Hash(f"sm3:{sm3.hmac(nonce, identity_document.encode()).hex()}")
