"""`credgraph serve --workers` with real processes: killed, stopped, reloaded, orphaned."""

import asyncio
import json
import os
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import httpx
import psutil
import pytest

from gateway.cli.serve import read_settings
from gateway.server.crew import UsedTogether
from gateway.server.workers import Patience, pause
from gateway.telemetry.access import AccessLog
from gateway.telemetry.together import together
from tests.auth.build import claims, signed
from tests.server.test_process import (
    announced,
    answers_hello,
    ask,
    outcome,
    process,
    started,
    write_config,
    write_graph,
)
from tests.transport.raw_server import RawServer, Script, http, raw_server, read_request


@dataclass(frozen=True, slots=True)
class Running:
    """A supervisor with two workers, as a client and as an operator see it."""

    url: str
    child: asyncio.subprocess.Process
    subgraph: RawServer
    folder: Path

    def workers(self) -> list[psutil.Process]:
        return psutil.Process(self.child.pid).children()

    async def page(self, path: str) -> httpx.Response:
        """Over a connection of its own, so that any worker may answer."""
        async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
            return await client.get(self.url.replace("graphql", path))

    async def hello(self, query: str = "{hello}", **headers: str) -> object:
        async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
            return await ask(client, self.url, query, **headers)

    async def until_ready(self, **workers: str) -> None:
        """Until /health/ready says so of the workers."""

        async def told() -> bool:
            found: object = (await self.page("health/ready")).json().get("workers")
            return found == workers

        await until(told)


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    """Looks again and again; 30 s guard against a hang."""
    async with asyncio.timeout(30):
        while not await holds():  # noqa: ASYNC110 - another process tells no event
            await asyncio.sleep(0.02)


@asynccontextmanager
async def two_workers(
    folder: Path, script: Script = answers_hello, **changes: object
) -> AsyncIterator[Running]:
    async with raw_server(script) as server:
        write_graph(folder, server)
        config = write_config(folder, **changes)
        arguments = ("serve", "--config", config, "--port", "0", "--workers", "2")
        async with process(*arguments) as child:
            url = await announced(child)
            running = Running(url, child, server, folder)
            workers = running.workers()
            try:
                yield running
            finally:
                if child.returncode is None:
                    child.terminate()
                    await asyncio.wait_for(child.communicate(), 30)
                for each in workers:
                    if each.is_running():
                        each.kill()


async def stopped(child: asyncio.subprocess.Process) -> list[dict[str, object]]:
    """Ends it in the orderly way; the lines of the access log."""
    child.send_signal(signal.SIGTERM)
    out, _ = await asyncio.wait_for(child.communicate(), 30)
    assert child.returncode == 0
    return [json.loads(line) for line in out.splitlines()]


async def test_both_serve_and_write_one_log(tmp_path: Path) -> None:
    async with two_workers(tmp_path) as running:
        assert len(running.workers()) == 2
        for _ in range(40):
            assert await running.hello() == {"data": {"hello": "you"}}
        lines = await stopped(running.child)
    told = Counter(line["worker"] for line in lines)
    assert told.keys() == {1, 2}
    assert told.total() == 40


async def test_a_killed_worker_is_replaced_and_the_other_serves_meanwhile(tmp_path: Path) -> None:
    async with two_workers(tmp_path) as running:
        await running.until_ready(**{"1": "ready", "2": "ready"})
        first = {each.pid for each in running.workers()}
        for pid in sorted(first):
            os.kill(pid, signal.SIGKILL)
            await until(partial(_is_buried, running, pid))
            for _ in range(20):
                assert await running.hello() == {"data": {"hello": "you"}}
            await running.until_ready(**{"1": "ready", "2": "ready"})
        assert len({each.pid for each in running.workers()} - first) == 2


async def _is_buried(running: Running, pid: int) -> bool:
    return pid not in {each.pid for each in running.workers()}


IMPATIENT = """
import sys
from gateway.cli.serve import read_settings
from gateway.server.workers import Patience, supervise

settings = read_settings(sys.argv[1:], {})
supervise(settings, lambda line: print(line, file=sys.stderr, flush=True), Patience(silent=5.0))
"""


async def test_a_worker_that_hangs_is_killed_and_replaced(tmp_path: Path) -> None:
    """Stopped, it lives and says nothing."""
    async with raw_server(answers_hello) as server:
        write_graph(tmp_path, server)
        (tmp_path / "impatient.py").write_text(IMPATIENT)
        arguments = ("--config", write_config(tmp_path), "--port", "0", "--workers", "2")
        async with started(str(tmp_path / "impatient.py"), *arguments) as child:
            running = Running(await announced(child), child, server, tmp_path)
            hung = running.workers()[0].pid
            os.kill(hung, signal.SIGSTOP)
            await until(partial(_is_buried, running, hung))
            await running.until_ready(**{"1": "ready", "2": "ready"})
            assert hung not in {each.pid for each in running.workers()}
            for _ in range(10):
                assert await running.hello() == {"data": {"hello": "you"}}
            await stopped(child)


async def test_health_and_metrics_tell_of_every_worker_whoever_is_asked(tmp_path: Path) -> None:
    answers = [http(b'{"data":{"__typename":"Query","hello":"you"}}')]

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await read_request(reader)
            writer.write(answers[-1])

    async with two_workers(tmp_path, script) as running:
        await running.until_ready(**{"1": "ready", "2": "ready"})
        for _ in range(30):
            await running.hello()
        for _ in range(4):
            page = (await running.page("metrics")).text
            assert _sum(page, 'credgraph_request_seconds_count{kind="query"') == 30
            assert 'credgraph_worker_up{worker="1"} 1.0' in page
            assert 'credgraph_worker_up{worker="2"} 1.0' in page
        answers.append(http(b"{}", status=b"500 Internal Server Error"))
        await running.until_ready(**{"1": "waiting", "2": "waiting"})
        assert (await running.page("health/ready")).status_code == 503


def _sum(page: str, prefix: str) -> float:
    found = [line for line in page.splitlines() if line.startswith(prefix)]
    return sum(float(line.rpartition(" ")[2]) for line in found)


async def test_a_stop_lets_requests_under_way_end(tmp_path: Path) -> None:
    arrived, let_go = asyncio.Semaphore(0), asyncio.Event()

    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            request = await read_request(reader)
            if b"Probe" not in request:
                arrived.release()
                await let_go.wait()
            writer.write(http(b'{"data":{"__typename":"Query","hello":"late"}}'))

    async with two_workers(tmp_path, slow, timeouts={"shutdown": 25}) as running:
        asked = [
            asyncio.create_task(running.hello(f"query Q{number} {{hello}}")) for number in range(8)
        ]
        async with asyncio.timeout(30):
            for _ in asked:
                await arrived.acquire()
        running.child.send_signal(signal.SIGTERM)
        await asyncio.sleep(0.3)
        let_go.set()
        assert await asyncio.gather(*asked) == [{"data": {"hello": "late"}}] * 8
        await asyncio.wait_for(running.child.communicate(), 30)
        assert running.child.returncode == 0


async def test_a_reload_reaches_every_worker(tmp_path: Path) -> None:
    async with two_workers(tmp_path, reload={"watch": False}) as running:
        write_graph(tmp_path, running.subgraph, field="bye")
        running.child.send_signal(signal.SIGHUP)

        async def both() -> bool:
            return _sum((await running.page("metrics")).text, "credgraph_reloads_total") == 2

        await until(both)
        for _ in range(20):
            assert await running.hello("{bye}") == {"data": {"bye": "now"}}


async def test_workers_end_when_their_supervisor_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = tmp_path / "t"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    async with two_workers(tmp_path) as running:
        assert list(temporary.iterdir()) != []
        workers = running.workers()
        running.child.kill()

        async def none() -> bool:
            return not any(each.is_running() for each in workers)

        await until(none)
        assert [each for each in temporary.iterdir() if each.name.startswith("credgraph-")] == []


async def test_a_token_that_is_good_once_is_good_once_for_all(tmp_path: Path) -> None:
    async with two_workers(tmp_path) as running:
        token = signed(claims(step_up=True, jti="t-1", iat=time.time(), exp=time.time() + 600))
        answers = [await running.hello(authorization=f"Bearer {token}") for _ in range(12)]
        assert answers[0] == {"data": {"hello": "you"}}
        assert not any(answer == answers[0] for answer in answers[1:])


async def test_reserved_streams_are_refused_in_words(tmp_path: Path) -> None:
    async with (
        two_workers(tmp_path) as running,
        httpx.AsyncClient(trust_env=False, timeout=30) as client,
    ):
        answer = await client.put(running.url, headers={"x-graphql-csrf": "1"})
        assert (answer.status_code, "one worker" in answer.text) == (501, True)


async def test_what_keeps_workers_from_starting_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "graph.graphql").write_text("type Query { nothing: Int }")
    graph = str(tmp_path / "graph.graphql")
    code, out, err = await outcome("serve", "--supergraph", graph, "--port", "0", "--workers", "2")
    assert (code, out, err.count("\n")) == (1, "", 1)
    alone = await outcome("serve", "--supergraph", graph, "--port", "0")
    assert err == alone[2]


async def test_a_port_of_another_gateway_is_not_joined(tmp_path: Path) -> None:
    async with two_workers(tmp_path) as running:
        port = running.url.split(":")[2].split("/")[0]
        graph = str(tmp_path / "graph.graphql")
        code, _, err = await outcome(
            "serve", "--supergraph", graph, "--port", port, "--workers", "2"
        )
        assert (code, "the port is taken" in err) == (1, True)


@pytest.mark.parametrize("workers", ["0", "many", "257"])
async def test_a_number_of_workers_nobody_can_have(workers: str) -> None:
    code, _, err = await outcome("serve", "--supergraph", "x", "--workers", workers)
    assert (code, "no number of processes" in err) == (2, True)


def test_pauses_grow_with_deaths_in_a_row() -> None:
    patience = Patience(first=1.0, longest=5.0)
    assert [pause(deaths, patience) for deaths in range(1, 7)] == [0.0, 1.0, 2.0, 4.0, 5.0, 5.0]
    assert pause(10_000, patience) == 5.0


def test_ids_used_together_are_forgotten_only_when_they_are_over(tmp_path: Path) -> None:
    now = [0.0]
    one, other = (UsedTogether(tmp_path / "used", 2, lambda: now[0]) for _ in range(2))
    assert one.take("a", until=10.0, now=0.0)
    assert not other.take("a", until=10.0, now=0.0)
    assert other.take("b", until=500.0, now=0.0)
    now[0] = 100.0
    assert one.take("c", until=500.0, now=100.0)
    assert not one.take("d", until=500.0, now=100.0), "the room is full"
    assert not one.take("b", until=500.0, now=100.0)


def test_metrics_of_workers_are_told_apart() -> None:
    page = b'# HELP a_total Some.\n# TYPE a_total counter\na_total{x="1"} 2.0\n'
    told = together({1: page, 2: page, 3: None}).decode()
    assert told.count("# TYPE a_total counter") == 1
    assert 'a_total{worker="1",x="1"} 2.0' in told
    assert 'a_total{worker="2",x="1"} 2.0' in told
    assert 'credgraph_worker_up{worker="3"} 0.0' in told


def test_the_command_line_changes_what_it_names_and_nothing_else(tmp_path: Path) -> None:
    tls = {"certificate": "c.pem", "key": "k.pem"}
    config = write_config(tmp_path, listen={"port": 1, "tls": tls, "proxies": ["10.0.0.1"]})
    plain = read_settings(["--config", config], {}).listen
    listen = read_settings(["--config", config, "--port", "2", "--workers", "3"], {}).listen
    assert (plain.workers, listen.port, listen.workers) == (1, 2, 3)
    assert (plain.port, plain.tls, plain.proxies) == (1, listen.tls, ("10.0.0.1",))
    assert listen.tls is not None


def test_a_line_of_the_log_is_never_torn_by_another() -> None:
    lines: list[bytes] = []
    log = AccessLog(lines.append, time.time, worker=2)
    log.line("request", path="/" + "x" * 9_000, status=404, code="持" * 3_000)
    told = json.loads(lines[0])
    assert len(lines[0]) <= 4_096
    assert (told["worker"], told["status"]) == (2, 404)
    assert told["path"].startswith("/xxx")
    assert told["path"].endswith("…")
