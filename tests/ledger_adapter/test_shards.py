"""Several logs in one deployment: each with its own tree, queue and leader; old ones stay true."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from ledger_adapter.errors import BadProof, LogCorrupt
from ledger_adapter.evidence.trust import Trust, load_trust, write_trust
from ledger_adapter.port import EntryIndex, Shard
from ledger_adapter.replay import replay
from ledger_adapter.sequencer import log_ref
from ledger_adapter.store.mongo import MongoAnchors, MongoLog, MongoQueue
from ledger_adapter.verify import verify_bundle
from tests.ledger_adapter.kit import KEY, Room, event, mongo_room
from tests.ledger_adapter.test_anchors import anchorer, until_final
from tests.ledger_adapter.toy_chain import ToyChain

SHARDS = ("2026", "2027", "group-b-2026")
"""Two years of one tenant group, and a year of another one."""


def origin(shard: str) -> str:
    return f"test.example/log/{shard}"


@pytest.fixture
async def logs(mongo_uri: str, mongo_database: str) -> AsyncIterator[dict[str, Room]]:
    async with mongo_room(mongo_uri, mongo_database, "motor") as first:
        yield {shard: of_shard(first, shard) for shard in SHARDS}


def of_shard(room: Room, shard: str) -> Room:
    """Another log over the same collections."""
    name = Shard(shard)
    return replace(
        room,
        store=MongoLog(room.database, name),  # type: ignore[arg-type]
        queue=MongoQueue(room.database, name),
        anchors=MongoAnchors(room.database, name),
        log=log_ref(origin=origin(shard), shard=shard, first_key=KEY.public_key),
    )


def trust_of_all(folder: Path) -> Trust:
    documents = []
    for shard in SHARDS:
        write_trust(folder / shard, origin=origin(shard), keys=[KEY.public_key])
        documents.append(json.loads((folder / shard).read_text("utf-8")))
    whole = documents[0] | {"logs": [log for one in documents for log in one["logs"]]}
    (folder / "trust.json").write_text(json.dumps(whole))
    return load_trust(folder / "trust.json")


async def proved(room: Room, index: int) -> bytes:
    return (await room.reader.prove(EntryIndex(index))).bundle(opening=True)


async def test_logs_side_by_side_do_not_mix(logs: dict[str, Room], tmp_path: Path) -> None:
    for round_ in range(3):
        for number, room in enumerate(logs.values()):
            await room.write(3 + number, first=1000 * number + 100 * round_, batch=2)
    trust = trust_of_all(tmp_path)
    for number, room in enumerate(logs.values()):
        events = await room.reader.read(EntryIndex(0), 100)
        assert [e.position.index for e in events] == list(range(3 * (3 + number)))
        assert {e.position.shard for e in events} == {room.log.shard}
        found = await replay(room.store, log=room.log, key=KEY.public_key)
        assert (found.entries, found.checkpoints) == (len(events), 3)
        verdict = verify_bundle(await proved(room, 4), trust)
        assert verdict.bundle.origin == origin(room.log.shard)


async def test_a_leader_leads_its_own_log_only(logs: dict[str, Room]) -> None:
    one, two, _ = logs.values()
    lease = await one.store.lead("one", 60)
    assert lease is not None
    assert await two.store.lead("two", 60) is not None
    sequencer = one.sequencer("one")
    await sequencer.take_over(lease)
    await two.put([event(1)])
    assert await sequencer.append_once(lease) == 0
    await one.put([event(2)])
    assert await sequencer.append_once(lease) == 1
    assert [w.event_id for w in await two.store.waiting(9)] == [event(1).event_id]


async def test_a_year_that_is_over_stays_verifiable(logs: dict[str, Room], tmp_path: Path) -> None:
    """Nobody leads last year's log any more, and its successor goes on."""
    old, new, _ = logs.values()
    toy = ToyChain("toy", automatic=True)
    await old.write(300, batch=97)
    plain = await proved(old, 7)
    row = await until_final(old, anchorer(old, toy), toy)
    before, head = await proved(old, 7), await old.reader.latest_checkpoint()
    await new.write(40, first=5000)
    assert await old.reader.size() == 300
    assert await old.reader.latest_checkpoint() == head
    assert await new.anchors.newest_anchors(9) == []
    assert (await old.anchors.newest_anchors(9))[0].tree_size == row.tree_size == 300
    assert await proved(old, 7) == before
    verify_bundle(plain, trust_of_all(tmp_path))
    found = await replay(old.store, log=old.log, key=KEY.public_key)
    assert (found.entries, found.tiles) == (300, 1)
    with pytest.raises(LogCorrupt, match="another log"):
        await replay(old.store, log=new.log, key=KEY.public_key)


async def test_a_proof_of_one_log_is_none_of_another(logs: dict[str, Room], tmp_path: Path) -> None:
    one, two, _ = logs.values()
    await one.write(3)
    await two.write(3, first=100)
    raw, trust = await proved(one, 1), trust_of_all(tmp_path)
    verify_bundle(raw, trust)
    for old, new in ((b"log/2026", b"log/2027"), (b'"shard":"2026"', b'"shard":"2027"')):
        with pytest.raises(BadProof):
            verify_bundle(raw.replace(old, new), trust)
