"""Somebody who does not exist, and how much she has."""

import hashlib
from itertools import pairwise
from typing import Final

from ledger_adapter.crypto.sm2 import PrivateKey
from subgraphs.demo.population.chance import Chance
from subgraphs.demo.population.records import Archetype, Person
from subgraphs.vc.money import Fen

# quantiles of a log-normal of median 1.2 M and sigma 1.1, in yuan at tenths of a thousandth:
# whole numbers, so that no mathematics library decides about a fen
_WEALTH: Final = (
    *((0, 20_000), (10, 40_000), (100, 93_000), (500, 196_000), (1_000, 293_000)),
    *((2_500, 571_000), (5_000, 1_200_000), (7_500, 2_520_000), (9_000, 4_910_000)),
    *((9_500, 7_330_000), (9_900, 15_500_000), (9_990, 35_900_000), (10_000, 100_000_000)),
)
_YOUNG: Final = (
    *((Archetype.CASH, 2), (Archetype.FUND, 3), (Archetype.EQUITY, 3), (Archetype.FUTURES, 1)),
    (Archetype.MIXED, 2),
)
_OLD: Final = (
    *((Archetype.CASH, 6), (Archetype.FUND, 2), (Archetype.EQUITY, 2), (Archetype.FUTURES, 1)),
    (Archetype.MIXED, 2),
)
_ORDER: Final = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123


def person_of(seed: int, index: int) -> Person:
    """Age, habits and papers of one holder."""
    chance = Chance(seed, "person", index)
    born = chance.between(1945, 2004)
    proof = hashlib.new("sm3", f"{seed}|document|{index}".encode()).hexdigest()
    return Person(
        holder=f"holder-{index:06d}",
        display_name=f"投资者{index:06d}",
        identity_document=f"TEST-{proof[:24]}",
        archetype=chance.weighted(_OLD if born < 1965 else _YOUNG),
        born=born,
    )


def private_key_of(seed: int, index: int) -> PrivateKey:
    """The key in the holder's simulated app; worth nothing to anybody."""
    drawn = hashlib.shake_256(f"{seed}|key|{index}".encode()).digest(48)
    return PrivateKey.from_scalar(int.from_bytes(drawn, "big") % (_ORDER - 2) + 1)


def wealth(chance: Chance) -> Fen:
    """A total by the quantile table, straight between its points."""
    place = chance.below(10_000_000)  # tenths of a thousandth, and a thousandth of each
    for (below, least), (above, most) in pairwise(_WEALTH):
        if place < above * 1_000:
            span = (above - below) * 1_000
            return Fen((least * 100) + (most - least) * 100 * (place - below * 1_000) // span)
    raise AssertionError("the table ends at ten thousand")


def near(chance: Chance, threshold: int) -> Fen:
    """Within two per cent of a threshold in fen; one in four exactly at its edge."""
    if chance.permille(250):
        return Fen(threshold + chance.between(-1, 1))
    return Fen(chance.between(threshold * 98 // 100, threshold * 102 // 100))
