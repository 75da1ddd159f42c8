"""Clocks that jump: the log goes on, its heads' times never go back, nobody is locked out."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from ledger_adapter.errors import LeadershipLost, LedgerUnavailable
from ledger_adapter.evidence.trust import load_trust, write_trust
from ledger_adapter.port import EntryIndex
from ledger_adapter.replay import replay
from ledger_adapter.sequencer import Sequencer, SequencerOptions
from ledger_adapter.verify import verify_bundle
from ledger_adapter.witness.judge import Witness
from ledger_adapter.witness.state import WitnessState
from tests.ledger_adapter.kit import AT, KEY, ORIGIN, Room, event
from tests.ledger_adapter.test_anchors import Clock, anchorer, until_final_size
from tests.ledger_adapter.test_witness import KEYS, request
from tests.ledger_adapter.toy_chain import ToyChain

DAY = timedelta(days=1)


async def headed(room: Room, at: datetime, number: int) -> None:
    """One event and a head over it, by a leader whose clock says `at`."""
    await room.put([event(number)])
    lease = await room.store.lead("clock", 5)
    assert lease is not None
    sequencer = Sequencer(
        room.store,
        log=room.log,
        key=room.key,
        options=SequencerOptions(owner="clock"),
        now=lambda: at,
    )
    await sequencer.take_over(lease)
    await sequencer.append_once(lease)
    await sequencer.checkpoint_once(lease)
    await room.store.resign(lease)


@pytest.mark.parametrize(
    ("clock", "times"),
    [
        pytest.param((AT, AT - DAY, AT + DAY), (AT, AT, AT + DAY), id="back, then on"),
        pytest.param((AT, AT + DAY, AT), (AT, AT + DAY, AT + DAY), id="on, then back"),
    ],
)
async def test_a_heads_time_never_precedes_the_head_before_it(
    room: Room, tmp_path: Path, clock: Sequence[datetime], times: Sequence[datetime]
) -> None:
    write_trust(tmp_path / "trust.json", origin=ORIGIN, keys=[KEY.public_key])
    trust = load_trust(tmp_path / "trust.json")
    for number, at in enumerate(clock):
        await headed(room, at, number)
    heads = await room.store.checkpoints(0, 9)
    assert [head.time for head in heads] == list(times)
    assert (await replay(room.store, log=room.log, key=room.key.public_key)).checkpoints == 3
    verify_bundle((await room.reader.prove(EntryIndex(1))).bundle(opening=True), trust)


async def test_an_honest_log_whose_clock_went_back_is_not_accused(
    room: Room, tmp_path: Path
) -> None:
    """A witness takes a later head of a smaller tree for a rollback, and keeps it on record."""
    write_trust(tmp_path / "trust.json", origin=ORIGIN, keys=[KEY.public_key])
    logs = load_trust(tmp_path / "trust.json").logs
    state = WitnessState(tmp_path / "w.one.json")
    witness = Witness(name="w.one", key=KEYS["w.one"], logs=logs, state=state, now=lambda: 0.0)
    await headed(room, AT, 1)
    await headed(room, AT - DAY, 2)
    first, second = await room.store.checkpoints(0, 9)
    assert witness.add_checkpoint(request(0, (), second)).status == 200
    assert witness.add_checkpoint(request(0, (), first)).status == 409
    assert state.conflicts == []
    state.close()


async def test_anchors_go_on_when_the_clock_was_put_back(room: Room) -> None:
    toy, clock = ToyChain("toy", automatic=True), Clock()
    machine = anchorer(room, toy, clock=clock, seconds=10)
    await room.write(5)
    await machine.step(toy)
    await until_final_size(room, machine, toy, 5)
    clock.at -= DAY
    await room.write(5, first=100)
    await until_final_size(room, machine, toy, 10)
    await room.write(5, first=200)
    await machine.step(toy)
    assert len(toy.stand) == 2, "the pace is kept by the clock as it is now"
    clock.at += DAY
    await until_final_size(room, machine, toy, 15)


async def test_a_lease_of_a_clock_that_ran_ahead_is_no_lease(mongo: Room) -> None:
    """The database's clock is put back by an hour, and the leader dies with its lease."""
    await mongo.write(2)
    dead = await mongo.store.lead("dead", 3)
    assert dead is not None
    await mongo.database["ledger_lease"].update_one(
        {}, [{"$set": {"until": {"$add": ["$until", 3_600_000]}}}]
    )
    heir = await mongo.store.lead("heir", 3)
    assert heir is not None
    assert heir.term == dead.term + 1
    await mongo.store.resign(heir)
    await mongo.write(2, first=10)
    assert await mongo.reader.size() == 4


async def test_a_clock_that_runs_ahead_makes_two_leaders_and_one_of_them_writes(
    mongo: Room,
) -> None:
    """The database's clock jumps past the lease of a leader that is alive: terms decide."""
    await mongo.put([event(1), event(2)])
    old = mongo.sequencer("old", batch=1)
    first = await mongo.store.lead("old", 60)
    assert first is not None
    await old.take_over(first)
    assert await old.append_once(first) == 1
    await mongo.database["ledger_lease"].update_one(
        {}, [{"$set": {"until": {"$add": ["$until", -3_600_000]}}}]
    )
    await mongo.write(0)
    assert await mongo.reader.size() == 2
    await mongo.put([event(3)])
    with pytest.raises((LeadershipLost, LedgerUnavailable)):
        await old.append_once(first)
    await mongo.write(0)
    found = await replay(mongo.store, log=mongo.log, key=mongo.key.public_key)
    assert found.entries == 3
