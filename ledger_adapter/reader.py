"""The log for its readers: events in order, live, and proofs; over any store that is a LogSource.

Positions are the only truth about order. News from the store merely wakes a follower; what it
hands out is checked against the next index it owes, and a gap is filled by reading the log.
"""

from collections import OrderedDict
from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from typing import Final, Protocol

from ledger_adapter import envelopes
from ledger_adapter.anchors.records import AnchorRow, AnchorSource
from ledger_adapter.errors import EntryNotFound, LedgerUnavailable, LogCorrupt
from ledger_adapter.log.checkpoint import Checkpoint
from ledger_adapter.log.hashing import HashProfile, profile
from ledger_adapter.log.proofs import Range, consistency_ranges, inclusion_ranges
from ledger_adapter.log.tiles import HEIGHT, WIDTH, Pyramid, TileId, range_hash, tiles_for
from ledger_adapter.port import (
    AnchorView,
    BackupRecord,
    ChainNode,
    ChainProof,
    ChainScan,
    EntryIndex,
    LoggedEvent,
    LogRef,
    NodeSwitch,
    Position,
)
from ledger_adapter.proving import ProofHeads, consistency_links, made_proof
from ledger_adapter.records import Batch, Head

PAGE: Final = 1000
CACHED_TILES: Final = 256
RECENT: Final = 16


class LogSource(Protocol):
    """What a store must answer. Every call may raise LedgerUnavailable."""

    async def head(self) -> Head | None:
        """None until the ledger process has opened this log."""
        ...

    async def queued(self, entities: Collection[str], /) -> bool:
        """Whether the queue holds an event whose id begins with one of these and a colon."""
        ...

    async def batches(self, first: int, limit: int, /) -> Sequence[Batch]:
        """The batch that holds `first`, or its part from there on, then the next ones, until
        `limit` entries are covered; the first may end with the last entry asked for."""
        ...

    async def tiles(self, wanted: Iterable[TileId], /) -> Mapping[TileId, tuple[bytes, ...]]:
        """Those that are stored, in one read."""
        ...

    async def signed_checkpoint(self) -> Checkpoint | None: ...

    async def checkpoints(self, after: int, limit: int, /) -> Sequence[Checkpoint]: ...

    def arrivals(self) -> AsyncIterator[Batch | None]:
        """First None, once the store listens; then each batch; None again when idle for a while.

        A batch that was being committed while the store began to listen may be announced by
        neither: only its position tells, so a follower looks again at every None.
        """
        ...


class LogReader:
    """A `Ledger` over a store. One a process: it keeps full tiles, which never change."""

    def __init__(self, source: LogSource, anchors: AnchorSource | None = None) -> None:
        self._source, self._anchors = source, anchors
        self._log: LogRef | None = None
        self._full: OrderedDict[TileId, Pyramid] = OrderedDict()

    async def size(self) -> int:
        """How many events have a position; 0 for a log that nobody has opened yet."""
        head = await self._source.head()
        return head.size if head else 0

    async def awaits(self, entities: Collection[str], /) -> bool:
        return await self._source.queued(entities)

    async def latest_checkpoint(self) -> Checkpoint | None:
        """The newest signed tree head."""
        return await self._source.signed_checkpoint()

    async def read(self, first: EntryIndex, limit: int, /) -> Sequence[LoggedEvent]:
        """Up to `limit` events from `first` on."""
        log = await self._known_log()
        if log is None or limit < 1:
            return []
        events: list[LoggedEvent] = []
        for batch in await self._source.batches(first, limit):
            expected = first + len(events)
            if not batch.first <= expected < batch.end:
                raise LogCorrupt(f"entry {expected} is missing before entry {batch.first}")
            events += _events(log, batch, expected, limit - len(events))
        return events

    async def follow(self, after: EntryIndex | None, /) -> AsyncIterator[Sequence[LoggedEvent]]:
        """Batches after a position. Ends with LedgerUnavailable when the store goes away."""
        expected = 0 if after is None else after + 1
        async for news in self._source.arrivals():
            if news is not None and news.end <= expected:
                continue  # already read from the log
            if news is not None and news.first <= expected:
                events: Sequence[LoggedEvent] = _events(
                    await self._require_log(), news, expected, PAGE
                )
                yield events
                expected += len(events)
                continue
            while await self.size() > expected:
                events = await self.read(EntryIndex(expected), PAGE)
                yield events
                expected += len(events)

    async def prove(self, index: EntryIndex, /) -> ChainProof:
        """The proof of one entry."""
        events = await self.read(index, 1) if index >= 0 else []
        if not events:
            raise EntryNotFound(index, await self.size())
        return (await self.attest(events))[0]

    async def attest(self, events: Sequence[LoggedEvent], /) -> Sequence[ChainProof]:
        """Proofs for a fixed number of reads, however many events: against the head that stands
        on a chain where it covers the event, else against the newest one."""
        log = await self._require_log()
        heads = await self._proof_heads()
        chosen = {event.position.index: heads.covering(event.position.index) for event in events}
        ranges = {
            index: inclusion_ranges(index, head.tree_size)
            for index, head in chosen.items()
            if head is not None
        }
        links = consistency_links(heads)
        size = heads.newest.tree_size if heads.newest else 0
        wanted = [r for path in (*ranges.values(), *links.values()) for r in path]
        tiles = await self.pyramids(wanted, size)
        hashing = profile(log.hash)
        told = {chain: _hashes(hashing, path, tiles) for chain, path in links.items()}
        return [
            made_proof(
                log,
                event,
                heads,
                _hashes(hashing, ranges.get(event.position.index, ()), tiles),
                told,
            )
            for event in events
        ]

    async def _proof_heads(self) -> ProofHeads:
        newest = await self._source.signed_checkpoint()
        rows = await self._anchors.newest_anchors(RECENT) if self._anchors and newest else ()
        finals: dict[str, AnchorRow] = {}
        for row in rows:
            if row.state == "FINAL":
                finals.setdefault(row.chain, row)
        top = max((row.tree_size for row in finals.values()), default=0)
        anchored = newest if newest and newest.tree_size == top else None
        if top and anchored is None:
            found = await self._source.checkpoints(top - 1, 1)
            anchored = found[0] if found and found[0].tree_size == top else None
        return ProofHeads(newest, anchored, tuple(finals.values()), tuple(rows))

    async def chain_nodes(self) -> Sequence[ChainNode]:
        """As last seen; none without chains."""
        rows = await self._anchors.chain_nodes() if self._anchors else ()
        return [
            ChainNode(
                chain=chain,
                node=one.node,
                role=one.role,
                health=one.health,
                height=one.height,
                lag=one.lag,
                epoch=one.epoch,
                seen_at=one.seen_at,
            )
            for chain, one in rows
        ]

    async def failovers(self, limit: int, /) -> Sequence[NodeSwitch]:
        """Newest first."""
        rows = await self._anchors.failovers(None, limit) if self._anchors else ()
        return [
            NodeSwitch(
                chain=one.chain,
                epoch=one.epoch,
                from_node=one.from_node,
                to_node=one.to_node,
                reason=one.reason,
                at=one.at,
            )
            for one in rows
        ]

    async def chain_scans(self) -> Sequence[ChainScan]:
        """By chain."""
        return await self._anchors.scans() if self._anchors else ()

    async def backups(self, limit: int, /) -> Sequence[BackupRecord]:
        """Newest first."""
        return await self._anchors.backups(limit) if self._anchors else ()

    async def anchors(self, after: int, limit: int, /) -> Sequence[AnchorView]:
        """By size."""
        rows = await self._anchors.anchor_rows(after, limit) if self._anchors else ()
        return [
            AnchorView(
                chain=row.chain,
                tree_size=row.tree_size,
                root=row.root,
                state=row.state,
                transaction=row.transaction.hash,
                block_number=row.block.number if row.block else None,
                block_hash=row.block.hash if row.block else None,
                reason=row.reason,
            )
            for row in rows
        ]

    async def consistency(self, first: int, second: int, /) -> tuple[bytes, ...]:
        """The proof that the tree of `second` extends that of `first`."""
        hashing = profile((await self._require_log()).hash)
        ranges = consistency_ranges(first, second)
        return _hashes(hashing, ranges, await self.pyramids(ranges, second))

    async def root_at(self, size: int, /) -> bytes:
        """The root the log had at a size, recomputed from its tiles."""
        hashing = profile((await self._require_log()).hash)
        whole = [Range(0, size)] if size else []
        tiles = await self.pyramids(whole, size)
        return range_hash(hashing, whole[0], tiles) if whole else hashing.empty

    async def tile(self, tile: TileId, width: int, /) -> Sequence[bytes]:
        """The first hashes of a tile, within the signed tree."""
        checkpoint = await self._source.signed_checkpoint()
        size = checkpoint.tree_size if checkpoint else 0
        nodes = size >> HEIGHT * tile.level
        if not 0 < width <= min(WIDTH, nodes - tile.number * WIDTH):
            raise EntryNotFound(tile.number * WIDTH + width - 1, nodes)
        pyramid = (await self._tiles_within({tile}, size))[tile]
        return [pyramid.hash(0, number) for number in range(width)]

    async def pyramids(self, ranges: Iterable[Range], size: int) -> Mapping[TileId, Pyramid]:
        """The tiles that ranges within a tree of `size` need."""
        return await self._tiles_within(tiles_for(ranges), size)

    async def _tiles_within(self, wanted: set[TileId], size: int) -> Mapping[TileId, Pyramid]:
        hashing = profile((await self._require_log()).hash)
        found = {tile: self._full[tile] for tile in wanted if tile in self._full}
        missing = wanted - set(found)
        if missing:
            for tile, hashes in (await self._source.tiles(missing)).items():
                found[tile] = Pyramid(hashing, hashes)
                if len(hashes) == WIDTH:
                    self._remember(tile, found[tile])
        for tile in wanted - set(found):
            found[tile] = Pyramid(hashing, await self._leaf_row(hashing, tile, size))
        return found

    def _remember(self, tile: TileId, pyramid: Pyramid) -> None:
        self._full[tile] = pyramid
        if len(self._full) > CACHED_TILES:
            self._full.popitem(last=False)

    async def _leaf_row(self, hashing: HashProfile, tile: TileId, size: int) -> tuple[bytes, ...]:
        """The unfinished tile of level 0, which lies in the newest batches only."""
        first = tile.number * WIDTH
        if tile.level or not first < size <= first + WIDTH:
            raise LogCorrupt(f"tile {tile.level}/{tile.number} is missing")
        leaves: list[bytes] = []
        for batch in await self._source.batches(first, size - first):
            leaves += [hashing.leaf(e) for e in batch.entries[max(0, first - batch.first) :]]
        return tuple(leaves[: size - first])

    async def _known_log(self) -> LogRef | None:
        if self._log is None:
            head = await self._source.head()
            self._log = head.log if head else None
        return self._log

    async def _require_log(self) -> LogRef:
        log = await self._known_log()
        if log is None:
            raise LedgerUnavailable("the ledger process has not opened this log yet")
        return log


def _events(log: LogRef, batch: Batch, start: int, limit: int) -> list[LoggedEvent]:
    leaf = profile(log.hash).leaf
    first = start - batch.first
    return [
        LoggedEvent(
            position=Position(log.shard, EntryIndex(batch.first + offset)),
            envelope=envelopes.decode(batch.envelopes[offset]),
            entry=batch.entries[offset],
            leaf_hash=leaf(batch.entries[offset]),
            salt=batch.salts[offset],
        )
        for offset in range(first, min(len(batch.entries), first + limit))
    ]


def _hashes(
    hashing: HashProfile, ranges: Sequence[Range], tiles: Mapping[TileId, Pyramid]
) -> tuple[bytes, ...]:
    return tuple(range_hash(hashing, wanted, tiles) for wanted in ranges)
