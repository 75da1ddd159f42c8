"""Witnesses as processes beside a ledger process: they co-sign, die, come back and remember."""

import asyncio
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from ledger_adapter.crypto import keys
from ledger_adapter.crypto.sm2 import PrivateKey
from ledger_adapter.evidence.trust import load_trust, write_trust
from ledger_adapter.port import EntryIndex
from ledger_adapter.verify import verify_bundle
from tests.ledger_adapter.kit import KEY, ORIGIN, Room, event
from tests.ledger_adapter.test_process import ROOT, command, configured, running, until

NAMES = ("w.one", "w.two")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@contextmanager
def witness(folder: Path, name: str, port: int) -> Iterator[subprocess.Popen[bytes]]:
    asked = command(
        "witness", "--name", name, "--key", folder / f"{name}.key", "--port", str(port),
        "--state", folder / "witness" / f"{name}.json", "--trust", folder / "trust.json", "--demo",
    )  # fmt: skip
    process = subprocess.Popen(asked, cwd=ROOT, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def prepared(folder: Path, *, uri: str, database: str) -> tuple[Path, dict[str, int]]:
    """Keys, a trust file that demands both witnesses, and the ledger's settings."""
    ports = {name: free_port() for name in NAMES}
    secret = {name: PrivateKey.generate() for name in NAMES}
    for name, key in secret.items():
        keys.save_private_key(folder / f"{name}.key", key)
    public = {name: key.public_key for name, key in secret.items()}
    path = folder / "trust.json"
    write_trust(path, origin=ORIGIN, keys=[KEY.public_key], witnesses=public, witnesses_needed=2)
    config = configured(folder, uri=uri, database=database)
    listed = ", ".join(
        f"{{name: {name}, url: 'http://127.0.0.1:{port}'}}" for name, port in ports.items()
    )
    with config.open("a", encoding="utf-8") as file:
        file.write(f"  trust: {path}\n  witnesses: [{listed}]\n")
    return config, ports


async def cosigned(room: Room, count: int) -> None:
    async def holds() -> bool:
        size, head = await room.reader.size(), await room.reader.latest_checkpoint()
        return head is not None and head.tree_size == size and len(head.cosigners) == count

    await until(holds)


async def test_a_witness_killed_comes_back_and_catches_up(
    mongo: Room, mongo_uri: str, mongo_database: str, tmp_path: Path
) -> None:
    config, ports = prepared(tmp_path, uri=mongo_uri, database=mongo_database)
    trust = load_trust(tmp_path / "trust.json")
    with running(config), witness(tmp_path, "w.one", ports["w.one"]):
        with witness(tmp_path, "w.two", ports["w.two"]) as dying:
            await mongo.put([event(1)])
            await cosigned(mongo, 2)
            os.kill(dying.pid, signal.SIGKILL)
        await mongo.put([event(2)])
        await cosigned(mongo, 1)
        with witness(tmp_path, "w.two", ports["w.two"]) as again:
            await cosigned(mongo, 2)
            url = f"http://127.0.0.1:{ports['w.two']}/health"
            async with httpx.AsyncClient(trust_env=False) as http:
                health = (await http.get(url)).json()
            assert (health["sizes"], health["conflicts"]) == ({ORIGIN: 2}, 0)
            proof = await mongo.reader.prove(EntryIndex(0))
            assert verify_bundle(proof.bundle(opening=True), trust).trust == "WITNESSED"
            started = time.monotonic()
            again.terminate()
            assert await asyncio.to_thread(again.wait, 5) == 0
            assert time.monotonic() - started < 10


@pytest.mark.parametrize("missing", ["w.one.key", "trust.json"])
def test_a_witness_that_cannot_start_says_one_sentence(tmp_path: Path, missing: str) -> None:
    prepared(tmp_path, uri="mongodb://x", database="x")
    (tmp_path / missing).unlink()
    asked = command(
        "witness", "--name", "w.one", "--key", tmp_path / "w.one.key", "--port", "1",
        "--state", tmp_path / "state.json", "--trust", tmp_path / "trust.json", "--demo",
    )  # fmt: skip
    done = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=False, timeout=20)
    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1
