"""The issuer as a process: it refuses strangers, and leaves in time with its streams ended."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from subgraphs.demo.ceremony import hold_ceremony
from tests.subgraphs.issuer.desk import OWN
from tests.subgraphs.kit.gateway import Gateway

WATCH = "subscription { credentialRequestUpdates { heartbeat sequence } }"


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    running: subprocess.Popen[bytes]
    port: int
    gateway: Gateway

    @property
    def url(self) -> str:
        return f"127.0.0.1:{self.port}"

    def stop(self) -> tuple[int, float]:
        """SIGTERM; exit code and how long it took."""
        begun = time.monotonic()
        self.running.send_signal(signal.SIGTERM)
        return self.running.wait(10), time.monotonic() - begun


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory, mongo_uri: str) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("data")
    hold_ceremony(folder)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    names = {"CREDGRAPH_DATA": str(folder), "MONGODB_URI": mongo_uri, "ISSUER_PORT": port}
    return {**os.environ, **names}  # a child needs its parent's PATH


@pytest.fixture(scope="module")
def issuer(environment: dict[str, str]) -> Iterator[Process]:
    pem = (Path(environment["CREDGRAPH_DATA"]) / "keys" / "gateway-context.key.pem").read_bytes()
    key = load_pem_private_key(pem, password=None)
    assert isinstance(key, Ed25519PrivateKey)
    running = subprocess.Popen([sys.executable, "-m", "subgraphs.issuer"], env=environment)
    process = Process(
        running=running,
        port=int(environment["ISSUER_PORT"]),
        gateway=Gateway(audience="issuer", key=key),
    )
    try:
        _wait_until_up(process)
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            running.kill()
        running.wait(10)


def _wait_until_up(process: Process) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(f"http://{process.url}/health").status_code == 200:
                return
        time.sleep(0.05)
    raise TimeoutError("the issuer did not come up")


def test_a_taken_port_is_one_sentence(issuer: Process, environment: dict[str, str]) -> None:
    second = subprocess.run(
        [sys.executable, "-m", "subgraphs.issuer"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert second.returncode == 1
    assert second.stderr.splitlines() == [
        f"issuer: {issuer.url} cannot be used: Address already in use"
    ]


async def test_strangers_are_refused_and_a_stop_ends_open_streams_in_time(issuer: Process) -> None:
    where, protocols = f"ws://{issuer.url}/graphql", [Subprotocol("graphql-transport-ws")]
    async with httpx.AsyncClient() as client:
        refused = await client.post(f"http://{issuer.url}/graphql", json={"query": "{ me { id } }"})
    async with connect(where, subprotocols=protocols) as stranger:
        await stranger.send(json.dumps({"type": "connection_init"}))
        await stranger.wait_closed()
    async with connect(where, subprotocols=protocols) as stream:
        token = {"authorization": f"Bearer {issuer.gateway.token(OWN)}"}
        await stream.send(json.dumps({"type": "connection_init", "payload": token}))
        await stream.recv()
        await stream.send(json.dumps({"type": "subscribe", "id": "1", "payload": {"query": WATCH}}))
        first = json.loads(await stream.recv())
        code, seconds = await asyncio.to_thread(issuer.stop)
        last = json.loads(await stream.recv())

    assert refused.status_code == 401
    assert refused.json()["errors"][0]["extensions"]["code"] == "GATEWAY_UNAUTHENTICATED"
    assert stranger.close_code == 4403
    assert first["payload"]["data"]["credentialRequestUpdates"]["heartbeat"] is True
    assert last == {"id": "1", "type": "complete"}
    assert (code, seconds < 3) == (0, True), seconds
