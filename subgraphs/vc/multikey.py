"""Public keys as W3C Multikey text: SM2, Ed25519 and P-256, nothing else."""

from functools import lru_cache
from typing import Final, TypeAlias

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ledger_adapter.crypto import multikey as sm2_multikey
from ledger_adapter.crypto import sm2
from ledger_adapter.errors import CryptoError
from subgraphs.vc.errors import BadKey

VerificationKey: TypeAlias = sm2.PublicKey | ed25519.Ed25519PublicKey | ec.EllipticCurvePublicKey

_ED25519: Final = b"\xed\x01"
_P256: Final = b"\x80\x24"
_SM2: Final = b"\x86\x24"


def encode_key(key: VerificationKey) -> str:
    """The `z...` text of a key."""
    match key:
        case sm2.PublicKey():
            return sm2_multikey.encode_sm2(key)
        case ed25519.Ed25519PublicKey():
            return sm2_multikey.multibase58(
                _ED25519 + key.public_bytes(Encoding.Raw, PublicFormat.Raw)
            )
        case ec.EllipticCurvePublicKey():
            point = key.public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
            return sm2_multikey.multibase58(_P256 + point)


def decode_key(text: str, place: str = "") -> VerificationKey:
    """The key of a `z...` text; points off their curve are refused."""
    try:
        return _decode(text)
    except (ValueError, UnsupportedAlgorithm, CryptoError) as error:
        raise BadKey("not a public key of a kind we know", place) from error


# the same few keys stand in every document, and a point costs a square root in a prime field
@lru_cache(maxsize=4_096)
def _decode(text: str) -> VerificationKey:
    raw = sm2_multikey.from_multibase58(text)
    prefix, body = raw[:2], raw[2:]
    if prefix == _SM2:
        return sm2_multikey.decode(text)
    if prefix == _ED25519:
        return ed25519.Ed25519PublicKey.from_public_bytes(body)
    if prefix == _P256 and len(body) == 33:
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), body)
    raise ValueError("an unknown multicodec prefix")
