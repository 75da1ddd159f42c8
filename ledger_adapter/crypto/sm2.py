"""SM2 signatures with SM3 and the default signer id, over whichever provider this machine has.

Providers are tried in the order libcrypto 3, gmssl-pyx, gmssl; the first that passes the
known-answer test serves the process, unless `use_provider` pins one. Keys remember the provider
that loaded them.
"""

import logging
import secrets
from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Final

from ledger_adapter.crypto import der, sm3
from ledger_adapter.crypto.sm2_curve import (
    N,
    Point,
    decode_point,
    encode_compressed,
    encode_uncompressed,
    identity_digest,
)
from ledger_adapter.crypto.sm2_gmssl import GmsslProvider
from ledger_adapter.crypto.sm2_gmssl_pyx import GmsslPyxProvider
from ledger_adapter.crypto.sm2_libcrypto import LibcryptoProvider
from ledger_adapter.crypto.sm2_provider import Signer, SM2Provider, Verifier
from ledger_adapter.errors import BadKey, BadSignatureEncoding, CryptoError, NoProvider

logger = logging.getLogger(__name__)

PROVIDERS: Final[dict[str, Callable[[], SM2Provider]]] = {
    "libcrypto": LibcryptoProvider,
    "gmssl-pyx": GmsslPyxProvider,
    "gmssl": GmsslProvider,
}

_KAT_SCALAR: Final = 0x3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8
_KAT_POINT: Final = Point(
    0x09F9DF311E5421A150DD7D161E4BC5C672179FAD1833FC076BB08FF356F35020,
    0xCCEA490CE26775A52DC6EA718CC1AA600AED05FBF35E084A6632F6072DA9AD13,
)
_KAT_MESSAGE: Final = b"message digest"
_KAT_SIGNATURE: Final = der.Signature(
    0xF5A03B0648D2C4630EEAC513E1BB81A15944DA3827D5B74143AC7EACEEE720B3,
    0xB1B6AA29DF212FD8763182BC0D421CA1BB9038FD1F7F42D4840B69C485BBC1AA,
)


def known_answer_test(provider: SM2Provider) -> None:
    """Raise NoProvider unless it derives, verifies and signs the GB/T 32918 example rightly."""
    digest = _message_digest(identity_digest(_KAT_POINT), _KAT_MESSAGE)
    other = bytes(b ^ 1 for b in digest)
    verifier, signer = provider.verifier(_KAT_POINT), provider.signer(_KAT_SCALAR)
    good = (
        signer.point() == _KAT_POINT
        and verifier.verify(digest, _KAT_SIGNATURE)
        and not verifier.verify(other, _KAT_SIGNATURE)
        and verifier.verify(digest, signer.sign(digest))
    )
    if not good:
        raise NoProvider(f"{provider.name} fails the known-answer test")


class _Choice:
    """Which provider the deployment pinned, if any."""

    pinned: str | None = None


_choice: Final = _Choice()


def use_provider(name: str | None) -> str:
    """Pin a provider for the process, or none (`None`); for a door, before keys are loaded.

    A pinned provider that does not work is an error at start-up, never another one in its place.
    """
    if name is not None and name not in PROVIDERS:
        raise NoProvider(f"no SM2 provider is called {name!r} (known: {', '.join(PROVIDERS)})")
    chosen = _tested(name).name
    _choice.pinned = name
    return chosen


def provider(name: str | None = None) -> SM2Provider:
    """The named provider, else the pinned one, else the first that works."""
    return _tested(name or _choice.pinned)


@cache
def _tested(name: str | None) -> SM2Provider:
    """Each provider passes the known-answer test before its first use."""
    faults: list[str] = []
    for candidate in [name] if name else list(PROVIDERS):
        try:
            found = PROVIDERS[candidate]()
            known_answer_test(found)
        except CryptoError as fault:
            faults.append(str(fault))
            continue
        if found.name == "gmssl" and name is None:
            logger.warning("SM2 runs on pure Python gmssl: slow and not constant time")
        return found
    raise NoProvider("; ".join(faults))


def active_provider() -> str:
    """`libcrypto`, `gmssl-pyx` or `gmssl`."""
    return provider().name


@lru_cache(maxsize=4096)
def _verifier(point: Point, name: str | None) -> Verifier:
    """Loading a key costs half a verification; issuers, institutions and logs are few."""
    return provider(name).verifier(point)


@lru_cache(maxsize=4096)
def _identity(point: Point) -> bytes:
    return identity_digest(point)


_Made = tuple[Point, bytes, bytes]
_own: Final[ContextVar[AbstractSet[_Made]]] = ContextVar("own_signatures", default=frozenset())


@contextmanager
def own_signatures_hold() -> Iterator[None]:
    """Within it, signatures that were made within it hold without being checked: for who plays both
    ends and knows the keys. All others are checked as ever."""
    before = _own.set(set[_Made]())
    try:
        yield
    finally:
        _own.reset(before)


def forget_keys() -> None:
    """Drop the loaded verification keys; measurements begin cold with it."""
    _verifier.cache_clear()
    _identity.cache_clear()


def _message_digest(identity: bytes, message: bytes) -> bytes:
    return sm3.digest(identity + message)


def signed_digest(key: "PublicKey", message: bytes) -> bytes:
    """SM3(Z || message): what a hardware module is given to sign with this key's private half."""
    return _message_digest(_identity(key.point), message)


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A checked point of the curve. Equal keys are equal objects."""

    point: Point

    @classmethod
    def from_bytes(cls, raw: bytes) -> "PublicKey":
        """From 33 compressed or 65 uncompressed bytes; BadKey for anything off the curve."""
        return cls(decode_point(raw))

    def compressed(self) -> bytes:
        """33 bytes, the form everything here stores and publishes."""
        return encode_compressed(self.point)

    def uncompressed(self) -> bytes:
        """65 bytes."""
        return encode_uncompressed(self.point)

    def verify(self, message: bytes, signature: bytes, *, using: str | None = None) -> bool:
        """Whether the 64 bytes sign the message; malformed signatures are False, never raised."""
        try:
            parsed = der.from_raw(signature)
        except BadSignatureEncoding:
            return False
        digest = signed_digest(self, message)
        if (self.point, digest, signature) in _own.get():
            return True
        return _verifier(self.point, using or _choice.pinned).verify(digest, parsed)


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class PrivateKey:
    """A signing key. Neither repr, equality nor pickling shows the scalar."""

    _scalar: int
    public_key: PublicKey
    _signer: Signer = field(compare=False)

    @classmethod
    def generate(cls, *, using: str | None = None) -> "PrivateKey":
        """A fresh key from the system's randomness."""
        return cls.from_scalar(1 + secrets.randbelow(N - 2), using=using)

    @classmethod
    def from_scalar(cls, scalar: int, *, using: str | None = None) -> "PrivateKey":
        """1 <= scalar <= n-2: beyond it OpenSSL loops for ever or signs nothing."""
        if not 1 <= scalar <= N - 2:
            raise BadKey("private key lies outside 1..n-2")
        signer = provider(using).signer(scalar)
        return cls(scalar, PublicKey(signer.point()), signer)

    def sign(self, message: bytes) -> bytes:
        """64 bytes r then s over SM3(Z || message); two calls give two signatures."""
        digest = signed_digest(self.public_key, message)
        signature = der.to_raw(self._signer.sign(digest))
        own = _own.get()
        if isinstance(own, set):
            own.add((self.public_key.point, digest, signature))
        return signature

    def scalar(self) -> int:
        """The secret itself, for key files only."""
        return self._scalar

    def __repr__(self) -> str:
        return f"PrivateKey(public_key={self.public_key.compressed().hex()})"

    def __reduce__(self) -> str:
        raise TypeError("a private key is not pickled")
