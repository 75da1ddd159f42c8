"""SM2 by the system's libcrypto 3 through ctypes: patched by the distribution, releases the GIL.

OpenSSL accepts scalars beyond the group order and loops for ever at n-1; callers check first.
"""

import ctypes
import sys
import weakref
from typing import Final

from ledger_adapter.crypto import der
from ledger_adapter.crypto.der import Signature
from ledger_adapter.crypto.sm2_curve import Point, decode_point, encode_uncompressed
from ledger_adapter.errors import BadKey, CryptoError, NoProvider

_ALGORITHM: Final = bytes.fromhex("301306072a8648ce3d020106082a811ccf5501822d")
_SPKI: Final = bytes.fromhex("3059") + _ALGORITHM + bytes.fromhex("034200")
_PKCS8: Final = bytes.fromhex("3041020100") + _ALGORITHM + bytes.fromhex("0427302502010104 20")
_MAX_DER: Final = 72

_POINTER, _INT, _SIZE, _BYTES = ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t, ctypes.c_char_p
_SIGNATURES: Final[dict[str, tuple[object, list[object]]]] = {
    "OPENSSL_version_major": (ctypes.c_uint, []),
    "d2i_PUBKEY": (_POINTER, [_POINTER, _POINTER, ctypes.c_long]),
    "d2i_AutoPrivateKey": (_POINTER, [_POINTER, _POINTER, ctypes.c_long]),
    "i2d_PUBKEY": (_INT, [_POINTER, _POINTER]),
    "EVP_PKEY_free": (None, [_POINTER]),
    "EVP_PKEY_CTX_new": (_POINTER, [_POINTER, _POINTER]),
    "EVP_PKEY_CTX_free": (None, [_POINTER]),
    "EVP_PKEY_sign_init": (_INT, [_POINTER]),
    "EVP_PKEY_sign": (_INT, [_POINTER, _BYTES, ctypes.POINTER(_SIZE), _BYTES, _SIZE]),
    "EVP_PKEY_verify_init": (_INT, [_POINTER]),
    "EVP_PKEY_verify": (_INT, [_POINTER, _BYTES, _SIZE, _BYTES, _SIZE]),
    "ERR_clear_error": (None, []),
}


def _load(path: str | None) -> ctypes.CDLL:
    if path is None and sys.platform == "darwin":
        # loading an unversioned libcrypto there may abort the process
        raise NoProvider("on macOS libcrypto is used only from an explicit path")
    try:
        library = ctypes.CDLL(path or "libcrypto.so.3")
        for name, (result, arguments) in _SIGNATURES.items():
            function = getattr(library, name)
            function.restype, function.argtypes = result, arguments
    except (OSError, AttributeError) as fault:
        raise NoProvider(f"libcrypto 3 cannot be loaded: {fault}") from None
    if library.OPENSSL_version_major() < 3:
        raise NoProvider("libcrypto is older than version 3")
    return library


class _Key:
    """An EVP_PKEY, freed with the object; used by several threads at once, never changed."""

    __slots__ = ("__weakref__", "_library", "handle")

    def __init__(self, library: ctypes.CDLL, decoder: str, encoded: bytes) -> None:
        buffer = ctypes.create_string_buffer(encoded, len(encoded))
        cursor = ctypes.c_void_p(ctypes.addressof(buffer))
        handle = getattr(library, decoder)(None, ctypes.byref(cursor), len(encoded))
        ctypes.memset(buffer, 0, len(encoded))
        if not handle:
            library.ERR_clear_error()
            raise BadKey("libcrypto refused the key")
        self._library, self.handle = library, handle
        weakref.finalize(self, library.EVP_PKEY_free, handle)

    def point(self) -> Point:
        buffer = ctypes.create_string_buffer(len(_SPKI) + 65)
        cursor = ctypes.c_void_p(ctypes.addressof(buffer))
        if self._library.i2d_PUBKEY(self.handle, ctypes.byref(cursor)) != len(_SPKI) + 65:
            self._library.ERR_clear_error()
            raise BadKey("libcrypto gave no public key")
        return decode_point(buffer.raw[len(_SPKI) :])

    def sign(self, digest: bytes, /) -> Signature:
        library = self._library
        context = library.EVP_PKEY_CTX_new(self.handle, None)
        try:
            size, out = _SIZE(_MAX_DER), ctypes.create_string_buffer(_MAX_DER)
            if library.EVP_PKEY_sign_init(context) != 1 or (
                library.EVP_PKEY_sign(context, out, ctypes.byref(size), digest, len(digest)) != 1
            ):
                library.ERR_clear_error()
                raise CryptoError("libcrypto could not sign")
            return der.from_der(out.raw[: size.value])
        finally:
            library.EVP_PKEY_CTX_free(context)

    def verify(self, digest: bytes, signature: Signature, /) -> bool:
        library = self._library
        encoded = der.to_der(signature)
        context = library.EVP_PKEY_CTX_new(self.handle, None)
        try:
            verdict = bool(
                library.EVP_PKEY_verify_init(context) == 1
                and library.EVP_PKEY_verify(context, encoded, len(encoded), digest, len(digest))
                == 1
            )
            if not verdict:
                library.ERR_clear_error()
            return verdict
        finally:
            library.EVP_PKEY_CTX_free(context)


class LibcryptoProvider:
    """The default provider where the system has OpenSSL 3 with SM2."""

    name: Final = "libcrypto"

    def __init__(self, path: str | None = None) -> None:
        self._library = _load(path)

    def signer(self, scalar: int, /) -> _Key:
        return _Key(self._library, "d2i_AutoPrivateKey", _PKCS8 + scalar.to_bytes(32))

    def verifier(self, point: Point, /) -> _Key:
        return _Key(self._library, "d2i_PUBKEY", _SPKI + encode_uncompressed(point))
