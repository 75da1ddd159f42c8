"""Queue to log to checkpoint: one leader a log, by lease and fencing term.

Laws: only the leader gives positions; an append waits for nothing but events; whatever goes wrong
throws the in-memory tree away and starts from the store, which a compare-and-set keeps right even
when two processes believe they lead. A checkpoint's body is kept before it is signed, one for each
size and each naming the one before it, and signed only when it extends the last signed one. It is
published with the cosignatures that came in time; those that are absent are asked for again.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final, Protocol

from ledger_adapter.crypto.ed25519 import Ed25519Signer
from ledger_adapter.crypto.sm2 import PrivateKey, PublicKey
from ledger_adapter.errors import LeadershipLost, LedgerUnavailable, LogCorrupt
from ledger_adapter.log import frontier as tree
from ledger_adapter.log.checkpoint import (
    ED25519_KIND,
    SM2_KIND,
    Checkpoint,
    NoteSignature,
    TreeHead,
    body,
    body_digest,
    key_id,
    log_id,
)
from ledger_adapter.log.commitment import commit, encode_entry
from ledger_adapter.log.frontier import Frontier, Growth
from ledger_adapter.log.hashing import HashProfile, profile
from ledger_adapter.log.proofs import check_consistency
from ledger_adapter.log.tiles import WIDTH, TileId
from ledger_adapter.port import LogRef, Shard
from ledger_adapter.reader import LogReader, LogSource
from ledger_adapter.records import (
    MAX_BATCH,
    MAX_BATCH_BYTES,
    Append,
    Batch,
    Head,
    Lease,
    Waiting,
)

logger = logging.getLogger("credgraph.ledger")

LEASE_SECONDS: Final = 3.0
IDLE_SECONDS: Final = 1.0
MANY: Final = 100
"""Events in one look, from which on the news of each costs more than looking again."""


class SequencerStore(LogSource, Protocol):
    """What the leader needs of a store beside reading; contracts in `store/memory.py`."""

    async def open(self, head: Head) -> Head: ...
    async def lead(self, owner: str, seconds: float) -> Lease | None: ...
    async def fence(self, lease: Lease) -> None: ...
    async def resign(self, lease: Lease) -> None: ...
    async def waiting(self, limit: int) -> Sequence[Waiting]: ...
    async def append(self, lease: Lease, append: Append) -> None: ...
    async def announced_checkpoint(self) -> Checkpoint | None: ...
    async def announce_checkpoint(
        self, lease: Lease, checkpoint: Checkpoint, previous: int
    ) -> None: ...
    async def sign_checkpoint(self, size: int, signatures: Sequence[NoteSignature]) -> None: ...
    def bell(self) -> AsyncGenerator[None, None]: ...


class Witnesses(Protocol):
    """Who co-signs tree heads; never raises, answers within a bounded time."""

    def missing(self, head: Checkpoint, /) -> bool:
        """Whether it is worth while to ask again."""
        ...

    async def cosign(
        self, head: Checkpoint, prove: Callable[[int, int], Awaitable[Sequence[bytes]]], /
    ) -> tuple[NoteSignature, ...]:
        """All signatures of the head, those of the witnesses that answered among them."""
        ...


class Job(Protocol):
    """Work that only the leader does, for as long as it leads."""

    async def run(self) -> None: ...


@dataclass(frozen=True, slots=True)
class LogKeys:
    """The keys of a log's life: the first one names it; each signs from a tree size on.

    `beside`: an Ed25519 key for a second line below heads from a size on.
    """

    first: PublicKey
    signers: tuple[tuple[int, PrivateKey], ...]
    beside: tuple[int, Ed25519Signer] | None = None

    @classmethod
    def only(cls, key: PrivateKey) -> "LogKeys":
        return cls(key.public_key, ((0, key),))

    def of(self, tree_size: int) -> PrivateKey:
        """Who signs a head of this size; LogCorrupt when none of the keys at hand may."""
        able = [key for since, key in self.signers if since <= tree_size]
        if not able:
            raise LogCorrupt(f"no key at hand may sign size {tree_size}")
        return able[-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class SequencerOptions:
    """How fast and how much."""

    owner: str
    batch: int = MAX_BATCH
    checkpoint_seconds: float = 1.0
    lease_seconds: float = LEASE_SECONDS
    patience_seconds: float = 120.0


def log_ref(*, origin: str, shard: str, first_key: PublicKey, hash_name: str = "SM3") -> LogRef:
    """The log's identity; `origin` is the whole line, shard included."""
    return LogRef(id=log_id(origin, first_key), origin=origin, shard=Shard(shard), hash=hash_name)


class Sequencer:
    """The process that leads one log, or waits to."""

    def __init__(
        self,
        store: SequencerStore,
        *,
        log: LogRef,
        key: PrivateKey | LogKeys,
        options: SequencerOptions,
        witnesses: Witnesses | None = None,
        anchorer: Job | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._store, self._log = store, log
        self._keys = key if isinstance(key, LogKeys) else LogKeys.only(key)
        self._options, self._witnesses, self._now = options, witnesses, now
        self._anchorer = anchorer
        self._profile: HashProfile = profile(log.hash)
        self._reader = LogReader(store)
        self._frontier = tree.EMPTY
        self._ahead: Sequence[Waiting] = ()  # read from the queue, not appended yet
        self._more = False  # whether the queue held more than could be read at once
        self._last: Checkpoint | None = None
        self._bell = asyncio.Event()
        self._calm = asyncio.Event()  # set while events come by ones and twos
        self._calm.set()
        self._writing = asyncio.Lock()  # append and checkpoint touch one head row

    @property
    def size(self) -> int:
        """How many entries the leader has appended, as far as it knows."""
        return self._frontier.size

    @property
    def behind(self) -> bool:
        """Whether more waited at the last look at the queue than has been appended since."""
        return bool(self._ahead) or self._more

    async def run(self) -> None:
        """Lead, or stand by, for ever; ends with the fault when the store stays away too long."""
        clock = asyncio.get_running_loop().time
        since: float | None = None
        while True:
            try:
                lease = await self._campaign()
                since = None
                await self._lead(lease)
            except* LeadershipLost as faults:
                logger.warning("leadership ended: %s", faults.exceptions[0])
                await asyncio.sleep(self._options.lease_seconds / 6)
            except* LedgerUnavailable as faults:
                since = clock() if since is None else since
                if clock() - since > self._options.patience_seconds:
                    raise
                logger.warning("waiting: %s", faults.exceptions[0])
                await asyncio.sleep(self._options.lease_seconds / 6)

    async def _campaign(self) -> Lease:
        while True:
            lease = await self._store.lead(self._options.owner, self._options.lease_seconds)
            if lease is not None:
                await self.take_over(lease)
                return lease
            await asyncio.sleep(self._options.lease_seconds / 6)

    async def take_over(self, lease: Lease) -> None:
        """Fence older leaders, then rebuild the tree from the store and finish what they left."""
        size_zero = Head(
            log=self._log,
            public_key=self._keys.first.compressed(),
            size=0,
            root=self._profile.empty,
        )
        opened = await self._store.open(size_zero)
        if (opened.log, opened.public_key) != (self._log, size_zero.public_key):
            raise LogCorrupt(
                f"shard {self._log.shard} belongs to log {opened.log.origin} with another key "
                "or hash; refusing to extend it"
            )
        await self._store.fence(lease)
        self._ahead = ()
        head = await self._store.head() or opened
        self._frontier = await self._restore(head)
        await self._finish_checkpoint()
        logger.info("leading %s in term %d from size %d", head.log.origin, lease.term, head.size)

    async def _restore(self, head: Head) -> Frontier:
        rows = tree.open_rows(head.size)
        tiles: dict[TileId, tuple[bytes, ...]] = dict(await self._store.tiles(rows))
        width = rows.get(TileId(0, head.size // WIDTH), 0)
        if width:
            first = head.size - width
            batches = await self._store.batches(first, width)
            leaves = [
                self._profile.leaf(entry)
                for batch in batches
                for entry in batch.entries[max(0, first - batch.first) :]
            ]
            tiles[TileId(0, head.size // WIDTH)] = tuple(leaves)
        restored = tree.restore(self._profile, head.size, tiles)
        if restored.root(self._profile) != head.root:
            raise LogCorrupt(f"tiles and batches of size {head.size} do not make the head's root")
        return restored

    async def _lead(self, lease: Lease) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._ring())
                group.create_task(self._append_for_ever(lease))
                group.create_task(self._sign_for_ever(lease))
                group.create_task(self._renew_for_ever(lease))
                if self._anchorer is not None:
                    group.create_task(self._anchorer.run())
        except asyncio.CancelledError:
            with contextlib.suppress(LedgerUnavailable, TimeoutError):
                async with asyncio.timeout(1):
                    await self._store.resign(lease)
            raise

    async def _ring(self) -> None:
        """Heard while events are few; it rings once whenever it is heard again."""
        while True:
            async with contextlib.aclosing(self._store.bell()) as rings:
                async for _ in rings:
                    self._bell.set()
                    if not self._calm.is_set():
                        break
            await self._calm.wait()

    async def _append_for_ever(self, lease: Lease) -> None:
        while True:
            self._bell.clear()
            if await self.append_once(lease) and (self.behind or not self._calm.is_set()):
                continue
            try:
                async with asyncio.timeout(IDLE_SECONDS):
                    await self._bell.wait()
            except TimeoutError:
                continue

    async def append_once(self, lease: Lease) -> int:
        """Give positions to what waits, at most a batch; how many that were.

        A look at the queue takes several batches' worth, each of which is an append of its own.
        """
        if not self._ahead:
            asked = max(MAX_BATCH, self._options.batch)
            self._ahead = await self._store.waiting(asked)
            self._more = sum(item.weight for item in self._ahead) > MAX_BATCH_BYTES // 2
            self._more = self._more or len(self._ahead) >= asked
            self._heed(len(self._ahead))
        waiting, ahead = self._ahead[: self._options.batch], self._ahead[self._options.batch :]
        self._ahead = ()
        if waiting:
            async with self._writing:
                append, grown = self._plan(waiting)
                await self._store.append(lease, append)
                self._frontier, self._ahead = grown, ahead
        return len(waiting)

    def _heed(self, found: int) -> None:
        if found >= MANY:
            self._calm.clear()
        elif not found:
            self._calm.set()

    def _plan(self, waiting: Sequence[Waiting]) -> tuple[Append, Frontier]:
        entries = tuple(self._entry(item) for item in waiting)
        growth: Growth = tree.extend(
            self._profile, self._frontier, [self._profile.leaf(entry) for entry in entries]
        )
        batch = Batch(
            first=self._frontier.size,
            entries=entries,
            envelopes=tuple(item.envelope for item in waiting),
            salts=tuple(item.salt for item in waiting),
            root=growth.frontier.root(self._profile),
        )
        ids = tuple(item.event_id for item in waiting)
        return Append(batch=batch, tiles=growth.tiles, event_ids=ids), growth.frontier

    def _entry(self, item: Waiting) -> bytes:
        commitment = commit(
            log_id=self._log.id, kind=item.kind, envelope=item.envelope, salt=item.salt
        )
        return encode_entry(item.kind, commitment)

    async def _renew_for_ever(self, lease: Lease) -> None:
        while True:
            await asyncio.sleep(self._options.lease_seconds / 3)
            held = await self._store.lead(self._options.owner, self._options.lease_seconds)
            if held != lease:
                raise LeadershipLost("the lease went to another process")

    async def _sign_for_ever(self, lease: Lease) -> None:
        while True:
            if await self.checkpoint_once(lease) is None:
                await self._ask_absent_witnesses()
            await asyncio.sleep(self._options.checkpoint_seconds)

    async def checkpoint_once(self, lease: Lease) -> Checkpoint | None:
        """Sign the present size unless it is signed; None when there is nothing new."""
        frontier, last = self._frontier, self._last
        if frontier.size == (last.tree_size if last else 0):
            return None
        head = TreeHead(
            origin=self._log.origin,
            tree_size=frontier.size,
            root=frontier.root(self._profile),
            hash=self._log.hash,
            time=self._time_after(last),
            previous=body_digest(last.body) if last else None,
        )
        mine = Checkpoint(head=head, body=body(head), signatures=())
        async with self._writing:
            await self._store.announce_checkpoint(lease, mine, last.tree_size if last else 0)
        return await self._sign(mine)

    def _time_after(self, last: Checkpoint | None) -> datetime:
        """Now, but never before the last head: to a witness a later, smaller head is a rollback."""
        now = self._now().replace(microsecond=0)
        if last is None or now >= last.time:
            return now
        logger.warning(
            "the clock is behind the last head by %s; heads keep its time", last.time - now
        )
        return last.time

    async def _finish_checkpoint(self) -> None:
        """Find the last signed head; sign the body that a predecessor left unsigned."""
        self._last = await self._store.signed_checkpoint()
        newest = await self._store.announced_checkpoint()
        if newest is None or newest == self._last:
            return
        if newest.tree_size > self._frontier.size:
            raise LogCorrupt(f"a checkpoint of size {newest.tree_size} is ahead of the log")
        if await self._reader.root_at(newest.tree_size) != newest.root:
            raise LogCorrupt(f"the body kept for size {newest.tree_size} has another root")
        await self._sign(newest)

    async def _sign(self, kept: Checkpoint) -> Checkpoint:
        await self._check_extension(kept)
        lines = [self._line(self._keys.of(kept.tree_size), SM2_KIND, kept.body)]
        if self._keys.beside and self._keys.beside[0] <= kept.tree_size:
            lines.append(self._line(self._keys.beside[1], ED25519_KIND, kept.body))
        return await self._publish(replace(kept, signatures=tuple(lines)))

    def _line(self, key: PrivateKey | Ed25519Signer, kind: str, signed: bytes) -> NoteSignature:
        return NoteSignature(
            name=self._log.origin,
            key_id=key_id(self._log.origin, key.public_key),
            kind=kind,
            value=key.sign(signed),
        )

    async def _publish(self, signed: Checkpoint) -> Checkpoint:
        """With the witnesses that answer now; a log whose witnesses are away still goes on."""
        if self._witnesses is not None:
            lines = await self._witnesses.cosign(signed, self._reader.consistency)
            signed = replace(signed, signatures=lines)
        await self._store.sign_checkpoint(signed.tree_size, signed.signatures)
        self._last = signed
        return signed

    async def _ask_absent_witnesses(self) -> None:
        last = self._last
        if last is not None and self._witnesses is not None and self._witnesses.missing(last):
            await self._publish(last)

    async def _check_extension(self, newer: Checkpoint) -> None:
        """The first witness of a log is its own signer."""
        if self._last is None:
            return
        path = await self._reader.consistency(self._last.tree_size, newer.tree_size)
        check_consistency(
            self._profile,
            first=self._last.tree_size,
            first_root=self._last.root,
            second=newer.tree_size,
            second_root=newer.root,
            path=path,
        )
