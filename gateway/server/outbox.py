"""Messages on their way to one client: bounded in number and bytes, never dropped silently.

A client that reads too slowly first slows its operations down (`room`); one that leaves the queue
full for too long is told so by a close code. Nothing between two messages is ever left out.
"""

import asyncio
from collections import deque
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxLimits:
    """`patience` is how long the queue may stay full, in seconds; `slack` is how many messages may
    come in one breath from operations that all saw room."""

    messages: int = 256
    slack: int = 0
    size: int = 4_000_000
    patience: float = 10.0


class Lagging(Exception):
    """The client has not read for too long."""


class Outbox:
    """A queue with one reader (the writer task of a socket) and many writers."""

    def __init__(self, limits: OutboxLimits) -> None:
        self._limits = limits
        self._queue: deque[str] = deque()
        self._size = 0
        self._changed = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._drained = asyncio.Event()

    def put(self, text: str) -> None:
        """Queue one message now. Raises Lagging at twice the bound: whoever does not wait for
        room (pongs, say) must not fill the memory either."""
        self._queue.append(text)
        self._size += len(text)
        self._changed.set()
        if self._full(1):
            self._room.clear()
        if self._full(2):
            raise Lagging

    async def room(self) -> None:
        """Wait until there is room. Raises Lagging when patience is at its end."""
        if self._room.is_set():
            return
        try:
            async with asyncio.timeout(self._limits.patience):
                await self._room.wait()
        except TimeoutError:
            raise Lagging from None

    async def next(self) -> str:
        """The oldest message; it stays in the queue until `sent`."""
        while not self._queue:
            self._changed.clear()
            await self._changed.wait()
        return self._queue[0]

    def sent(self) -> None:
        """The oldest message is on the wire."""
        self._size -= len(self._queue.popleft())
        if not self._full(1):
            self._room.set()
        if not self._queue:
            self._drained.set()

    async def drained(self) -> None:
        """Wait until everything queued so far is on the wire."""
        if self._queue:
            self._drained.clear()
            await self._drained.wait()

    def _full(self, times: int) -> bool:
        bound = times * self._limits.messages + (times - 1) * self._limits.slack
        over = len(self._queue) >= bound
        return over or self._size >= times * self._limits.size
