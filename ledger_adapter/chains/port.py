"""What a chain is to the ledger: prepare, submit, status, capture, verify; and news of its nodes.

How the anchor machine uses it, for one head:

    account()  -> where to write from, and the nonce the chain expects next
    prepare()  -> signed bytes; nothing is sent. The machine stores them, and only then calls
    submit()   -> sends exactly these bytes, again and again after a fault: equal bytes are one
                  transaction, and a chain that holds the same (log, size, root) already says so
    status()   -> asked by transaction hash until FINAL; never by what a node said at submit
    capture()  -> evidence for offline readers, checked with the pure verifier before it returns

Laws: no call invents time or chance that changes the bytes of a prepared transaction; error texts
of nodes are never interpreted (they differ per client): only the status by hash counts; what a
node says is believed when it verifies. Every call may raise ChainUnavailable, which is retried.

Evidence is a JSON mapping (texts, bytes as base64url, numbers that may pass 2^53 as decimal text).
It stands in a bundle as `{"kind", "chain", "consistency", "evidence"}`; its pure verifier lives in
`evidence/` and is registered by kind in `evidence/anchors.py` (the words are in
`evidence/kinds.py`); `capture` runs it before it returns.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol, TypeAlias

from ledger_adapter.log.checkpoint import NoteSignature, body_digest
from ledger_adapter.port import JsonValue

ProofKind: TypeAlias = Literal[
    "EMBEDDED_BLOCK", "RECEIPT_MPT", "STORAGE_MPT", "FISCO_RECEIPT", "READ_QUORUM"
]
Progress: TypeAlias = Literal["UNKNOWN", "PENDING", "CONFIRMED", "FINAL", "REJECTED"]
NodeRole: TypeAlias = Literal["PRIMARY", "STANDBY"]
NodeHealth: TypeAlias = Literal["UP", "LAGGING", "DOWN", "FENCED"]
Evidence: TypeAlias = Mapping[str, JsonValue]


@dataclass(frozen=True, slots=True, kw_only=True)
class AnchorHead:
    """A signed head on its way to a chain: all that may ever go there (decision 20).

    `body` is the signed text; it stays at home, what goes on chain is its digest at most.
    `signatures` are the log's own lines. `commitments` are those of the entries since the last
    anchored head under ROOT_AND_COMMITMENT, and empty under ROOT.
    """

    log_id: bytes
    tree_size: int
    root: bytes
    time: datetime
    body: bytes
    signatures: tuple[NoteSignature, ...]
    commitments: tuple[bytes, ...] = ()

    @property
    def digest(self) -> bytes:
        """SM3 of the signed text, 32 bytes."""
        return body_digest(self.body)


@dataclass(frozen=True, slots=True)
class Account:
    """Whom the chain knows as the writer now, and the nonce it expects from it next.

    Nonces above `nonce` that unfinished anchors hold are taken; the machine fills the lowest gap.
    A chain that does not count its writers' transactions says `counted=False`.
    """

    address: str
    nonce: int
    counted: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedTransaction:
    """Bytes that are stored before they are sent; `hash` is known before any node saw them."""

    account: str
    nonce: int
    raw: bytes
    hash: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockRef:
    """Where a transaction stands."""

    number: int
    hash: bytes
    time: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionStatus:
    """UNKNOWN: no node has it, send again. PENDING: a node has it. CONFIRMED: in a block that may
    still go away. FINAL: it may not, by this chain's rule (immediate, tag, depth). REJECTED: it can
    never succeed (reverted, its nonce used by another); `reason` is for people.

    A transaction that was CONFIRMED may be UNKNOWN again after a reorganisation.
    """

    progress: Progress
    block: BlockRef | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Captured:
    """Evidence that was verified before it was returned, and what it proves."""

    kind: ProofKind
    chain_id: str
    evidence: Evidence
    block: BlockRef


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeReport:
    """One node as last seen. `lag` is in blocks behind the highest node; None when DOWN."""

    node: str
    role: NodeRole
    health: NodeHealth
    height: int | None
    lag: int | None
    epoch: int
    seen_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Failover:
    """The moment another node took the first node's place. `epoch` grows with each."""

    chain: str
    epoch: int
    from_node: str
    to_node: str
    reason: str
    at: datetime


class Chain(Protocol):
    """One chain. `name` is that of the settings, `chain_id` that of trust files and proofs."""

    @property
    def name(self) -> str: ...
    @property
    def chain_id(self) -> str: ...

    async def account(self) -> Account:
        """The writer's account, the backup writer's when the first one can't write."""
        ...

    async def prepare(
        self, head: AnchorHead, account: Account, /, *, attempt: int = 0
    ) -> SignedTransaction:
        """Signed bytes with exactly this nonce. Each attempt above 0 pays more, same nonce."""
        ...

    async def submit(self, transaction: SignedTransaction, /) -> None:
        """Hand the stored bytes to a node; returns also when a node complains: ask `status`.

        Raises ChainUnavailable when no node took them.
        """
        ...

    async def status(self, transaction: SignedTransaction, /) -> TransactionStatus:
        """By hash, from a node that passed its probes."""
        ...

    async def find(self, head: AnchorHead, /) -> SignedTransaction | None:
        """The transaction by which the chain holds this (log, size, root) already, if it does.

        Asked when a transaction was REJECTED: another writer, or an earlier try, was first. `raw`
        may be empty then. AnchorConflict when the chain holds another root for this size.
        """
        ...

    async def capture(self, transaction: SignedTransaction, head: AnchorHead, /) -> Captured:
        """Evidence of a FINAL transaction. BadProof when the nodes' answers don't verify.

        No more than is needed (as many seals as the quorum): a list without its last element, or
        with one twice, must not verify.
        """
        ...

    async def nodes(self) -> Sequence[NodeReport]:
        """All nodes, the present primary first; never raises for a node that is down."""
        ...

    async def failovers(self, after: int, /) -> Sequence[Failover]:
        """Switches of a greater epoch, oldest first."""
        ...

    async def payloads(self, first: int, limit: int, /) -> Sequence["Payload"]:
        """What this ledger's writers put on the chain, by block, for the chain scan."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """Bytes found on chain, as they stand there: the scan reads them without our encoder's help."""

    block: BlockRef
    transaction: bytes
    raw: bytes
