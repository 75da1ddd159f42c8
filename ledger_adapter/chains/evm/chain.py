"""The `Chain` port over a chain of Ethereum's kind.

Laws: a receipt decides nothing before it is proved under its header (`reading.proved`); FINAL needs
the chain's own rule and that no node that answers has another block at that height; a transaction
that changed nothing (the root stood there already) is REJECTED, and `find` names the one that did.
"""

from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, Literal

from ledger_adapter.chains.evm import contract, reading, wire
from ledger_adapter.chains.evm.pool import NodePool
from ledger_adapter.chains.evm.rpc import NodeFault, NodeRefusal, Rpc
from ledger_adapter.chains.evm.transactions import Call, Fees, Writer, hash_of, signed
from ledger_adapter.chains.port import (
    Account,
    AnchorHead,
    BlockRef,
    Captured,
    Failover,
    NodeReport,
    Payload,
    ProofKind,
    SignedTransaction,
    TransactionStatus,
)
from ledger_adapter.errors import AnchorConflict, BadProof, ChainUnavailable
from ledger_adapter.evidence import evm
from ledger_adapter.evidence.evm import TrustedEvm
from ledger_adapter.log.bundle import b64url
from ledger_adapter.port import JsonValue

_UNKNOWN: Final = TransactionStatus(progress="UNKNOWN")
_ANCHOR_GAS: Final = 150_000
_COMMITMENT_GAS: Final = 1_600  # 32 bytes of call data at the dearest rule, and some room


@dataclass(frozen=True, slots=True)
class Finality:
    """When a block stays: at once, from a tag of the node on, or below so many blocks."""

    rule: Literal["immediate", "tag", "depth"]
    tag: str = "finalized"
    depth: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeRule:
    """Wei per gas. `cap` None: twice the head's base fee, and the tip."""

    legacy: bool = False
    cap: int | None = None
    tip: int = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class EvmOptions:
    """How this deployment uses the chain. `start_block`: where the registry was created."""

    name: str
    log_id: bytes
    finality: Finality
    fees: FeeRule
    proof: Literal["receipt", "storage"] = "receipt"
    start_block: int = 0


class EvmChain:
    """One registry on one chain, written by one account or by its backup."""

    def __init__(
        self,
        pool: NodePool,
        trusted: TrustedEvm,
        options: EvmOptions,
        *,
        writer: Writer,
        backup: Writer | None = None,
    ) -> None:
        self._pool, self._trusted, self._options = pool, trusted, options
        self._writers = (writer, *([backup] if backup else []))
        self._number = int(trusted.chain_id.removeprefix("eip155:"))

    @property
    def name(self) -> str:
        return self._options.name

    @property
    def chain_id(self) -> str:
        return self._trusted.chain_id

    async def account(self) -> Account:
        """The first of our accounts that the registry lets write and that can pay."""
        words = await self._pool.ask(
            partial(self._call, data=contract.logs(self._options.log_id), words=3)
        )
        named = (words[0][12:], words[2][12:])
        fees, asked = await self._fees(), []
        for writer in self._writers:
            if writer.address not in named:
                asked.append(f"{writer.name} is not a writer of the log")
            elif await self._can_pay(writer, fees):
                nonce = await self._pool.ask(self._nonce_of(writer.address, "latest"))
                return Account(writer.name, nonce)
            else:
                asked.append(f"{writer.name} can't pay")
        raise ChainUnavailable(f"chain {self.name}: {'; '.join(asked)}")

    async def _can_pay(self, writer: Writer, fees: Fees) -> bool:
        if not fees.cap:
            return True
        held = await self._pool.ask(lambda rpc: reading.balance(rpc, writer.address))
        return held >= fees.cap * _ANCHOR_GAS

    async def _fees(self) -> Fees:
        rule = self._options.fees
        if rule.cap is not None:
            return Fees(rule.cap, None if rule.legacy else min(rule.tip, rule.cap))
        base = (await self._pool.ask(reading.head)).base_fee or 0
        return Fees(2 * base + rule.tip, None if rule.legacy else rule.tip)

    async def _call(self, rpc: Rpc, *, data: bytes, words: int) -> Sequence[bytes]:
        """The registry's answer, cut into words."""
        try:
            answer = await reading.called(rpc, self._trusted.registry, data)
        except NodeRefusal as fault:
            raise NodeFault(str(fault)) from None
        if len(answer) != 32 * words:
            raise BadProof("node", "the registry answers in another form")
        return [answer[at : at + 32] for at in range(0, len(answer), 32)]

    def _nonce_of(
        self, address: bytes, tag: int | str
    ) -> Callable[[Rpc], Coroutine[object, object, int]]:
        return lambda rpc: reading.nonce(rpc, address, tag)

    async def prepare(
        self, head: AnchorHead, account: Account, /, *, attempt: int = 0
    ) -> SignedTransaction:
        writer = next((w for w in self._writers if w.name == account.address), None)
        if writer is None:
            raise ChainUnavailable(f"chain {self.name}: no key for the account {account.address}")
        call = Call(
            to=self._trusted.registry,
            data=contract.anchor(
                head.log_id, head.tree_size, head.root, head.digest, head.commitments
            ),
            gas=_ANCHOR_GAS + _COMMITMENT_GAS * len(head.commitments),
        )
        fees = (await self._fees()).raised(attempt)
        raw = signed(writer, call, chain=self._number, nonce=account.nonce, fees=fees)
        return SignedTransaction(
            account=writer.name, nonce=account.nonce, raw=raw, hash=hash_of(raw)
        )

    async def submit(self, transaction: SignedTransaction, /) -> None:
        """To every node that can be asked: one that swallows them costs nothing."""
        await self._pool.ask_all(partial(_send, raw=transaction.raw))

    async def status(self, transaction: SignedTransaction, /) -> TransactionStatus:
        found = await self._proved(transaction.hash)
        if found is None:
            return await self._absent(transaction)
        block = _ref(found.block)
        if not await self._is_final(found.block):
            return TransactionStatus(progress="CONFIRMED", block=block)
        if not found.receipt.succeeded:
            return TransactionStatus(progress="REJECTED", block=block, reason="reverted")
        if not found.receipt.logs:
            reason = "the registry held this root already"
            return TransactionStatus(progress="REJECTED", block=block, reason=reason)
        return TransactionStatus(progress="FINAL", block=block)

    async def _proved(self, name: bytes) -> reading.Proved | None:
        """From the leading node; from any other that knows more."""
        found = await self._pool.ask(lambda rpc: reading.proved(rpc, name))
        if found is None:
            others = await self._pool.ask_all(lambda rpc: reading.proved(rpc, name))
            found = next((other for other in others if other is not None), None)
        return found

    async def _absent(self, transaction: SignedTransaction) -> TransactionStatus:
        known = await self._pool.ask_all(lambda rpc: reading.pending(rpc, transaction.hash))
        if any(known):
            return TransactionStatus(progress="PENDING")
        settled = await self._final_height()
        address = bytes.fromhex(transaction.account[2:])
        used = await self._pool.ask(self._nonce_of(address, settled))
        if used <= transaction.nonce or await self._proved(transaction.hash) is not None:
            return _UNKNOWN
        reason = f"nonce {transaction.nonce} was used by another transaction"
        return TransactionStatus(progress="REJECTED", reason=reason)

    async def _final_height(self) -> int:
        finality = self._options.finality
        if finality.rule == "tag":
            block = await self._pool.ask(lambda rpc: reading.block_at(rpc, finality.tag))
            return block.number if block else 0
        head = await self._pool.ask(reading.head)
        return max(0, head.number - finality.depth)

    async def _is_final(self, block: wire.Block) -> bool:
        if await self._final_height() < block.number:
            return False
        seen = await self._pool.ask_all(lambda rpc: reading.block_at(rpc, block.number))
        names = {each.hash for each in seen if each is not None}
        if names - {block.hash}:
            raise ChainUnavailable(
                f"chain {self.name}: the nodes have different blocks at {block.number}"
            )
        return names == {block.hash}

    async def find(self, head: AnchorHead, /) -> SignedTransaction | None:
        data = contract.roots(head.log_id, head.tree_size)
        answers = await self._pool.ask_all(partial(self._call, data=data, words=1))
        if len({answer[0] for answer in answers}) != 1:
            raise ChainUnavailable(f"chain {self.name}: the nodes have different roots")
        root = answers[0][0]
        if not any(root):
            return None
        if root != head.root:
            raise AnchorConflict(
                f"chain {self.name} holds another root for size {head.tree_size} of this log"
            )
        topics = [evm.EVENT, head.log_id, head.tree_size.to_bytes(32)]
        first = self._options.start_block
        found = await self._pool.ask(
            lambda rpc: reading.anchors(rpc, self._trusted.registry, topics, first)
        )
        if not found:
            return None
        return SignedTransaction(account=self._writers[0].name, nonce=0, raw=b"", hash=found[0])

    async def capture(self, transaction: SignedTransaction, head: AnchorHead, /) -> Captured:
        captured = await self._pool.ask(lambda rpc: self._captured(rpc, transaction.hash, head))
        if captured is None:
            raise ChainUnavailable(f"chain {self.name}: the transaction is in no block")
        return captured

    async def _captured(self, rpc: Rpc, name: bytes, head: AnchorHead) -> Captured | None:
        """Evidence from one node, checked as its reader will: a node that lies is told on."""
        found = await reading.proved(rpc, name)
        if found is None:
            return None
        kind, evidence = await self._evidence(rpc, found, head)
        shown = evm.KINDS[kind].check(evidence, self._trusted)
        if (shown.log_id, shown.tree_size, shown.root) != (head.log_id, head.tree_size, head.root):
            raise BadProof("anchor", "the chain's event is of another head")
        return Captured(
            kind=kind, chain_id=self.chain_id, evidence=evidence, block=_ref(found.block)
        )

    async def _evidence(
        self, rpc: Rpc, found: reading.Proved, head: AnchorHead
    ) -> tuple[ProofKind, Mapping[str, JsonValue]]:
        header = {"header": b64url(found.block.header)}
        by_receipt = {
            **header,
            "index": str(found.index),
            "proof": [b64url(node) for node in found.nodes],
        }
        if not self._trusted.validators:
            return "READ_QUORUM", {**by_receipt, "blockHash": b64url(found.block.hash)}
        if self._options.proof == "receipt":
            return "RECEIPT_MPT", by_receipt
        slot = evm.root_slot(head.log_id, head.tree_size)
        account, value = await reading.storage(
            rpc, self._trusted.registry, slot, found.block.number
        )
        return "STORAGE_MPT", {
            **header,
            "log": b64url(head.log_id),
            "size": str(head.tree_size),
            "accountProof": [b64url(wire.data(node)) for node in _list(account)],
            "storageProof": [b64url(wire.data(node)) for node in _list(value)],
        }

    async def nodes(self) -> Sequence[NodeReport]:
        return await self._pool.reports()

    async def failovers(self, after: int, /) -> Sequence[Failover]:
        return [event for event in self._pool.failovers if event.epoch > after]

    async def payloads(self, first: int, limit: int, /) -> Sequence[Payload]:
        """What our accounts put into the blocks from `first` on, up to `limit` blocks."""
        last = (await self._pool.ask(reading.head)).number
        found: list[Payload] = []
        for number in range(first, min(first + limit, last + 1)):
            found += await self._pool.ask(partial(self._payloads_of, number=number))
        return found

    async def _payloads_of(self, rpc: Rpc, *, number: int) -> list[Payload]:
        whole = wire.members(await rpc.call("eth_getBlockByNumber", hex(number), True))  # noqa: FBT003
        block = _ref(wire.block(whole))
        ours = {writer.address for writer in self._writers}
        return [
            Payload(
                block=block,
                transaction=wire.data(each.get("hash"), 32),
                raw=wire.data(each.get("input")),
            )
            for each in map(wire.members, _list(whole.get("transactions")))
            if wire.data(each.get("from"), 20) in ours
        ]


async def _send(rpc: Rpc, *, raw: bytes) -> None:
    try:
        await rpc.call("eth_sendRawTransaction", "0x" + raw.hex())
    except NodeRefusal:
        return  # what it means differs per client; the status by hash is what counts


def _ref(block: wire.Block) -> BlockRef:
    return BlockRef(number=block.number, hash=block.hash, time=block.time)


def _list(value: object) -> Sequence[object]:
    if not isinstance(value, list):
        raise BadProof("node", "not a list")
    return value
