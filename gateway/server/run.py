"""The process around the gateway: a socket, an event loop, signals, a quick and orderly end."""

import asyncio
import contextlib
import gc
import logging
import signal
import socket
from collections.abc import Callable, Iterator

import uvicorn
import uvloop
from starlette.types import ASGIApp
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from gateway.config import Listen, Settings
from gateway.errors import CannotListen, GatewayError
from gateway.server.wiring import Gateway, build_gateway

_LOG = logging.getLogger("credgraph.server")
_STALLED_SECONDS = 20.0


def serve(settings: Settings, announce: Callable[[str], object]) -> None:
    """Serve until SIGTERM or SIGINT; SIGHUP reloads the supergraph. Raises OperatorFault when it
    can't start."""
    gateway = build_gateway(settings)
    listener = open_listener(settings.listen)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(gateway, listener, announce))


def open_listener(listen: Listen) -> socket.socket:
    """A bound socket. Raises CannotListen with a sentence for people."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(
            listen.host, listen.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        # asyncio turns Nagle off only where the protocol is named; without it answers wait 40 ms
        listener = socket.socket(family, kind, socket.IPPROTO_TCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except OSError as error:
        problem = "the port is taken" if "in use" in str(error) else error.strerror or str(error)
        place = f"{listen.host}:{listen.port}"
        raise CannotListen(f"cannot listen on {place}: {problem}") from None
    listener.settimeout(0)
    return listener


async def _serve(
    gateway: Gateway, listener: socket.socket, announce: Callable[[str], object]
) -> None:
    host, port = listener.getsockname()[:2]
    server = GatewayServer(
        gateway.app,
        gateway.settings,
        drain=gateway.app.drain,
        ready=lambda: announce(f"CredGraph serves http://{host}:{port}/graphql"),
    )
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, server.stop)
    loop.add_signal_handler(signal.SIGHUP, _reload, gateway)
    watch = asyncio.create_task(gateway.health.watch())
    gc.collect()
    gc.freeze()  # what start-up made stays; looking through it again at each collection is waste
    try:
        await server.serve(sockets=[listener])
    finally:
        watch.cancel()
        await asyncio.gather(watch, return_exceptions=True)
        gateway.client.close()


def _reload(gateway: Gateway) -> None:
    try:
        gateway.reload()
    except GatewayError as error:
        _LOG.error("the supergraph was not reloaded, the old one stays: %s", error.message)
    else:
        _LOG.warning("the supergraph was reloaded")


class GatewayServer(uvicorn.Server):
    """uvicorn, told to end streams and sockets in their own words before it closes them."""

    def __init__(
        self,
        app: ASGIApp,
        settings: Settings,
        *,
        drain: Callable[[], None],
        ready: Callable[[], object],
    ) -> None:
        limit = settings.limits.body_bytes
        super().__init__(
            uvicorn.Config(
                app,
                loop="none",
                http="httptools",
                ws=PromptSocket,
                ws_max_size=limit,
                ws_per_message_deflate=False,
                ws_ping_interval=settings.timeouts.heartbeat,
                ws_ping_timeout=settings.timeouts.pong,
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=max(1, round(settings.timeouts.shutdown)),
            )
        )
        self._drain, self._ready = drain, ready

    def stop(self) -> None:
        """End the process soon."""
        self.should_exit = True

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are ours: uvicorn would raise them again and end us with a signal's death."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, then say so."""
        await super().startup(sockets)
        self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Drain first; the short pause lets the last frames leave before the sockets close."""
        self._drain()
        await asyncio.sleep(0.05)
        await super().shutdown(sockets)


class PromptSocket(WebSocketsSansIOProtocol):
    """A WebSocket whose close is never queued behind a client that does not read."""

    async def send(self, message: dict[str, object]) -> None:  # type: ignore[override]  # uvicorn's TypedDicts are private
        """A close goes out at once, behind what the kernel already has; a peer that then reads
        nothing for a while is cut off, so that it can't hold memory for ever."""
        if message["type"] == "websocket.close":
            self.writable.set()
            self.loop.call_later(_STALLED_SECONDS, self.transport.abort)
        await super().send(message)  # type: ignore[arg-type]
