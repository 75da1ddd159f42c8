"""The ends of uvicorn that we hold tighter than it does: heads of requests, closes of sockets."""

import asyncio
import contextlib
from typing import Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.exceptions import InvalidState
from websockets.http11 import Request
from websockets.protocol import State

from gateway.server.wire import EXTENSION, Hear, Inbox, text_frame

_STALLED_SECONDS: Final = 20.0
_SLACK: Final = 2
"""The polite answer comes from the door; this bound only keeps the memory safe."""
_TOO_LARGE: Final = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"content-length: 0\r\nconnection: close\r\n\r\n"
)


class BoundedHttp(HttpToolsProtocol):
    """A request's head may be so large, and may take so long, and no more."""

    head_bytes = 65_536
    head_seconds = 10.0
    _head = 0
    _whole = False
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        self._wait_for_head()

    def data_received(self, data: bytes) -> None:
        if not self._whole:
            self._head += len(data)
            if self._head > _SLACK * self.head_bytes and not self._fits(data):
                return
        super().data_received(data)
        if not self._whole and self._timer is None and not self.transport.is_closing():
            self._wait_for_head()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._head, self._whole = 0, False

    def on_headers_complete(self) -> None:
        self._whole = True
        self._stop_waiting()
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def _fits(self, data: bytes) -> bool:
        """A chunk that ends the head may carry the body's first bytes: that is no large head."""
        if b"\r\n\r\n" in data:
            return True
        self.transport.write(_TOO_LARGE)
        self.transport.close()
        return False

    def _wait_for_head(self) -> None:
        self._timer = self.loop.call_later(self.head_seconds, self._too_slow)

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _too_slow(self) -> None:
        self._timer = None
        self.transport.close()


def bounded(head_bytes: int, head_seconds: float) -> type[BoundedHttp]:
    """The protocol with these bounds: uvicorn makes one object per connection from it."""
    bounds = {"head_bytes": head_bytes, "head_seconds": head_seconds}
    return type("BoundedHttp", (BoundedHttp,), bounds)


class PromptSocket(WebSocketsSansIOProtocol):
    """A WebSocket whose close is never queued behind a client that does not read, and whose text
    is text: after a message that is not UTF-8 uvicorn would look at further ones, and fail. It is
    a `Wire` to whoever serves it."""

    queue: Inbox  # type: ignore[assignment]  # as much of one as uvicorn uses

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.queue = Inbox()
        super().connection_made(transport)

    def handle_connect(self, event: Request) -> None:
        """The application runs later: it finds the wire in its scope."""
        super().handle_connect(event)
        if hasattr(self, "scope"):
            self.scope["extensions"][EXTENSION] = self  # type: ignore[assignment]  # any dict will do

    def write_text(self, data: bytes) -> bool:
        """See `Wire`."""
        if not self.writable.is_set() or self.conn.state is not State.OPEN:
            return False
        if self.close_sent or self.conn.extensions or self.transport.is_closing():
            return False
        self.transport.write(text_frame(data))
        return True

    def listen(self, hear: Hear | None) -> None:
        """See `Wire`."""
        self.queue.listen(hear)
        self._go_on_reading()

    def send_receive_event_to_app(self) -> None:
        if self.curr_msg_data_type == "text" and not self.close_sent:
            try:
                b"".join(self.frames).decode()
            except UnicodeDecodeError:
                self.close_sent = True
                with contextlib.suppress(InvalidState):  # the peer's own close came right behind
                    self.conn.send_close(1007)
                self.handle_parser_exception()
        super().send_receive_event_to_app()
        self._go_on_reading()

    def _go_on_reading(self) -> None:
        """uvicorn reads nothing until a message is taken; one that was listened to is."""
        if self.read_paused and self.queue.hear is not None:
            self.read_paused = False
            self.transport.resume_reading()

    async def send(self, message: dict[str, object]) -> None:  # type: ignore[override]  # uvicorn's TypedDicts are private
        """A close goes out at once, behind what the kernel already has; a peer that then reads
        nothing for a while is cut off, so that it can't hold memory for ever."""
        if message["type"] == "websocket.close":
            self.writable.set()
            self.loop.call_later(_STALLED_SECONDS, self.transport.abort)
        await super().send(message)  # type: ignore[arg-type]
