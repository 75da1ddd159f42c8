"""Questions to one node whose answers verify: used by `NodePool.ask`, which knows what to do else.

Each may raise NodeFault (no answer), NodeRefusal (the node's own no) or BadProof (it lies).
"""

import asyncio
from dataclasses import dataclass
from typing import Final

from ledger_adapter.chains.evm import wire
from ledger_adapter.chains.evm.receipt_trie import proof_of
from ledger_adapter.chains.evm.rpc import NodeFault, NodeRefusal, Rpc
from ledger_adapter.errors import BadProof
from ledger_adapter.evidence.ethereum import Receipt, read_receipt

MAX_RECEIPTS: Final = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Proved:
    """A transaction's receipt, and how the header of its block proves it."""

    block: wire.Block
    index: int
    receipt: Receipt
    nodes: tuple[bytes, ...]


async def block_at(rpc: Rpc, tag: int | str) -> wire.Block | None:
    """The block of a height or tag; None where the node has none."""
    name = hex(tag) if isinstance(tag, int) else tag
    found = await rpc.call("eth_getBlockByNumber", name, False)  # noqa: FBT003
    if found is None:
        return None
    block = wire.block(found)
    if isinstance(tag, int) and block.number != tag:
        raise BadProof("node", f"answers with block {block.number} for {tag}")
    return block


async def head(rpc: Rpc) -> wire.Block:
    """The newest block."""
    found = await block_at(rpc, "latest")
    if found is None:
        raise NodeFault(f"{rpc.name} has no head")
    return found


async def standing(rpc: Rpc, transaction: bytes) -> wire.Standing | None:
    """What the node says of a transaction's receipt: believed by nobody until `proved`."""
    found = await rpc.call("eth_getTransactionReceipt", "0x" + transaction.hex())
    if found is None:
        return None
    if wire.data(wire.members(found).get("transactionHash"), 32) != transaction:
        raise BadProof("node", "answers with the receipt of another transaction")
    return wire.receipt(found)


async def proved(rpc: Rpc, transaction: bytes) -> Proved | None:
    """The receipt of a transaction, proved under the header that the node has at its height."""
    said = await standing(rpc, transaction)
    if said is None:
        return None
    block = await block_at(rpc, said.block_number)
    if block is None or block.hash != said.block_hash:
        return None  # reorganised between the two questions, or not on the longest chain
    if block.transactions[said.index : said.index + 1] != ["0x" + transaction.hex()]:
        raise BadProof("node", "the transaction does not stand where its receipt says")
    receipts = await _receipts(rpc, block)
    root, nodes = proof_of(receipts, said.index)
    if root != block.receipts_root or receipts[said.index] != said.raw:
        raise BadProof("node", "the receipts do not make the header's root")
    return Proved(block=block, index=said.index, receipt=read_receipt(said.raw), nodes=nodes)


async def _receipts(rpc: Rpc, block: wire.Block) -> list[bytes]:
    """All receipts of a block in their order."""
    if len(block.transactions) > MAX_RECEIPTS:
        raise BadProof("node", "a block of too many transactions")
    try:
        found = await rpc.call("eth_getBlockReceipts", hex(block.number))
    except NodeRefusal:  # older clients know the single question only
        asked = (rpc.call("eth_getTransactionReceipt", name) for name in block.transactions)
        found = await asyncio.gather(*asked)
    if not isinstance(found, list) or len(found) != len(block.transactions):
        raise BadProof("node", "not one receipt for each transaction of a block")
    return [wire.receipt(each).raw for each in found]


async def called(rpc: Rpc, to: bytes, data: bytes) -> bytes:
    """What a contract answers at the newest block."""
    request = {"to": "0x" + to.hex(), "data": "0x" + data.hex()}
    return wire.data(await rpc.call("eth_call", request, "latest"))


async def nonce(rpc: Rpc, account: bytes, tag: int | str) -> int:
    """How many transactions of an account stand in blocks up to a height or tag."""
    name = hex(tag) if isinstance(tag, int) else tag
    return wire.quantity(await rpc.call("eth_getTransactionCount", "0x" + account.hex(), name))


async def balance(rpc: Rpc, account: bytes) -> int:
    """In wei."""
    return wire.quantity(await rpc.call("eth_getBalance", "0x" + account.hex(), "latest"))


async def pending(rpc: Rpc, transaction: bytes) -> bool:
    """Whether the node knows the transaction at all."""
    return await rpc.call("eth_getTransactionByHash", "0x" + transaction.hex()) is not None


async def storage(rpc: Rpc, account: bytes, slot: bytes, block: int) -> tuple[object, object]:
    """The account's and the slot's proof at a height, as the node gives them."""
    place = ("0x" + account.hex(), ["0x" + slot.hex()], hex(block))
    found = wire.members(await rpc.call("eth_getProof", *place))
    slots = found.get("storageProof")
    if not isinstance(slots, list) or len(slots) != 1:
        raise BadProof("node", "not the proof of one slot")
    return found.get("accountProof"), wire.members(slots[0]).get("proof")


async def anchors(rpc: Rpc, registry: bytes, topics: list[bytes], first: int) -> list[bytes]:
    """The transactions whose events of the registry have these topics, by block."""
    asked = {
        "address": "0x" + registry.hex(),
        "topics": ["0x" + topic.hex() for topic in topics],
        "fromBlock": hex(first),
        "toBlock": "latest",
    }
    found = await rpc.call("eth_getLogs", asked)
    if not isinstance(found, list):
        raise BadProof("node", "not a list of events")
    return [wire.data(wire.members(each).get("transactionHash"), 32) for each in found]
