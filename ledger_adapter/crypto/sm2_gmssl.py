"""SM2 by the pure Python package gmssl 3.2.2: always there, slow, and never trusted with more
than curve arithmetic on checked numbers.

Its own nonces come from a generator that can be predicted, its constructor strips characters
from keys and its parsers accept several texts for one signature, so: nonces from `secrets`,
the key set after construction, no ASN.1, nothing of its SM3, SM4 or encryption.
"""

import secrets
from typing import Any, Final

from gmssl.sm2 import CryptSM2

from ledger_adapter.crypto import der
from ledger_adapter.crypto.der import Signature
from ledger_adapter.crypto.sm2_curve import N, Point, encode_uncompressed, multiply


def _engine(private_hex: str, public_hex: str) -> Any:
    engine = CryptSM2(private_key=private_hex, public_key="")
    engine.public_key = public_hex
    return engine


class _Signer:
    __slots__ = ("_engine", "_scalar")

    def __init__(self, scalar: int) -> None:
        self._engine, self._scalar = _engine(f"{scalar:064x}", ""), scalar

    def point(self) -> Point:
        return multiply(self._scalar)

    def sign(self, digest: bytes, /) -> Signature:
        while True:
            nonce = 1 + secrets.randbelow(N - 1)
            text = self._engine.sign(digest, f"{nonce:064x}")
            if text is not None:
                return der.from_raw(bytes.fromhex(text))


class _Verifier:
    __slots__ = ("_engine",)

    def __init__(self, point: Point) -> None:
        self._engine = _engine("", encode_uncompressed(point)[1:].hex())

    def verify(self, digest: bytes, signature: Signature, /) -> bool:
        try:
            return bool(self._engine.verify(der.to_raw(signature).hex(), digest))
        except (TypeError, ValueError, IndexError):  # a sum that meets the point at infinity
            return False


class GmsslProvider:
    """The last resort: correct, but not constant time. Development and cross-checks."""

    name: Final = "gmssl"

    def signer(self, scalar: int, /) -> _Signer:
        return _Signer(scalar)

    def verifier(self, point: Point, /) -> _Verifier:
        return _Verifier(point)
