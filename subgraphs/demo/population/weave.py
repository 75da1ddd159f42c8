"""How each kind of story is made: accounts, transfers, and what the holder asks for and shows.

Days are places in the list of closes, 0 the latest: a larger number lies further back.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise
from typing import Final

from subgraphs.demo.population.chance import Chance
from subgraphs.demo.population.issuers import DISTRIBUTOR, HOMES, ISSUERS, MANAGER, UNSEEN_BANK
from subgraphs.demo.population.people import near, wealth
from subgraphs.demo.population.records import (
    Account,
    Asked,
    Holding,
    Issuer,
    Label,
    Person,
    Scheme,
    Transfer,
)
from subgraphs.vc.asset_proof import AssetCategory
from subgraphs.vc.guard import LARGE
from subgraphs.vc.money import Fen

THRESHOLD: Final = 300_000_000
HIGHER: Final = 500_000_000
_SCHEMES: Final = (
    *((Scheme.DIRECT, 40), (Scheme.PENDING, 15), (Scheme.VIA_BANK, 20), (Scheme.SPLIT, 10)),
    (Scheme.TWICE_ATTESTED, 15),
)


@dataclass(frozen=True, slots=True)
class Loom:
    """The chance, the person and the days of one story."""

    chance: Chance
    person: Person
    index: int
    closes: Sequence[date]

    def day(self, back: int) -> date:
        return self.closes[back]


@dataclass(frozen=True, slots=True, kw_only=True)
class Woven:
    """The moving parts of a dossier."""

    accounts: tuple[Account, ...]
    transfers: tuple[Transfer, ...] = ()
    asked: tuple[Asked, ...]
    live_closes: tuple[date, ...] = ()
    scheme: Scheme | None = None


def weave(loom: Loom, label: Label) -> Woven:
    """The story of that label."""
    if label is Label.ROUND_TRIP:
        scheme = loom.chance.weighted(_SCHEMES)
        if scheme is Scheme.TWICE_ATTESTED:
            return _twice_attested(loom)
        return _carousel(loom, scheme)
    return _plain(loom, _total(loom, label))


def _total(loom: Loom, label: Label) -> Fen:
    chance = loom.chance
    if label is Label.NEAR_THRESHOLD:
        return near(chance, THRESHOLD)
    if label is Label.HONEST and chance.permille(24):
        return near(chance, HIGHER)  # with NEAR_THRESHOLD, eight in a hundred of all
    total = wealth(chance)
    if label is Label.DROP_AFTER_ACCEPT:  # who is accepted has had enough
        return Fen(max(total, THRESHOLD * 12 // 10))
    return total


def _plain(loom: Loom, total: Fen) -> Woven:
    """One to five institutions, the proofs mostly of one close, ordinary life in between."""
    chance = loom.chance
    count = chance.weighted(((1, 30), (2, 32), (3, 22), (4, 11), (5, 5)))
    homes = _homes(loom, count)
    parts = chance.parts(total, len(homes))
    accounts = tuple(_account(loom, home, part) for home, part in zip(homes, parts, strict=True))
    accounts = _attested_twice_in_good_faith(loom, accounts)
    spread = 3 if chance.permille(150) else 0
    asked = tuple(_asked(loom, one, back=chance.between(0, spread)) for one in accounts)
    live = {one.as_of for one in asked}
    if chance.permille(80):  # a proof for another purpose, some days before
        live.add(loom.day(chance.between(1, 8)))
    return Woven(
        accounts=accounts,
        transfers=_ordinary_life(loom, accounts),
        asked=asked,
        live_closes=tuple(sorted(live)),
    )


def _homes(loom: Loom, count: int) -> list[Issuer]:
    weights = [one for one in HOMES[loom.person.archetype] if one[1]]
    chosen: list[Issuer] = []
    while len(chosen) < count:
        found = loom.chance.weighted(weights)
        chosen.append(found)
        weights = [(home, weight) for home, weight in weights if home != found]
    return sorted(chosen, key=lambda home: home.uscc)


def _account(loom: Loom, home: Issuer, total: int, *, holdings: int | None = None) -> Account:
    chance = loom.chance
    most = min(3, len(home.categories))
    kinds = chance.shuffled(home.categories)[: holdings or chance.between(1, most)]
    number = f"{home.uscc[-6:]}-{loom.index:06d}"
    parts = chance.parts(total, len(kinds))
    return Account(
        institution=home.uscc,
        account_no=number,
        holdings=tuple(
            Holding(
                category=kind,
                product=f"{kind.value}-{chance.below(400):03d}",
                registrar_account=f"REG-{number}",
                amount=Fen(part),
            )
            for kind, part in zip(kinds, parts, strict=True)
        ),
        volatility=_volatility(kinds),
        salary=Fen(chance.between(400_000, 3_000_000)) if home.kind == "BANK" else Fen(0),
    )


def _volatility(kinds: Sequence[AssetCategory]) -> int:
    rough = {AssetCategory.STOCK: 180, AssetCategory.FUTURES_EQUITY: 250}
    rough |= {AssetCategory.FUND_UNIT: 90, AssetCategory.ASSET_MGMT_PLAN: 60}
    return max(rough.get(kind, 3) for kind in kinds)


def _attested_twice_in_good_faith(loom: Loom, accounts: tuple[Account, ...]) -> tuple[Account, ...]:
    """A fund bought through a broker, which the fund manager attests as well."""
    places = {one.institution: place for place, one in enumerate(accounts)}
    if not {DISTRIBUTOR.uscc, MANAGER.uscc} <= set(places) or not loom.chance.permille(60):
        return accounts
    broker, manager = accounts[places[DISTRIBUTOR.uscc]], accounts[places[MANAGER.uscc]]
    shared = replace(
        manager.holdings[0],
        amount=Fen(manager.total * loom.chance.between(10, 50) // 100),
        product=f"{manager.holdings[0].product}-B",
    )
    return tuple(
        replace(one, holdings=(*one.holdings, shared)) if one in (broker, manager) else one
        for one in accounts
    )


def _ordinary_life(loom: Loom, accounts: tuple[Account, ...]) -> tuple[Transfer, ...]:
    """Money moved between own accounts, or a large sum that came in from outside."""
    chance = loom.chance
    moves: list[Transfer] = []
    if len(accounts) > 1 and chance.permille(80):
        source, target = chance.shuffled(accounts)[:2]
        most = max(LARGE, min(source.total, target.total) * 2 // 5)
        amount = chance.between(LARGE, most)
        moves.append(_transfer(loom, amount, source.account_no, target.account_no))
    if chance.permille(60):
        target = chance.pick(accounts)
        amount = chance.between(LARGE, max(LARGE, target.total * 3 // 5))
        moves.append(_transfer(loom, amount, UNSEEN_BANK, target.account_no))
    return tuple(moves)


def _transfer(
    loom: Loom, amount: int, source: str, target: str, *, back: int | None = None, lag: int = -1
) -> Transfer:
    """Ordered on a day, away at its close, arrived there after T+0, T+1 or T+3."""
    chance = loom.chance
    ordered = chance.between(3, 15) if back is None else back
    lag = chance.pick((0, 1, 3)) if lag < 0 else lag
    return Transfer(
        reference=f"TRF-{loom.index:06d}-{chance.below(10**12):012d}",
        amount=Fen(amount),
        source=source,
        target=target,
        ordered=loom.day(ordered),
        left=loom.day(ordered),
        arrived=loom.day(max(0, ordered - lag)),
    )


def _asked(loom: Loom, account: Account, *, back: int, seasoned: bool = True) -> Asked:
    return Asked(
        institution=account.institution,
        account_no=account.account_no,
        as_of=loom.day(back),
        seasoned=seasoned,
    )


def _carousel(loom: Loom, scheme: Scheme) -> Woven:
    """The same money through two to four issuers within ten days, a proof at each stop."""
    chance = loom.chance
    stops = chance.weighted(((2, 35), (3, 45), (4, 20)))
    homes = loom.chance.shuffled(ISSUERS)[:stops]
    owned, money = _too_little(chance, stops)
    base = chance.parts(owned - money, stops)
    base[-1] += money
    accounts = tuple(
        _account(loom, home, part, holdings=1) for home, part in zip(homes, base, strict=True)
    )
    backs = _stops(chance, stops)
    transfers = _rounds(loom, scheme, accounts, backs, money)
    seasoned = not chance.permille(100)
    asked = tuple(
        _asked(loom, one, back=back, seasoned=seasoned)
        for one, back in zip(accounts, backs, strict=True)
    )
    return Woven(
        accounts=accounts,
        transfers=transfers,
        asked=asked,
        live_closes=tuple(sorted({one.as_of for one in asked})),
        scheme=scheme,
    )


def _too_little(chance: Chance, stops: int) -> tuple[int, int]:
    """What she owns, short of the threshold, and the part of it that counted at every stop is
    enough."""
    wanted = THRESHOLD * 105 // 100
    owned = chance.between(wanted // stops + LARGE, THRESHOLD * 96 // 100)
    return owned, chance.between((wanted - owned) // (stops - 1) + 1, owned - LARGE)


def _stops(chance: Chance, stops: int) -> list[int]:
    """The closes of the proofs, as places back from the last: the first proof furthest back."""
    backs = [0]
    for _ in range(stops - 1):
        backs.append(backs[-1] + chance.between(2, 9 // (stops - 1)))
    return backs[::-1]


def _rounds(
    loom: Loom, scheme: Scheme, accounts: tuple[Account, ...], backs: list[int], money: int
) -> tuple[Transfer, ...]:
    moves: list[Transfer] = []
    for place, (source, target) in enumerate(pairwise(accounts)):
        days = (backs[place], backs[place + 1])
        moves += _hop(loom, scheme, (source.account_no, target.account_no), days, money)
    return tuple(moves)


def _hop(
    loom: Loom, scheme: Scheme, ends: tuple[str, str], days: tuple[int, int], money: int
) -> list[Transfer]:
    """From the close of one proof to the close of the next."""
    (source, target), (out, into) = ends, days
    if scheme is Scheme.VIA_BANK:
        return [
            _transfer(loom, money, source, UNSEEN_BANK, back=out - 1, lag=0),
            _transfer(loom, money, UNSEEN_BANK, target, back=into, lag=0),
        ]
    if scheme is Scheme.PENDING:
        move = _transfer(loom, money, source, target, back=out, lag=out - into)
        return [replace(move, left=loom.day(out - 1))]
    pieces = [money]
    if scheme is Scheme.SPLIT:
        pieces = loom.chance.parts(money, money * 5 // LARGE + 1)
    lag = loom.chance.between(0, out - into - 1)
    return [_transfer(loom, piece, source, target, back=out - 1, lag=lag) for piece in pieces]


def _twice_attested(loom: Loom) -> Woven:
    """One fund position, stated by the distributor and by the manager at one close."""
    chance = loom.chance
    owned, money = _too_little(chance, 2)
    manager = _account(loom, MANAGER, money, holdings=1)
    broker = _account(loom, DISTRIBUTOR, owned - money, holdings=1)
    broker = replace(broker, holdings=(*broker.holdings, manager.holdings[0]))
    accounts = (broker, manager)
    return Woven(
        accounts=accounts,
        asked=tuple(_asked(loom, one, back=0) for one in accounts),
        live_closes=(loom.day(0),),
        scheme=Scheme.TWICE_ATTESTED,
    )
