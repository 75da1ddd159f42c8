"""One keep-alive HTTP/1.1 connection: one exchange at a time, bytes out, one `Answer` back.

Laws: it knows no pool, no retry and no GraphQL. An exchange ends in exactly one way: with an
`Answer`, or with an `ExchangeFailed`. After a failure, or after bytes nobody asked for, the
connection is closed and never used again.
"""

import asyncio
from typing import cast

import httptools

from gateway.errors import (
    SUBREQUEST_CONNECTION_ERROR,
    SUBREQUEST_MALFORMED_RESPONSE,
    SUBREQUEST_TIMEOUT,
    SUBREQUEST_TOO_LARGE,
)
from gateway.spec.message import message

_HEADER_BYTES = 65_536


@message(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back: header names are lower case, of repeated headers the last counts."""

    status: int
    headers: dict[bytes, bytes]
    body: bytes


class ExchangeFailed(Exception):
    """No whole answer came. `stale`: a kept connection died before the first byte of an answer,
    so its peer had most likely closed it before it could read the request. `waited`: it was never
    sent, for want of a place."""

    def __init__(
        self, code: str, problem: str, *, stale: bool = False, waited: bool = False
    ) -> None:
        super().__init__(problem)
        self.code, self.problem, self.stale, self.waited = code, problem, stale, waited

    def again(self) -> "ExchangeFailed":
        """The same for somebody else: one exception raised in two places mixes their traces."""
        return ExchangeFailed(self.code, self.problem, stale=self.stale, waited=self.waited)


class Connection(asyncio.Protocol):
    """Open it through `asyncio.loop.create_connection`; `usable` says whether to keep it."""

    def __init__(self, *, answer_bytes: int) -> None:
        self._loop = asyncio.get_running_loop()
        self.now = self._loop.time
        self._limit = answer_bytes
        self._transport: asyncio.Transport | None = None
        self._waiter: asyncio.Future[Answer] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._deadline = 0.0
        self.usable = True
        self.idle_since = 0.0
        self._kept = False
        self._parser = httptools.HttpResponseParser(self)
        self._reset()

    def _reset(self) -> None:
        self._headers: dict[bytes, bytes] = {}
        self._chunks: list[bytes] = []
        self._size = 0
        self._head_size = 0
        self._begun = False
        self._head_complete = False
        self._framed = False

    async def exchange(self, request: bytes, deadline: float) -> Answer:
        """Send one request and await its whole answer. Raises ExchangeFailed.

        A caller that is cancelled meanwhile leaves the connection closed."""
        transport = self._transport
        if transport is None or not self.usable:
            raise ExchangeFailed(
                SUBREQUEST_CONNECTION_ERROR, "the connection is closed", stale=self._kept
            )
        self._reset()
        waiter: asyncio.Future[Answer] = self._loop.create_future()
        self._waiter = waiter
        self._set_timer(deadline)
        transport.write(request)
        try:
            return await waiter
        finally:
            if not waiter.done() or waiter.cancelled():
                self.close()
            self._waiter, self._kept = None, True

    def close(self) -> None:
        """Drop the connection now, without waiting for the peer."""
        self.usable = False
        self._stop_timer()
        if self._transport is not None:
            self._transport.abort()

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        if self._waiter is None or self._waiter.done():
            self.close()  # bytes nobody asked for: the next answer could not be trusted
            return
        self._begun = True
        if not self._head_complete:
            self._head_size += len(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserUpgrade, httptools.HttpParserError):
            self._fail(SUBREQUEST_MALFORMED_RESPONSE, "the answer is not HTTP/1.1")
            self.close()
        else:
            self._check_sizes()

    def eof_received(self) -> bool:
        if self._head_complete and not self._framed:
            self.usable = False
            self._finish()
        return False

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's words
        self.usable = False
        self._fail(SUBREQUEST_CONNECTION_ERROR, "the subgraph closed the connection")
        self._stop_timer()

    # httptools callbacks

    def on_message_begin(self) -> None:
        if self._waiter is None or self._waiter.done():
            self.close()

    def on_header(self, name: bytes, value: bytes) -> None:
        lower = name.lower()
        if lower in {b"content-length", b"transfer-encoding"}:
            self._framed = True
        self._headers[lower] = value

    def on_headers_complete(self) -> None:
        self._head_complete = self._parser.get_status_code() >= 200
        promised = self._headers.get(b"content-length", b"")
        if promised.isdigit() and int(promised) > self._limit:
            self._size = int(promised)  # nobody waits for what would be thrown away

    def on_body(self, body: bytes) -> None:
        self._size += len(body)
        if self._size <= self._limit:
            self._chunks.append(body)

    def on_message_complete(self) -> None:
        status = self._parser.get_status_code()
        if status < 200:
            self._headers = {}  # an interim answer; the real one follows
            return
        if self._size > self._limit:
            return  # _check_sizes fails it
        if not self._parser.should_keep_alive():
            self.usable = False
        self._finish()

    # ending an exchange

    def _check_sizes(self) -> None:
        if self._size > self._limit:
            self._fail(SUBREQUEST_TOO_LARGE, f"the answer has more than {self._limit} bytes")
        elif self._head_size > _HEADER_BYTES and not self._head_complete:
            self._fail(SUBREQUEST_TOO_LARGE, "the answer's header is too large")

    def _finish(self) -> None:
        waiter = self._waiter
        if waiter is None or waiter.done():
            return
        body = self._chunks[0] if len(self._chunks) == 1 else b"".join(self._chunks)
        waiter.set_result(
            Answer(status=self._parser.get_status_code(), headers=self._headers, body=body)
        )

    def _fail(self, code: str, problem: str) -> None:
        waiter = self._waiter
        if waiter is not None and not waiter.done():
            lost = code == SUBREQUEST_CONNECTION_ERROR
            stale = self._kept and lost and not self._begun
            waiter.set_exception(ExchangeFailed(code, problem, stale=stale))
            self.close()

    # deadlines

    def _set_timer(self, deadline: float) -> None:
        """One timer serves many exchanges: it is left running when one ends, and finds the
        deadline of whichever is under way by then."""
        self._deadline = deadline
        if self._timer is not None and self._timer.when() > deadline:
            self._stop_timer()
        if self._timer is None:
            self._timer = self._loop.call_at(deadline, self._expire)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _expire(self) -> None:
        self._timer = None
        if self._waiter is None:
            return
        if self._loop.time() < self._deadline:
            self._set_timer(self._deadline)
        else:
            self._fail(SUBREQUEST_TIMEOUT, "no answer came in time")
