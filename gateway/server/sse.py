"""Operations answered as an event stream, each on a connection of its own."""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

from gateway.auth.viewer import Viewer
from gateway.engine import GatewayRequest, GatewayResponse
from gateway.errors import GatewayError, InternalFault, Unauthenticated
from gateway.server.exchange import Exchange
from gateway.server.negotiate import EVENT_STREAM
from gateway.server.operation import closing, run_operation
from gateway.server.ports import GraphQLEngine
from gateway.subscriptions.sse import COMPLETE, HEARTBEAT, next_event

_LOG = logging.getLogger("credgraph.server")
_HEADERS = ((b"cache-control", b"no-cache"), (b"x-accel-buffering", b"no"))


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamRules:
    """`heartbeat` in seconds keeps proxies from closing a quiet stream."""

    heartbeat: float = 12.0


class EventStreams:
    """All open streams of the process, so that a shutdown can end them properly."""

    def __init__(self, engine: GraphQLEngine, rules: StreamRules) -> None:
        self._engine, self._rules = engine, rules
        self._open: set[asyncio.Task[None]] = set()

    async def answer(self, exchange: Exchange, request: GatewayRequest, viewer: Viewer) -> None:
        """Stream the results; ends when they end, the client leaves, its token expires or the
        gateway stops."""
        await exchange.begin(200, EVENT_STREAM, _HEADERS)
        pump = asyncio.create_task(self._pump(exchange, request, viewer))
        self._open.add(pump)
        leave = asyncio.create_task(_until_disconnect(exchange))
        try:
            await asyncio.wait({pump, leave}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._open.discard(pump)
            for task in (pump, leave):
                task.cancel()
            await asyncio.gather(pump, leave, return_exceptions=True)

    def end_all(self) -> None:
        """Every stream is completed now; clients may come back."""
        for pump in tuple(self._open):
            pump.cancel()

    async def _pump(self, exchange: Exchange, request: GatewayRequest, viewer: Viewer) -> None:
        beat = asyncio.create_task(self._beat(exchange))
        try:
            remaining = None if viewer.expires_at is None else viewer.expires_at - time.time()
            async with asyncio.timeout(remaining):
                await self._results(exchange, run_operation(self._engine, request))
        except TimeoutError:
            expired = Unauthenticated("TOKEN_EXPIRED", "the token has expired")
            await _write(exchange, next_event({"errors": [expired.as_graphql()]}))
        except GatewayError as error:
            await _write(exchange, next_event({"errors": [error.as_graphql()]}))
        except Exception:  # noqa: BLE001 - a bug ends this stream, visibly, and no other
            _LOG.exception("stream %s failed", exchange.request_id)
            fault = InternalFault("something went wrong inside the gateway")
            await _write(exchange, next_event({"errors": [fault.as_graphql()]}))
        finally:
            beat.cancel()
            with contextlib.suppress(Exception):
                await exchange.send({"type": "http.response.body", "body": COMPLETE})

    async def _results(self, exchange: Exchange, results: AsyncIterator[GatewayResponse]) -> None:
        count = 0
        async with closing(results):
            async for response in results:
                await _write(exchange, next_event(response.body))
                count += 1
                exchange.facts["events"] = count

    async def _beat(self, exchange: Exchange) -> None:
        while True:
            await asyncio.sleep(self._rules.heartbeat)
            await _write(exchange, HEARTBEAT)


async def _write(exchange: Exchange, chunk: bytes) -> None:
    await exchange.send({"type": "http.response.body", "body": chunk, "more_body": True})


async def _until_disconnect(exchange: Exchange) -> None:
    while (await exchange.receive())["type"] != "http.disconnect":
        pass
