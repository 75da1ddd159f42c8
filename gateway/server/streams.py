"""Operations answered as a stream, each on a connection of its own: events or parts."""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

from gateway.errors import GatewayError, InternalFault, TooManyStreams, Unauthenticated
from gateway.server.admission import Admission, Admitted, Told
from gateway.server.exchange import Exchange
from gateway.server.framing import EVENTS, IN_PARTS, STREAM_HEADERS, Framing
from gateway.server.operation import as_told, closing, run_operation
from gateway.subscriptions.sse import cursor_of

_LOG = logging.getLogger("credgraph.server")


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamRules:
    """In seconds: `heartbeat` keeps proxies from closing a quiet stream; a client that reads
    nothing for `lag` is cut off. `streams` may be open at once."""

    heartbeat: float = 12.0
    lag: float = 10.0
    streams: int = 10_000


class Streams:
    """All open streams of the process, so that a shutdown can end them properly."""

    def __init__(self, admission: Admission, rules: StreamRules) -> None:
        self._admission, self.rules = admission, rules
        self._open: dict[asyncio.Task[None], Framing] = {}

    def check_room(self) -> None:
        """Raises TooManyStreams."""
        if len(self._open) >= self.rules.streams:
            raise TooManyStreams("as many streams are open as this gateway takes")

    async def answer(self, exchange: Exchange, admitted: Admitted, framing: Framing) -> None:
        """Stream the results of an operation; ends when they end, the client leaves, its token
        expires or the gateway stops. Raises TooManyStreams before anything is sent."""
        self.check_room()
        in_parts = framing is EVENTS  # Apollo's multipart subscriptions have no such parts
        results = run_operation(self._admission.engine, admitted, in_parts=in_parts)
        await self.carry(exchange, admitted, framing, as_told(self._admission, admitted, results))

    async def carry(
        self, exchange: Exchange, admitted: Admitted, framing: Framing, bodies: AsyncIterator[Told]
    ) -> None:
        """Stream these bodies, and close their iterator whatever happens."""
        await exchange.begin(200, framing.media_type, STREAM_HEADERS)
        carrying = _Pump(self.rules, exchange, admitted, framing).run(self._admission, bodies)
        pump = asyncio.create_task(carrying)
        self._open[pump] = framing
        leave = asyncio.create_task(until_disconnect(exchange))
        try:
            await asyncio.wait({pump, leave}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            del self._open[pump]
            for task in (pump, leave):
                task.cancel()
            await asyncio.gather(pump, leave, return_exceptions=True)

    def end_all(self) -> None:
        """Every endless stream is completed now, and clients may come back; an answer in parts
        still gets the rest of it."""
        for pump, framing in tuple(self._open.items()):
            if framing is not IN_PARTS:
                pump.cancel()

    def __len__(self) -> int:
        return len(self._open)


class _Pump:
    """One stream from its first byte to its last."""

    def __init__(
        self, rules: StreamRules, exchange: Exchange, admitted: Admitted, framing: Framing
    ) -> None:
        self._rules, self._exchange = rules, exchange
        self._admitted, self._framing = admitted, framing
        self._stalled = False
        self._cursor: str | None = None

    async def run(self, admission: Admission, bodies: AsyncIterator[Told]) -> None:
        beat = asyncio.create_task(self._beat())
        viewer = self._admitted.caller.viewer
        try:
            remaining = None if viewer.expires_at is None else viewer.expires_at - time.time()
            async with asyncio.timeout(remaining):
                await self._write(self._framing.opening)
                await self._results(bodies)
        except TimeoutError:
            await self._fail(admission, Unauthenticated("TOKEN_EXPIRED", "the token has expired"))
        except GatewayError as error:
            await self._fail(admission, error)
        except Exception:  # noqa: BLE001 - a bug ends this stream, visibly, and no other
            _LOG.exception("stream %s failed", self._exchange.request_id)
            fault = InternalFault("something went wrong inside the gateway")
            await self._fail(admission, fault)
        finally:
            beat.cancel()
            if not self._stalled:
                await self._complete()

    async def _results(self, bodies: AsyncIterator[Told]) -> None:
        count = 0
        async with closing(bodies):
            async for body in bodies:
                await self._write(self._framing.result(body))
                self._cursor = cursor_of(body) or self._cursor
                count += 1
                self._exchange.facts[self._framing.counted] = count

    async def _fail(self, admission: Admission, error: GatewayError) -> None:
        if not self._stalled:
            told = admission.tell_fault(error, self._exchange.request_id)
            if self._cursor is not None:
                told["extensions"] = {**told["extensions"], "cursor": self._cursor}
            await self._write(self._framing.failure([told]))

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(self._rules.heartbeat)
            await self._write(self._framing.heartbeat)

    async def _write(self, chunk: bytes) -> None:
        """Waits while the client reads slowly, but not for ever."""
        if not chunk:
            return
        try:
            async with asyncio.timeout(self._rules.lag):
                await self._exchange.send(
                    {"type": "http.response.body", "body": chunk, "more_body": True}
                )
        except TimeoutError:
            self._stalled = True
            self._exchange.facts["code"] = "LAGGED"
            raise asyncio.CancelledError from None

    async def _complete(self) -> None:
        with contextlib.suppress(Exception):
            await self._exchange.send(
                {"type": "http.response.body", "body": self._framing.complete}
            )


async def until_disconnect(exchange: Exchange) -> None:
    """Returns when the client has gone."""
    while (await exchange.receive())["type"] != "http.disconnect":
        pass
