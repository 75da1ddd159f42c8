"""How long an answer may be kept: the most restrictive of what the subgraphs said. Pure.

Whatever is not known to be harmless is `no-store`: errors, mutations, and answers to which a
subgraph contributed that said nothing.
"""

import re
from typing import Final

_SECONDS: Final = re.compile(r"(?:^|[,\s])(?:max-age)\s*=\s*\"?(\d+)")
NO_STORE: Final = b"no-store"


class CacheHints:
    """Collects the `Cache-Control` of each subgraph's answer to one operation."""

    __slots__ = ("_age", "_private", "_stored")

    def __init__(self) -> None:
        self._age: int | None = None
        self._private, self._stored = False, True

    def note(self, header: bytes | None) -> None:
        """One more answer came with this header."""
        words = (header or b"").decode("latin-1").lower()
        found = _SECONDS.search(words)
        if found is None or "no-store" in words or "no-cache" in words:
            self._stored = False
            return
        age = int(found.group(1))
        self._age = age if self._age is None else min(self._age, age)
        self._private = self._private or "private" in words

    def header(self, *, clean: bool) -> bytes:
        """What the client is told; `clean` answers come from a query and hold no errors."""
        if not clean or not self._stored or not self._age:
            return NO_STORE
        return b"%s, max-age=%d" % (b"private" if self._private else b"public", self._age)
