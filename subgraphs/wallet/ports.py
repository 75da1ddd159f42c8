"""What the wallet asks of the custodian (上证云)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What the custodian says it keeps: SM3 of the bytes, and in how many places."""

    ciphertext_hash: str
    replicas: int


class Custodian(Protocol):
    """Keeps ciphertexts. It never has a key."""

    async def keep(self, object_id: str, ciphertext: bytes, /) -> Kept:
        """Store a copy; the same id and bytes again change nothing. Raises Busy when it is away."""
