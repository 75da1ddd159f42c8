"""Nodes that fail, stall and lie; transactions that get lost, stuck and reorganised."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest

from ledger_adapter.chains.evm.chain import Finality
from ledger_adapter.chains.port import Account, AnchorHead, SignedTransaction, TransactionStatus
from ledger_adapter.errors import AnchorConflict, BadProof, ChainUnavailable
from ledger_adapter.evidence.anchors import check_evidence
from tests.ledger_adapter.chains.kit import head_of
from tests.ledger_adapter.evm.anvil import BACKUP, LOG_ID, WRITER, anvil
from tests.ledger_adapter.evm.proxy import Fault, Mangle
from tests.ledger_adapter.evm.rooms import EvmRoom, evm_room
from tests.ledger_adapter.evm.sealer import WITHOUT

DEPTH = Finality("depth", depth=4)


async def sent(room: EvmRoom, head: AnchorHead) -> SignedTransaction:
    transaction = await room.chain.prepare(head, await room.chain.account())
    await room.chain.submit(transaction)
    return transaction


async def until(room: EvmRoom, transaction: SignedTransaction, *ends: str) -> TransactionStatus:
    async with asyncio.timeout(30):
        while True:
            try:
                found = await room.chain.status(transaction)
            except ChainUnavailable:
                found = TransactionStatus(progress="UNKNOWN")
            if found.progress in ends:
                return found
            await asyncio.sleep(0.05)


async def health(room: EvmRoom) -> dict[str, str]:
    return {report.node: report.health for report in await room.chain.nodes()}


def name_of(room: EvmRoom, at: int) -> str:
    return room.proxies[at].url.removeprefix("http://")


@pytest.mark.parametrize("fault", ["refuse", "stall", "garbage", "flood", "swallow", "error"])
async def test_whatever_fails_in_the_primary_the_anchor_arrives_once(fault: Fault) -> None:
    async with evm_room() as room:
        await room.chain.account()
        room.proxies[0].fault = fault
        transaction = await sent(room, head_of(5))
        assert (await until(room, transaction, "FINAL")).progress == "FINAL"
        stand = [payload.transaction for payload in await room.chain.payloads(0, 20)]
        assert stand == [transaction.hash]


def changed(method: str, change: Callable[[Any], Any]) -> Mangle:
    async def mangle(asked: str, _params: list[Any], result: Any) -> Any:
        return change(result) if asked == method and result is not None else result

    return mangle


LIES = {
    "another chain": changed("eth_chainId", lambda _: "0x1"),
    "a head that is no header": changed(
        "eth_getBlockByNumber", lambda block: {**block, "stateRoot": "0x" + "11" * 32}
    ),
    "other code": changed("eth_getCode", lambda _: "0x6001"),
    "a failed receipt": changed(
        "eth_getTransactionReceipt", lambda receipt: {**receipt, "status": "0x0"}
    ),
    "receipts with another root": changed(
        "eth_getBlockReceipts",
        lambda all_: [
            {**each, "logs": [{**log, "data": "0x" + "22" * 64} for log in each["logs"]]}
            for each in all_
        ],
    ),
    "no receipts": changed("eth_getBlockReceipts", lambda _: []),
}


@pytest.mark.parametrize("lie", [pytest.param(mangle, id=name) for name, mangle in LIES.items()])
async def test_a_lying_primary_is_told_on_and_believed_no_more(
    lie: Mangle, caplog: pytest.LogCaptureFixture
) -> None:
    async with evm_room() as room:
        transaction = await sent(room, head_of(5))
        room.proxies[0].mangle = lie
        await asyncio.sleep(0.25)  # the next question probes again
        assert (await until(room, transaction, "FINAL")).progress == "FINAL"
        captured = await room.chain.capture(transaction, head_of(5))
        assert check_evidence(captured.kind, captured.evidence, room.trusted).tree_size == 5
        reports = await health(room)
        assert reports == {name_of(room, 0): "DOWN", name_of(room, 1): "UP"}
        assert f"{name_of(room, 0)} is not believed" in caplog.text
        assert [event.to_node for event in await room.chain.failovers(0)] == [name_of(room, 1)]


async def test_when_all_nodes_lie_nothing_is_final(caplog: pytest.LogCaptureFixture) -> None:
    async with evm_room() as room:
        transaction = await sent(room, head_of(5))
        for proxy in room.proxies:
            proxy.mangle = LIES["receipts with another root"]
        with pytest.raises(ChainUnavailable):
            await room.chain.capture(transaction, head_of(5))
        assert caplog.text.count("is not believed") == 2


async def test_seals_of_too_few_validators_make_no_head() -> None:
    async with evm_room(sealed=True) as room:
        sealer: Any = room.proxies[0].mangle.__self__  # type: ignore[attr-defined]
        transaction = await sent(room, head_of(5))
        await until(room, transaction, "FINAL")
        sealer.seals = 2
        await room.node.mine()
        await asyncio.sleep(0.25)
        with pytest.raises(ChainUnavailable, match="3 of 4 are needed, 2 sealed"):
            await room.chain.status(transaction)


async def test_two_nodes_with_different_blocks_make_nothing_final() -> None:
    """Both are well-formed chains with one first block and one registry: a real fork."""
    same = ("--timestamp", str(int(time.time())))
    async with evm_room(*same) as room, anvil(*same) as other:
        assert other.deployed == room.node.deployed
        transaction = await sent(room, head_of(5))
        assert (await until(room, transaction, "FINAL")).progress == "FINAL"
        await other.rpc.call("evm_increaseTime", 5)
        await other.mine(3)
        room.proxies[1].upstream = other.url
        with pytest.raises(ChainUnavailable, match="different blocks at 3"):
            await room.chain.status(transaction)


@pytest.mark.parametrize("tag", ["finalized", "safe"])
async def test_by_a_tag_a_head_is_final_when_the_nodes_name_a_block_above_it(tag: str) -> None:
    """With one slot an epoch anvil calls a block safe below one more, finalized below two."""
    async with evm_room("--slots-in-an-epoch", "1", finality=Finality("tag", tag=tag)) as room:
        transaction = await sent(room, head_of(5))
        progress: list[str] = []
        while "FINAL" not in progress and len(progress) < 5:
            status = await room.chain.status(transaction)
            assert status.block is not None
            named: Any = await room.node.rpc.call("eth_getBlockByNumber", tag, *WITHOUT)
            above = int(named["number"], 16) >= status.block.number
            assert status.progress == ("FINAL" if above else "CONFIRMED")
            progress.append(status.progress)
            await room.node.mine()
        assert set(progress) == {"CONFIRMED", "FINAL"}
        captured = await room.chain.capture(transaction, head_of(5))
        assert check_evidence(captured.kind, captured.evidence, room.trusted).tree_size == 5


async def test_a_reorganisation_of_three_blocks_takes_the_receipt_and_the_same_bytes_return() -> (
    None
):
    async with evm_room(finality=DEPTH) as room:
        transaction = await sent(room, head_of(5))
        await room.node.mine(2)
        before = await room.chain.status(transaction)
        assert before.progress == "CONFIRMED"
        await room.node.rpc.call("anvil_reorg", 3, [])
        assert (await room.chain.status(transaction)).progress == "UNKNOWN"
        await room.chain.submit(transaction)
        await room.node.mine(5)
        after = await until(room, transaction, "FINAL")
        assert before.block is not None
        assert after.block is not None
        assert after.block.hash != before.block.hash
        captured = await room.chain.capture(transaction, head_of(5))
        assert captured.block == after.block


async def test_a_nonce_gap_waits_and_the_missing_one_frees_it() -> None:
    async with evm_room() as room:
        account = await room.chain.account()
        later = Account(account.address, account.nonce + 1)
        second = await room.chain.prepare(head_of(9), later)
        await room.chain.submit(second)
        assert (await room.chain.status(second)).progress == "PENDING"
        assert (await room.chain.account()).nonce == account.nonce
        first = await room.chain.prepare(head_of(5), account)
        await room.chain.submit(first)
        for transaction in (first, second):
            assert (await until(room, transaction, "FINAL")).progress == "FINAL"


async def test_a_nonce_that_another_transaction_used_is_rejected() -> None:
    async with evm_room() as room:
        account = await room.chain.account()
        lost = await room.chain.prepare(head_of(5), account)
        taken = await room.chain.prepare(head_of(9), account)
        await room.chain.submit(taken)
        await until(room, taken, "FINAL")
        await room.chain.submit(lost)
        rejected = await room.chain.status(lost)
        assert rejected.progress == "REJECTED"
        assert "was used by another" in rejected.reason


async def test_a_dearer_attempt_replaces_the_pending_one() -> None:
    async with evm_room() as room:
        await room.node.rpc.call("evm_setAutomine", *WITHOUT)
        account = await room.chain.account()
        cheap = await room.chain.prepare(head_of(5), account)
        dear = await room.chain.prepare(head_of(5), account, attempt=1)
        assert (cheap.nonce, cheap.raw != dear.raw) == (dear.nonce, True)
        await room.chain.submit(cheap)
        await room.chain.submit(dear)
        await room.node.mine()
        assert (await until(room, dear, "FINAL")).progress == "FINAL"
        assert (await room.chain.status(cheap)).progress == "REJECTED"


async def test_the_backup_account_writes_when_the_first_may_not_or_cannot_pay() -> None:
    async with evm_room() as room:
        assert (await room.chain.account()).address == WRITER.name
        await room.node.rpc.call("anvil_setBalance", WRITER.name, "0x0")
        assert (await room.chain.account()).address == BACKUP.name
        transaction = await sent(room, head_of(5))
        assert (await until(room, transaction, "FINAL")).progress == "FINAL"
        await room.node.rpc.call("anvil_setBalance", BACKUP.name, "0x0")
        with pytest.raises(ChainUnavailable, match="can't pay"):
            await room.chain.account()


async def test_the_same_root_by_the_other_account_is_rejected_and_the_first_is_found() -> None:
    async with evm_room() as room:
        first = await sent(room, head_of(5))
        await until(room, first, "FINAL")
        await room.node.rpc.call("anvil_setBalance", WRITER.name, "0x0")
        second = await sent(room, head_of(5))
        assert (second.account, second.hash != first.hash) == (BACKUP.name, True)
        assert (await until(room, second, "FINAL", "REJECTED")).progress == "REJECTED"
        found = await room.chain.find(head_of(5))
        assert found is not None
        assert found.hash == first.hash
        captured = await room.chain.capture(found, head_of(5))
        assert check_evidence(captured.kind, captured.evidence, room.trusted).log_id == LOG_ID


async def test_evidence_of_one_head_is_not_taken_for_another() -> None:
    async with evm_room() as room:
        transaction = await sent(room, head_of(5))
        await until(room, transaction, "FINAL")
        with pytest.raises(AnchorConflict):
            await room.chain.find(head_of(5, root=b"o" * 32))
        with pytest.raises((BadProof, ChainUnavailable)):
            await room.chain.capture(transaction, head_of(9))


async def test_the_lead_is_given_back_after_a_while() -> None:
    async with evm_room() as room:
        await room.chain.account()
        room.proxies[0].fault = "refuse"
        await asyncio.sleep(0.25)
        await room.chain.account()
        room.proxies[0].fault = ""
        async with asyncio.timeout(30):
            while len(await room.chain.failovers(0)) < 2:
                await room.chain.account()
                await asyncio.sleep(0.05)
        away, back = await room.chain.failovers(0)
        assert (away.to_node, back.to_node) == (name_of(room, 1), name_of(room, 0))
        assert (back.epoch, back.reason) == (away.epoch + 1, "well again")


async def test_a_head_that_stands_still_lags() -> None:
    async with evm_room() as room:
        await room.chain.account()

        async def stuck(method: str, params: list[Any], result: Any) -> Any:
            if method == "eth_getBlockByNumber" and params[0] == "latest":
                return await room.node.rpc.call(method, "0x1", *WITHOUT)
            return result

        await room.node.mine(20)
        room.proxies[0].mangle = stuck
        await asyncio.sleep(0.25)
        assert await health(room) == {name_of(room, 0): "LAGGING", name_of(room, 1): "UP"}
        assert [event.reason for event in await room.chain.failovers(0)] == ["lags behind"]


async def test_commitments_travel_in_the_call_and_nowhere_else() -> None:
    async with evm_room() as room:
        commitments = tuple(bytes([at]) * 32 for at in range(1, 40))
        plain = head_of(40)
        head = AnchorHead(
            log_id=plain.log_id, tree_size=40, root=plain.root, time=plain.time,
            body=plain.body, signatures=plain.signatures, commitments=commitments,
        )  # fmt: skip
        transaction = await sent(room, head)
        assert (await until(room, transaction, "FINAL", "REJECTED")).progress == "FINAL"
        (payload,) = await room.chain.payloads(0, 20)
        assert payload.raw[4 + 6 * 32 :] == b"".join(commitments)
        captured = await room.chain.capture(transaction, head)
        assert check_evidence(captured.kind, captured.evidence, room.trusted).tree_size == 40
