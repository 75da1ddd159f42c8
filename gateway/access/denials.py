"""Denials, gathered before they leave: how often each client was refused each field in a minute.

Laws: memory is bounded, and a flood costs one line, not one each; what doesn't fit is counted
under `others`, so nothing is lost but its name. Nothing here holds a value of an answer. Pure.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

OTHERS: Final = "others"
MINUTE: Final = 60
_LONGEST: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Denial:
    """`field` is a path as it was answered, without indices; `minute` is seconds since the
    epoch."""

    client: str
    field: str
    code: str
    minute: int
    count: int


class AccessSink(Protocol):
    """Where denials go. May be slow; must not raise."""

    async def write(self, denials: Sequence[Denial], /) -> bool:
        """Keep these; False when that may not have happened and they shall be sent again."""
        ...


_Key = tuple[int, str, str, str]


class Denials:
    """Counts; `taken` hands out the minutes that are over."""

    def __init__(
        self, codes: Iterable[str], client: Sequence[str] = ("sub",), *, room: int = 10_000
    ) -> None:
        self._codes, self._client, self._room = frozenset(codes), tuple(client), room
        self._counts: dict[_Key, int] = {}

    def note(self, claims: Mapping[str, object], error: Mapping[str, object], now: float) -> None:
        """Count an error of an answer, if it is a denial."""
        extensions, path = error.get("extensions"), error.get("path")
        code = extensions.get("code") if isinstance(extensions, dict) else None
        if code not in self._codes:
            return
        steps = path if isinstance(path, list | tuple) else ()
        field = ".".join(step for step in steps if isinstance(step, str) and step != "@")
        named = (str(claims[name]) for name in self._client if name in claims)
        minute = int(now) // MINUTE * MINUTE
        self._add((minute, " ".join(named)[:_LONGEST], field[:_LONGEST], str(code)), 1)

    def taken(self, now: float) -> list[Denial]:
        """The denials of all minutes before this one, in order; they are forgotten here."""
        current = int(now) // MINUTE * MINUTE
        return [
            Denial(client=key[1], field=key[2], code=key[3], minute=key[0], count=counted)
            for key in sorted(key for key in self._counts if key[0] < current)
            for counted in (self._counts.pop(key),)
        ]

    def again(self, denials: Iterable[Denial]) -> None:
        """Take back what could not be written."""
        for each in denials:
            self._add((each.minute, each.client, each.field, each.code), each.count)

    def _add(self, key: _Key, count: int) -> None:
        if key not in self._counts and len(self._counts) >= self._room:
            key = (key[0], OTHERS, OTHERS, OTHERS)
        self._counts[key] = self._counts.get(key, 0) + count

    def __len__(self) -> int:
        return len(self._counts)
