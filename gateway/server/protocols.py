"""The ends of uvicorn that we hold tighter than it does: heads of requests, closes of sockets; and
the way past ASGI for what is whole."""

import asyncio
import contextlib
import math
from collections.abc import Sequence
from typing import Final

from starlette.types import Scope
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol
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
    """A request's head may be so large, and may take so long, and no more. It is `Straight` to
    whoever answers."""

    head_bytes = 65_536
    head_seconds = 10.0
    _head = 0
    _whole = False
    _timer: asyncio.TimerHandle | None = None
    _idle_until = math.inf

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
        self.scope["extensions"] = {EXTENSION: self}  # type: ignore[dict-item]  # any dict will do

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        if self.timeout_keep_alive_task is not None:
            self.timeout_keep_alive_task.cancel()
            self.timeout_keep_alive_task = None
        super().connection_lost(exc)

    def body_of(self, scope: Scope) -> bytes | None:
        """See `Straight`."""
        cycle = self.cycle
        if cycle.scope is not scope or cycle.more_body or cycle.disconnected:
            return None
        body, cycle.body = bytes(cycle.body), bytearray()
        cycle.message_event.clear()
        cycle.flow.resume_reading()
        return body

    def answer(
        self, scope: Scope, status: int, headers: Sequence[tuple[bytes, bytes]], body: bytes
    ) -> bool:
        """See `Straight`."""
        cycle = self.cycle
        if cycle.scope is not scope or cycle.response_started or not cycle.keep_alive:
            return False
        if cycle.disconnected or cycle.flow.write_paused or scope["method"] == "HEAD":
            return False
        pairs = [*cycle.default_headers, *headers]
        head = b"".join([b"%b: %b\r\n" % pair for pair in pairs])
        if head.count(b"\n") != len(pairs) or head.count(b"\r") != len(pairs):
            raise ValueError("a header holds a line break")
        cycle.response_started = cycle.response_complete = True
        cycle.waiting_for_100_continue = False
        cycle.transport.write(b"%b%b\r\n%b" % (STATUS_LINE[status], head, body))
        cycle.message_event.set()
        cycle.on_response()
        return True

    def on_response_complete(self) -> None:
        """As uvicorn has it, but that one timer serves many requests: it is left running when the
        next one comes, and finds how long the connection has been idle by then."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
            return
        self._idle_until = self.loop.time() + self.timeout_keep_alive
        if self.timeout_keep_alive_task is None:
            self._wait_while_idle(self._idle_until)

    def _unset_keepalive_if_required(self) -> None:
        self._idle_until = math.inf

    def timeout_keep_alive_handler(self) -> None:
        """Close what has been idle for long enough; whoever is busy asks again when it is done."""
        self.timeout_keep_alive_task = None
        if self._idle_until <= self.loop.time():
            super().timeout_keep_alive_handler()
        elif self._idle_until < math.inf:
            self._wait_while_idle(self._idle_until)

    def _wait_while_idle(self, until: float) -> None:
        self.timeout_keep_alive_task = self.loop.call_at(until, self.timeout_keep_alive_handler)

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
