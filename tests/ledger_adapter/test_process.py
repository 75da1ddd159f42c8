"""The ledger as a process: its command line, its end, and what kill -9 leaves."""

import asyncio
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ledger_adapter import evidence_file
from ledger_adapter.__main__ import main
from ledger_adapter.crypto import keys
from ledger_adapter.evidence.trust import write_trust
from ledger_adapter.log import bundle
from ledger_adapter.log.commitment import canonical
from ledger_adapter.port import EntryIndex, Shard
from ledger_adapter.store.mongo import MongoLog
from ledger_adapter.store.mongo.seam import settle
from tests.ledger_adapter.kit import KEY, ORIGIN, Room, event, memory_room

ROOT = Path(__file__).resolve().parents[2]
CONFIG = """
ledger:
  mongodb: {uri}
  database: {database}
  origin: test.example/log
  shard: "2026"
  key: {key}
  demo: true
  driver: {driver}
  checkpoint_seconds: 0.1
  lease_seconds: 0.6
"""


def configured(folder: Path, *, uri: str, database: str = "x", driver: str = "motor") -> Path:
    keys.save_private_key(folder / "log.json", KEY)
    path = folder / "credgraph.yaml"
    text = CONFIG.format(uri=uri, database=database, key=folder / "log.json", driver=driver)
    path.write_text(text, encoding="utf-8")
    return path


def command(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "ledger_adapter", *map(str, arguments)]


def called(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*arguments), cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )


@contextmanager
def running(config: Path) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        command("run", "--config", config), cwd=ROOT, stderr=subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(30):
        while not await holds():  # noqa: ASYNC110  # what is waited for happens in another process
            await asyncio.sleep(0.02)


async def until_size(room: Room, size: int) -> None:
    async def holds() -> bool:
        return await room.reader.size() >= size

    await until(holds)


async def until_signed(room: Room, size: int) -> None:
    async def holds() -> bool:
        found = await room.reader.latest_checkpoint()
        return found is not None and found.tree_size >= size

    await until(holds)


@pytest.mark.parametrize("driver", ["motor", "pymongo"])
async def test_sigterm_ends_it_within_three_seconds(
    mongo: Room, mongo_uri: str, mongo_database: str, tmp_path: Path, driver: str
) -> None:
    config = configured(tmp_path, uri=mongo_uri, database=mongo_database, driver=driver)
    await mongo.put([event(1)])
    with running(config) as process:
        await until_size(mongo, 1)
        started = time.monotonic()
        process.terminate()
        await asyncio.to_thread(process.wait, 5)
        assert time.monotonic() - started < 10
        assert process.returncode == 0
    lease = await mongo.store.lead("next", 1)
    assert lease is not None, "a leader that ends in peace leaves its lease"


async def test_kill_at_any_time_loses_and_doubles_nothing(
    mongo: Room, mongo_uri: str, mongo_database: str, tmp_path: Path
) -> None:
    config = configured(tmp_path, uri=mongo_uri, database=mongo_database)
    stop, written = asyncio.Event(), 0

    async def write() -> None:
        nonlocal written
        while not stop.is_set():
            await mongo.put([event(written + offset) for offset in range(5)])
            written += 5
            await asyncio.sleep(0.005)

    async with asyncio.TaskGroup() as group:
        group.create_task(write())
        for pause in (0.05, 0.3, 0.11):
            with running(config) as process:
                await until_size(mongo, await mongo.reader.size() + 1)
                await asyncio.sleep(pause)
                os.kill(process.pid, signal.SIGKILL)
        stop.set()
    with running(config) as process:
        await until_size(mongo, written)
        await until_signed(mongo, written)
        process.terminate()
        await asyncio.to_thread(process.wait, 5)
    events = await mongo.reader.read(EntryIndex(0), written + 10)
    ids = [e.envelope.event_id for e in events]
    assert ids == [event(number).event_id for number in range(written)]
    done = await asyncio.to_thread(called, "replay", "--config", config)
    assert f"the log verifies: {written} entries" in done.stdout, done.stderr


async def test_a_paused_leader_that_wakes_is_fenced_and_stands_by(
    mongo: Room, mongo_uri: str, mongo_database: str, tmp_path: Path
) -> None:
    """SIGSTOP longer than the lease, events meanwhile, SIGCONT: the other one leads on."""
    config = configured(tmp_path, uri=mongo_uri, database=mongo_database)

    async def lease() -> tuple[int, int]:
        """Who holds it, by process id, and its term."""
        row = await mongo.database["ledger_lease"].find_one({})
        return (int(row["owner"].split(":")[1]), row["term"]) if row and row["owner"] else (0, 0)

    with running(config) as one, running(config) as two:
        await mongo.put([event(0)])
        await until_size(mongo, 1)
        paused, term = await lease()
        other = {one.pid: two.pid, two.pid: one.pid}[paused]
        os.kill(paused, signal.SIGSTOP)
        try:
            await mongo.put([event(number) for number in range(1, 40)])
            await until_size(mongo, 40)
            assert await lease() == (other, term + 1)
        finally:
            os.kill(paused, signal.SIGCONT)
        for number in range(40, 60):
            await mongo.put([event(number)])
        await until_size(mongo, 60)
        assert one.poll() is two.poll() is None, "the woken one stands by, it does not end"
        os.kill(other, signal.SIGKILL)
        await mongo.put([event(60)])
        await until_signed(mongo, 61)
        assert (await lease())[0] == paused
    events = await mongo.reader.read(EntryIndex(0), 100)
    assert [e.envelope.event_id for e in events] == [event(n).event_id for n in range(61)]
    done = await asyncio.to_thread(called, "replay", "--config", config)
    assert "the log verifies: 61 entries" in done.stdout, done.stderr


async def test_a_leader_killed_inside_its_transaction_does_not_hold_up_the_next(
    mongo: Room,
) -> None:
    """The server would keep the dead client's transaction, and the head's row, for a minute."""
    await mongo.write(1)
    dying = MongoLog(mongo.database, Shard("2026"))
    lease = await dying.lead("dying", 0.2)
    assert lease is not None
    session = await dying._my_session()
    await settle(session.start_transaction())
    await mongo.database["ledger_head"].update_one({}, {"$set": {"x": 1}}, session=session)
    started = time.monotonic()
    await mongo.write(3, first=10)
    assert time.monotonic() - started < 10
    assert await mongo.reader.size() == 4


async def test_replay_names_what_was_altered(
    mongo: Room, mongo_uri: str, mongo_database: str, tmp_path: Path
) -> None:
    config = configured(tmp_path, uri=mongo_uri, database=mongo_database)
    await mongo.write(5)
    await mongo.database["ledger_batches"].update_one({}, {"$set": {"salts.3": b"x" * 32}})
    done = await asyncio.to_thread(called, "replay", "--config", config)
    assert done.returncode == 1
    assert "entry 3 (CREDENTIAL_ACTIVATED) is not what" in done.stderr


OTHERS = [
    pytest.param(
        bundle.TYPE, "verify-evidence", "a proof.*ledger_adapter verify-proof", id="proof"
    ),
    pytest.param(evidence_file.TYPE, "verify-proof", "verify-evidence", id="evidence"),
    pytest.param(evidence_file.TYPE, "show", "verify-evidence", id="evidence to be drawn"),
    pytest.param("CustodyDeletionReceipt", "verify-proof", "holder verify-deletion", id="deletion"),
    pytest.param("WalletExportSeal", "verify-evidence", "holder verify-export", id="seal"),
]


@pytest.mark.parametrize(("kind", "verb", "reader"), OTHERS)
def test_a_file_of_another_kind_is_told_who_reads_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str, verb: str, reader: str
) -> None:
    """Long ones too: evidence is longer than any proof may be."""
    file, trust = tmp_path / "given.json", tmp_path / "trust.json"
    file.write_bytes(canonical({"parts": ["x" * 80_000], "type": kind}))
    write_trust(trust, origin=ORIGIN, keys=[KEY.public_key])
    whom = [] if verb == "show" else ["--trust", str(trust)]
    assert main([verb, str(file), *whom]) == 1
    told = capsys.readouterr().out
    assert re.fullmatch(f"REFUSED: {re.escape(str(file))} is .*{reader}` reads it\n", told)


@pytest.mark.parametrize("verb", ["verify-proof", "verify-evidence"])
@pytest.mark.parametrize("content", [b"[]", b"{", b'{"type":"Other"}', b'{"type":[]}'])
def test_a_file_of_no_kind_is_refused_by_what_is_wrong_with_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], verb: str, content: bytes
) -> None:
    file, trust = tmp_path / "given.json", tmp_path / "trust.json"
    file.write_bytes(content)
    write_trust(trust, origin=ORIGIN, keys=[KEY.public_key])
    assert main([verb, str(file), "--trust", str(trust)]) == 1
    assert re.search("not JSON|members are not", capsys.readouterr().out)


async def test_a_proof_file_is_checked_and_drawn_without_any_service(tmp_path: Path) -> None:
    room = memory_room()
    await room.write(9)
    proof, trust = tmp_path / "proof.json", tmp_path / "trust.json"
    proof.write_bytes((await room.reader.prove(EntryIndex(4))).bundle(opening=True))
    write_trust(trust, origin=ORIGIN, keys=[KEY.public_key])
    good = called("verify-proof", proof, "--trust", trust)
    assert good.returncode == 0
    for step in ("commit", "leaf", "path", "checkpoint", "trust", "PROVED"):
        assert step in good.stdout
    assert "= leaf 4" in called("show", proof).stdout
    proof.write_bytes(proof.read_bytes().replace(b'"leafIndex":"4"', b'"leafIndex":"5"'))
    bad = called("verify-proof", proof, "--trust", trust)
    assert bad.returncode == 1
    assert bad.stdout.startswith("REFUSED at step path")
    for arguments in ((tmp_path / "gone.json", "--trust", trust), (proof, "--trust", "gone.json")):
        missing = called("verify-proof", *arguments)
        assert missing.returncode == 1
        assert missing.stderr.startswith("ledger: cannot open ")
        assert missing.stderr.endswith("gone.json: no such file or directory\n")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        pytest.param(("log.json", "gone.json"), "gone.json cannot be read", id="no key"),
        pytest.param(("shard:", "shrad:"), "ledger.shrad: unknown key", id="misspelt key"),
        pytest.param(("ledger:", "ledgers:"), "no section `ledger`", id="no section"),
        pytest.param(("driver: motor", "driver: jdbc"), "ledger.driver", id="no such driver"),
        pytest.param(("mongodb: m", "mongodb: ${NOPE:-} #"), "mongodb is empty", id="no database"),
    ],
)
def test_a_start_that_cannot_succeed_says_one_sentence(
    tmp_path: Path, change: tuple[str, str], sentence: str
) -> None:
    path = configured(tmp_path, uri="mongodb://127.0.0.1:1/")
    path.write_text(path.read_text().replace(*change))
    done = called("run", "--config", path)
    assert done.returncode == 1
    assert sentence in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


async def test_another_key_may_not_extend_a_log(
    mongo: Room, mongo_uri: str, mongo_database: str, tmp_path: Path
) -> None:
    await mongo.write(2)
    config = configured(tmp_path, uri=mongo_uri, database=mongo_database)
    keys.save_private_key(tmp_path / "log.json", type(KEY).generate())
    done = await asyncio.to_thread(called, "run", "--config", config)
    assert done.returncode == 1
    assert "another key" in done.stderr
