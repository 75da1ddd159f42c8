"""The daily balance of an account, walked backwards from the last close of the population.

Laws: the last close is exact to the fen; a balance is settled money only, what is on its way stands
apart; a transfer moves the balance on the close at which that end has booked it.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import islice, pairwise
from typing import Final

from subgraphs.demo.population.chance import Chance
from subgraphs.demo.population.records import Account, Transfer
from subgraphs.simulators.trading import closes_before
from subgraphs.vc.money import Fen

BUSINESS_DAYS: Final = 180
_BASIS: Final = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """At one close: what is settled, and what is credited to come (在途)."""

    day: date
    settled: Fen
    in_transit: Fen


@lru_cache(maxsize=8)
def closes_lived(today: date) -> tuple[date, ...]:
    """The trading days the population lives through, the latest first."""
    return tuple(islice(closes_before(today), BUSINESS_DAYS + 1))


def path(
    seed: int, account: Account, transfers: Sequence[Transfer], closes: Sequence[date]
) -> Iterator[Balance]:
    """The latest close first, back to the first day of the population."""
    chance = Chance(seed, "path", account.account_no)
    booked = _booked(account.account_no, transfers)
    settled = int(account.total)
    for day, before in pairwise(closes):
        yield _balance(account.account_no, day, settled, transfers)
        salary = account.salary if day.month != before.month else 0
        earlier = max(0, settled - booked.get(day, 0) - salary)
        move = chance.between(-account.volatility, account.volatility)
        settled = earlier * _BASIS // (_BASIS + move)
    yield _balance(account.account_no, closes[-1], settled, transfers)


def _booked(account_no: str, transfers: Sequence[Transfer]) -> dict[date, int]:
    moved: dict[date, int] = defaultdict(int)
    for transfer in transfers:
        if transfer.target == account_no:
            moved[transfer.arrived] += transfer.amount
        if transfer.source == account_no:
            moved[transfer.left] -= transfer.amount
    return moved


def _balance(account_no: str, day: date, settled: int, transfers: Sequence[Transfer]) -> Balance:
    coming = sum(
        transfer.amount
        for transfer in transfers
        if transfer.target == account_no and transfer.ordered <= day < transfer.arrived
    )
    return Balance(day=day, settled=Fen(settled), in_transit=Fen(coming))
