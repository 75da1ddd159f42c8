"""Chance that a seed decides: a stream of SHAKE-256, whole numbers only."""

import hashlib
from collections.abc import Sequence
from typing import Final, TypeVar

T = TypeVar("T")
_FIRST: Final = 1_024
_WORD: Final = 8


class Chance:
    """Draws for one topic: the same facts give the same draws, on every machine."""

    __slots__ = ("_at", "_bytes", "_source")

    def __init__(self, *facts: str | int) -> None:
        self._source = hashlib.shake_256("|".join(str(fact) for fact in facts).encode())
        self._bytes = self._source.digest(_FIRST)
        self._at = 0

    def below(self, end: int) -> int:
        """From 0 to under `end`; the bias of 64 bits is far below any share we state."""
        if self._at == len(self._bytes):
            self._bytes = self._source.digest(2 * len(self._bytes))  # a longer output, same start
        word = self._bytes[self._at : self._at + _WORD]
        self._at += _WORD
        return int.from_bytes(word, "big") % end

    def between(self, least: int, most: int) -> int:
        """Both ends included; the lower one when they are out of order."""
        return least + self.below(max(1, most - least + 1))

    def permille(self, share: int) -> bool:
        """True `share` times in a thousand."""
        return self.below(1_000) < share

    def pick(self, things: Sequence[T]) -> T:
        """One of them, each as likely."""
        return things[self.below(len(things))]

    def weighted(self, things: Sequence[tuple[T, int]]) -> T:
        """One of them by weight."""
        left = self.below(sum(weight for _, weight in things))
        for thing, weight in things:
            left -= weight
            if left < 0:
                return thing
        raise AssertionError("weights are not negative")

    def shuffled(self, things: Sequence[T]) -> list[T]:
        """All of them in another order (Fisher-Yates)."""
        order = list(things)
        for last in range(len(order) - 1, 0, -1):
            other = self.below(last + 1)
            order[last], order[other] = order[other], order[last]
        return order

    def parts(self, total: int, count: int) -> list[int]:
        """`count` parts of a total that add up to it exactly, none of them tiny."""
        weights = [self.between(200, 1_000) for _ in range(count)]
        parts = [total * weight // sum(weights) for weight in weights]
        parts[0] += total - sum(parts)
        return parts
