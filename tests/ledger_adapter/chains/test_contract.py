"""What every chain must do, whatever it is made of."""

import asyncio
import copy
import json
from typing import Any

import pytest

from ledger_adapter.chains.port import AnchorHead, Chain, SignedTransaction, TransactionStatus
from ledger_adapter.errors import AnchorConflict, BadProof, ChainUnavailable
from ledger_adapter.evidence.anchors import KINDS, check_evidence
from tests.ledger_adapter.chains.kit import ChainRoom, head_of


async def until_final(room: ChainRoom, transaction: SignedTransaction) -> TransactionStatus:
    """As an anchorer would wait: what no node has is sent again (`TransactionStatus`)."""
    async with asyncio.timeout(30):
        while True:
            try:
                found = await room.chain.status(transaction)
                if found.progress == "UNKNOWN":
                    await room.chain.submit(transaction)
            except ChainUnavailable:
                await asyncio.sleep(0.05)
                continue
            if found.progress in ("FINAL", "REJECTED"):
                return found
            await room.steer.settle()
            await asyncio.sleep(0.02)


async def until_taken(room: ChainRoom, transaction: SignedTransaction) -> None:
    async with asyncio.timeout(30):
        while True:
            try:
                return await room.chain.submit(transaction)
            except ChainUnavailable:
                await asyncio.sleep(0.05)


async def sent(chain: Chain, head: AnchorHead) -> SignedTransaction:
    transaction = await chain.prepare(head, await chain.account())
    await chain.submit(transaction)
    return transaction


async def test_a_prepared_transaction_is_unknown_until_it_is_sent(room: ChainRoom) -> None:
    transaction = await room.chain.prepare(head_of(5), await room.chain.account())
    assert (await room.chain.status(transaction)).progress == "UNKNOWN"
    assert await room.chain.find(head_of(5)) is None


async def test_a_head_becomes_final_and_its_evidence_verifies_offline(room: ChainRoom) -> None:
    head = head_of(5)
    transaction = await sent(room.chain, head)
    status = await until_final(room, transaction)
    assert status.progress == "FINAL"
    captured = await room.chain.capture(transaction, head)
    assert captured.block == status.block
    assert captured.chain_id == room.chain.chain_id == room.trusted.chain_id
    assert captured.kind in KINDS
    evidence = json.loads(json.dumps(captured.evidence))  # it survives the way through a file
    proved = check_evidence(captured.kind, evidence, room.trusted)
    assert (proved.log_id, proved.tree_size, proved.root) == (head.log_id, 5, head.root)
    assert proved.block_hash == captured.block.hash


async def test_the_same_bytes_sent_again_are_one_transaction(room: ChainRoom) -> None:
    transaction = await sent(room.chain, head_of(5))
    await room.chain.submit(transaction)
    first = await until_final(room, transaction)
    await room.chain.submit(transaction)
    await room.steer.settle()
    assert await until_final(room, transaction) == first
    sizes = [payload.transaction for payload in await room.chain.payloads(0, 100)]
    assert sizes == [transaction.hash]


async def test_another_root_for_a_size_is_refused_and_told(room: ChainRoom) -> None:
    await until_final(room, await sent(room.chain, head_of(5)))
    fork = head_of(5, root=b"f" * 32)
    refused = await until_final(room, await sent(room.chain, fork))
    assert refused.progress == "REJECTED"
    with pytest.raises(AnchorConflict):
        await room.chain.find(fork)


async def test_a_size_that_is_there_already_is_found(room: ChainRoom) -> None:
    transaction = await sent(room.chain, head_of(5))
    await until_final(room, transaction)
    found = await room.chain.find(head_of(5))
    assert found is not None
    assert found.hash == transaction.hash


async def test_heads_in_turn_stand_in_later_blocks(room: ChainRoom) -> None:
    blocks = []
    for size in (5, 9, 30):
        status = await until_final(room, await sent(room.chain, head_of(size)))
        assert status.block is not None
        blocks.append(status.block.number)
    assert blocks == sorted(set(blocks))


async def test_the_backup_takes_over_and_nothing_is_lost_or_doubled(room: ChainRoom) -> None:
    first = await sent(room.chain, head_of(5))
    await until_final(room, first)
    before = await room.chain.failovers(0)
    await room.steer.stop_primary()
    second = await room.chain.prepare(head_of(9), await room.chain.account())
    await until_taken(room, second)
    assert (await until_final(room, second)).progress == "FINAL"
    assert (await room.chain.status(first)).progress == "FINAL"
    stand = [payload.transaction for payload in await room.chain.payloads(0, 100)]
    assert stand == [first.hash, second.hash]
    switches = (await room.chain.failovers(0))[len(before) :]
    assert [switch.from_node != switch.to_node for switch in switches] == [True]
    reports = await room.chain.nodes()
    assert (reports[0].role, reports[0].health) == ("PRIMARY", "UP")
    assert "DOWN" in [report.health for report in reports[1:]]


async def test_evidence_of_a_final_head_holds_under_no_change(room: ChainRoom) -> None:
    head = head_of(5)
    transaction = await sent(room.chain, head)
    await until_final(room, transaction)
    captured = await room.chain.capture(transaction, head)
    good = json.loads(json.dumps(captured.evidence))
    tried = 0
    for mutant in _changed(good):
        tried += 1
        with pytest.raises(BadProof):
            check_evidence(captured.kind, mutant, room.trusted)
    assert tried > 5


def _changed(document: Any) -> list[Any]:
    """The document with each text changed in one letter, each list shortened and doubled."""
    found: list[Any] = []
    _walk(document, (), document, found)
    return found


def _walk(node: Any, path: tuple[Any, ...], whole: Any, found: list[Any]) -> None:
    if isinstance(node, str) and node:
        for spot in {0, len(node) // 2}:
            letter = "A" if node[spot] != "A" else "B"
            found.append(_put(whole, path, node[:spot] + letter + node[spot + 1 :]))
    elif isinstance(node, list):
        if node:
            found.append(_put(whole, path, node[:-1]))
            found.append(_put(whole, path, [*node, node[-1]]))
        for at, item in enumerate(node):
            _walk(item, (*path, at), whole, found)
    elif isinstance(node, dict):
        found.append(_put(whole, path, {**node, "x": "1"}))
        for name, item in node.items():
            _walk(item, (*path, name), whole, found)


def _put(whole: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    changed = copy.deepcopy(whole)
    spot = changed
    for step in path[:-1]:
        spot = spot[step]
    spot[path[-1]] = value
    return changed
