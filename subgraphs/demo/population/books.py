"""The population's accounts as an issuer's core system keeps them: nothing is stored.

`POP-<size>-<seed>-<day>-<copy>-<account>` names a population, the day it was made for (YYYYMMDD)
and the account in it; a copy is the same people once more, under documents of their own.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from itertools import islice
from typing import Final

from subgraphs.demo.population.generate import SIZES, story_of
from subgraphs.demo.population.paths import Balance, closes_lived, path
from subgraphs.demo.population.people import person_of
from subgraphs.demo.population.records import Account, Asked, Dossier
from subgraphs.issuer.ports import Books, Close, Holding, Movement, Statement
from subgraphs.kit.ids import InstitutionId, institution_id
from subgraphs.rules.calendar import day_of
from subgraphs.simulators.core_system import SYSTEM, SimulatedCoreSystem
from subgraphs.vc.asset_proof import AssetCategory, AssetLine
from subgraphs.vc.guard import WINDOW_CLOSES, Direction
from subgraphs.vc.money import Fen

_ACCOUNT: Final = re.compile(r"POP-([SML])-(\d{1,9})-(\d{8})-(\d{1,3})-([0-9A-Z]{6}-(\d{6}))")
_OUTSIDE: Final = "outside"


@dataclass(frozen=True, slots=True, kw_only=True)
class Town:
    """One population: which, of which day, and which copy of it."""

    size: str
    seed: int
    today: date
    copy: int = 0

    def number(self, account: Account) -> str:
        """An account's number in the issuer's core system."""
        day = f"{self.today:%Y%m%d}"
        return f"POP-{self.size}-{self.seed}-{day}-{self.copy}-{account.account_no}"

    def dossier(self, index: int) -> Dossier:
        return _dossier(self.seed, index, self.size, self.today)

    def identity_document(self, index: int) -> str:
        """Nobody's document, and another one in each copy."""
        document = person_of(self.seed, index).identity_document
        return f"{document}-{self.copy}" if self.copy else document


class CoreSystem:
    """Implements the issuer's CoreSystem: the people of a population, and those of the journey."""

    def __init__(self, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._clock, self._others = clock, SimulatedCoreSystem(clock)

    async def identity_document(self, institution: InstitutionId, account_no: str, /) -> str | None:
        found = self._kept(institution, account_no)
        if found is None:
            return await self._others.identity_document(institution, account_no)
        town, dossier, _ = found
        return town.identity_document(dossier.index)

    async def statement(self, institution: InstitutionId, account_no: str, /) -> Statement | None:
        found = self._kept(institution, account_no)
        if found is None:
            return await self._others.statement(institution, account_no)
        return statement_of(*found, self._clock())

    def _kept(
        self, institution: InstitutionId, account_no: str
    ) -> tuple[Town, Dossier, Account] | None:
        """Nothing of a population whose day has not come: its closes lie ahead."""
        found = _found(institution, account_no)
        return found if found and found[0].today <= day_of(self._clock()) else None


def statement_of(town: Town, dossier: Dossier, account: Account, now: datetime) -> Statement:
    """The account at the close that its holder asks a proof of."""
    asked = next(one for one in dossier.asked if one.account_no == account.account_no)
    closes = closes_lived(town.today)
    skip = closes.index(asked.as_of)
    days = path(town.seed, account, dossier.transfers, closes)
    window = list(islice(days, skip, skip + WINDOW_CLOSES))
    return Statement(
        system=SYSTEM,
        as_of=asked.as_of,
        snapshot_at=now,
        lines=_lines(account, window[0]),
        in_transit=window[0].in_transit,
        trading_experience=None,
        books=Books(
            holdings=tuple(_holdings(account, window[0])),
            movements=tuple(_movements(town, dossier, asked, closes[skip + WINDOW_CLOSES])),
            closes=tuple(Close(day=one.day, lines=_lines(account, one)) for one in window)
            if asked.seasoned
            else (),
        ),
    )


def categories_of(account: Account) -> list[AssetCategory]:
    """What she has there, and so asks for."""
    return sorted({holding.category for holding in account.holdings})


@lru_cache(maxsize=1_024)
def _found(institution: InstitutionId, account_no: str) -> tuple[Town, Dossier, Account] | None:
    named = _ACCOUNT.fullmatch(account_no)
    if named is None:
        return None
    size, seed, day, copy, number, index = named.groups()
    try:
        today = date.fromisoformat(day)
    except ValueError:
        return None
    town = Town(size=size, seed=int(seed), today=today, copy=int(copy))
    if int(index) >= SIZES[size].holders:
        return None
    try:
        dossier = town.dossier(int(index))
    except OverflowError:
        return None  # of a day before which no half year can be lived
    held = (one for one in dossier.accounts if one.account_no == number)
    account = next((one for one in held if institution_id(one.institution) == institution), None)
    return None if account is None else (town, dossier, account)


@lru_cache(maxsize=1_024)
def _dossier(seed: int, index: int, size: str, today: date) -> Dossier:
    return story_of(seed, index, SIZES[size], today=today).dossier


def _shares(account: Account, balance: Balance) -> list[int]:
    """What each holding comes to at a close; what is left by rounding is the first one's."""
    whole = max(1, account.total)
    shares = [balance.settled * holding.amount // whole for holding in account.holdings]
    shares[0] += balance.settled - sum(shares)
    return shares


def _lines(account: Account, balance: Balance) -> tuple[AssetLine, ...]:
    sums: dict[AssetCategory, int] = defaultdict(int)
    for holding, share in zip(account.holdings, _shares(account, balance), strict=True):
        sums[holding.category] += share
    return tuple(AssetLine(category=one, amount=Fen(sums[one])) for one in sorted(sums))


def _holdings(account: Account, balance: Balance) -> Iterator[Holding]:
    for holding, share in zip(account.holdings, _shares(account, balance), strict=True):
        yield Holding(
            category=holding.category,
            registrar_account=holding.registrar_account,
            product=holding.product,
            amount=Fen(share),
        )


def _movements(town: Town, dossier: Dossier, asked: Asked, since: date) -> Iterator[Movement]:
    """What moved within the window, as this end has it booked at the close."""
    homes = {one.account_no: one for one in dossier.accounts}
    for transfer in dossier.transfers:
        if not since <= transfer.ordered <= asked.as_of:
            continue
        ends = (
            (Direction.OUT, transfer.source, transfer.target, transfer.left),
            (Direction.IN, transfer.target, transfer.source, transfer.arrived),
        )
        for direction, mine, other, booked in ends:
            if mine != asked.account_no:
                continue
            home = homes.get(other)
            yield Movement(
                reference=transfer.reference,
                direction=direction,
                amount=transfer.amount,
                settled=booked if booked <= asked.as_of else None,
                institution=institution_id(home.institution) if home else _OUTSIDE,
                account_no=town.number(home) if home else other,
            )
