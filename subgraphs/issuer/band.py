"""A band around a total: two amounts in round steps, `LOW..HIGH`, so that no balance shows.

`2000000.00..3000000.00` lies from two to under three million; `5000000.00..` has no upper end.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from subgraphs.kit.errors import Invalid
from subgraphs.vc.errors import BadAmount
from subgraphs.vc.money import Fen, format_amount, parse_amount

GRID: Final = Fen(1_000_000)  # 10 000 yuan, the unit of the lower bounds as well
FIELD: Final = "newTotalBand"
CODE: Final = BadAmount.code


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """From `low` to under `high`."""

    low: Fen
    high: Fen | None

    def __str__(self) -> str:
        return f"{format_amount(self.low)}..{format_amount(self.high) if self.high else ''}"


def parse_band(text: str) -> Band:
    """Read a caller's band; anything but two round amounts in order is Invalid."""
    low, dots, high = text.partition("..")
    if not dots:
        raise Invalid("a band is LOW..HIGH", field=FIELD, code=CODE)
    band = Band(low=_amount(low), high=_amount(high) if high else None)
    if band.high is not None and band.high <= band.low:
        raise Invalid("a band rises", field=FIELD, code="BAND_INVALID")
    return band


def _amount(text: str) -> Fen:
    try:
        amount = parse_amount(text)
    except BadAmount as fault:
        raise Invalid(str(fault), field=FIELD, code=CODE) from fault
    if amount % GRID:
        raise Invalid(
            f"a band's ends are multiples of {format_amount(GRID)}",
            field=FIELD,
            code="BAND_INVALID",
        )
    return amount
