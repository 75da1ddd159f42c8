"""The simulated books: what each profile of account holds at which institution, on which day.

Everything follows from institution, account number and clock. Profiles:

    RICH, EDGE, EXACT, POOR   the same at each institution, unchanged for months
    THREE     stocks, fund units and futures equity, each at its own institution of the pilot
    TWICE     one fund position that broker and fund manager both attest
    TRIP      the same 1 300 000 through three institutions in ten days; each states the close at
              which its proof was asked for, so that the days pass within one demonstration
    FALL      1 620 000 until the second that the account number ends with (seconds since 1970),
              a third of it from then on; the fall is booked at that day's close
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import islice
from typing import Final

from subgraphs.issuer.ports import Books, Close, Holding, Movement, Statement
from subgraphs.kit.ids import InstitutionId, institution_id
from subgraphs.rules.calendar import day_of
from subgraphs.simulators.trading import closes_before
from subgraphs.vc.asset_proof import AssetCategory, AssetLine, TradingExperience
from subgraphs.vc.guard import WINDOW_CLOSES, Direction
from subgraphs.vc.money import NOTHING, Fen, parse_amount

BROKER: Final = institution_id("9131000063159284XQ")
FUND_MANAGER: Final = institution_id("91310000630888761K")
FUTURES: Final = institution_id("91310000100020711J")
_FIRST_TRADE: Final = date(2019, 3, 11)
_TRIP: Final = parse_amount("1300000.00")


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One customer's account at one institution."""

    institution: InstitutionId
    account_no: str
    profile: str
    person: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """What an account shows at a close."""

    as_of: date
    lines: tuple[AssetLine, ...]
    books: Books


def _line(category: AssetCategory, amount: str | Fen) -> AssetLine:
    exact = parse_amount(amount) if isinstance(amount, str) else amount
    return AssetLine(category=category, amount=exact)


RICH: Final = (
    _line(AssetCategory.BANK_DEPOSIT, "860000.00"),
    _line(AssetCategory.STOCK, "1620000.00"),
    _line(AssetCategory.FUND_UNIT, "720000.00"),
)
EDGE: Final = (
    _line(AssetCategory.STOCK, "2000000.00"),
    _line(AssetCategory.FUND_UNIT, "999999.99"),
)
EXACT: Final = (
    _line(AssetCategory.STOCK, "2000000.00"),
    _line(AssetCategory.FUND_UNIT, "1000000.00"),
)
POOR: Final = (_line(AssetCategory.BANK_DEPOSIT, "120000.00"),)
BY_HOME: Final[Mapping[InstitutionId, tuple[AssetLine, ...]]] = {
    BROKER: (_line(AssetCategory.STOCK, "1620000.00"),),
    FUND_MANAGER: (_line(AssetCategory.FUND_UNIT, "980000.00"),),
    FUTURES: (_line(AssetCategory.FUTURES_EQUITY, "550000.00"),),
}
STOPS: Final = (
    (BROKER, AssetCategory.STOCK, 7),
    (FUND_MANAGER, AssetCategory.FUND_UNIT, 3),
    (FUTURES, AssetCategory.FUTURES_EQUITY, 0),
)
"""Institution, what the money is there, and how many closes ago its proof was asked for."""


def statement(account: Account, now: datetime, system: str) -> Statement:
    """The account at its last close."""
    day = PROFILES[account.profile](account, now)
    coming = sum(
        one.amount
        for one in day.books.movements
        if one.direction is Direction.IN and one.settled is None
    )
    return Statement(
        system=system,
        as_of=day.as_of,
        snapshot_at=now,
        lines=day.lines,
        in_transit=Fen(coming),
        trading_experience=TradingExperience(
            first_trade_date=_FIRST_TRADE, markets=("XSHG", "XSHE")
        ),
        books=day.books,
    )


def last_close(now: datetime) -> date:
    """The last trading day before today in Shanghai."""
    return closes(now, 1)[0]


def closes(now: datetime, count: int) -> list[date]:
    """So many trading days before today, the latest first."""
    return list(islice(closes_before(day_of(now)), count))


def _steady(*lines: AssetLine) -> Callable[[Account, datetime], Day]:
    return lambda account, now: _unchanged(account, lines, closes(now, WINDOW_CLOSES))


def _three(account: Account, now: datetime) -> Day:
    return _unchanged(account, BY_HOME.get(account.institution, POOR), closes(now, WINDOW_CLOSES))


def _twice(account: Account, now: datetime) -> Day:
    amount = parse_amount("1600000.00")
    days = closes(now, WINDOW_CLOSES)
    lines = (_line(AssetCategory.FUND_UNIT, amount),)
    shared = Holding(
        category=AssetCategory.FUND_UNIT,
        registrar_account=f"REG-{account.person}",
        product="FUND-040001",
        amount=amount,
    )
    return Day(as_of=days[0], lines=lines, books=_books((shared,), days, lambda _: lines))


def _trip(account: Account, now: datetime) -> Day:
    homes = [home for home, _, _ in STOPS]
    if account.institution not in homes:
        return _steady(*POOR)(account, now)
    stop = homes.index(account.institution)
    _, category, back = STOPS[stop]
    days = closes(now, WINDOW_CLOSES + back)
    came = days[STOPS[stop - 1][2] - 2] if stop else date.min
    lines = (_line(category, _TRIP),)
    books = _books(
        _kept(account, lines),
        days[back:],
        lambda day: lines if day >= came else (_line(category, NOTHING),),
    )
    if not stop:
        return Day(as_of=days[back], lines=lines, books=books)
    arrived = Movement(
        reference=f"TRF-{account.person}-{stop}",
        direction=Direction.IN,
        amount=_TRIP,
        settled=came,
        institution=homes[stop - 1],
        account_no=account.account_no,
    )
    moved = Books(holdings=books.holdings, movements=(arrived,), closes=books.closes)
    return Day(as_of=days[back], lines=lines, books=moved)


def _fall(account: Account, now: datetime) -> Day:
    tail = account.account_no.rpartition("-")[2]
    moment = datetime.fromtimestamp(int(tail) if tail.isdecimal() else 0, UTC)
    before = (_line(AssetCategory.STOCK, "1620000.00"),)
    days = closes(now, WINDOW_CLOSES)
    if now < moment:
        return _unchanged(account, before, days)
    after = (_line(AssetCategory.STOCK, "540000.00"),)
    fell = day_of(moment)
    days = [fell, *(day for day in days if day < fell)][:WINDOW_CLOSES]
    books = _books(_kept(account, after), days, lambda day: after if day >= fell else before)
    return Day(as_of=fell, lines=after, books=books)


def _unchanged(account: Account, lines: tuple[AssetLine, ...], days: list[date]) -> Day:
    books = _books(_kept(account, lines), days, lambda _: lines)
    return Day(as_of=days[0], lines=lines, books=books)


def _books(
    holdings: tuple[Holding, ...],
    days: list[date],
    lines_on: Callable[[date], tuple[AssetLine, ...]],
) -> Books:
    return Books(
        holdings=holdings, closes=tuple(Close(day=day, lines=lines_on(day)) for day in days)
    )


def _kept(account: Account, lines: tuple[AssetLine, ...]) -> tuple[Holding, ...]:
    """Each line a position of this very account; a deposit is kept by no registrar."""
    return tuple(
        Holding(
            category=line.category,
            registrar_account=f"REG-{account.institution}-{account.account_no}",
            product=f"{line.category.value}-001",
            amount=line.amount,
        )
        for line in lines
        if line.category is not AssetCategory.BANK_DEPOSIT
    )


PROFILES: Final[Mapping[str, Callable[[Account, datetime], Day]]] = {
    "RICH": _steady(*RICH),
    "EDGE": _steady(*EDGE),
    "EXACT": _steady(*EXACT),
    "POOR": _steady(*POOR),
    "THREE": _three,
    "TWICE": _twice,
    "TRIP": _trip,
    "FALL": _fall,
}
