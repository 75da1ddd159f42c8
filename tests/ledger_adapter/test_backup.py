"""Backups: one moment of all databases, read back, restored into empty ones, replayed; and no
second history of a log that witnesses have seen further."""

import asyncio
import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from ledger_adapter.crypto.sm2 import PrivateKey
from ledger_adapter.errors import BackupBehind, BackupRefused
from ledger_adapter.evidence.trust import Trust, load_trust, write_trust
from ledger_adapter.port import BackupRecord, Shard
from ledger_adapter.replay import replay
from ledger_adapter.store import backup
from ledger_adapter.store.mongo.anchors import MongoAnchors
from ledger_adapter.store.mongo.copies import collections
from ledger_adapter.witness.app import witness_app
from ledger_adapter.witness.heard import Heard, hear
from ledger_adapter.witness.judge import Witness
from ledger_adapter.witness.state import WitnessState
from tests.ledger_adapter.kit import KEY, ORIGIN, Room
from tests.ledger_adapter.test_process import called, configured
from tests.ledger_adapter.test_witness import request

NAMES = ("w.one", "w.two", "w.three")
KEYS = {name: PrivateKey.from_scalar(2000 + n) for n, name in enumerate(NAMES)}
NEEDED = 2


@pytest.fixture
def trust(tmp_path: Path) -> Trust:
    public = {name: key.public_key for name, key in KEYS.items()}
    path = tmp_path / "trust.json"
    write_trust(
        path, origin=ORIGIN, keys=[KEY.public_key], witnesses=public, witnesses_needed=NEEDED
    )
    return load_trust(path)


def witness(folder: Path, trust: Trust, name: str) -> Witness:
    state = WitnessState(folder / f"{name}.json")
    return Witness(name=name, key=KEYS[name], logs=trust.logs, state=state, now=lambda: 0.0)


async def heard(*witnesses: Witness) -> list[Heard]:
    """Asked over HTTP; who is not among these is silent."""
    mounts = {f"http://{one.name}": httpx.ASGITransport(app=witness_app(one)) for one in witnesses}
    async with httpx.AsyncClient(mounts=mounts, transport=_Silent()) as http:
        return await hear(http, {name: f"http://{name}" for name in NAMES}, ORIGIN)


class _Silent(httpx.AsyncBaseTransport):
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("nobody", request=request)


async def shown(room: Room, one: Witness) -> None:
    """The log's newest head, signed by a witness."""
    head = await room.reader.latest_checkpoint()
    assert head is not None
    known = one.state.head(ORIGIN)
    size = known.tree_size if known else 0
    path = await room.reader.consistency(size, head.tree_size) if size else ()
    assert one.add_checkpoint(request(size, path, head)).status == 200


async def taken(room: Room, folder: Path) -> backup.Backup:
    database = room.database.name
    return await backup.take(
        room.database.client,
        folder,
        ledger=database,
        shard="2026",
        named=[database],
        at=datetime.now(UTC),
    )


async def lost(room: Room) -> None:
    await room.database.client.drop_database(room.database.name)
    assert await collections(room.database.client, room.database.name) == []


async def test_what_is_restored_replays_to_the_same_root(
    mongo: Room, trust: Trust, tmp_path: Path
) -> None:
    await mongo.write(300)
    witnesses = [witness(tmp_path, trust, name) for name in NAMES]
    for one in witnesses:
        await shown(mongo, one)
    done = await taken(mongo, tmp_path / "copy")
    assert (done.size, done.origin) == (300, ORIGIN)
    client = mongo.database.client
    with pytest.raises(BackupRefused, match="holds something"):
        await backup.restore(
            client, tmp_path / "copy", heard=await heard(*witnesses), needed=NEEDED
        )
    await lost(mongo)
    again = await backup.restore(
        client, tmp_path / "copy", heard=await heard(*witnesses), needed=NEEDED
    )
    assert again.digest == done.digest
    found = await replay(mongo.store, log=mongo.log, key=KEY.public_key)
    assert (found.entries, found.root.hex()) == (300, done.root)
    await mongo.write(7, first=300)
    for one in witnesses:
        await shown(mongo, one)
    assert [one.state.conflicts for one in witnesses] == [[], [], []], "the same log goes on"


async def test_a_backup_older_than_a_witnessed_head_is_refused(
    mongo: Room, trust: Trust, tmp_path: Path
) -> None:
    await mongo.write(20)
    await taken(mongo, tmp_path / "copy")
    one, two, three = (witness(tmp_path, trust, name) for name in NAMES)
    for each in (one, two, three):
        await shown(mongo, each)
    await mongo.write(1, first=20)
    await shown(mongo, two)
    await lost(mongo)
    client = mongo.database.client
    with pytest.raises(BackupBehind) as fault:
        await backup.restore(
            client, tmp_path / "copy", heard=await heard(one, two, three), needed=NEEDED
        )
    assert (fault.value.witness, fault.value.witnessed, fault.value.size) == ("w.two", 21, 20)
    assert await collections(client, mongo.database.name) == [], "nothing was written"


async def test_silent_witnesses_may_have_seen_more(
    mongo: Room, trust: Trust, tmp_path: Path
) -> None:
    await mongo.write(3)
    await taken(mongo, tmp_path / "copy")
    witnesses = [witness(tmp_path, trust, name) for name in NAMES]
    for one in witnesses:
        await shown(mongo, one)
    await lost(mongo)
    client, folder = mongo.database.client, tmp_path / "copy"
    with pytest.raises(BackupRefused, match=r"silent: w\.two, w\.three"):
        await backup.restore(client, folder, heard=await heard(witnesses[0]), needed=NEEDED)
    enough = await heard(*witnesses[:2])  # of any two that signed a head one is heard
    await backup.restore(client, folder, heard=enough, needed=NEEDED)


@pytest.mark.parametrize("how", ["flipped", "cut", "gone", "manifest"])
async def test_a_damaged_folder_is_named_and_nothing_written(
    mongo: Room, tmp_path: Path, how: str
) -> None:
    await mongo.write(5)
    folder = tmp_path / "copy"
    await taken(mongo, folder)
    await lost(mongo)
    (path,) = folder.glob("*.ledger_batches.bson")
    raw = path.read_bytes()
    match how:
        case "flipped":
            path.write_bytes(raw[:-9] + bytes([raw[-9] ^ 1]) + raw[-8:])
        case "cut":
            path.write_bytes(raw[:-1])
        case "gone":
            path.write_bytes(b"")
        case _:
            (folder / backup.MANIFEST).write_text(json.dumps({"type": "x"}))
    with pytest.raises(BackupRefused, match=r"ledger_batches\.bson|manifest\.json"):
        await backup.restore(mongo.database.client, folder, heard=(), needed=0)
    assert await collections(mongo.database.client, mongo.database.name) == []


@pytest.mark.parametrize("driver", ["motor", "pymongo"])
async def test_the_commands_end_in_a_replay(
    mongo: Room, mongo_uri: str, tmp_path: Path, driver: str
) -> None:
    await mongo.write(12)
    database, folder = mongo.database.name, tmp_path / "copy"
    config = configured(tmp_path, uri=mongo_uri, database=database, driver=driver)
    arguments = ("backup", folder, "--config", config, "--database", database)
    done = await asyncio.to_thread(called, *arguments)
    assert done.returncode == 0, done.stderr
    assert backup.read(folder).digest in done.stdout
    await lost(mongo)
    back = await asyncio.to_thread(called, "restore", folder, "--config", config)
    assert back.returncode == 0, back.stderr
    assert "the log verifies: 12 entries" in back.stdout
    again = await asyncio.to_thread(called, "restore", folder, "--config", config)
    assert (again.returncode, "holds something" in again.stderr) == (1, True)


async def test_a_folder_is_written_once(mongo: Room, tmp_path: Path) -> None:
    await mongo.write(1)
    await taken(mongo, tmp_path / "copy")
    with pytest.raises(FileExistsError):
        await taken(mongo, tmp_path / "copy")
    shutil.rmtree(tmp_path / "copy")


async def test_backups_are_listed_and_one_that_was_replayed_says_so(
    mongo: Room, mongo_uri: str, tmp_path: Path
) -> None:
    await mongo.write(12)
    database = mongo.database.name
    config = configured(tmp_path, uri=mongo_uri, database=database)
    kept = MongoAnchors(mongo.database, Shard("2026"))
    assert await kept.backups(10) == []
    for name in ("one", "two"):
        arguments = ("backup", tmp_path / name, "--config", config, "--database", database)
        done = await asyncio.to_thread(called, *arguments)
        assert done.returncode == 0, done.stderr
    digests = {name: backup.read(tmp_path / name).digest for name in ("one", "two")}

    async def found(name: str) -> BackupRecord:
        (one,) = [one for one in await kept.backups(10) if one.digest == digests[name]]
        return one

    assert {one.size for one in await kept.backups(10)} == {12}
    assert await mongo.reader.backups(1) == (await kept.backups(10))[:1]
    checked = await asyncio.to_thread(called, "verify-backup", tmp_path / "one", "--config", config)
    assert checked.returncode == 0, checked.stderr
    assert "replayed aside, 12 entries" in checked.stdout
    one = await found("one")
    assert one.verified_at is not None
    assert one.verified_at >= one.taken_at
    names = await mongo.database.client.list_database_names()
    assert [name for name in names if name.startswith(f"{database}_check")] == [], "nothing is left"
    (path,) = (tmp_path / "two").glob("*.ledger_batches.bson")
    path.write_bytes(path.read_bytes()[:-1])
    refused = await asyncio.to_thread(called, "verify-backup", tmp_path / "two", "--config", config)
    assert (refused.returncode, "ledger_batches" in refused.stderr) == (1, True)
    assert (await found("two")).verified_at is None
