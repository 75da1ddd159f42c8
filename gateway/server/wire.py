"""What our protocols offer in the ASGI scope beyond ASGI: sockets without a task in between, and
HTTP answers in one write.

ASGI takes a coroutine for each message and a task to wait for the next one. Of ten thousand quiet
sockets that is most of the memory, and of one event to all of them most of the work. Of an HTTP
answer it makes two writes, and each wakes the client once.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Final, Protocol, TypeAlias

from starlette.types import Scope

Event: TypeAlias = dict[str, Any]
"""What ASGI's `receive` gives."""
Hear: TypeAlias = Callable[[Event], None]
EXTENSION: Final = "credgraph.wire"


class Wire(Protocol):
    """Offered under `EXTENSION` in the scope's `extensions`, where the server has it."""

    def write_text(self, data: bytes, /) -> bool:
        """One text message in UTF-8 goes out now; False where it can't, and nothing was done:
        the client does not read, or the socket is closing."""
        ...

    def listen(self, hear: Hear | None, /) -> None:
        """Have whatever comes from now on, and what waits already, handed over as it comes."""
        ...


class Straight(Protocol):
    """The same for an HTTP request. What it can't do goes by way of ASGI, as if it were not there:
    nothing has been done then."""

    def body_of(self, scope: Scope, /) -> bytes | None:
        """The whole body, once, where it has come; None where it has not."""
        ...

    def answer(
        self, scope: Scope, status: int, headers: Sequence[tuple[bytes, bytes]], body: bytes, /
    ) -> bool:
        """Send a whole answer now, its length among the headers; False where it can't. Raises
        ValueError for a header that is none."""
        ...


class Inbox:
    """As much of an asyncio.Queue as uvicorn uses, in a tenth of the memory."""

    __slots__ = ("_events", "_waiter", "hear")

    def __init__(self) -> None:
        self._events: list[Event] = []
        self._waiter: asyncio.Future[None] | None = None
        self.hear: Hear | None = None

    def put_nowait(self, event: Event) -> None:
        """To whoever listens, or kept."""
        if self.hear is not None:
            self.hear(event)
            return
        self._events.append(event)
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def empty(self) -> bool:
        """Whether nothing is kept."""
        return not self._events

    async def get(self) -> Event:
        """The oldest one that is kept, for one who waits."""
        while not self._events:
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        return self._events.pop(0)

    def listen(self, hear: Hear | None) -> None:
        """Hand over what is kept, and whatever comes."""
        self.hear = hear
        if hear is not None:
            kept, self._events = self._events, []
            for event in kept:
                hear(event)


def text_frame(data: bytes) -> bytes:
    """A whole, unmasked text frame: RFC 6455, section 5.2."""
    size = len(data)
    if size < 126:
        head = bytes((0x81, size))
    elif size < 65_536:
        head = b"\x81\x7e" + size.to_bytes(2)
    else:
        head = b"\x81\x7f" + size.to_bytes(8)
    return head + data
