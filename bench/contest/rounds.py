"""Gateways under load in turn, round after round, and the medians of what they cost."""

import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import orjson
import psutil

from bench.contest.contestants import LOAD_CORE, ROOT, DidNotStartError, Running, Scene, started
from bench.contest.load import Asked, Round
from bench.yardstick import SDLS, supergraph_at

_WARM_UP: Final = 4.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What is asked, by how many at once, of subgraphs how slow (milliseconds). `key` is its name
    in the page; `data` is the right answer, None where any without errors is."""

    key: str
    title: str
    query: str
    connections: int
    unique: bool = True
    latency: float = 0.0
    data: object = None

    def asked(self) -> Asked:
        """As the load is told."""
        return Asked(query=self.query, unique=self.unique, data=self.data)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Medians over the rounds. `cpu` is seconds per 1000 requests, memory in MB is the peak of the
    whole tree of processes; wrong answers and other faults are added up."""

    name: str
    cpu: float
    rps: float
    p50: float
    p99: float
    rss: float
    fetches: float
    requests: int
    wrong: int
    bad: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One round of one gateway."""

    round: Round
    cpu: float
    rss: float
    fetches: float


def contest(
    work: Work, names: Sequence[str], *, rounds: int, seconds: float
) -> Iterator[Cost | str]:
    """The cost of each gateway that starts and answers rightly; a sentence for each other."""
    with ExitStack() as stack:
        address = stack.enter_context(subgraphs(work.latency, "yardstick"))
        running: dict[str, Running] = {}
        for name in names:
            scene = stack.enter_context(scene_of(address))
            try:
                gateway = stack.enter_context(started(name, scene))
                check(gateway.url, work.query, work.data)
            except (DidNotStartError, OSError, ValueError) as error:
                yield f"{name}: left out: {error}"
            else:
                running[name] = gateway
        for gateway in running.values():
            measured(gateway, work, _WARM_UP, address)
        rows: dict[str, list[Measured]] = {name: [] for name in running}
        for _ in range(rounds):
            for name, gateway in running.items():
                rows[name].append(measured(gateway, work, seconds, address))
        yield from (medians(name, each) for name, each in rows.items())


@contextmanager
def scene_of(address: str) -> Iterator[Scene]:
    """The four subgraphs of the yardstick at this address, in a folder that goes away again."""
    with tempfile.TemporaryDirectory() as folder:
        urls = {name: f"{address}/{name}" for name in SDLS}
        graph = Path(folder) / "supergraph.graphql"
        graph.write_text(supergraph_at(urls), encoding="utf-8")
        yield Scene(supergraph=graph, subgraphs=urls, folder=Path(folder))


def medians(name: str, rows: Sequence[Measured]) -> Cost:
    """One line of the table."""
    return Cost(
        name=name,
        cpu=statistics.median(row.cpu for row in rows),
        rps=statistics.median(row.round.requests / row.round.seconds for row in rows),
        p50=statistics.median(row.round.p50 for row in rows),
        p99=statistics.median(row.round.p99 for row in rows),
        rss=max(row.rss for row in rows),
        fetches=statistics.median(row.fetches for row in rows),
        requests=sum(row.round.requests for row in rows),
        wrong=sum(row.round.wrong for row in rows),
        bad=sum(row.round.statuses + row.round.broken for row in rows),
    )


@contextmanager
def subgraphs(latency: float, world: str) -> Iterator[str]:
    """The subgraphs of a world, on the core of the load; gives their address."""
    command = [sys.executable, "-m", "bench.contest.subgraphs", str(latency), world]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)
    psutil.Process(process.pid).cpu_affinity([LOAD_CORE])
    try:
        port = process.stdout.readline().strip() if process.stdout else b""
        if not port:
            raise DidNotStartError("the subgraphs did not start")
        yield f"http://127.0.0.1:{port.decode()}"
    finally:
        process.kill()
        process.wait()


def check(url: str, query: str, expected: object) -> None:
    """Raises ValueError when the answer is not the one that the data gives."""
    got = _first_answer(url, query, time.monotonic() + 30)
    if got.get("data") != expected or got.get("errors"):
        raise ValueError(f"wrong answer: {orjson.dumps(got)[:200].decode()}")


def _first_answer(url: str, query: str, deadline: float) -> dict[str, Any]:
    while True:
        try:
            return post(url, query)
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.5)


def post(url: str, query: str) -> dict[str, Any]:
    """One answer, by the simplest client there is."""
    request = urllib.request.Request(
        url,
        data=orjson.dumps({"query": query}),
        headers={"content-type": "application/json", "accept": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=20) as answer:
        body: dict[str, Any] = orjson.loads(answer.read())
    return body


def measured(gateway: Running, work: Work, seconds: float, behind: str) -> Measured:
    """One round of load on one gateway; `behind` is the address of its subgraphs."""
    _fetches(behind)
    before = gateway.cpu_seconds()
    with _peak_memory(gateway) as peak:
        done = load(gateway.url, work.connections, seconds, work.asked())
    requests = max(done.requests, 1)
    return Measured(
        round=done,
        cpu=(gateway.cpu_seconds() - before) / requests * 1000,
        rss=max(peak),
        fetches=_fetches(behind) / requests,
    )


def load(url: str, connections: int, seconds: float, asked: Asked) -> Round:
    """A round of load from a process of its own, on the core of the load."""
    command = [sys.executable, "-m", "bench.contest.load", url, str(connections), str(seconds)]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    psutil.Process(process.pid).cpu_affinity([LOAD_CORE])
    said, _ = process.communicate(orjson.dumps(asdict(asked)), timeout=seconds + 90)
    return Round(**orjson.loads(said))


@contextmanager
def _peak_memory(gateway: Running) -> Iterator[list[float]]:
    seen, over = [gateway.rss_mb()], threading.Event()

    def watch() -> None:
        while not over.wait(0.25):
            seen.append(gateway.rss_mb())

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield seen
    finally:
        over.set()
        watcher.join()


def _fetches(behind: str) -> int:
    with urllib.request.urlopen(f"{behind}/fetches", timeout=5) as answer:
        return int(answer.read())
