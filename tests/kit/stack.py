"""The whole system for a test: the Procfile's own lines, each a process that can be killed.

Differs from `make up` only in that it restarts single processes and uses free ports.
"""

import os
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self
from urllib.error import URLError

from honcho.environ import parse_procfile

from subgraphs.demo.ceremony import hold_ceremony
from subgraphs.demo.deployment import DEFAULT_PORTS, HOST, ROOT, Deployment
from subgraphs.kit.main import load
from tests.kit.mongo import journal_at_once, keep_in_memory

READY_SECONDS = 60.0


def free_ports(names: Iterable[str]) -> dict[str, int]:
    """A free port for each name, all different."""
    held = {name: socket.create_server((HOST, 0)) for name in names}
    ports = {name: server.getsockname()[1] for name, server in held.items()}
    for server in held.values():
        server.close()
    return ports


class Stack:
    """Every process of the Procfile over one data folder; `quick`, with its database in memory,
    when nothing is measured over it."""

    def __init__(self, data: Path, *, quick: bool = False) -> None:
        self.deployment = Deployment(data=data.resolve(), ports=free_ports(DEFAULT_PORTS))
        self._in_memory = quick and keep_in_memory(self.deployment.data, self)
        self._commands: dict[str, str] = dict(
            parse_procfile((ROOT / "Procfile").read_text(encoding="utf-8")).processes
        )
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self.overrides: dict[str, dict[str, str]] = {}  # by process: what it alone is told
        (data / "logs").mkdir(parents=True, exist_ok=True)

    @property
    def names(self) -> list[str]:
        """Names of the Procfile's lines."""
        return list(self._commands)

    @property
    def url(self) -> str:
        """The gateway's GraphQL address."""
        return f"{self.deployment.gateway_url}/graphql"

    def start(self, *names: str) -> None:
        """Starts the named processes (all without names); those that run are left alone."""
        environment = self.deployment.environment()
        hold_ceremony(self.deployment.data, load(environment).key_files.passphrase)
        for name in names or self.names:
            running = self._processes.get(name)
            if running is None or running.poll() is not None:
                self._processes[name] = self._spawn(name)

    def _spawn(self, name: str) -> subprocess.Popen[bytes]:
        log = (self.deployment.data / "logs" / f"{name}.log").open("ab")
        with log:
            return subprocess.Popen(
                ["sh", "-c", self._commands[name]],
                cwd=ROOT,
                env=self.deployment.environment() | self.overrides.get(name, {}),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def pid(self, name: str) -> int:
        """Process id of a running line (the shell has exec'ed, so it is the program's own)."""
        return self._processes[name].pid

    def kill(self, name: str) -> None:
        """kill -9 by process id, and nothing else."""
        process = self._processes.pop(name)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()

    def stop(self, *names: str) -> None:
        """SIGTERM, then SIGKILL after ten seconds."""
        ending = [self._processes.pop(n) for n in (names or self.names) if n in self._processes]
        for process in reversed(ending):
            process.terminate()
        for process in ending:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def wait_ready(self, seconds: float = READY_SECONDS) -> None:
        """Returns when the gateway says it is ready; AssertionError with the logs' ends if not."""
        deadline = time.monotonic() + seconds
        while not self.is_ready():
            assert time.monotonic() < deadline, f"the system was not ready: {self.log_ends()}"
            for name, process in self._processes.items():
                assert process.poll() is None, f"{name} ended: {self.log_ends(name)}"
            time.sleep(0.1)
        if self._in_memory:
            journal_at_once(self.deployment.uri)

    def is_ready(self) -> bool:
        """What /health/ready of the gateway says."""
        try:
            url = f"{self.deployment.gateway_url}/health/ready"
            with urllib.request.urlopen(url, timeout=2) as answer:
                return bool(answer.status == 200)
        except (URLError, OSError):
            return False

    def log_ends(self, *names: str) -> dict[str, str]:
        """The last lines of each process."""
        folder = self.deployment.data / "logs"
        return {
            name: (folder / f"{name}.log").read_text(encoding="utf-8", errors="replace")[-1500:]
            for name in names or self.names
            if (folder / f"{name}.log").exists()
        }

    @classmethod
    @contextmanager
    def running(cls, data: Path) -> Iterator[Self]:
        """A ready system that is stopped at the end, whatever happens."""
        stack = cls(data)
        try:
            stack.start()
            stack.wait_ready()
            yield stack
        finally:
            stack.stop()
