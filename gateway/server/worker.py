"""One of several gateways behind a port, in a process of its own, on the line to its supervisor."""

import asyncio
import contextlib
import shutil
import signal
import socket
import sys
from collections.abc import Sequence
from functools import partial
from typing import Final

import uvloop

from gateway.config import Settings
from gateway.errors import GatewayError
from gateway.server.crew import Crew
from gateway.server.run import open_listener, run_gateway
from gateway.server.siblings import Siblings
from gateway.server.wiring import build_gateway

READY: Final = b"ready"
FAILED: Final = b"failed "
_BEAT: Final = 1.0


def work(
    settings: Settings, crew: Crew, link: socket.socket, foreign: Sequence[socket.socket]
) -> None:
    """Serves until it is told to end, or until `link` says that the supervisor is gone. `foreign`
    are the supervisor's own ends of such links, which a fork hands down."""
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    for each in foreign:
        each.close()
    link.settimeout(0)
    try:
        siblings = Siblings(crew)
        gateway = build_gateway(settings, siblings)
        listener = open_listener(settings.listen, joins=True)
    except GatewayError as error:
        _say(link, FAILED + error.message.replace("\n", " ").encode())
        sys.exit(1)
    ready = partial(_say, link, READY)
    beside = partial(_beside, link, siblings)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run_gateway(gateway, listener, ready, beside))


async def _beside(link: socket.socket, siblings: Siblings) -> None:
    """Shows that the loop turns, and answers siblings, until the supervisor is gone."""
    orphaned = asyncio.create_task(asyncio.get_running_loop().sock_recv(link, 1))
    answering = asyncio.create_task(siblings.run())
    try:
        while not (orphaned.done() or answering.done()):
            _say(link, b"")
            await asyncio.wait(
                {orphaned, answering}, timeout=_BEAT, return_when=asyncio.FIRST_COMPLETED
            )
        if orphaned.done():
            shutil.rmtree(siblings.crew.folder, ignore_errors=True)  # nobody else will
        else:
            answering.result()
    finally:
        orphaned.cancel()
        answering.cancel()


def _say(link: socket.socket, line: bytes) -> None:
    """Never waits: a supervisor that is stopped must not stop its workers."""
    with contextlib.suppress(OSError):
        link.send(line + b"\n")
