"""One stream of applied events, fanned out in memory to all subscribers of this process.

Laws: nobody is dropped silently. A subscriber whose buffer fills up is marked behind and re-reads
from storage after its last position, then goes live again; a subscriber that comes back with a
cursor takes the same way. Positions ascend; a (position, scope) carries at most one item.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

T = TypeVar("T")

BUFFER: Final = 256
PAGE: Final = 200
HEARTBEAT_SECONDS: Final = 10.0
BEFORE_FIRST: Final = -1  # the position of a log that holds nothing yet


@dataclass(frozen=True, slots=True, kw_only=True)
class Item(Generic[T]):
    position: int
    value: T


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame(Generic[T]):
    """What a subscriber gets; without a value it is a heartbeat, which moves the position too."""

    position: int
    previous: int | None
    head: int
    value: T | None


Read = Callable[[int, int], Awaitable[Sequence[Item[T]]]]
"""Stored items of one scope: (after, limit) -> ascending, at most limit."""


@dataclass(slots=True, kw_only=True, eq=False)
class _Subscriber(Generic[T]):
    wants: Callable[[T], bool]
    limit: int
    behind: bool
    buffer: deque[Item[T]] = field(default_factory=deque)
    wake: asyncio.Event = field(default_factory=asyncio.Event)

    def offer(self, items: Sequence[Item[T]]) -> None:
        for item in items:
            if self.behind or not self.wants(item.value):
                continue
            if len(self.buffer) >= self.limit:
                self.fall_behind()
            else:
                self.buffer.append(item)
        if self.buffer or self.behind:
            self.wake.set()

    def fall_behind(self) -> None:
        self.behind = True
        self.buffer.clear()
        self.wake.set()

    async def news(self, seconds: float) -> bool:
        """Wait for something to do; False when the time passed in silence."""
        if self.buffer or self.behind:
            return True
        self.wake.clear()
        try:
            async with asyncio.timeout(seconds):
                await self.wake.wait()
        except TimeoutError:
            return False
        return True


class Feed(Generic[T]):
    """The in-memory end of a follower."""

    def __init__(self, *, buffer: int = BUFFER, heartbeat: float = HEARTBEAT_SECONDS) -> None:
        self._buffer, self._heartbeat = buffer, heartbeat
        self._subscribers: set[_Subscriber[T]] = set()
        self._closed = False
        self.head = BEFORE_FIRST

    @property
    def subscribers(self) -> int:
        return len(self._subscribers)

    def publish(self, items: Sequence[Item[T]], *, head: int) -> None:
        """Hand out what was just committed; `head` is the last log position applied."""
        self.head = max(self.head, head)
        for subscriber in self._subscribers:
            subscriber.offer(items)

    def reread(self, *, head: int) -> None:
        """Somebody else applied events: everyone looks into storage."""
        self.head = max(self.head, head)
        for subscriber in self._subscribers:
            subscriber.fall_behind()

    def close(self) -> None:
        """End all subscriptions with `complete`, for a shutdown that clients understand."""
        self._closed = True
        for subscriber in self._subscribers:
            subscriber.wake.set()

    async def subscribe(
        self, *, after: int | None, read: Read[T], wants: Callable[[T], bool]
    ) -> AsyncIterator[Frame[T]]:
        """Frames after a position, or from now on (then a heartbeat comes first, to tell where)."""
        subscriber = _Subscriber[T](wants=wants, limit=self._buffer, behind=after is not None)
        self._subscribers.add(subscriber)
        try:
            last = self.head if after is None else after
            if after is None:
                yield Frame(position=last, previous=None, head=last, value=None)
            while not self._closed:
                async for item in self._pending(subscriber, read, last):
                    if item.position > last:
                        yield self._frame(item, last)
                        last = item.position
                if not await subscriber.news(self._heartbeat):
                    position = max(last, self.head)
                    yield Frame(position=position, previous=last, head=position, value=None)
                    last = position
        finally:
            self._subscribers.discard(subscriber)

    def _frame(self, item: Item[T], previous: int) -> Frame[T]:
        head = max(self.head, item.position)
        return Frame(position=item.position, previous=previous, head=head, value=item.value)

    async def _pending(
        self, subscriber: _Subscriber[T], read: Read[T], last: int
    ) -> AsyncIterator[Item[T]]:
        while subscriber.behind:
            # from here on live items gather in the buffer; those also read are dropped as repeats
            subscriber.behind = False
            async for item in _stored(read, last):
                last = item.position
                yield item
        while subscriber.buffer:
            yield subscriber.buffer.popleft()


async def _stored(read: Read[T], last: int) -> AsyncIterator[Item[T]]:
    while True:
        page = await read(last, PAGE)
        for item in page:
            yield item
            last = item.position
        if len(page) < PAGE:
            return
