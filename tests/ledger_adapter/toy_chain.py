"""A chain of a few lines with accounts, blocks, depth and reorganisations, for the machine's tests.

It holds heads by (size, root) as the contract does; its evidence proves nothing to anybody.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from ledger_adapter.chains.port import (
    Account,
    AnchorHead,
    BlockRef,
    Captured,
    Failover,
    NodeReport,
    Payload,
    SignedTransaction,
    TransactionStatus,
)
from ledger_adapter.crypto import sm3
from ledger_adapter.errors import AnchorConflict, ChainUnavailable
from tests.ledger_adapter.kit import AT


@dataclass(slots=True)
class ToyChain:
    """`automatic`: what is sent is mined and final at once."""

    name: str
    automatic: bool = False
    chain_id: str = "toy:1"
    prepared: list[AnchorHead] = field(default_factory=list)
    pool: list[SignedTransaction] = field(default_factory=list)
    stand: list[SignedTransaction] = field(default_factory=list)
    roots: dict[bytes, tuple[int, bytes]] = field(default_factory=dict)
    final: bool = False
    _calls: int = 0
    _fail: tuple[int, bool] | None = None

    def shares(self, other: "ToyChain") -> None:
        self.stand, self.roots = other.stand, other.roots

    def fail_at(self, call: int, *, after: bool) -> None:
        """The call of that number fails, before or after it took effect."""
        self._fail = (call, after)

    def _fault(self, *, after: bool) -> None:
        if not after:
            self._calls += 1
        if self._fail == (self._calls - 1, after):
            self._fail = None
            raise ChainUnavailable("the network went away")

    def mine(self) -> None:
        """What was sent stands in a block, unless its size does already."""
        for transaction in self.pool:
            size = self.roots[transaction.hash][0]
            if transaction not in self.stand and size not in self._sizes():
                self.stand.append(transaction)
        self.pool.clear()

    def bury(self) -> None:
        self.final = True

    def take(self, transaction: SignedTransaction, *, root: bytes | None = None) -> None:
        """Another writer's transaction of the last prepared head."""
        head = self.prepared[-1]
        self.roots[transaction.hash] = (head.tree_size, root or head.root)
        self.stand.append(transaction)

    def reorganise(self, depth: int) -> None:
        del self.stand[-depth:]

    def _sizes(self) -> set[int]:
        return {self.roots[tx.hash][0] for tx in self.stand}

    async def account(self) -> Account:
        return Account("writer", len({tx.nonce for tx in self.stand if tx.account == "writer"}))

    async def prepare(
        self, head: AnchorHead, account: Account, /, *, attempt: int = 0
    ) -> SignedTransaction:
        self._fault(after=False)
        self.prepared.append(head)
        raw = b"%d/%d/%d/" % (head.tree_size, account.nonce, attempt) + head.root
        made = SignedTransaction(
            account=account.address, nonce=account.nonce, raw=raw, hash=sm3.digest(raw)
        )
        self.roots[made.hash] = (head.tree_size, head.root)
        self._fault(after=True)
        return made

    async def submit(self, transaction: SignedTransaction, /) -> None:
        self._fault(after=False)
        if transaction not in self.pool:
            self.pool.append(transaction)
        if self.automatic:
            self.mine()
            self.bury()
        self._fault(after=True)

    async def status(self, transaction: SignedTransaction, /) -> TransactionStatus:
        self._fault(after=False)
        found = self._status(transaction)
        self._fault(after=True)
        return found

    def _status(self, transaction: SignedTransaction) -> TransactionStatus:
        hashes = [tx.hash for tx in self.stand]
        if transaction.hash in hashes:
            block = self._block(hashes.index(transaction.hash))
            progress = "FINAL" if self.final or self.automatic else "CONFIRMED"
            return TransactionStatus(progress=progress, block=block)  # type: ignore[arg-type]
        if self.roots.get(transaction.hash, (0, b""))[0] in self._sizes():
            return TransactionStatus(progress="REJECTED", reason="reverted")
        known = transaction in self.pool
        return TransactionStatus(progress="PENDING" if known else "UNKNOWN")

    def _block(self, at: int) -> BlockRef:
        return BlockRef(number=at + 1, hash=sm3.digest(self.stand[at].hash), time=AT)

    async def find(self, head: AnchorHead, /) -> SignedTransaction | None:
        for transaction in self.stand:
            size, root = self.roots[transaction.hash]
            if size == head.tree_size and root != head.root:
                raise AnchorConflict("the chain holds another root")
            if size == head.tree_size:
                return transaction
        return None

    async def capture(self, transaction: SignedTransaction, head: AnchorHead, /) -> Captured:
        self._fault(after=False)
        at = [tx.hash for tx in self.stand].index(transaction.hash)
        captured = Captured(
            kind="READ_QUORUM", chain_id=self.chain_id, evidence={}, block=self._block(at)
        )
        self._fault(after=True)
        return captured

    async def nodes(self) -> Sequence[NodeReport]:
        return []

    async def failovers(self, after: int, /) -> Sequence[Failover]:
        return []

    async def payloads(self, first: int, limit: int, /) -> Sequence[Payload]:
        return []
