"""The ledger's small HTTP processes (witnesses, chain nodes): one socket, one app, a quick end."""

import asyncio
import contextlib
import signal
import socket
from collections.abc import Awaitable, Callable, Iterator

import uvicorn

from ledger_adapter.asgi import App
from ledger_adapter.errors import BadSettings


class _Server(uvicorn.Server):
    """Uvicorn that leaves with exit code 0 on SIGTERM."""

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


Job = Callable[[], Awaitable[None]]


def serve(app: App, *, host: str, port: int, job: Job | None = None) -> None:
    """Serve until a signal, with a job beside it. BadSettings for a port that is taken."""
    listener = listening(host, port)
    asyncio.run(served(app, listener, job=job))


def listening(host: str, port: int) -> socket.socket:
    """A bound socket; BadSettings when somebody else has the port."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as fault:
        listener.close()
        raise BadSettings(f"{host}:{port} cannot be used: {fault.strerror}") from None
    return listener


async def served(app: App, listener: socket.socket, *, job: Job | None = None) -> None:
    """Serve on a socket until a signal; a job that ends with a fault ends it too."""
    config = uvicorn.Config(
        app=app,
        lifespan="off",
        access_log=False,
        log_config=None,
        log_level="warning",
        timeout_graceful_shutdown=1,
    )
    server = _Server(config)
    working = asyncio.ensure_future((job or _idle)())
    working.add_done_callback(lambda _: setattr(server, "should_exit", True))
    try:
        await server.serve(sockets=[listener])
    finally:
        _close(server, listener)
        if not working.done():
            working.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await working


async def _idle() -> None:
    await asyncio.Event().wait()


def _close(server: uvicorn.Server, listener: socket.socket) -> None:
    """Also where `serve` was cancelled: nothing may answer any more."""
    for one in getattr(server, "servers", ()):
        one.close()
    for connection in list(server.server_state.connections):
        if (transport := getattr(connection, "transport", None)) is not None:
            transport.abort()
    listener.close()
