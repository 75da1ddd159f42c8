"""What an SM2 engine must do for us: raw curve work on a ready digest. Nothing is parsed below."""

from typing import Protocol

from ledger_adapter.crypto.der import Signature
from ledger_adapter.crypto.sm2_curve import Point


class Signer(Protocol):
    """One private key, loaded once: its public point comes with it."""

    def point(self) -> Point:
        """The public point of the key."""
        ...

    def sign(self, digest: bytes, /) -> Signature:
        """Sign e = SM3(Z || M), 32 bytes. May be called from several threads."""
        ...


class Verifier(Protocol):
    """One public key, loaded."""

    def verify(self, digest: bytes, signature: Signature, /) -> bool:
        """False for every signature that does not fit; never raises on one."""
        ...


class SM2Provider(Protocol):
    """Callers have checked ranges and curve membership."""

    @property
    def name(self) -> str: ...
    def signer(self, scalar: int, /) -> Signer: ...
    def verifier(self, point: Point, /) -> Verifier: ...
