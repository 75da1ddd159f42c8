"""SM2 by the optional package gmssl-pyx (GmSSL in C), through its digest interface only.

It writes C trace lines to stderr when it refuses something; our own parsing keeps malformed
input away from it, so what remains are honest mismatches.
"""

import importlib
from typing import Any, Final

from ledger_adapter.crypto import der
from ledger_adapter.crypto.der import Signature
from ledger_adapter.crypto.sm2_curve import Point, encode_uncompressed, multiply
from ledger_adapter.errors import CryptoError, NoProvider


class _Signer:
    __slots__ = ("_module", "_scalar")

    def __init__(self, module: Any, scalar: int) -> None:
        self._module, self._scalar = module, scalar.to_bytes(32)

    def point(self) -> Point:
        return multiply(int.from_bytes(self._scalar))

    def sign(self, digest: bytes, /) -> Signature:
        try:
            return der.from_der(self._module.sm2_sign_sm3_digest(self._scalar, digest))
        except self._module.GmsslInnerError:
            raise CryptoError("gmssl-pyx could not sign") from None


class _Verifier:
    __slots__ = ("_module", "_point")

    def __init__(self, module: Any, point: Point) -> None:
        self._module, self._point = module, encode_uncompressed(point)[1:]

    def verify(self, digest: bytes, signature: Signature, /) -> bool:
        try:
            encoded = der.to_der(signature)
            return bool(self._module.sm2_verify_sm3_digest(self._point, digest, encoded))
        except (self._module.GmsslInnerError, MemoryError):
            return False


class GmsslPyxProvider:
    """The second provider; an extra of the package."""

    name: Final = "gmssl-pyx"

    def __init__(self) -> None:
        try:
            self._module: Any = importlib.import_module("gmssl_pyx")
        except ImportError:
            raise NoProvider("gmssl-pyx is not installed") from None

    def signer(self, scalar: int, /) -> _Signer:
        return _Signer(self._module, scalar)

    def verifier(self, point: Point, /) -> _Verifier:
        return _Verifier(self._module, point)
