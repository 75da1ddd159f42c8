"""Chinese yuan to the fen: exact decimals in text, whole fen inside, never a float."""

import re
from typing import Final, NewType

from subgraphs.vc.errors import BadAmount

Fen = NewType("Fen", int)
"""An amount in hundredths of a yuan."""

NOTHING: Final = Fen(0)
CURRENCY: Final = "CNY"
_AMOUNT: Final = re.compile(r"(0|[1-9][0-9]{0,14})(?:\.([0-9]{2}))?")


def parse_amount(text: str, place: str = "") -> Fen:
    """Whole fen of `1234` or `1234.56`; any other spelling is refused."""
    found = _AMOUNT.fullmatch(text)
    if found is None:
        raise BadAmount("an amount is digits, and two more after a point or none", place)
    return Fen(int(found[1]) * 100 + int(found[2] or "0"))


def format_amount(amount: Fen) -> str:
    """The one spelling we write: always two digits after the point."""
    if amount < 0:
        raise BadAmount("an amount below zero")
    return f"{amount // 100}.{amount % 100:02d}"
