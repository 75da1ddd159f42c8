"""Where a client stands in a feed, and what a frame means to one that stands there. Pure.

A gap is there exactly when a frame's previous sequence is greater than the own last one; a frame
at or before the own last one is a repeat. Heartbeats move the position like events do.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

from gateway.client.errors import Gap, Incomplete


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """A place in a feed: `cursor` is given back to the graph, `sequence` tells repeats."""

    cursor: str
    sequence: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameNames:
    """Response names in the subscription's one root field; aliases go here."""

    cursor: str = "cursor"
    sequence: str = "sequence"
    previous: str = "prevSequence"
    heartbeat: str = "heartbeat"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One frame that is new here. `frame` is what the operation selected; `errors` stand beside
    it when a part of it could not be had; a heartbeat says: nothing for you up to here."""

    position: Position
    heartbeat: bool
    frame: Mapping[str, object]
    errors: tuple[Mapping[str, object], ...] = ()


@dataclass(slots=True, kw_only=True)
class Tracker:
    """Moves over frames; never over a gap."""

    position: Position | None
    names: FrameNames = field(default_factory=FrameNames)

    def take(self, body: Mapping[str, object]) -> Event | None:
        """The event, or None for a repeat. Raises Gap, or Incomplete when a name is missing."""
        event, previous = self._read(body)
        last = self.position
        if last is not None:
            if event.position.sequence <= last.sequence:
                return None
            if previous is not None and previous > last.sequence:
                raise Gap(last=last.sequence, previous=previous, sequence=event.position.sequence)
        self.position = event.position
        return event

    def _read(self, body: Mapping[str, object]) -> tuple[Event, int | None]:
        frame, names = _root(body), self.names
        cursor, sequence = frame.get(names.cursor), frame.get(names.sequence)
        previous = frame.get(names.previous, "")
        if not isinstance(cursor, str) or not isinstance(sequence, int):
            raise Incomplete(f"select {names.cursor} and {names.sequence} in the subscription")
        if previous is not None and not isinstance(previous, int):
            raise Incomplete(f"select {names.previous}: without it a gap would not show")
        event = Event(
            position=Position(cursor=cursor, sequence=sequence),
            heartbeat=frame.get(names.heartbeat) is True,
            frame=frame,
            errors=tuple(cast("list[Mapping[str, object]]", body.get("errors") or [])),
        )
        return event, previous


def _root(body: Mapping[str, object]) -> Mapping[str, object]:
    data = body.get("data")
    values = list(data.values()) if isinstance(data, Mapping) else []
    if len(values) != 1 or not isinstance(values[0], Mapping):
        raise Incomplete("a frame is the one root field of a subscription, and an object")
    return values[0]
