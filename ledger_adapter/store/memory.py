"""The reference store: everything in one process, nothing kept. It defines what MongoDB must do."""

import asyncio
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Callable,
    Collection,
    Iterable,
    Mapping,
    Sequence,
)
from contextlib import asynccontextmanager
from dataclasses import replace

from ledger_adapter import envelopes
from ledger_adapter.anchors.records import AnchorRow
from ledger_adapter.chains.port import Failover, NodeReport
from ledger_adapter.errors import DuplicateEvent, LeadershipLost, QueueFull
from ledger_adapter.log.checkpoint import Checkpoint, NoteSignature
from ledger_adapter.log.commitment import new_salt
from ledger_adapter.log.tiles import TileId
from ledger_adapter.port import BackupRecord, ChainScan, Envelope
from ledger_adapter.records import Append, Batch, Head, Lease, Waiting, within_weight


class MemoryTransaction:
    """Stands for the caller's session: what is put with it counts when it commits."""

    def __init__(self) -> None:
        self.staged: list[Waiting] = []


class MemoryStore:
    """One log: queue, batches, tiles, head, checkpoints, lease."""

    def __init__(self, *, limit: int = 20_000, now: Callable[[], float] | None = None) -> None:
        self._limit = limit
        self._now = now or (lambda: asyncio.get_running_loop().time())
        self._queue: dict[str, Waiting] = {}
        self._batches: list[Batch] = []
        self._tiles: dict[TileId, tuple[bytes, ...]] = {}
        self._checkpoints: dict[int, Checkpoint] = {}
        self._head: Head | None = None
        self._lease, self._lease_until, self._fence = Lease("", 0), 0.0, 0
        self._changed = asyncio.Condition()
        self._anchors: dict[tuple[int, str], AnchorRow] = {}
        self._nodes: dict[str, Sequence[NodeReport]] = {}
        self._scans: dict[str, ChainScan] = {}
        self._backups: dict[str, BackupRecord] = {}
        self._failovers: dict[tuple[str, int], Failover] = {}

    # -- the writers' side

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[MemoryTransaction]:
        """All that is put inside is queued at the end, or nothing when the block raises."""
        transaction = MemoryTransaction()
        yield transaction
        self._queue.update((waiting.event_id, waiting) for waiting in transaction.staged)
        await self._announce()

    async def put(self, items: Sequence[Envelope], /, *, session: object) -> None:
        """Queue events in a `MemoryTransaction`."""
        if not isinstance(session, MemoryTransaction):
            raise TypeError("put needs the transaction that holds the change")
        if len(self._queue) + len(items) > self._limit:
            raise QueueFull(len(self._queue), self._limit)
        for item in items:
            if item.event_id in self._queue or any(
                item.event_id == staged.event_id for staged in session.staged
            ):
                raise DuplicateEvent(item.event_id)
            encoded = envelopes.encode(item)
            session.staged.append(Waiting(item.event_id, item.kind, encoded, new_salt()))

    # -- the sequencer's side

    async def open(self, head: Head) -> Head:
        """Create the log's head, or give the one that is there."""
        self._head = self._head or head
        return self._head

    async def lead(self, owner: str, seconds: float) -> Lease | None:
        """Take or renew the lease; None while another owner holds it."""
        if self._lease.owner != owner:
            if self._now() < self._lease_until:
                return None
            self._lease = Lease(owner, self._lease.term + 1)
        self._lease_until = self._now() + seconds
        return self._lease

    async def fence(self, lease: Lease) -> None:
        """From now on no older term can append."""
        if self._fence > lease.term:
            raise LeadershipLost("a newer leader has taken over")
        self._fence = lease.term

    async def resign(self, lease: Lease) -> None:
        """Let the next leader start at once."""
        if self._lease == lease:
            self._lease_until = 0.0

    async def waiting(self, limit: int) -> Sequence[Waiting]:
        """The oldest queued events, at most `limit` and one batch's bytes."""
        return within_weight(list(self._queue.values())[:limit])

    async def append(self, lease: Lease, append: Append) -> None:
        """All of it or nothing; LeadershipLost when term or size are no longer ours."""
        head = self._head
        if head is None or self._fence != lease.term or head.size != append.batch.first:
            raise LeadershipLost("the head moved below this leader")
        if any(event_id not in self._queue for event_id in append.event_ids):
            raise LeadershipLost("the queue moved below this leader")
        for event_id in append.event_ids:
            del self._queue[event_id]
        self._batches.append(append.batch)
        self._tiles.update((tile.id, tile.hashes) for tile in append.tiles)
        self._head = replace(head, size=append.batch.end, root=append.batch.root)
        await self._announce()

    async def announced_checkpoint(self) -> Checkpoint | None:
        """The newest checkpoint body, signed or not yet."""
        return self._checkpoints[max(self._checkpoints)] if self._checkpoints else None

    async def announce_checkpoint(
        self, lease: Lease, checkpoint: Checkpoint, previous: int
    ) -> None:
        """Keep an unsigned body after `previous`; LeadershipLost when term or chain moved."""
        newest = max(self._checkpoints, default=0)
        if self._fence != lease.term or newest != previous:
            raise LeadershipLost("a newer leader keeps the checkpoints")
        self._checkpoints[checkpoint.tree_size] = checkpoint

    async def sign_checkpoint(self, size: int, signatures: Sequence[NoteSignature]) -> None:
        """Add the log's signature to the body kept for a size."""
        self._checkpoints[size] = replace(self._checkpoints[size], signatures=tuple(signatures))

    async def bell(self) -> AsyncGenerator[None, None]:
        """Rings once at the start, then whenever the queue may have grown."""
        yield
        while True:
            async with self._changed:
                await self._changed.wait()
            yield

    # -- the anchor machine's side

    async def open_anchor(self, row: AnchorRow, /) -> bool:
        claim = row.transaction.nonce
        taken = await self.claimed_nonces(row.chain, row.transaction.account)
        if (row.tree_size, row.chain) in self._anchors or (row.claims and claim in taken):
            return False
        self._anchors[row.tree_size, row.chain] = row
        return True

    async def save_anchor(self, row: AnchorRow, /) -> bool:
        kept = self._anchors.get((row.tree_size, row.chain))
        if kept is None or kept.version != row.version:
            return False
        self._anchors[row.tree_size, row.chain] = replace(row, version=row.version + 1)
        return True

    async def newest_anchors(self, limit: int, /) -> Sequence[AnchorRow]:
        return [self._anchors[key] for key in sorted(self._anchors, reverse=True)[:limit]]

    async def anchor_rows(self, after: int, limit: int, /) -> Sequence[AnchorRow]:
        keys = sorted(key for key in self._anchors if key[0] > after)
        return [self._anchors[key] for key in keys[:limit]]

    async def claimed_nonces(self, chain: str, account: str, /) -> Sequence[int]:
        rows = [row for row in self._anchors.values() if row.chain == chain and not row.over]
        return [r.transaction.nonce for r in rows if r.claims and r.transaction.account == account]

    async def see_nodes(
        self, chain: str, nodes: Sequence[NodeReport], switches: Sequence[Failover], /
    ) -> None:
        self._nodes[chain] = nodes
        for switch in switches:
            self._failovers.setdefault((chain, switch.epoch), switch)

    async def see_scan(self, scan: ChainScan, /) -> None:
        self._scans[scan.chain] = scan

    async def scans(self) -> Sequence[ChainScan]:
        return [self._scans[chain] for chain in sorted(self._scans)]

    async def see_backup(self, taken: BackupRecord, /) -> None:
        known = self._backups.get(taken.digest)
        if known is not None and taken.verified_at is None:
            taken = replace(taken, verified_at=known.verified_at)
        self._backups[taken.digest] = taken

    async def backups(self, limit: int, /) -> Sequence[BackupRecord]:
        newest = sorted(self._backups.values(), key=lambda one: one.taken_at, reverse=True)
        return newest[:limit]

    async def chain_nodes(self) -> Sequence[tuple[str, NodeReport]]:
        return [(chain, node) for chain, nodes in self._nodes.items() for node in nodes]

    async def failovers(self, chain: str | None, limit: int, /) -> Sequence[Failover]:
        found = [self._failovers[key] for key in sorted(self._failovers, reverse=True)]
        return [one for one in found if chain in (None, one.chain)][:limit]

    # -- the readers' side

    async def head(self) -> Head | None:
        return self._head

    async def queued(self, entities: Collection[str], /) -> bool:
        begins = tuple(f"{each}:" for each in entities)
        return any(event_id.startswith(begins) for event_id in self._queue)

    async def batches(self, first: int, limit: int, /) -> Sequence[Batch]:
        return [b for b in self._batches if b.end > first and b.first < first + limit]

    async def tiles(self, wanted: Iterable[TileId], /) -> Mapping[TileId, tuple[bytes, ...]]:
        return {tile: self._tiles[tile] for tile in wanted if tile in self._tiles}

    async def signed_checkpoint(self) -> Checkpoint | None:
        signed = [size for size, found in self._checkpoints.items() if found.signatures]
        return self._checkpoints[max(signed)] if signed else None

    async def checkpoints(self, after: int, limit: int, /) -> Sequence[Checkpoint]:
        """Those of a greater size, ascending, signed or not."""
        sizes = sorted(size for size in self._checkpoints if size > after)
        return [self._checkpoints[size] for size in sizes[:limit]]

    async def arrivals(self) -> AsyncIterator[Batch | None]:
        seen = len(self._batches)
        yield None
        while True:
            while seen < len(self._batches):
                seen += 1
                yield self._batches[seen - 1]
            async with self._changed:
                if seen == len(self._batches):
                    await self._changed.wait()

    async def _announce(self) -> None:
        async with self._changed:
            self._changed.notify_all()
