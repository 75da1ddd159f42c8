"""What the issuer needs of others, said in its own words: the institution's core system."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from subgraphs.kit.ids import InstitutionId
from subgraphs.vc.asset_proof import AssetCategory, AssetLine, TradingExperience
from subgraphs.vc.guard import Direction
from subgraphs.vc.money import Fen


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """A position that the registrar keeps, so that somebody else may attest it as well. `amount`
    is that of the close: nothing for one that was sold within the window."""

    category: AssetCategory
    registrar_account: str
    product: str
    amount: Fen


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """A transfer of money. `reference` is what both ends keep; `settled` None: ordered and not
    settled at the close; `institution` and `account_no` name the other end."""

    reference: str
    direction: Direction
    amount: Fen
    settled: date | None
    institution: str
    account_no: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Close:
    """What was settled at one earlier close, by category."""

    day: date
    lines: tuple[AssetLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """What lies behind the lines: positions, and the closes and transfers of the window
    (`subgraphs.vc.guard.WINDOW_CLOSES`), the statement's own close among them."""

    holdings: tuple[Holding, ...] = ()
    movements: tuple[Movement, ...] = ()
    closes: tuple[Close, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """Settled positions of one customer at one close; money in transit is listed apart. `books`
    None: the core system tells no more than the lines."""

    system: str
    as_of: date
    snapshot_at: datetime
    lines: tuple[AssetLine, ...]
    in_transit: Fen
    trading_experience: TradingExperience | None
    books: Books | None = None


class CoreSystemAway(Exception):
    """The core system gives no answer now; it may later."""

    code = "CORE_SYSTEM_UNAVAILABLE"


class CoreSystem(Protocol):
    """An institution's own records: the only source of amounts (R17). Raises CoreSystemAway."""

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
