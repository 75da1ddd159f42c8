"""What stands inside the parts of an evidence file: documents that somebody signed for themselves.

The ledger knows no credential. Whoever does says what it finds, by this form; the command loads it
by name, so that nothing here imports it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, TypeAlias


class Enclosed(NamedTuple):
    """One signature inside a part: a JSON pointer to what it is on, whose it is, and why it does
    not hold; no fault where it does."""

    part: str
    place: str
    what: str
    fault: str | None = None

    @property
    def text(self) -> str:
        """In one line."""
        told = f"{self.part} {self.place or '/'}: {self.what}"
        return told if self.fault is None else f"{told}: {self.fault}"


Judge: TypeAlias = Callable[[str, object, Mapping[str, str]], Sequence[Enclosed]]
"""All signatures that one part should hold, of its kind, its document, and the keys that the file
proves to be institutions', as Multikey text by method. It raises nothing."""
