"""What the issuer needs of others, said in its own words: the institution's core system."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from subgraphs.kit.ids import InstitutionId
from subgraphs.vc.asset_proof import AssetLine, TradingExperience
from subgraphs.vc.money import Fen


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """Settled positions of one customer at one close; money in transit is listed apart."""

    system: str
    as_of: date
    snapshot_at: datetime
    lines: tuple[AssetLine, ...]
    in_transit: Fen
    trading_experience: TradingExperience | None


class CoreSystem(Protocol):
    """An institution's own records: the only source of amounts (R17)."""

    async def identity_document(self, institution: InstitutionId, account_no: str, /) -> str | None:
        """The identity document behind a customer account, None for an unknown account."""

    async def statement(self, institution: InstitutionId, account_no: str, /) -> Statement | None:
        """The positions at the last close, None for an unknown account."""


class Places(Protocol):
    """Which places on an issuer's status lists are given away."""

    async def newest_list(self, issuer: InstitutionId, /) -> int: ...
    async def taken(
        self, issuer: InstitutionId, number: int, drawn: Sequence[int], /
    ) -> set[int]: ...
