"""Hostile input as data: amounts, damaged documents, odd deliveries, clocks that are off.

Each generator tells what it did, so that a failure names it; what has to happen is the test's word.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, TypeVar

from subgraphs.vc.money import Fen
from subgraphs.vc.strict_json import JsonObject, JsonValue, pointer

T = TypeVar("T")

AMOUNTS: Final[tuple[tuple[str, Fen | None], ...]] = (
    ("3000000", Fen(300_000_000)),
    ("3000000.00", Fen(300_000_000)),
    ("2999999.99", Fen(299_999_999)),
    ("3000000.0", None),
    ("3000000.000", None),
    ("03000000.00", None),
    ("3e6", None),
    ("3E+6", None),
    ("+3000000.00", None),
    ("-3000000.00", None),
    ("3,000,000.00", None),
    ("3_000_000", None),
    (" 3000000.00", None),
    ("3000000.00\n", None),
    ("３００００００.００", None),
    ("3000000．00", None),
    ("٣٠٠٠٠٠٠", None),
    ("0x2DC6C0", None),
    ("NaN", None),
    ("Infinity", None),
    ("", None),
    (".00", None),
    ("9" * 16, None),
)
"""Spellings of money, and the fen each is worth; None must be refused."""

SKEWS: Final = tuple(timedelta(minutes=minutes) for minutes in (-10, -1, 0, 1, 10))
"""How far a clock may be off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Damaged:
    """A document with one bit of one value turned, and where (RFC 6901)."""

    place: str
    document: JsonObject


def flipped(document: JsonObject) -> Iterator[Damaged]:
    """One bit of each text, number and truth value in turn; the shape stays as it was."""
    for place, changed in _flips(document, ""):
        if isinstance(changed, dict):
            yield Damaged(place=place, document=changed)


def _flips(value: JsonValue, place: str) -> Iterator[tuple[str, JsonValue]]:
    match value:
        case dict():
            for name, inner in value.items():
                turned = _flips(inner, pointer(place, name))
                yield from ((where, {**value, name: changed}) for where, changed in turned)
        case list():
            for index, inner in enumerate(value):
                turned = _flips(inner, pointer(place, index))
                before, after = value[:index], value[index + 1 :]
                yield from ((where, [*before, changed, *after]) for where, changed in turned)
        case _:
            yield from ((place, changed) for changed in _turned(value))


def _turned(value: JsonValue) -> Iterator[JsonValue]:
    match value:
        case bool():
            yield not value
        case int():
            yield value ^ 1
        case str() if value:
            middle = len(value) // 2
            yield value[:middle] + chr(ord(value[middle]) ^ 1) + value[middle + 1 :]


def deliveries(events: Sequence[T]) -> Iterator[tuple[str, tuple[T, ...]]]:
    """In order, each twice, from the start again, two in the wrong order, one missing."""
    given = tuple(events)
    yield "in order", given
    yield "each twice", tuple(event for event in given for _ in range(2))
    yield "from the start again", given + given
    for place in range(len(given) - 1):
        early, late = given[place], given[place + 1]
        yield f"{place + 1} before {place}", (*given[:place], late, early, *given[place + 2 :])
    for place in range(len(given)):
        yield f"without {place}", given[:place] + given[place + 1 :]
