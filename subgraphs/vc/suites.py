"""The three Data Integrity cryptosuites. Each is one hash and one kind of key; no suite accepts
another's key, so a proof cannot be moved down to a weaker one.

`sm2-sm3-jcs-2026` is ecdsa-jcs-2019 with SM3 for SHA-256 and SM2 for ECDSA (default signer id
1234567812345678); the other two are the W3C suites of the same names.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from ledger_adapter.crypto import sm2, sm3
from subgraphs.vc.multikey import VerificationKey


class SuiteName(StrEnum):
    SM2_SM3_JCS_2026 = "sm2-sm3-jcs-2026"
    EDDSA_JCS_2022 = "eddsa-jcs-2022"
    ECDSA_JCS_2019 = "ecdsa-jcs-2019"


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """How a suite hashes its two inputs, and how it checks 64 signature bytes over both hashes."""

    name: SuiteName
    digest: Callable[[bytes], bytes]
    accepts: Callable[[VerificationKey], bool]
    verify: Callable[[VerificationKey, bytes, bytes], bool]


def _sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def _is_sm2(key: VerificationKey) -> bool:
    return isinstance(key, sm2.PublicKey)


def _is_ed25519(key: VerificationKey) -> bool:
    return isinstance(key, ed25519.Ed25519PublicKey)


def _is_p256(key: VerificationKey) -> bool:
    return isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1)


def _verify_sm2(key: VerificationKey, payload: bytes, signature: bytes) -> bool:
    return isinstance(key, sm2.PublicKey) and key.verify(payload, signature)


def _verify_ed25519(key: VerificationKey, payload: bytes, signature: bytes) -> bool:
    if not isinstance(key, ed25519.Ed25519PublicKey):
        return False
    try:
        key.verify(signature, payload)
    except InvalidSignature:
        return False
    return True


def _verify_p256(key: VerificationKey, payload: bytes, signature: bytes) -> bool:
    if not isinstance(key, ec.EllipticCurvePublicKey):
        return False
    r, s = int.from_bytes(signature[:32]), int.from_bytes(signature[32:])
    try:
        key.verify(encode_dss_signature(r, s), payload, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


_ALL: Final = (
    Suite(name=SuiteName.SM2_SM3_JCS_2026, digest=sm3.digest, accepts=_is_sm2, verify=_verify_sm2),
    Suite(
        name=SuiteName.EDDSA_JCS_2022,
        digest=_sha256,
        accepts=_is_ed25519,
        verify=_verify_ed25519,
    ),
    Suite(name=SuiteName.ECDSA_JCS_2019, digest=_sha256, accepts=_is_p256, verify=_verify_p256),
)
SUITES: Final[Mapping[str, Suite]] = MappingProxyType({suite.name.value: suite for suite in _ALL})
