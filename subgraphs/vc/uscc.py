"""Unified social credit codes (统一社会信用代码, GB 32100): check digit mod 31."""

from typing import Final, NewType

from subgraphs.vc.errors import BadUscc

Uscc = NewType("Uscc", str)

_ALPHABET: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_WEIGHTS: Final = tuple(pow(3, index, 31) for index in range(17))


def parse_uscc(text: str, place: str = "") -> Uscc:
    """A code whose check digit is right."""
    if len(text) != 18 or any(letter not in _ALPHABET for letter in text):
        raise BadUscc("18 digits and capitals without I, O, S, V, Z are wanted", place)
    if text[17] != check_digit(text[:17]):
        raise BadUscc("the check digit is wrong", place)
    return Uscc(text)


def check_digit(body: str) -> str:
    """The 18th character for the first 17."""
    total = sum(
        _ALPHABET.index(letter) * weight for letter, weight in zip(body, _WEIGHTS, strict=True)
    )
    return _ALPHABET[-total % 31]
