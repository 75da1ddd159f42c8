"""How a subgraph meets the network: /graphql (HTTP and graphql-transport-ws) and /health.

Laws: no request reaches GraphQL without a context token of the gateway; SIGTERM ends everything
within three seconds, open subscriptions with `complete`; a start that cannot succeed says one
sentence and exits with 1.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import signal
import socket
import ssl
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

import orjson
import uvicorn
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.exceptions import ConnectionRejectionError
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL

from subgraphs.kit.context import OPERATION, RequestContext
from subgraphs.kit.federation import Schema
from subgraphs.kit.settings import ServiceName, Settings, TlsSettings
from subgraphs.kit.sockets import SocketHandler, TokenLife
from subgraphs.kit.viewer import ContextTokens, Unauthenticated

PartsT = TypeVar("PartsT")
Job = Callable[[], Awaitable[None]]
log = logging.getLogger("credgraph.serve")

GRACE_SECONDS: Final = 1
_YOUNG_OBJECTS: Final = 20_000
"""So many are made before cycles are looked for: at Python's 700 each request pays for it."""
_VIEWER: Final = "credgraph.viewer"


class CannotStart(Exception):
    """The process cannot come up; the message is one sentence for the person at the terminal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A running service: its ASGI app, the jobs beside it, and what ends its streams."""

    app: ASGIApp
    jobs: Sequence[Job] = ()
    stopping: Sequence[Callable[[], None]] = ()


Health = Callable[[], Awaitable[Mapping[str, object]]]
Open = Callable[[Settings], AbstractAsyncContextManager[Service]]


class Endpoint(GraphQL[RequestContext[Any], None], Generic[PartsT]):
    """GraphQL for the gateway alone."""

    graphql_transport_ws_handler_class = SocketHandler

    def __init__(self, schema: Schema, *, parts: PartsT, tokens: ContextTokens) -> None:
        super().__init__(
            schema,
            graphql_ide=None,
            allow_queries_via_get=False,
            subscription_protocols=[GRAPHQL_TRANSPORT_WS_PROTOCOL],
            max_subscriptions_per_connection=None,  # the gateway shares one socket among clients
        )
        self._parts, self._tokens = parts, tokens
        self.asked: Counter[str] = Counter()  # requests since the start, by the caller's role

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            try:
                headers = Headers(scope=scope)
                token = headers.get("authorization")
                scope[_VIEWER] = self._tokens.viewer(token)
                told = headers.get("x-request-id"), headers.get("x-request-seal")
                OPERATION.set(self._tokens.operation(token, *told))
            except Unauthenticated as refusal:
                self.asked["REFUSED"] += 1
                await _unauthenticated(refusal)(scope, receive, send)
                return
            self.asked[scope[_VIEWER].known_as] += 1
        await super().__call__(scope, receive, send)

    async def get_context(
        self, request: Request | WebSocket, response: Response | WebSocket
    ) -> RequestContext[PartsT]:
        context = RequestContext(parts=self._parts, request=request, response=response)
        if request.scope["type"] == "http":
            context.viewer = request.scope[_VIEWER]
        elif isinstance(request, WebSocket):
            context.life = TokenLife(request, self._tokens)
        return context

    async def on_ws_connect(self, context: RequestContext[Any]) -> Any:
        """The same token, as `authorization` in the payload of connection_init."""
        value = (context.connection_params or {}).get("authorization")
        if context.life is None:
            raise ConnectionRejectionError({})
        try:
            context.viewer = context.life.take(value)
        except Unauthenticated as refusal:
            self.asked["REFUSED"] += 1
            raise ConnectionRejectionError({"code": refusal.code}) from refusal
        self.asked[context.viewer.known_as] += 1
        return await super().on_ws_connect(context)

    def encode_json(self, data: object) -> str:
        """Text, because the WebSocket adapter would send bytes as a binary frame."""
        return orjson.dumps(data).decode()


def asgi(
    schema: Schema, *, name: str, parts: PartsT, tokens: ContextTokens, health: Health
) -> Starlette:
    """The ASGI app of one subgraph."""
    endpoint = Endpoint(schema, parts=parts, tokens=tokens)

    async def healthy(_: Request) -> Response:
        try:
            async with asyncio.timeout(2):
                facts = await health()
        except Exception as fault:  # noqa: BLE001  # whatever is wrong, the answer is 503
            return JSONResponse(
                {"status": "down", "subgraph": name, "reason": type(fault).__name__}, 503
            )
        asked = dict(endpoint.asked)
        return JSONResponse({"status": "up", "subgraph": name, "requests": asked, **facts})

    return Starlette(
        routes=[
            Route("/graphql", endpoint),
            WebSocketRoute("/graphql", endpoint),
            Route("/health", healthy),
        ]
    )


class Server(uvicorn.Server):
    """Uvicorn that tells our streams first, and leaves with exit code 0 on SIGTERM."""

    def __init__(self, config: uvicorn.Config, stopping: Sequence[Callable[[], None]]) -> None:
        super().__init__(config)
        self._stopping = stopping

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for stop in self._stopping:
            stop()
        await asyncio.sleep(0.05)  # let generators send `complete` before the sockets close
        await super().shutdown(sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.remove_signal_handler(number)


def run(name: ServiceName, settings: Settings, opened: Open) -> int:
    """Serve until a signal; the exit code. Raises CannotStart for a port that is taken."""
    logging.basicConfig(level=logging.INFO, format=f"{name} %(levelname)s %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    # its background task cries out in thirty lines when the database goes first at a shutdown
    logging.getLogger("pymongo.client").setLevel(logging.CRITICAL)
    provider = settings.key_files.start()
    listener = _listen(settings.host, settings.ports[name])
    log.info("SM2 signatures by %s", provider)
    try:
        config = uvicorn.Config(
            app=_not_yet,
            loop="auto",
            lifespan="off",
            access_log=False,
            log_config=None,
            log_level="warning",
            timeout_graceful_shutdown=GRACE_SECONDS,
            ws="websockets-sansio",
        )
        _secure(config, settings.tls if name != "identity" else None)
        with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
            runner.run(_serve(name, settings, opened, config, listener))
    except KeyboardInterrupt:
        return 0
    return 0


async def _serve(
    name: ServiceName,
    settings: Settings,
    opened: Open,
    config: uvicorn.Config,
    listener: socket.socket,
) -> None:
    async with _stopped_by_signal(), opened(settings) as service:
        config.app = service.app
        server = Server(config, service.stopping)
        log.info("%s listens on %s:%d", name, settings.host, settings.ports[name])
        gc.collect()
        gc.freeze()  # schema and code stay: no collection looks through them again
        gc.set_threshold(_YOUNG_OBJECTS, 10, 10)
        async with asyncio.TaskGroup() as group:
            jobs = [group.create_task(_forever(job)) for job in service.jobs]
            await server.serve(sockets=[listener])
            for job in jobs:
                job.cancel()


async def _forever(job: Job) -> None:
    await job()


@contextlib.asynccontextmanager
async def _stopped_by_signal() -> AsyncIterator[None]:
    """Until uvicorn listens, a signal cancels the start itself."""
    task = asyncio.current_task()
    loop = asyncio.get_running_loop()
    if task is not None:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, task.cancel)
    try:
        yield
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None


def _secure(config: uvicorn.Config, tls: TlsSettings | None) -> None:
    """https and wss instead of http and ws; with `client_ca` for holders of its certificates."""
    if tls is None:
        return
    config.ssl_certfile, config.ssl_keyfile = str(tls.certificate), str(tls.key)
    if tls.client_ca is not None:
        config.ssl_ca_certs, config.ssl_cert_reqs = str(tls.client_ca), ssl.CERT_REQUIRED
    unreadable = [
        path for path in (tls.certificate, tls.key, tls.client_ca) if path and not path.is_file()
    ]
    if unreadable:
        raise CannotStart(f"the file {unreadable[0]} for https cannot be read")


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # naming the protocol lets asyncio set TCP_NODELAY on accepted connections
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as fault:
        listener.close()
        raise CannotStart(f"{host}:{port} cannot be used: {fault.strerror}") from fault
    return listener


async def _not_yet(scope: Scope, receive: Receive, send: Send) -> None:
    await Response(status_code=503)(scope, receive, send)


def _unauthenticated(refusal: Unauthenticated) -> JSONResponse:
    error = {"message": str(refusal), "extensions": {"code": refusal.code}}
    return JSONResponse({"errors": [error]}, status_code=401)
