"""One JSON line per request, per operation on a socket and per stream.

Laws: never a token, never a variable, never the text of a query (literals may be personal); the
operation is named by its name and by a hash of its text. A line is written at once and has at most
4096 bytes, so that the lines of several processes never mix in one pipe (POSIX, PIPE_BUF): where
it would be longer, its long texts are cut.
"""

import hashlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

import orjson

_LONGEST_LINE: Final = 4_096
_CUT: Final = 100
_WORTH_KEEPING: Final = 4_096  # characters; longer texts are rare and would fill the memory

Write = Callable[[bytes], object]
Observe = Callable[[str, Mapping[str, object]], object]


class AccessLog:
    """Writes lines through `write`; None switches it off. `observe` hears of each all the same.
    `worker` is said in each line where there are several."""

    def __init__(
        self,
        write: Write | None,
        now: Callable[[], float],
        observe: Observe | None = None,
        worker: int | None = None,
    ) -> None:
        self._write, self._now, self._observe = write, now, observe
        self._second, self._prefix = -1, ""
        self._always = {} if worker is None else {"worker": worker}

    def count(self, event: str, /, **facts: object) -> None:
        """Counted, but not worth a line."""
        if self._observe is not None:
            self._observe(event, facts)

    def line(self, event: str, /, **facts: object) -> None:
        """One line; facts that are None are left out."""
        if self._observe is not None:
            self._observe(event, facts)
        if self._write is None:
            return
        told: dict[str, object] = {"at": self._at(), "event": event, **self._always}
        told.update({name: fact for name, fact in facts.items() if fact is not None})
        line = orjson.dumps(told, default=str)
        if len(line) >= _LONGEST_LINE:
            line = orjson.dumps({name: _cut(fact) for name, fact in told.items()})
        self._write(line + b"\n")

    def _at(self) -> str:
        """Now, to the millisecond; what lines of one second have in common is made once."""
        now = self._now()
        second = int(now)
        if second != self._second:
            self._second = second
            self._prefix = datetime.fromtimestamp(second, UTC).isoformat()[:19]
        return f"{self._prefix}.{int((now - second) * 1000):03d}+00:00"


def _cut(fact: object) -> object:
    plain = isinstance(fact, int | float)
    return fact if plain or len(str(fact)) <= _CUT else f"{str(fact)[:_CUT]}…"


def operation_hash(text: str) -> str:
    """A short stable name for a query's text."""
    return _remembered(text) if len(text) <= _WORTH_KEEPING else _hash(text)


@lru_cache(maxsize=512)
def _remembered(text: str) -> str:
    return _hash(text)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
