"""Several gateways behind one port: a supervisor that serves nothing itself, and its workers.

Laws: the supervisor has no event loop and no thread, so that it may fork at any time. Each worker
opens a listener of its own on the shared port (SO_REUSEPORT), and the kernel gives each connection
to one of them: the listener of a dead worker is gone with it, so new connections go to the others.
The supervisor holds the port with a socket that never listens. A worker that finds the supervisor
gone ends by itself.
"""

import contextlib
import gc
import logging
import multiprocessing
import os
import selectors
import signal
import socket
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import FrameType

from gateway.config import Settings
from gateway.errors import WorkerFailed
from gateway.server.crew import Crew
from gateway.server.run import address_of, open_listener
from gateway.server.worker import FAILED, READY, work

_LOG = logging.getLogger("credgraph.workers")
_GRACE = 5.0
"""Seconds beyond `timeouts.shutdown` after which a worker that should end is killed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """In seconds. The first death after a `calm` life costs no pause; the next ones `first`,
    doubled up to `longest`. A worker that says nothing for `silent` is killed."""

    first: float = 0.5
    longest: float = 30.0
    calm: float = 60.0
    silent: float = 30.0
    start: float = 120.0


def pause(deaths: int, patience: Patience) -> float:
    """Seconds until a worker is replaced that died so often in a row."""
    if deaths <= 1:
        return 0.0
    return float(min(patience.longest, patience.first * 2 ** min(deaths - 2, 16)))


@dataclass(slots=True, kw_only=True)
class _Life:
    """One process from its birth to its death; `said` is the line that has only begun."""

    process: BaseProcess
    link: socket.socket
    born: float
    heard: float
    said: bytes = b""
    ready: bool = False

    def tell(self, number: int) -> None:
        """Send it a signal."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.process.pid or 0, number)


@dataclass(slots=True, kw_only=True)
class _Worker:
    """A place that is filled again when its process dies; `deaths` are those in a row."""

    crew: Crew
    life: _Life | None = None
    deaths: int = 0
    due: float = 0.0


def supervise(
    settings: Settings, announce: Callable[[str], object], patience: Patience | None = None
) -> None:
    """Serve with `listen.workers` processes until SIGTERM or SIGINT, which each of them gets, as
    it does SIGHUP. Raises OperatorFault when one of them can't start."""
    gc.collect()
    gc.freeze()  # what is loaded now is the same in every worker: shared pages stay shared
    with contextlib.closing(open_listener(settings.listen)) as held:
        # only now, so that nobody else's gateway is joined by accident
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        port = held.getsockname()[1]
        bound = replace(settings, listen=replace(settings.listen, port=port))
        with tempfile.TemporaryDirectory(prefix="credgraph-") as folder:
            address = address_of(held, settings)
            Supervisor(bound, Path(folder), announce, address, patience or Patience()).run()


@dataclass(slots=True)
class Supervisor:
    """Starts workers, replaces those that die, tells them what it is told."""

    settings: Settings
    folder: Path
    announce: Callable[[str], object]
    address: str
    patience: Patience
    _workers: list[_Worker] = field(default_factory=list)
    _selector: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)
    _ending: float | None = None
    _announced: bool = False
    _failure: str | None = None

    def run(self) -> None:
        """Until every worker has ended. Raises WorkerFailed when the first start fails."""
        size = self.settings.listen.workers
        with self._signals():
            for number in range(1, size + 1):
                worker = _Worker(crew=Crew(number=number, size=size, folder=self.folder))
                self._workers.append(worker)
                self._start(worker)
            while self._ending is None or self._lives():
                self._look()
        self._selector.close()
        if self._failure is not None:
            raise WorkerFailed(self._failure)

    def _lives(self) -> list[_Life]:
        return [worker.life for worker in self._workers if worker.life is not None]

    def _look(self) -> None:
        for key, _ in self._selector.select(0.25):
            key.data()
        now = time.monotonic()
        for worker in self._workers:
            if worker.life is not None:
                self._watch(worker.crew.number, worker.life, now)
            elif self._ending is None and now >= worker.due:
                self._start(worker)

    def _watch(self, number: int, life: _Life, now: float) -> None:
        allowed = self.patience.silent if life.ready else self.patience.start
        if now - life.heard > allowed:
            _LOG.error("worker %d says nothing and is killed", number)
            life.heard = now
            life.process.kill()
        elif self._ending is not None and now > self._ending:
            life.process.kill()

    def _start(self, worker: _Worker) -> None:
        link, theirs = socket.socketpair()
        foreign = [link, *(life.link for life in self._lives())]
        process = multiprocessing.get_context("fork").Process(
            target=work, args=(self.settings, worker.crew, theirs, foreign)
        )
        process.start()
        theirs.close()
        now = time.monotonic()
        worker.life = life = _Life(process=process, link=link, born=now, heard=now)
        self._selector.register(link, selectors.EVENT_READ, lambda: self._hear(worker, life))

    def _hear(self, worker: _Worker, life: _Life) -> None:
        try:
            said = life.link.recv(4096)
        except OSError:
            said = b""
        if not said:
            self._bury(worker, life)
            return
        life.heard = time.monotonic()
        *lines, life.said = (life.said + said).split(b"\n")
        for line in lines:
            if line == READY:
                self._is_ready(life)
            elif line.startswith(FAILED):
                self._failed(worker, line.removeprefix(FAILED).decode())

    def _is_ready(self, life: _Life) -> None:
        life.ready = True
        if self._ending is not None:
            life.tell(signal.SIGTERM)  # it was too young to hear the first one
        elif not self._announced and all(each.ready for each in self._lives()):
            self._announced = True
            self.announce(f"CredGraph serves with {len(self._workers)} workers {self.address}")

    def _failed(self, worker: _Worker, sentence: str) -> None:
        if self._announced:
            _LOG.error("worker %d can't start: %s", worker.crew.number, sentence)
        else:
            self._failure = self._failure or sentence

    def _bury(self, worker: _Worker, life: _Life) -> None:
        """The link is at its end: the process is dead, or about to be."""
        self._selector.unregister(life.link)
        life.link.close()
        life.process.join()
        worker.life, code = None, life.process.exitcode
        if self._ending is not None:
            return
        if not self._announced:
            self._failure = self._failure or f"worker {worker.crew.number}: status {code}"
            self._end()
            return
        now = time.monotonic()
        worker.deaths = 1 if now - life.born > self.patience.calm else worker.deaths + 1
        wait = pause(worker.deaths, self.patience)
        worker.due = now + wait
        sentence = "worker %d ended with status %s and is replaced in %g s"
        _LOG.error(sentence, worker.crew.number, code, wait)

    def _end(self) -> None:
        if self._ending is None:
            self._ending = time.monotonic() + self.settings.timeouts.shutdown + _GRACE
        for life in self._lives():
            life.tell(signal.SIGTERM)

    @contextlib.contextmanager
    def _signals(self) -> Iterator[None]:
        """Signals wake the selector; what is to be done is done between two looks."""
        reading, writing = socket.socketpair()
        reading.settimeout(0)
        writing.settimeout(0)
        before = signal.set_wakeup_fd(writing.fileno())
        numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
        handlers = {number: signal.signal(number, _noted) for number in numbers}
        self._selector.register(reading, selectors.EVENT_READ, lambda: self._told(reading))
        try:
            yield
        finally:
            self._selector.unregister(reading)
            signal.set_wakeup_fd(before)
            for number, handler in handlers.items():
                signal.signal(number, handler)
            reading.close()
            writing.close()

    def _told(self, reading: socket.socket) -> None:
        for number in reading.recv(64):
            if number in {signal.SIGTERM, signal.SIGINT}:
                self._end()
            elif number == signal.SIGHUP:
                for life in self._lives():
                    if life.ready:  # whoever is not reads the newest files anyway
                        life.tell(signal.SIGHUP)


def _noted(_number: int, _frame: FrameType | None) -> None:
    """The wake-up socket has it."""
