"""Where an event stands in its stream, as the event itself tells. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A place in one stream. Equal places have equal cursors; the numbers are told by some streams
    only: `previous` says that nothing of this stream lies between it and `sequence`, `head` is the
    number of the last event there is."""

    cursor: str
    sequence: int | None = None
    previous: int | None = None
    head: int | None = None

    @property
    def behind(self) -> int:
        """How many numbers lie between this event and the stream's last one, where that is told."""
        if self.head is None or self.sequence is None:
            return 0
        return max(0, self.head - self.sequence)


class Step(Enum):
    """What an event is to somebody who stands at a place."""

    NEXT = auto()
    REPEAT = auto()
    GAP = auto()


def step(last: Place | None, place: Place) -> Step:
    """An event at `place` has come to somebody at `last` (None: nowhere yet).

    One that names itself as the one before is a heartbeat that has not moved: no repeat, for it
    says that there is still nothing."""
    if last is None:
        return Step.NEXT
    still = place.sequence is not None and place.sequence == place.previous
    if last.cursor == place.cursor:
        return Step.NEXT if still else Step.REPEAT
    if last.sequence is None or place.sequence is None:
        return Step.NEXT
    if place.sequence < last.sequence or (place.sequence == last.sequence and not still):
        return Step.REPEAT
    return Step.NEXT if _follows(last.sequence, place) else Step.GAP


def _follows(sequence: int, place: Place) -> bool:
    return place.previous is None or place.previous <= sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """Under which keys a raw answer tells its place: the event's, then those of its marks, by what
    they tell. Several keys for one mark belong to different types of event."""

    root: str
    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def numbered(self) -> bool:
        """Whether places can be compared without having seen both."""
        return "sequence" in self.keys and "previous" in self.keys

    def place(self, data: object) -> Place | None:
        """None where the answer does not tell."""
        event = data.get(self.root) if isinstance(data, dict) else None
        if not isinstance(event, dict):
            return None
        cursor = _first(event, self.keys.get("cursor", ()))
        if not isinstance(cursor, str) or not cursor:
            return None
        return Place(
            cursor=cursor,
            sequence=self._number(event, "sequence"),
            previous=self._number(event, "previous"),
            head=self._number(event, "head"),
        )

    def _number(self, event: dict[str, Any], what: str) -> int | None:
        value = _first(event, self.keys.get(what, ()))
        if isinstance(value, str) and value.isdecimal():
            return int(value)  # numbers that may pass 2^53 travel as text
        return value if isinstance(value, int) and not isinstance(value, bool) else None


def _first(event: Mapping[str, Any], keys: Iterable[str]) -> object:
    return next((event[key] for key in keys if event.get(key) is not None), None)
