"""The auditor's check of a stored log: all data hashed anew, every root and signature compared.

Roots alone would not do: an altered envelope beside an untouched tree must be found too.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from ledger_adapter.crypto.sm2 import PublicKey
from ledger_adapter.errors import BadEnvelope, BadProof, LogCorrupt
from ledger_adapter.evidence.trust import TrustedKey, TrustedWitness
from ledger_adapter.log import frontier as tree
from ledger_adapter.log.checkpoint import COSIGNATURE_KIND, Checkpoint, body_digest, key_id
from ledger_adapter.log.commitment import commit, decode_entry, parse_envelope
from ledger_adapter.log.cosignature import holds
from ledger_adapter.log.hashing import HashProfile, profile
from ledger_adapter.port import LogRef
from ledger_adapter.reader import LogSource
from ledger_adapter.records import Batch

PAGE: Final = 1000


class AuditSource(LogSource, Protocol):
    """A log source that also lists its checkpoints."""

    async def checkpoints(self, after: int, limit: int, /) -> Sequence[Checkpoint]:
        """Those of a greater size, ascending, signed or not."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """What a replay went through before it ended well."""

    entries: int
    tiles: int
    checkpoints: int
    root: bytes
    anchors: int = 0


async def replay(
    source: AuditSource,
    *,
    log: LogRef,
    key: PublicKey,
    witnesses: Sequence[TrustedWitness] = (),
    later_keys: Sequence[TrustedKey] = (),
) -> Audit:
    """Go through the whole log; LogCorrupt names the first thing that differs.

    `key` is the log's first; `later_keys` is its history where it has one, the first key included.
    """
    head = await source.head()
    if head is None:
        return Audit(entries=0, tiles=0, checkpoints=0, root=profile(log.hash).empty)
    if head.log != log or head.public_key != key.compressed():
        raise LogCorrupt("the head names another log or key than this audit was given")
    keys = later_keys or (TrustedKey(key_id(log.origin, key), key, 0, None),)
    run = _Replay(source, log, keys, witnesses)
    async for batch in _batches(source):
        await run.batch(batch)
    if (run.frontier.size, run.root) != (head.size, head.root):
        raise LogCorrupt(
            f"the head says size {head.size}, root {head.root.hex()[:16]}; the data make size "
            f"{run.frontier.size}, root {run.root.hex()[:16]}"
        )
    await run.no_checkpoint_ahead()
    return Audit(
        entries=run.frontier.size, tiles=run.tiles, checkpoints=run.checkpoints, root=run.root
    )


async def _batches(source: AuditSource) -> AsyncIterator[Batch]:
    """All batches in order, each once and whole."""
    position = 0
    while found := await source.batches(position, PAGE):
        for batch in found:
            if batch.first != position:
                raise LogCorrupt(f"entry {position} is missing: a batch begins at {batch.first}")
            position = batch.end
            yield batch


class _Replay:
    """The running state: the tree so far, and the checkpoint that must come next."""

    def __init__(
        self,
        source: AuditSource,
        log: LogRef,
        keys: Sequence[TrustedKey],
        witnesses: Sequence[TrustedWitness],
    ) -> None:
        self._source, self._log, self._keys = source, log, keys
        self._witnesses = {witness.key_id: witness for witness in witnesses}
        self._profile: HashProfile = profile(log.hash)
        self.frontier = tree.EMPTY
        self.tiles = self.checkpoints = 0
        self._previous: Checkpoint | None = None
        self._pending: list[Checkpoint] = []

    @property
    def root(self) -> bytes:
        return self.frontier.root(self._profile)

    async def batch(self, batch: Batch) -> None:
        for offset in range(len(batch.entries)):
            self._entry(batch, offset)
        leaves = [self._profile.leaf(entry) for entry in batch.entries]
        grown = tree.extend(self._profile, self.frontier, leaves)
        await self._compare_tiles(grown)
        self.frontier = grown.frontier
        if self.root != batch.root:
            raise LogCorrupt(
                f"entries {batch.first} to {batch.end - 1} do not make the root kept with them; "
                f"the first that may differ is entry {batch.first}"
            )
        await self._compare_checkpoints()

    def _entry(self, batch: Batch, offset: int) -> None:
        index = batch.first + offset
        raw, salt = batch.entries[offset], batch.salts[offset]
        try:
            entry = decode_entry(raw)
            if not salt:
                return  # erased on purpose: the entry is mute, the tree still holds it
            envelope = parse_envelope(batch.envelopes[offset])
        except (BadProof, BadEnvelope) as fault:
            raise LogCorrupt(f"entry {index} cannot be read: {fault}") from None
        expected = commit(
            log_id=self._log.id, kind=entry.kind, envelope=batch.envelopes[offset], salt=salt
        )
        if expected != entry.commit or envelope["kind"] != entry.kind:
            raise LogCorrupt(
                f"entry {index} ({entry.kind}) is not what its envelope and salt commit to"
            )

    async def _compare_tiles(self, grown: tree.Growth) -> None:
        """Only full tiles: what is still open is compared when it is full, and by the roots."""
        full = {tile.id: tile.hashes for tile in grown.tiles if tile.full}
        stored = await self._source.tiles(full) if full else {}
        for place, hashes in sorted(full.items()):
            kept = stored.get(place, ())
            for offset, (mine, theirs) in enumerate(zip(hashes, kept, strict=False)):
                if mine != theirs:
                    what = "entry" if place.level == 0 else f"level-{8 * place.level} hash"
                    raise LogCorrupt(f"{what} {256 * place.number + offset} differs from its tile")
            if len(kept) != len(hashes):
                raise LogCorrupt(f"tile {place.level}/{place.number} is missing or too narrow")
        self.tiles += len(full)

    async def _compare_checkpoints(self) -> None:
        while True:
            if not self._pending:
                after = self._previous.tree_size if self._previous else 0
                self._pending = list(await self._source.checkpoints(after, PAGE))[::-1]
            if not self._pending or self._pending[-1].tree_size > self.frontier.size:
                return
            self._checkpoint(self._pending.pop())

    def _checkpoint(self, checkpoint: Checkpoint) -> None:
        size = checkpoint.tree_size
        if (size, checkpoint.root) != (self.frontier.size, self.root):
            raise LogCorrupt(f"checkpoint of size {size} has a root that the entries do not make")
        if checkpoint.head.origin != self._log.origin or checkpoint.head.hash != self._log.hash:
            raise LogCorrupt(f"checkpoint of size {size} is of another log")
        self._previous_body(checkpoint)
        if checkpoint.signatures and not self._signed(checkpoint):
            raise LogCorrupt(f"checkpoint of size {size} has no valid signature of the log's key")
        self._cosigned(checkpoint)
        self._previous = checkpoint
        self.checkpoints += 1

    def _cosigned(self, checkpoint: Checkpoint) -> None:
        for line in checkpoint.signatures:
            witness = self._witnesses.get(line.key_id)
            if line.kind != COSIGNATURE_KIND or witness is None:
                continue
            if line.name != witness.name or not holds(checkpoint.body, line.value, witness.key):
                raise LogCorrupt(
                    f"checkpoint of size {checkpoint.tree_size} has a line of {witness.name} "
                    "that does not hold"
                )

    def _previous_body(self, checkpoint: Checkpoint) -> None:
        expected = body_digest(self._previous.body) if self._previous else None
        if checkpoint.head.previous != expected:
            raise LogCorrupt(
                f"checkpoint of size {checkpoint.tree_size} does not name the one before it"
            )

    def _signed(self, checkpoint: Checkpoint) -> bool:
        return any(
            signature.key_id == key.key_id
            and key.may_sign(checkpoint.tree_size)
            and key.key.verify(checkpoint.body, signature.value)
            for signature in checkpoint.signatures
            for key in self._keys
        )

    async def no_checkpoint_ahead(self) -> None:
        after = self._previous.tree_size if self._previous else 0
        rest = await self._source.checkpoints(after, 1)
        if rest:
            raise LogCorrupt(f"checkpoint of size {rest[0].tree_size} is ahead of the log")
