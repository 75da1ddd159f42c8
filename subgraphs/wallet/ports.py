"""What the wallet asks of the custodian (上证云)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from subgraphs.vc.strict_json import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What the custodian says it keeps: SM3 of the bytes, and in how many places."""

    ciphertext_hash: str
    replicas: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Loan:
    """Leave to fetch one copy once: by who knows the word whose digest this is, in the name of
    `audience` (a DID), before `until`."""

    link: str
    object_id: str
    audience: str
    word_digest: str
    until: datetime


class Custodian(Protocol):
    """Keeps what the holder encrypted, once more encrypted with a data key of its own for each
    object. It never has the holder's key. Each call raises Busy when it cannot do all of it."""

    async def keep(self, object_id: str, ciphertext: bytes, /) -> Kept:
        """Store a copy; the same id and bytes again change nothing. Busy for an erased id."""

    async def fetch(self, object_id: str, /) -> bytes | None:
        """What was handed in; None for what is not, or no more, kept."""

    async def erase(self, object_id: str, content_hash: str, /) -> JsonObject:
        """Destroy the object's key, then erase every replica: the signed receipt, the same one
        each time. Busy while a replica is left."""

    async def lend(self, loan: Loan, /) -> None:
        """Let the copy be fetched as the loan says; a link that is known stays as it is."""
