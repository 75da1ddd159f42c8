"""SM3 (GB/T 32905): digest, HMAC, HKDF, and prefixes hashed once and copied.

OpenSSL through hashlib is twice as fast a call as `cryptography`, but a Python may be built
without SM3; then `cryptography`, which carries its own OpenSSL, serves the same states.
"""

import hashlib
from collections.abc import Callable
from typing import Final, Protocol

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

DIGEST_SIZE: Final = 32


class State(Protocol):
    """A running hash, as hashlib has it."""

    def update(self, data: bytes, /) -> None: ...
    def copy(self) -> "State": ...
    def digest(self) -> bytes: ...


class _CryptographyState:
    """The same interface over `cryptography`, whose states end with `finalize`."""

    __slots__ = ("_inner",)

    def __init__(self, inner: hashes.Hash) -> None:
        self._inner = inner

    def update(self, data: bytes, /) -> None:
        self._inner.update(data)

    def copy(self) -> "_CryptographyState":
        return _CryptographyState(self._inner.copy())

    def digest(self) -> bytes:
        return self._inner.copy().finalize()


def cryptography_state() -> State:
    """A fresh state from `cryptography`; public so that tests compare both sources."""
    return _CryptographyState(hashes.Hash(hashes.SM3()))


def _openssl_state() -> State:
    return hashlib.new("sm3")


_fresh: Final[Callable[[], State]] = (
    _openssl_state if "sm3" in hashlib.algorithms_available else cryptography_state
)


def state() -> State:
    """A fresh SM3 state."""
    return _fresh()


_EMPTY: Final = state()


def digest(data: bytes, /) -> bytes:
    """SM3 of the data, 32 bytes."""
    running = _EMPTY.copy()
    running.update(data)
    return running.digest()


def hmac(key: bytes, data: bytes, /) -> bytes:
    """HMAC-SM3, 32 bytes."""
    running = HMAC(key, hashes.SM3())
    running.update(data)
    return running.finalize()


def hkdf(secret: bytes, size: int, *, salt: bytes = b"", info: bytes = b"") -> bytes:
    """HKDF-SM3 (RFC 5869): keys of up to 8160 bytes; `info` keeps their purposes apart."""
    return HKDF(algorithm=hashes.SM3(), length=size, salt=salt or None, info=info).derive(secret)


def hexdigest(data: bytes, /) -> str:
    """`sm3:` and the digest in hex, the form in which hashes are written in documents."""
    return "sm3:" + digest(data).hex()
