"""The ledger's small HTTP processes (witnesses, chain nodes): one socket, one app, a quick end."""

import asyncio
import contextlib
import signal
import socket
from collections.abc import Iterator

import uvicorn

from ledger_adapter.errors import BadSettings
from ledger_adapter.witness.app import App


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


def serve(app: App, *, host: str, port: int) -> None:
    """Serve until a signal. BadSettings for a port that is taken."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as fault:
        listener.close()
        raise BadSettings(f"{host}:{port} cannot be used: {fault.strerror}") from None
    config = uvicorn.Config(
        app=app,
        lifespan="off",
        access_log=False,
        log_config=None,
        log_level="warning",
        timeout_graceful_shutdown=1,
    )
    asyncio.run(_Server(config).serve(sockets=[listener]))
