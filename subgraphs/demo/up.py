"""`make up`: look first, then start the Procfile through honcho, seed, and say where it is.

Laws of the file: every way to fail is one sentence and an exit code that is not 0; nothing of an
earlier run is left running; Ctrl-C ends every process and leaves the data whole.
"""

import errno
import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import IO
from urllib.error import URLError

import psutil

from subgraphs.demo.ceremony import hold_ceremony
from subgraphs.demo.deployment import HOST, ROOT, DemoError, Deployment
from subgraphs.kit.main import load
from subgraphs.kit.mongod import MongodError, binary, check_external

READY_SECONDS = 90.0
HONCHO_SECONDS = 12.0


def take_lock(data: Path) -> IO[str]:
    """The lock of the data folder; it falls with the process, however that ends."""
    try:
        data.mkdir(parents=True, exist_ok=True)
        lock = (data / "up.lock").open("a+", encoding="utf-8")
    except OSError as error:
        raise DemoError(f"the data folder {data} can't be written: {error.strerror}") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.close()
        raise DemoError(
            f"CredGraph already runs on the data folder {data}: use it, or end it with Ctrl-C"
        ) from error
    return lock


def stop_leftovers(data: Path) -> int:
    """Ends processes that a killed supervisor left behind on this data folder; says how many."""
    left = [process for process in psutil.process_iter() if _is_leftover(process, data)]
    for process in left:
        process.terminate()
    _, stubborn = psutil.wait_procs(left, timeout=10)
    for process in stubborn:
        process.kill()
    psutil.wait_procs(stubborn, timeout=5)
    return len(left)


def _is_leftover(process: psutil.Process, data: Path) -> bool:
    try:
        if process.environ().get("CREDGRAPH_SUPERVISED") != str(data):
            return False
        return process.pid != os.getpid()
    except psutil.Error:
        return False


def check_ports(deployment: Deployment) -> None:
    """DemoError naming the first port that another program holds."""
    for name, port in deployment.ports.items():
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    raise
                raise DemoError(
                    f"port {port} ({name}) is taken by another program: "
                    f"free it or set {name.upper()}_PORT"
                ) from error


def check_database(deployment: Deployment) -> None:
    """MongodError when the database can't be had; asked before anything is started."""
    if deployment.embedded:
        binary()
    else:
        check_external(deployment.uri)


def is_ready(deployment: Deployment) -> bool:
    """What /health/ready of the gateway says."""
    try:
        url = f"{deployment.gateway_url}/health/ready"
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 - our own loopback
            return bool(answer.status == 200)
    except (URLError, OSError, TimeoutError):
        return False


class Supervisor:
    """Honcho as one child in a session of its own, so that only we pass signals on to it."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._honcho: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Starts every line of the Procfile."""
        environment = self._deployment.environment()
        environment["CREDGRAPH_SUPERVISED"] = str(self._deployment.data)
        self._honcho = subprocess.Popen(
            [sys.executable, "-m", "honcho", "-f", str(ROOT / "Procfile"), "start"],
            cwd=ROOT,
            env=environment,
            start_new_session=True,
        )

    def poll(self) -> int | None:
        """Exit code of honcho, None while it runs."""
        return self._honcho.poll() if self._honcho else None

    def stop(self) -> None:
        """Ends all processes; what honcho leaves behind is ended by us."""
        if self._honcho and self._honcho.poll() is None:
            self._honcho.terminate()
            try:
                self._honcho.wait(HONCHO_SECONDS)
            except subprocess.TimeoutExpired:
                self._honcho.kill()
        stop_leftovers(self._deployment.data)

    def wait_until(self, ready: Callable[[], bool], what: str) -> None:
        """Waits for `ready`; DemoError when a process ends first or time runs out."""
        deadline = time.monotonic() + READY_SECONDS
        while not ready():
            if (code := self.poll()) is not None:
                raise DemoError(f"a process ended (code {code}) before {what}; its line is above")
            if time.monotonic() > deadline:
                raise DemoError(f"{what} did not happen within {READY_SECONDS:g} seconds")
            time.sleep(0.25)

    def wait(self) -> int:
        """Returns when any process ended by itself (honcho then ends all)."""
        while (code := self.poll()) is None:
            time.sleep(0.2)
        return code


def _how_it_ended(code: int) -> str:
    if code > 128:  # honcho passes -9 on as 256 - 9
        return f"was killed by signal {256 - code}"
    return f"ended with code {code}"


def _interrupt(_signal: int, _frame: object) -> None:
    raise KeyboardInterrupt


def run(deployment: Deployment, seed: Callable[[Deployment], None]) -> int:
    """Brings the system up and stays until Ctrl-C (exit 0) or until a process dies (exit 1)."""
    for name in (signal.SIGTERM, signal.SIGINT):  # a shell may have told its children to ignore INT
        signal.signal(name, _interrupt)
    lock = take_lock(deployment.data)
    supervisor = Supervisor(deployment)
    try:
        if left := stop_leftovers(deployment.data):
            print(f"ended {left} processes of an earlier run that was killed")
        check_ports(deployment)
        check_database(deployment)
        hold_ceremony(deployment.data, load(deployment.environment()).key_files.passphrase)
        deployment.remember()
        supervisor.start()
        supervisor.wait_until(lambda: is_ready(deployment), "the gateway was ready")
        seed(deployment)
        print(
            f"\nCredGraph is ready: {deployment.gateway_url}/graphql (Ctrl-C ends it)\n", flush=True
        )
        code = supervisor.wait()
        print(
            f"a process {_how_it_ended(code)} (its line is above), so all were stopped; "
            "nothing is lost: `make up` again"
        )
    except KeyboardInterrupt:
        print("\nending all processes")
        return 0
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        supervisor.stop()
        lock.close()
    return 1


def main(seed: Callable[[Deployment], None]) -> int:
    """Door of `python -m subgraphs.demo up`."""
    try:
        return run(Deployment.from_environment(os.environ), seed)
    except (DemoError, MongodError) as error:
        print(f"make up: {error}", file=sys.stderr)
        return 1
