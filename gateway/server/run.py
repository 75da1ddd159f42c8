"""The process around the gateway: a socket, an event loop, signals, a quick and orderly end."""

import asyncio
import contextlib
import gc
import logging
import signal
import socket
import ssl
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from pathlib import Path
from typing import Any

import uvicorn
import uvloop
from starlette.types import ASGIApp

from gateway.config import Listen, Reload, Settings, Tls
from gateway.errors import CannotListen, GatewayError
from gateway.server.denied import send_denials, sink_of
from gateway.server.perimeter import keep_perimeter, source_of
from gateway.server.protocols import PromptSocket, bounded
from gateway.server.wiring import Gateway, build_gateway

_LOG = logging.getLogger("credgraph.server")

_YOUNG_OBJECTS = 20_000
"""A request makes thousands of objects and drops them by itself when it ends; looking for cycles
among them at Python's default of 700 costs a tenth of its time."""


def serve(settings: Settings, announce: Callable[[str], object]) -> None:
    """Serve until SIGTERM or SIGINT; SIGHUP reloads the supergraph. Raises OperatorFault when it
    can't start."""
    gateway = build_gateway(settings)
    listener = open_listener(settings.listen)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        address = address_of(listener, settings)
        runner.run(run_gateway(gateway, listener, lambda: announce(f"CredGraph serves {address}")))


def address_of(listener: socket.socket, settings: Settings) -> str:
    """Where the graph is, for people."""
    host, port = listener.getsockname()[:2]
    return f"{'https' if settings.listen.tls else 'http'}://{host}:{port}/graphql"


def open_listener(listen: Listen, *, joins: bool = False) -> socket.socket:
    """A bound socket; one that `joins` is bound beside others of the same user that let it
    (SO_REUSEPORT). Raises CannotListen with a sentence for people."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(
            listen.host, listen.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        # asyncio turns Nagle off only where the protocol is named; without it answers wait 40 ms
        listener = socket.socket(family, kind, socket.IPPROTO_TCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if joins:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listener.bind(address)
    except OSError as error:
        problem = "the port is taken" if "in use" in str(error) else error.strerror or str(error)
        place = f"{listen.host}:{listen.port}"
        raise CannotListen(f"cannot listen on {place}: {problem}") from None
    listener.settimeout(0)
    return listener


async def run_gateway(
    gateway: Gateway,
    listener: socket.socket,
    ready: Callable[[], object],
    until: Callable[[], Awaitable[object]] | None = None,
) -> None:
    """Serve on `listener`, saying so when it is `ready`; a signal ends it, and so does `until`."""
    server = GatewayServer(gateway.app, gateway.settings, drain=gateway.app.drain, ready=ready)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, server.stop)
    reloading = Reloading(gateway)
    loop.add_signal_handler(signal.SIGHUP, reloading.now)
    tasks = [asyncio.create_task(gateway.health.watch())]
    if until is not None:
        tasks.append(asyncio.create_task(_stop_after(until, server)))
        await gateway.health.looked.wait()  # others serve meanwhile: come when of use
    tasks += [asyncio.create_task(job) for job in _beside(gateway, reloading)]
    gc.collect()
    gc.freeze()  # what start-up made stays; looking through it again at each collection is waste
    gc.set_threshold(_YOUNG_OBJECTS, 10, 10)
    try:
        await server.serve(sockets=[listener])
    finally:
        for task in tasks:
            task.cancel()
        reloading.close()
        await asyncio.gather(*tasks, return_exceptions=True)
        gateway.client.close()
        await asyncio.to_thread(gateway.spans.close)


def _beside(gateway: Gateway, reloading: "Reloading") -> Iterator[Coroutine[Any, Any, None]]:
    """What runs beside the answers, as the settings have it."""
    auth = gateway.settings.auth
    if auth.issuers:
        yield gateway.keyring.run()
    if auth.denials is not None and gateway.denials is not None:
        sink = sink_of(auth.denials, gateway.client)
        yield send_denials(gateway.denials, sink, every=auth.denials.every)
    if auth.networks is not None and gateway.perimeter is not None:
        source, told = source_of(auth.networks, gateway.client), auth.networks
        ready, kept = gateway.health.is_ready, told.kept
        yield keep_perimeter(gateway.perimeter, source, every=told.every, kept=kept, is_ready=ready)
    if gateway.settings.reload.watch:
        yield reloading.watch(gateway.settings.reload)


async def _stop_after(until: Callable[[], Awaitable[object]], server: "GatewayServer") -> None:
    try:
        await until()
    except OSError:
        _LOG.exception("a worker lost touch with the others")
    server.stop()


class Reloading:
    """Reloads one gateway, and then prepares again what was ready before, in between requests."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self.warming: asyncio.Task[None] | None = None

    def now(self) -> None:
        """Reload; a file that can't be used is told of, and the old one stays."""
        gateway, ready = self._gateway, self._gateway.engine.recent_operations()
        try:
            gateway.reload()
        except GatewayError as error:
            gateway.metrics.reloaded("refused")
            _LOG.error("the supergraph was not reloaded, the old one stays: %s", error.message)
            return
        gateway.metrics.reloaded("done")
        _LOG.warning("the supergraph was reloaded")
        self.close()
        self.warming = asyncio.create_task(gateway.engine.warm(ready))

    async def watch(self, rule: Reload) -> None:
        """Reload what has changed, until cancelled. A file counts as changed once it has been left
        alone for one look: writers take a while."""
        files = self._gateway.files()
        loaded = seen = _stamps(files)
        while True:
            await asyncio.sleep(rule.every)
            now = await asyncio.to_thread(_stamps, files)
            if now != loaded and now == seen:
                loaded = now
                self.now()
            seen = now

    def close(self) -> None:
        """Prepare nothing more."""
        if self.warming is not None:
            self.warming.cancel()


def _stamps(files: Sequence[Path]) -> list[tuple[int, int] | None]:
    found: list[tuple[int, int] | None] = []
    for file in files:
        try:
            stat = file.stat()
            found.append((stat.st_mtime_ns, stat.st_size))
        except OSError:
            found.append(None)
    return found


def _tls(tls: Tls | None) -> dict[str, Any]:
    if tls is None:
        return {}
    needed = {"ssl_ca_certs": str(tls.client_ca), "ssl_cert_reqs": ssl.CERT_REQUIRED}
    return {
        "ssl_certfile": str(tls.certificate),
        "ssl_keyfile": str(tls.key),
        **(needed if tls.client_ca else {}),
    }


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
                http=bounded(settings.limits.header_bytes, settings.timeouts.head),
                ws=PromptSocket,
                ws_max_size=limit,
                ws_per_message_deflate=False,
                ws_ping_interval=settings.timeouts.heartbeat,
                ws_ping_timeout=settings.timeouts.pong,
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=bool(settings.listen.proxies),
                forwarded_allow_ips=list(settings.listen.proxies),
                **_tls(settings.listen.tls),
                timeout_keep_alive=settings.timeouts.keep_alive,
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
