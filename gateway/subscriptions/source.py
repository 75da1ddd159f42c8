"""One stream of raw events, without gap or repeat, over as many upstream connections as it takes.

Laws:
1. An event is handed on only with its place, and only if it follows the place before.
2. Whatever breaks the stream (a fault, an end, an answer without place, a gap) opens it again
   after the last place, with growing pauses; patience counts from the last event that came.
3. What the subgraph refuses for good, and what is still broken when patience is at its end, is the
   last item: an `Arrival` without place.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final, TypeAlias

from gateway.errors import (
    SUBREQUEST_INVALID,
    SUBSCRIPTION_UPSTREAM_LOST,
    SUBSCRIPTION_UPSTREAM_REFUSED,
)
from gateway.executor.ports import Fault, SubgraphReply
from gateway.spec.names import SubgraphName
from gateway.subscriptions.place import Marks, Place, Step, step
from gateway.subscriptions.watch import Watcher

Outcome: TypeAlias = SubgraphReply | Fault
Open: TypeAlias = Callable[[str | None], AsyncIterator[Outcome]]
"""Opens the upstream after a cursor, or from now on."""

TRANSIENT: Final = frozenset(
    {"INTERNAL", "INTERNAL_SERVER_ERROR", "SERVICE_UNAVAILABLE", "UNAVAILABLE", "TRY_AGAIN", "BUSY"}
)
"""Codes by which subgraphs say that it is not the request's fault."""
_FINAL_FAULTS: Final = frozenset({SUBREQUEST_INVALID, SUBSCRIPTION_UPSTREAM_REFUSED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """In seconds: pauses grow from `first` to `longest`, each shortened by chance to a half at
    most; after `whole` without an event the stream is given up, but not before `tries` tries. A
    stream that completes `ends` times in a row without an event between is over."""

    first: float = 0.1
    longest: float = 3.0
    whole: float = 60.0
    tries: int = 5
    ends: int = 3

    def pause(self, attempt: int, chance: float) -> float:
        """Before the attempt of this number, from 1 on; `chance` is in [0, 1)."""
        return min(self.longest, self.first * 2.0 ** min(attempt - 1, 16)) * (1 - chance / 2)

    def spread(self, chance: float) -> float:
        """Before a stream that goes on is opened at another plan: all of them do so at once."""
        return self.longest / 3 * chance


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """An event with its place; or, without one, the last item: how the stream ended. `outcome` is
    None where the subgraph has completed it."""

    outcome: Outcome | None
    place: Place | None
    at: float


class Source:
    """Good for one run. `now` gives seconds, `chance` numbers in [0, 1)."""

    def __init__(
        self,
        open_: Open,
        marks: Marks,
        *,
        subgraph: SubgraphName,
        patience: Patience,
        watcher: Watcher,
        now: Callable[[], float],
        chance: Callable[[], float],
    ) -> None:
        self._open, self._marks, self._patience = open_, marks, patience
        self._gap = Fault(
            code=SUBSCRIPTION_UPSTREAM_LOST,
            message=f"subgraph {subgraph}: events are missing in the stream",
            subgraph=subgraph,
        )
        self._watcher, self._now, self._chance = watcher, now, chance
        self._last: Place | None = None
        self._end: Outcome | None = None
        self._attempt, self._ends = 0, 0
        self._fresh = True
        self._since = now()

    async def arrivals(
        self, after: str | None, pause: float = 0.0
    ) -> AsyncGenerator[Arrival, None]:
        """From a cursor on, or from now on; opened after a pause."""
        self._last = None if after is None else Place(cursor=after)
        if pause:
            await asyncio.sleep(pause)
        while True:
            async with aclosing(self._connection()) as items:
                async for item in items:
                    yield item
            self._attempt += 1
            self._ends = 0 if self._end is not None else self._ends + 1
            if self._is_over() or self._is_late():
                yield Arrival(outcome=self._end, place=None, at=self._now())
                return
            self._watcher.reconnected(gap=self._end is self._gap)
            await asyncio.sleep(self._patience.pause(self._attempt, self._chance()))

    async def _connection(self) -> AsyncGenerator[Arrival, None]:
        """What one upstream brings; why it ended is noted."""
        self._end = None
        items = self._open(self._last.cursor if self._last else None)
        try:
            async for item in items:
                data = item.data if isinstance(item, SubgraphReply) else None
                place = self._marks.place(data)
                if place is None:
                    self._end = item
                    return
                went = step(self._last, place)
                if went is Step.GAP:
                    self._end = self._gap
                    return
                self._attempt, self._ends, self._since = 0, 0, self._now()
                if went is Step.REPEAT:
                    self._watcher.repeated()
                    continue
                self._last, self._fresh = place, False
                yield Arrival(outcome=item, place=place, at=self._since)
        finally:
            close = getattr(items, "aclose", None)
            if close is not None:
                await close()  # frees the upstream now, whoever stops listening

    def _is_over(self) -> bool:
        end = self._end
        if end is None:
            return self._ends >= self._patience.ends
        if isinstance(end, Fault):
            return end.code in _FINAL_FAULTS
        return not _is_transient(end.errors, fresh=self._fresh)

    def _is_late(self) -> bool:
        waited = self._now() - self._since
        return self._attempt >= self._patience.tries and waited >= self._patience.whole


def _is_transient(errors: tuple[Mapping[str, object], ...], *, fresh: bool) -> bool:
    """A refusal without a code counts as one for good only as the answer to the first try."""
    codes = {_code(error) for error in errors}
    known = codes - {None}
    return known <= TRANSIENT if known else not fresh


def _code(error: Mapping[str, object]) -> str | None:
    extensions = error.get("extensions")
    code = extensions.get("code") if isinstance(extensions, Mapping) else None
    return code if isinstance(code, str) else None
