"""The one ASGI callable of the gateway: paths to doors, one access-log line each."""

import logging

from starlette.types import Receive, Scope, Send

from gateway.errors import GatewayError, InternalFault, UnknownPath
from gateway.server.exchange import Disconnected, Exchange
from gateway.server.graphiql import ASSETS, GraphiqlDoor
from gateway.server.health import Health
from gateway.server.http import HttpDoor
from gateway.server.metrics import MetricsDoor
from gateway.server.single import SingleStreams
from gateway.server.streams import Streams
from gateway.server.telling import Telling
from gateway.server.ws import SocketDoor
from gateway.telemetry.access import AccessLog

GRAPHQL = "/graphql"
_LOG = logging.getLogger("credgraph.server")
_POLLED = ("/health/", "/metrics")
"""Asked every few seconds by machines: lines about them would hide all others."""
_TELLING = Telling()
_READING = frozenset({"GET", "HEAD"})


class GatewayApp:
    """Serve it with any ASGI server. `drain` tells streams and sockets that the end is near."""

    def __init__(
        self,
        *,
        http: HttpDoor,
        sockets: SocketDoor,
        streams: Streams,
        single: SingleStreams,
        health: Health,
        graphiql: GraphiqlDoor,
        log: AccessLog,
        metrics: MetricsDoor | None = None,
    ) -> None:
        self._http, self._sockets = http, sockets
        self._streams, self._single = streams, single
        self._health, self._graphiql, self._log = health, graphiql, log
        self._pages = {"/": _home, "/health/live": health.live, "/health/ready": health.ready}
        if metrics is not None:
            self._pages["/metrics"] = metrics.answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._exchange(Exchange(scope, receive, send))
        elif scope["type"] == "websocket":
            await self._sockets.answer(scope, receive, send)
        else:
            await _lifespan(receive, send)

    def drain(self) -> None:
        """Not ready any more; every stream and socket is ended in words its client understands."""
        self._health.drain()
        self._streams.end_all()
        self._single.end_all()
        self._sockets.end_all()

    async def _exchange(self, exchange: Exchange) -> None:
        try:
            await self._route(exchange)
        except Disconnected:
            return
        except Exception:
            _LOG.exception("request %s failed", exchange.request_id)
            if exchange.status:
                raise
            fault = InternalFault("something went wrong inside the gateway")
            await _refuse(exchange, 500, fault)
        finally:
            polled = exchange.path.startswith(_POLLED)
            tell = self._log.count if polled else self._log.line
            tell(
                "request",
                request_id=exchange.request_id,
                method=exchange.method,
                path=exchange.path,
                status=exchange.status or None,
                ms=exchange.milliseconds(),
                **exchange.facts,
            )

    async def _route(self, exchange: Exchange) -> None:
        path = exchange.path
        if path == GRAPHQL and self._http.wants_page(exchange):
            await self._graphiql.page(exchange)
        elif path == GRAPHQL:
            await self._http.answer(exchange)
        elif exchange.method not in _READING:
            await _nowhere(exchange)
        elif path.startswith(ASSETS):
            await self._graphiql.asset(exchange)
        else:
            await self._pages.get(path, _nowhere)(exchange)


async def _home(exchange: Exchange) -> None:
    location = ((b"location", GRAPHQL.encode()),)
    await exchange.answer(307, "text/plain; charset=utf-8", b"", location)


async def _nowhere(exchange: Exchange) -> None:
    await _refuse(exchange, 404, UnknownPath("the graph is at /graphql"))


async def _refuse(exchange: Exchange, status: int, error: GatewayError) -> None:
    told = _TELLING.of(error.as_graphql(), exchange.request_id, suggest=True)
    await exchange.answer_json(status, {"errors": [told]})


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
