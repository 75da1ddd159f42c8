"""The anchor machine: once onto each chain, whatever dies in between."""

import asyncio
import json
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ledger_adapter.anchors.machine import Anchorer, AnchorOptions
from ledger_adapter.anchors.records import AnchorRow
from ledger_adapter.anchors.scan import Scanner, audit_anchors, scan_chain
from ledger_adapter.chains.port import Chain, Payload
from ledger_adapter.drawing import draw_svg
from ledger_adapter.errors import BadProof, ChainUnavailable, LedgerUnavailable, LogCorrupt
from ledger_adapter.evidence.block import trust_entry
from ledger_adapter.evidence.trust import Trust, load_trust, write_trust
from ledger_adapter.log.bundle import decode_bundle
from ledger_adapter.log.commitment import decode_entry
from ledger_adapter.picture import draw
from ledger_adapter.port import EntryIndex
from ledger_adapter.verify import verify_bundle
from tests.ledger_adapter.chains.embedded_room import KEYS, embedded_stage
from tests.ledger_adapter.kit import AT, KEY, ORIGIN, Room, every_driver
from tests.ledger_adapter.toy_chain import ToyChain


def trust_with_chain(folder: Path) -> Trust:
    keys = {name: key.public_key for name, key in KEYS.items()}
    path = folder / "trust.json"
    write_trust(path, origin=ORIGIN, keys=[KEY.public_key], chains=[trust_entry(keys, 3)])
    return load_trust(path)


class Clock:
    """Time that only the test moves."""

    def __init__(self) -> None:
        self.at: datetime = AT

    def __call__(self) -> datetime:
        return self.at

    def pass_(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


def anchorer(room: Room, *chains: Chain, clock: Clock | None = None, **options: Any) -> Anchorer:
    return Anchorer(
        room.anchors,
        room.store,
        chains,
        log_id=room.log.id,
        options=AnchorOptions(**({"poll_seconds": 0.02} | options)),
        now=clock or Clock(),
    )


async def until_final(room: Room, machine: Anchorer, chain: Chain) -> AnchorRow:
    """Steps, with every fault a step may meet taken as what it is: try again."""
    async with asyncio.timeout(30):
        while True:
            try:
                await machine.step(chain)
            except (ChainUnavailable, LedgerUnavailable, BadProof):
                await asyncio.sleep(0.01)
            rows = [r for r in await room.anchors.newest_anchors(9) if r.chain == chain.name]
            if rows and rows[0].over:
                return rows[0]
            await asyncio.sleep(0.01)


@pytest.fixture
def toy() -> ToyChain:
    return ToyChain("toy")


@every_driver
async def test_a_head_goes_through_every_state_and_its_proof_says_final(
    room: Room, toy: ToyChain
) -> None:
    machine = anchorer(room, toy)
    await room.write(5)
    seen = []
    for act in (None, toy.mine, toy.bury):
        if act is not None:
            act()
        await machine.step(toy)
        seen.append((await room.anchors.newest_anchors(1))[0].state)
        if act is None:
            await machine.step(toy)
            seen.append((await room.anchors.newest_anchors(1))[0].state)
    assert seen == ["CHECKPOINTED", "SUBMITTED", "CONFIRMED", "FINAL"]


async def test_an_anchored_proof_is_a_small_bundle_that_verifies(
    room: Room, tmp_path: Path
) -> None:
    async with embedded_stage(tmp_path) as (_, chain):
        await room.write(300, batch=97)
        row = await until_final(room, anchorer(room, chain), chain)
        assert (row.state, row.tree_size) == ("FINAL", 300)
        await room.write(7, first=1000)
        trust = trust_with_chain(tmp_path)
        proof = await room.reader.prove(EntryIndex(150))
        raw = proof.bundle(opening=True)
        verdict = verify_bundle(raw, trust)
        assert (proof.anchor_state, proof.tree_size, verdict.trust) == ("FINAL", 300, "WITNESSED")
        assert len(raw) <= 6_000
        drawn, svg = draw(decode_bundle(raw)), draw_svg(decode_bundle(raw))
        assert f"EMBEDDED_BLOCK on {chain.chain_id}" in drawn
        assert chain.chain_id in svg
        newer = await room.reader.prove(EntryIndex(303))
        assert (newer.anchor_state, newer.tree_size) == ("CHECKPOINTED", 307)
        verify_bundle(newer.bundle(opening=True), trust)


async def test_two_chains_hold_one_head_side_by_side(room: Room, tmp_path: Path) -> None:
    one, two = ToyChain("one"), ToyChain("two")
    clock = Clock()
    machine = anchorer(room, one, two, clock=clock)
    await room.write(5)
    await machine.step(one)
    await room.write(4, first=100)
    await machine.step(two)
    rows = await room.anchors.newest_anchors(9)
    assert {(row.chain, row.tree_size) for row in rows} == {("one", 5), ("two", 5)}


@pytest.mark.parametrize("fault_at", range(12))
async def test_a_crash_at_any_step_anchors_once(room: Room, toy: ToyChain, fault_at: int) -> None:
    """Each call to the chain fails once, before or after it took effect; a new machine goes on."""
    await room.write(5)
    toy.fail_at(fault_at // 2, after=bool(fault_at % 2))
    toy.automatic = True
    row = await until_final(room, anchorer(room, toy), toy)
    assert row.state == "FINAL"
    assert len(row.tries) == 1
    assert [tx.hash for tx in toy.stand] == [row.transaction.hash]


@every_driver
async def test_two_machines_at_once_anchor_once(room: Room, toy: ToyChain) -> None:
    await room.write(5)
    toy.automatic = True
    machines = [anchorer(room, toy) for _ in range(2)]
    rows = await asyncio.gather(*(until_final(room, machine, toy) for machine in machines))
    assert {row.state for row in rows} == {"FINAL"}
    assert len(toy.stand) == 1


async def test_a_reorganisation_sends_the_same_bytes_again(room: Room, toy: ToyChain) -> None:
    machine = anchorer(room, toy)
    await room.write(5)
    for _ in range(2):
        await machine.step(toy)
    toy.mine()
    await machine.step(toy)
    before = (await room.anchors.newest_anchors(1))[0]
    assert before.state == "CONFIRMED"
    toy.reorganise(3)
    await machine.step(toy)
    back = (await room.anchors.newest_anchors(1))[0]
    assert (back.state, back.block, back.tries) == ("SUBMITTED", None, before.tries)
    toy.mine()
    toy.bury()
    assert (await until_final(room, machine, toy)).state == "FINAL"
    assert len(toy.stand) == 1


async def test_another_writer_who_was_first_is_recognised(room: Room, toy: ToyChain) -> None:
    await room.write(5)
    machine = anchorer(room, toy)
    await machine.step(toy)
    row = (await room.anchors.newest_anchors(1))[0]
    stranger = replace(row.transaction, hash=b"other".ljust(32), account="backup")
    toy.take(stranger)
    toy.automatic = True
    done = await until_final(room, machine, toy)
    assert (done.state, done.transaction.hash) == ("FINAL", stranger.hash)
    assert len(toy.stand) == 1


async def test_a_fork_on_chain_fails_with_its_reason_and_stays(room: Room, toy: ToyChain) -> None:
    await room.write(5)
    machine = anchorer(room, toy)
    await machine.step(toy)
    row = (await room.anchors.newest_anchors(1))[0]
    toy.take(replace(row.transaction, hash=b"fork".ljust(32)), root=b"f" * 32)
    toy.automatic = True
    done = await until_final(room, machine, toy)
    assert done.state == "FAILED"
    assert "another root" in done.reason


async def test_a_gap_of_nonces_is_filled_first(room: Room, toy: ToyChain) -> None:
    await room.write(5)
    machine = anchorer(room, toy)
    await machine.step(toy)
    taken = (await room.anchors.newest_anchors(1))[0]
    other = ToyChain("toy")
    other.shares(toy)
    second = replace(taken, tree_size=9, tries=(replace(taken.transaction, nonce=1),))
    assert await room.anchors.open_anchor(second)
    assert not await room.anchors.open_anchor(replace(second, tree_size=10))
    assert sorted(await room.anchors.claimed_nonces("toy", taken.transaction.account)) == [0, 1]
    toy.automatic = True
    while not (await room.anchors.anchor_rows(0, 1))[0].over:
        await machine.step(toy)
    assert await room.anchors.claimed_nonces("toy", taken.transaction.account) == [1]


async def test_rate_is_bounded_and_quiet_logs_wait_for_the_heartbeat(
    room: Room, toy: ToyChain
) -> None:
    clock = Clock()
    toy.automatic = True
    machine = anchorer(room, toy, clock=clock, seconds=10, entries=5, heartbeat_seconds=3600)
    await room.write(5)
    await until_final(room, machine, toy)
    await room.write(50, first=100)
    for _ in range(9):
        clock.pass_(1)
        await machine.step(toy)
    assert len(toy.stand) == 1
    clock.pass_(1)
    await until_final_size(room, machine, toy, 55)
    await room.write(1, first=500)
    clock.pass_(3599)
    await machine.step(toy)
    assert len(toy.stand) == 2
    clock.pass_(1)
    await until_final_size(room, machine, toy, 56)
    assert len(toy.stand) == 3


async def until_final_size(room: Room, machine: Anchorer, chain: Chain, size: int) -> None:
    async with asyncio.timeout(30):
        while (row := (await room.anchors.newest_anchors(1))[0]).tree_size < size or not row.over:
            await machine.step(chain)


async def test_commitments_go_along_when_asked_for(room: Room, toy: ToyChain) -> None:
    await room.write(5)
    await anchorer(room, toy).step(toy)
    assert toy.prepared[-1].commitments == ()
    fresh = ToyChain("fresh")
    await anchorer(room, fresh, mode="ROOT_AND_COMMITMENT").step(fresh)
    events = await room.reader.read(EntryIndex(0), 5)
    assert fresh.prepared[-1].commitments == tuple(decode_entry(e.entry).commit for e in events)


@every_driver
async def test_switches_of_nodes_are_kept_once(room: Room, tmp_path: Path) -> None:
    async with embedded_stage(tmp_path) as (stage, chain):
        machine = anchorer(room, chain)
        await machine.look(chain)
        assert await room.anchors.failovers(None, 9) == []
        await stage.stop_primary()
        await stage.leader()
        for _ in range(2):
            await machine.look(chain)
        switches = await room.anchors.failovers("embedded", 9)
        assert len(switches) == 1
        healths = {node.node: node.health for _, node in await room.anchors.chain_nodes()}
        assert sorted(healths.values()) == ["DOWN", "UP"]
        assert healths[switches[0].from_node] == "DOWN"


async def test_the_chain_scan_accounts_for_every_byte(room: Room, tmp_path: Path) -> None:
    async with embedded_stage(tmp_path) as (_, chain):
        await room.write(5)
        await until_final(room, anchorer(room, chain, mode="ROOT_AND_COMMITMENT"), chain)
        rows, source = room.anchors, room.store
        found = await scan_chain(chain, rows, source, log_id=room.log.id)
        assert found.payloads == 1
        assert (
            await audit_anchors(rows, source, log_id=room.log.id, trust=trust_with_chain(tmp_path))
            == 1
        )
        with pytest.raises(LogCorrupt, match="no part of a head"):
            await scan_chain(Chatty(chain), rows, source, log_id=room.log.id)  # type: ignore[arg-type]


async def test_the_periodic_scan_goes_on_where_it_ended_and_keeps_a_finding(
    room: Room, tmp_path: Path
) -> None:
    async with embedded_stage(tmp_path) as (_, chain):
        clock = Clock()
        machine = anchorer(room, chain, clock=clock, seconds=1)
        scanner = Scanner(
            [chain], room.anchors, room.store, log_id=room.log.id, seconds=1, now=clock
        )
        looked = []
        for number in range(2):
            await room.write(5, first=100 * number)
            clock.pass_(2)
            await machine.step(chain)
            await until_final(room, machine, chain)
            looked.append(await scanner.look(chain))
        assert [(scan.payloads, scan.height, scan.finding) for scan in looked] == [
            (1, 1, ""),
            (2, 2, ""),
        ]
        assert await room.anchors.scans() == looked[1:]
        await room.write(5, first=900)
        clock.pass_(2)
        await machine.step(chain)
        await until_final(room, machine, chain)
        found = await scanner.look(Chatty(chain))  # type: ignore[arg-type]
        assert (found.payloads, found.height) == (2, 2)
        assert "no part of a head" in found.finding
        assert (await scanner.look(chain)).finding == ""


class Chatty:
    """A chain onto which somebody wrote a name as well."""

    def __init__(self, chain: Chain) -> None:
        self._chain, self.name = chain, chain.name

    async def payloads(self, first: int, limit: int) -> list[Payload]:
        return [
            replace(one, raw=one.raw[:-1] + b',"value":"Zhang San"}')
            for one in await self._chain.payloads(first, limit)
        ]


async def test_an_altered_anchor_is_named_by_the_audit(room: Room, tmp_path: Path) -> None:
    async with embedded_stage(tmp_path) as (_, chain):
        await room.write(5)
        row = await until_final(room, anchorer(room, chain), chain)
        trust = trust_with_chain(tmp_path)
        assert row.captured is not None
        evidence: Any = json.loads(json.dumps(row.captured.evidence))
        evidence["block"]["height"] = "7"
        forged = replace(row, captured=replace(row.captured, evidence=evidence))
        assert await room.anchors.save_anchor(forged)
        with pytest.raises(LogCorrupt, match="size 5 on embedded: its evidence does not hold"):
            await audit_anchors(room.anchors, room.store, log_id=room.log.id, trust=trust)
