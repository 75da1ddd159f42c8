"""`make up` as a person meets it: it comes up, ends whole, heals, and fails in sentences."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from subgraphs.demo.deployment import DEFAULT_PORTS, ROOT, Deployment
from tests.kit.stack import free_ports

pytestmark = pytest.mark.e2e

PATIENCE = 60.0


def environment(data: Path, **more: str) -> dict[str, str]:
    ports = {f"{name.upper()}_PORT": str(p) for name, p in free_ports(DEFAULT_PORTS).items()}
    return os.environ | ports | {"CREDGRAPH_DATA": str(data), "MONGODB_URI": ""} | more


def up(values: dict[str, str], log: Path) -> "subprocess.Popen[bytes]":
    with log.open("wb") as output:
        return subprocess.Popen(
            [sys.executable, "-m", "subgraphs.demo", "up"],
            cwd=ROOT,
            env=values,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )


def wait_for(log: Path, sentence: str, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + PATIENCE
    while sentence not in log.read_text(errors="replace"):
        assert process.poll() is None, log.read_text(errors="replace")[-2000:]
        assert time.monotonic() < deadline, log.read_text(errors="replace")[-2000:]
        time.sleep(0.1)


def processes_of(data: Path) -> list[int]:
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("CREDGRAPH_SUPERVISED") == str(data):
                found.append(process.pid)
        except psutil.Error:
            continue
    return found


def ended(process: "subprocess.Popen[bytes]") -> int:
    return process.wait(timeout=30)


def test_it_heals_after_kill_finds_its_data_and_ends_whole_when_one_dies(tmp_path: Path) -> None:
    data, log = tmp_path / "data", tmp_path / "log"
    values = environment(data)
    first = up(values, log)
    wait_for(log, "CredGraph is ready: http://127.0.0.1:", first)
    credential = json.loads((data / "examples.json").read_text())["01-credential-screen"]
    first.kill()  # the supervisor alone: its processes are left behind
    ended(first)
    assert processes_of(data)

    second = up(values, log)
    wait_for(log, "CredGraph is ready: http://127.0.0.1:", second)
    assert "of an earlier run that was killed" in log.read_text(errors="replace")
    assert json.loads((data / "examples.json").read_text())["01-credential-screen"] == credential

    third = up(values, tmp_path / "third")
    assert ended(third) == 1
    assert "already runs on the data folder" in (tmp_path / "third").read_text()

    second.send_signal(signal.SIGINT)
    assert ended(second) == 0
    assert processes_of(data) == []

    fourth = up(values, log)
    wait_for(log, "CredGraph is ready: http://127.0.0.1:", fourth)
    (victim,) = (pid for pid in processes_of(data) if psutil.Process(pid).cmdline()[-1:] == ["run"])
    os.kill(victim, signal.SIGKILL)
    assert ended(fourth) == 1
    assert "nothing is lost" in log.read_text(errors="replace")
    assert processes_of(data) == []


def failure(values: dict[str, str], log: Path) -> str:
    process = up(values, log)
    assert ended(process) == 1
    lines = log.read_text(errors="replace").strip().splitlines()
    assert len(lines) == 1, lines
    return lines[0]


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        said = failure(environment(tmp_path, WALLET_PORT=port), tmp_path / "log")
    assert said == (
        f"make up: port {port} (wallet) is taken by another program: free it or set WALLET_PORT"
    )


def test_a_port_that_is_none_is_named(tmp_path: Path) -> None:
    said = failure(environment(tmp_path, AUDIT_PORT="http"), tmp_path / "log")
    assert said == "make up: AUDIT_PORT must be a port number, not 'http'"


def test_one_port_for_two_is_named(tmp_path: Path) -> None:
    values = environment(tmp_path, AUDIT_PORT="4801", WALLET_PORT="4801")
    said = failure(values, tmp_path / "log")
    assert said == "make up: AUDIT_PORT and WALLET_PORT are both 4801"


def test_an_address_that_is_none_is_named(tmp_path: Path) -> None:
    said = failure(environment(tmp_path / "data", MONGODB_URI="nonsense"), tmp_path / "log")
    assert said == "make up: MONGODB_URI is not a mongodb:// address: nonsense"


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    said = failure(environment(tmp_path / "file" / "data"), tmp_path / "log")
    assert "can't be written" in said


def test_an_unreachable_database_is_named(tmp_path: Path) -> None:
    uri = "mongodb://127.0.0.1:9/"
    said = failure(environment(tmp_path / "data", MONGODB_URI=uri), tmp_path / "log")
    assert said.startswith("make up: the database at 127.0.0.1:9 can't be reached")


def test_a_deployment_is_read_from_its_environment(tmp_path: Path) -> None:
    read = Deployment.from_environment({"CREDGRAPH_DATA": str(tmp_path), "GATEWAY_PORT": "4100"})
    assert read.gateway_url == "http://127.0.0.1:4100"
    assert read.embedded
    read.remember()
    assert Deployment.running({"CREDGRAPH_DATA": str(tmp_path)}) == read
