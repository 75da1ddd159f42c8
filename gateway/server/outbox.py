"""Messages on their way to one client: bounded in number and bytes, never dropped silently.

A client that reads too slowly first slows its operations down (`room`); one that leaves the queue
full for too long is told so by a close code. Nothing between two messages is ever left out.
"""

import asyncio
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
    """A queue with one reader and many writers. Idle it is as good as nothing: thousands of quiet
    sockets have one each, so whoever waits brings the future to wait on."""

    __slots__ = ("_empty", "_limits", "_queue", "_room", "_size", "_wake")

    def __init__(self, limits: OutboxLimits) -> None:
        self._limits = limits
        self._queue: list[bytes] = []
        self._size = 0
        self._wake: asyncio.Future[None] | None = None
        self._room: asyncio.Future[None] | None = None
        self._empty: asyncio.Future[None] | None = None

    def put(self, data: bytes) -> None:
        """Queue one message now. Raises Lagging at twice the bound: whoever does not wait for
        room (pongs, say) must not fill the memory either."""
        self._queue.append(data)
        self._size += len(data)
        _release(self._wake)
        if self._full(2):
            raise Lagging

    @property
    def has_room(self) -> bool:
        """Whether nobody has to wait before the next message."""
        return not self._full(1)

    async def room(self) -> None:
        """Wait until there is room. Raises Lagging when patience is at its end."""
        if self.has_room:
            return
        self._room = self._room or asyncio.get_running_loop().create_future()
        done, _ = await asyncio.wait({self._room}, timeout=self._limits.patience)
        if not done:
            raise Lagging

    async def next(self) -> bytes:
        """The oldest message; it stays in the queue until `sent`."""
        while not self._queue:
            self._wake = asyncio.get_running_loop().create_future()
            await self._wake
        return self._queue[0]

    def sent(self) -> None:
        """The oldest message is on the wire."""
        self._size -= len(self._queue.pop(0))
        if not self._full(1):
            _release(self._room)
            self._room = None
        if not self._queue:
            _release(self._empty)
            self._empty = None

    async def drained(self) -> None:
        """Wait until everything queued so far is on the wire."""
        if self._queue:
            self._empty = self._empty or asyncio.get_running_loop().create_future()
            await asyncio.wait({self._empty})

    def __len__(self) -> int:
        return len(self._queue)

    def _full(self, times: int) -> bool:
        bound = times * self._limits.messages + (times - 1) * self._limits.slack
        return len(self._queue) >= bound or self._size >= times * self._limits.size


def _release(waiter: asyncio.Future[None] | None) -> None:
    """Lets whoever waits go on."""
    if waiter is not None and not waiter.done():
        waiter.set_result(None)
