"""One upstream for everybody who follows the same topic.

Laws:
1. The hub belongs to nobody: whoever leaves changes nothing for the others, and the last one to
   leave frees the upstream at once.
2. The latest events are kept, bounded in number and bytes; every follower has a place of its own
   among them. One who falls out of them is told `LAGGED`, and nothing is ever taken from the rest.
3. While nobody takes anything the upstream is not read either.
4. An event is handed to those who wait for it in one pass, without waking them. Whoever does not
   take it so is woken and takes it as if there were no such pass.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final, Generic, Literal

from gateway.errors import INTERNAL_SERVER_ERROR
from gateway.executor.ports import Fault
from gateway.spec.names import SubgraphName
from gateway.subscriptions.place import Place
from gateway.subscriptions.topic import Delivery, Means, T, Topic, deliveries

_LOG = logging.getLogger("credgraph.subscriptions")
_GREETING_SECONDS: Final = 2.0
_FEW: Final = 64
_AT_ONCE: Final = 250
_IDLE: Final = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class HubLimits:
    """How many of the latest events, and bytes of them, one hub keeps. `tail` stay even when
    everybody has them, for those who come back."""

    events: int = 256
    bytes: int = 1_000_000
    tail: int = 16


class Seat(Generic[T]):
    """One follower's place in a hub: the number of the event it takes next. `direct` takes one
    that has just come; False where it must be taken by whoever waits."""

    __slots__ = ("_direct", "number", "waiter")

    def __init__(self, number: int, direct: Callable[[Delivery[T]], bool] | None) -> None:
        self.number, self._direct = number, direct
        self.waiter: asyncio.Future[None] | None = None

    async def news(self) -> None:
        """Wait for whatever happens next at the hub."""
        self.waiter = asyncio.get_running_loop().create_future()
        try:
            await self.waiter
        finally:
            self.waiter = None

    def offer(self, number: int, delivery: Delivery[T]) -> None:
        """An event has come."""
        waits = self.waiter is not None and not self.waiter.done()
        if waits and self._direct is not None and self.number == number and self._direct(delivery):
            self.number += 1
        else:
            self.wake()

    def wake(self) -> None:
        """Something has happened."""
        if self.waiter is not None and not self.waiter.done():
            self.waiter.set_result(None)


class Hub(Generic[T]):
    """`start` is the cursor its upstream began after. `forget` is called once, when it is over.
    `moved`: see `deliveries`."""

    def __init__(
        self,
        topic: Topic[T],
        start: str | None,
        means: Means,
        limits: HubLimits,
        forget: Callable[["Hub[T]"], None],
        *,
        moved: bool = False,
    ) -> None:
        self.topic, self.start, self._moved = topic, start, moved
        self._means, self._limits, self._forget = means, limits, forget
        self._ring: deque[Delivery[T]] = deque()
        self._by_cursor: dict[str, int] = {}
        self._first, self._bytes = 0, 0
        self._seats: set[Seat[T]] = set()
        self._room: asyncio.Future[None] | None = None
        self._greeting: asyncio.Task[Delivery[T] | None] | None = None
        self._idle_since: float | None = None
        self.over = False
        self._pump = asyncio.create_task(self._run())

    @property
    def end(self) -> int:
        """The number that the next event will have."""
        return self._first + len(self._ring)

    @property
    def latest(self) -> Place | None:
        """The place of the latest event."""
        return self._ring[-1].place if self._ring else None

    @property
    def depth(self) -> int:
        """Events that the slowest follower has before it."""
        return max((self.end - seat.number for seat in self._seats), default=0)

    def number_after(self, place: Place) -> int | None:
        """The number from which somebody who stands at a place goes on here without a gap; what
        it knows already may come again. None where that can't be said."""
        found = self._by_cursor.get(place.cursor)
        if found is not None:
            return found + 1
        if place.cursor == self.start and self._first == 0:
            return 0
        if place.sequence is None or not self.topic.marks.numbered:
            return None
        return self._number_by_sequence(place.sequence)

    def attach(self, number: int, direct: Callable[[Delivery[T]], bool] | None = None) -> Seat[T]:
        """Take part from an event on. `direct` must not raise; see `Seat`."""
        seat = Seat(number, direct)
        self._seats.add(seat)
        return seat

    def detach(self, seat: Seat[T]) -> None:
        """Leave; the last one closes the hub."""
        self._seats.discard(seat)
        self._release_room()
        if not self._seats:
            self.close()

    def take(self, seat: Seat[T]) -> Delivery[T] | Literal["lagged"] | None:
        """The next event of a seat; None where there is none yet."""
        index = seat.number - self._first
        if index < 0:
            return "lagged"
        if index >= len(self._ring):
            return None
        seat.number += 1
        self._release_room()
        return self._ring[index]

    def wake(self) -> None:
        """Everybody looks up."""
        for seat in self._seats:
            seat.wake()

    def close(self) -> None:
        """Free the upstream now."""
        if not self.over:
            self.over = True
            self._pump.cancel()
            self._forget(self)
        if self._greeting is not None:
            self._greeting.cancel()

    async def closed(self) -> None:
        """Wait until the upstream is freed."""
        await asyncio.wait({self._pump})

    async def greeting(self) -> Delivery[T] | None:
        """The first event of an upstream opened now, for those who come without a place: one for
        all who ask at the same time. None where the stream says nothing at its start, or where the
        hub is over meanwhile."""
        if self._greeting is None or self._greeting.done():
            self._greeting = asyncio.create_task(self._greet())
        greeting = self._greeting
        await asyncio.wait({greeting})  # whoever closes the hub must not cancel those who wait here
        return None if greeting.cancelled() else greeting.result()

    async def _greet(self) -> Delivery[T] | None:
        try:
            async with (
                asyncio.timeout(_GREETING_SECONDS),
                aclosing(deliveries(self.topic, self._means, None)) as items,
            ):
                return await anext(items)
        except TimeoutError:
            return None

    async def _run(self) -> None:
        try:
            opened = deliveries(self.topic, self._means, self.start, moved=self._moved)
            async with aclosing(opened) as items:
                self._idle_since = self._means.now()
                async for delivery in items:
                    self._idle_since = None
                    await self._publish(delivery)
                    await self._somebody_takes()
                    self._idle_since = self._means.now()
        except Exception:  # noqa: BLE001 - a bug ends this stream, visibly, and no other
            _LOG.exception("a shared subscription failed")
            message = "something went wrong inside the gateway"
            fault = Fault(
                code=INTERNAL_SERVER_ERROR, message=message, subgraph=SubgraphName("gateway")
            )
            await self._publish(Delivery(None, None, fault, self._means.now()))
        self.over = True
        self._forget(self)
        self.wake()

    async def _publish(self, delivery: Delivery[T]) -> None:
        if delivery.place is not None:
            self._by_cursor[delivery.place.cursor] = self.end
        self._ring.append(delivery)
        self._bytes += delivery.size
        self._trim()
        await self._hand_out(self.end - 1, delivery)

    async def _hand_out(self, number: int, delivery: Delivery[T]) -> None:
        """Some at a time: what they are sent leaves, and others have their turn, in between."""
        seats = tuple(self._seats)
        for start in range(0, len(seats), _AT_ONCE):
            if start:
                await asyncio.sleep(0)
            for seat in seats[start : start + _AT_ONCE]:
                seat.offer(number, delivery)

    def _trim(self) -> None:
        """Drop what is too old, or what everybody has where that is quickly known."""
        limits = self._limits
        keep = limits.events
        if len(self._seats) <= _FEW:
            keep = min(keep, max(limits.tail, self.depth))
        while len(self._ring) > keep or (self._bytes > limits.bytes and len(self._ring) > 1):
            gone = self._ring.popleft()
            self._bytes -= gone.size
            self._first += 1
            if gone.place is not None and self._by_cursor.get(gone.place.cursor, -1) < self._first:
                self._by_cursor.pop(gone.place.cursor, None)

    async def _somebody_takes(self) -> None:
        """Go on as soon as the quickest follower is not far behind."""
        half = self._limits.events // 2
        while self._seats and self.end - max(seat.number for seat in self._seats) >= half:
            self._room = asyncio.get_running_loop().create_future()
            await self._room
        self._room = None

    def _release_room(self) -> None:
        if self._room is not None and not self._room.done():
            self._room.set_result(None)

    def _is_live(self) -> bool:
        """Whether the upstream has had nothing to say for a moment."""
        return self._idle_since is not None and self._means.now() - self._idle_since >= _IDLE

    def _number_by_sequence(self, sequence: int) -> int | None:
        for index, delivery in enumerate(self._ring):
            place = delivery.place
            if place is None or place.sequence is None:
                return None
            if place.sequence > sequence:
                joins = place.previous is not None and place.previous <= sequence
                return self._first + index if joins else None
        # everything kept is older, and what comes next follows the last one here: no gap either
        # way, but behind a hub that is catching up itself one would wait for nothing
        return self.end if self._ring and self._is_live() else None
