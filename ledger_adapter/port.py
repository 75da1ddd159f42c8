"""The ledger as its users see it: put events in a queue, read and follow the log, prove entries.

The sequencer alone gives positions. An event is QUEUED when the caller's transaction commits,
SEQUENCED when it has a position, CHECKPOINTED when a signed tree head covers it.
"""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NewType, Protocol, TypeAlias

from ledger_adapter.log.bundle import BundleAnchor, Opening, encode_bundle
from ledger_adapter.log.checkpoint import Checkpoint
from ledger_adapter.log.tiles import TileId

JsonValue: TypeAlias = (
    "str | int | float | bool | Sequence[JsonValue] | Mapping[str, JsonValue] | None"
)
Shard = NewType("Shard", str)
EntryIndex = NewType("EntryIndex", int)
EventId = NewType("EventId", str)
AnchorState: TypeAlias = Literal[
    "QUEUED", "SEQUENCED", "CHECKPOINTED", "SUBMITTED", "CONFIRMED", "FINAL", "FAILED"
]
TrustLabel: TypeAlias = Literal["SELF", "WITNESSED", "CONSENSUS"]


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """Where an event stands: the one cursor of every feed."""

    shard: Shard
    index: EntryIndex


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """What happened, in words that may lie beside the log: no name, no amount in clear."""

    event_id: EventId
    kind: str
    subjects: tuple[str, ...]
    institutions: tuple[str, ...]
    at: datetime
    body: Mapping[str, JsonValue]


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedEvent:
    """An envelope with its place, the entry that stands on the log, and the salt that opens it."""

    position: Position
    envelope: Envelope
    entry: bytes
    leaf_hash: bytes
    salt: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class LogRef:
    """Which log a proof speaks of."""

    id: bytes
    origin: str
    shard: Shard
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchored:
    """A head that a chain holds for good, with the evidence that shows it offline.

    `consistency` leads from this head to the proof's own one; empty where they are the same.
    """

    kind: str
    chain: str
    chain_id: str
    tree_size: int
    root: bytes
    consistency: tuple[bytes, ...]
    evidence: Mapping[str, JsonValue]
    transaction: bytes
    block_number: int
    block_hash: bytes
    block_time: datetime
    captured_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainProof:
    """Everything that ties one event to a signed tree head; empty parts are still to come."""

    anchor_state: AnchorState
    trust: TrustLabel
    log: LogRef
    entry: bytes
    leaf_hash: bytes
    leaf_index: EntryIndex
    tree_size: int
    path: tuple[bytes, ...]
    checkpoint: Checkpoint | None
    opening: Opening
    anchors: tuple[Anchored, ...] = ()

    def bundle(self, *, opening: bool) -> bytes:
        """One canonical JSON file for `verify-proof`; the opening only for who may see the event.

        Raises BadProof while no checkpoint covers the entry: such a file would prove nothing.
        """
        return encode_bundle(
            anchor_state="FINAL" if self.anchors else "CHECKPOINTED",
            trust=self.trust,
            log_id=self.log.id,
            origin=self.log.origin,
            shard=self.log.shard,
            hash_name=self.log.hash,
            entry=self.entry,
            leaf_index=self.leaf_index,
            path=self.path,
            checkpoint=self.checkpoint,
            opening=self.opening if opening else None,
            anchors=tuple(
                BundleAnchor(one.kind, one.chain_id, one.consistency, one.evidence)
                for one in self.anchors
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainNode:
    """One node of a chain as the ledger last saw it. `role` PRIMARY or STANDBY; `health` UP,
    LAGGING, DOWN or FENCED (it believes it leads, and a newer one does); `lag` in blocks."""

    chain: str
    node: str
    role: str
    health: str
    height: int | None
    lag: int | None
    epoch: int
    seen_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeSwitch:
    """Another node took the first one's place; `epoch` grows with each."""

    chain: str
    epoch: int
    from_node: str
    to_node: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AnchorView:
    """One head on one chain, in whatever state."""

    chain: str
    tree_size: int
    root: bytes
    state: AnchorState
    transaction: bytes
    block_number: int | None
    block_hash: bytes | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainScan:
    """What the last look at a chain found: `payloads` of `size` bytes up to block `height`, each
    byte accounted for; or the sentence in `finding`, which stays until the payload is explained."""

    chain: str
    payloads: int
    size: int
    height: int
    at: datetime
    finding: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupRecord:
    """A backup that was taken and read back, as its command kept it; `size` is the log's.
    `verified_at`: when it was last restored aside and its log replayed from the first entry."""

    digest: str
    size: int
    documents: int
    taken_at: datetime
    verified_at: datetime | None = None


class Queue(Protocol):
    """The way in. One method, so that a writer needs nothing else of the ledger."""

    async def put(self, envelopes: Sequence[Envelope], /, *, session: object) -> None:
        """Queue events inside the caller's transaction: they exist exactly when it commits.

        Draws the salts. Raises QueueFull under back-pressure, BadEnvelope for what may not enter.
        """
        ...


class Ledger(Protocol):
    """The way out. Every call may raise LedgerError."""

    async def size(self) -> int:
        """How many events have a position in this shard."""
        ...

    async def awaits(self, entities: Collection[str], /) -> bool:
        """Whether an event of one of these is committed and has no position yet. What was queued
        before and is so no more, `size` counts."""
        ...

    async def read(self, first: EntryIndex, limit: int, /) -> Sequence[LoggedEvent]:
        """Up to `limit` events from `first` on, in order, without gaps."""
        ...

    def follow(self, after: EntryIndex | None, /) -> AsyncIterator[Sequence[LoggedEvent]]:
        """Batches after a position, first from the log, then as they come; never skips one."""
        ...

    async def prove(self, index: EntryIndex, /) -> ChainProof:
        """The proof of one entry; path and checkpoint are empty until it is CHECKPOINTED."""
        ...

    async def attest(self, events: Sequence[LoggedEvent], /) -> Sequence[ChainProof]:
        """The proofs of events the caller already holds, for a fixed number of reads in all."""
        ...

    async def latest_checkpoint(self) -> Checkpoint | None:
        """The newest signed tree head; None while nothing has been signed."""
        ...

    async def tile(self, tile: TileId, width: int, /) -> Sequence[bytes]:
        """The first hashes of a tile of the signed tree; EntryNotFound beyond it."""
        ...

    async def chain_nodes(self) -> Sequence[ChainNode]:
        """The nodes of every chain that holds this log's heads, as last seen."""
        ...

    async def failovers(self, limit: int, /) -> Sequence[NodeSwitch]:
        """Switches from one node to another, newest first."""
        ...

    async def chain_scans(self) -> Sequence[ChainScan]:
        """The last scan of every chain that holds this log's heads."""
        ...

    async def backups(self, limit: int, /) -> Sequence[BackupRecord]:
        """Backups that were taken of this deployment, newest first."""
        ...

    async def anchors(self, after: int, limit: int, /) -> Sequence[AnchorView]:
        """Heads on their way to chains or there, by tree size, above a size."""
        ...
