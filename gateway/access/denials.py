"""Denials, gathered before they leave: how often each caller was refused each thing in a minute.

Laws: memory is bounded, and a flood of denials costs one line, not one each; what doesn't fit is
counted under `others`, so nothing is lost but its name. Nothing here holds a value of an answer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

OTHERS: Final = "others"
MINUTE: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Denial:
    """`what` is a path without indices, or a code; `minute` is seconds since the epoch."""

    caller: str
    what: str
    minute: int
    count: int


class AccessSink(Protocol):
    """Where denials go. May be slow; must not raise."""

    async def write(self, denials: Sequence[Denial], /) -> None:
        """Keep these."""
        ...


class Denials:
    """Counts; `taken` hands out the minutes that are over."""

    def __init__(self, room: int = 10_000) -> None:
        self._room = room
        self._counts: dict[tuple[int, str, str], int] = {}

    def note(self, caller: str, what: str, now: float) -> None:
        minute = int(now) // MINUTE * MINUTE
        key = (minute, caller, what)
        if key not in self._counts and len(self._counts) >= self._room:
            key = (minute, OTHERS, OTHERS)
        self._counts[key] = self._counts.get(key, 0) + 1

    def taken(self, now: float) -> list[Denial]:
        """The denials of all minutes before this one, in order; they are forgotten here."""
        current = int(now) // MINUTE * MINUTE
        over = sorted(key for key in self._counts if key[0] < current)
        return [
            Denial(caller=caller, what=what, minute=minute, count=self._counts.pop(key))
            for key in over
            for minute, caller, what in (key,)
        ]

    def __len__(self) -> int:
        return len(self._counts)
