"""A log key ends, the next one begins: the log keeps its name, old proofs and new ones hold."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from ledger_adapter.crypto.sm2 import PrivateKey
from ledger_adapter.errors import BadProof, BadSettings, LogCorrupt
from ledger_adapter.evidence.trust import load_trust, rotate_key
from ledger_adapter.port import EntryIndex
from ledger_adapter.replay import replay
from ledger_adapter.sequencer import LogKeys
from ledger_adapter.verify import verify_bundle
from tests.ledger_adapter.kit import KEY, ORIGIN, Room, trust_in

NEXT = PrivateKey.from_scalar(11_000_003)


async def written(room: Room, keys: LogKeys, count: int, *, first: int) -> bytes:
    """Events under these keys, and the proof of the last one."""
    await replace(room, keys=keys).write(count, first=first)
    index = EntryIndex(await room.reader.size() - 1)
    return (await room.reader.prove(index)).bundle(opening=True)


async def test_a_rotated_key_signs_from_its_size_on_and_old_proofs_hold(
    room: Room, tmp_path: Path
) -> None:
    trust_in(KEY, tmp_path)
    path = tmp_path / "trust.json"
    keys = LogKeys(KEY.public_key, ((0, KEY), (8, NEXT)))
    old = await written(room, keys, 5, first=0)
    verify_bundle(old, load_trust(path))
    rotate_key(path, origin=ORIGIN, key=NEXT.public_key, from_size=8)
    trust = load_trust(path)
    middle = await written(room, keys, 2, first=100)
    new = await written(room, keys, 4, first=200)
    for raw in (old, middle, new):
        verify_bundle(raw, trust)
    signers = [json.loads(raw)["checkpoint"].split("\n\n")[1] for raw in (old, middle, new)]
    assert signers[0].split()[2][:5] == signers[1].split()[2][:5] != signers[2].split()[2][:5]
    log = trust.log(ORIGIN)
    assert log is not None
    assert log.id == room.log.id
    done = await replay(room.store, log=room.log, key=KEY.public_key, later_keys=log.keys)
    assert (done.entries, done.checkpoints) == (11, 3)
    with pytest.raises(LogCorrupt, match="size 11 has no valid signature"):
        await replay(room.store, log=room.log, key=KEY.public_key)


async def test_the_old_key_signs_nothing_beyond_its_end(room: Room, tmp_path: Path) -> None:
    trust_in(KEY, tmp_path)
    rotate_key(tmp_path / "trust.json", origin=ORIGIN, key=NEXT.public_key, from_size=8)
    stolen = await written(room, LogKeys.only(KEY), 9, first=0)
    with pytest.raises(BadProof, match="may not sign this tree size"):
        verify_bundle(stolen, load_trust(tmp_path / "trust.json"))


async def test_a_successor_alone_does_not_sign_below_its_beginning(room: Room) -> None:
    with pytest.raises(LogCorrupt, match="may sign size 3"):
        await written(room, LogKeys(KEY.public_key, ((8, NEXT),)), 3, first=0)


def test_a_ceremony_that_makes_no_sense_is_refused(tmp_path: Path) -> None:
    trust_in(KEY, tmp_path)
    path = tmp_path / "trust.json"
    rotate_key(path, origin=ORIGIN, key=NEXT.public_key, from_size=8)
    for origin, key, size in (
        (ORIGIN, PrivateKey.generate(), 8),
        (ORIGIN, KEY, 20),
        ("other.example/log", PrivateKey.generate(), 20),
    ):
        with pytest.raises(BadSettings):
            rotate_key(path, origin=origin, key=key.public_key, from_size=size)
