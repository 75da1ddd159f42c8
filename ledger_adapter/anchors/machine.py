"""The anchor machine: the newest signed head onto every chain, once, whatever dies in between.

    (no row) -> CHECKPOINTED: signed bytes stored -> SUBMITTED: sent -> CONFIRMED: in a block
             -> FINAL: evidence captured, verified, stored; or FAILED, with the reason

Laws: bytes are stored before they are sent, and sent again as they are; a row changes by
compare-and-set, so two machines do no harm; one row a chain is under way; only a status by hash
moves a row; a block that vanished moves it back. A crash between any two steps resumes at the row.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final, Literal, Protocol

from ledger_adapter.anchors.records import MAX_TRIES, AnchorRow, AnchorStore
from ledger_adapter.chains.port import (
    AnchorHead,
    Chain,
    SignedTransaction,
    TransactionStatus,
)
from ledger_adapter.errors import AnchorConflict, BadProof, ChainUnavailable, LedgerUnavailable
from ledger_adapter.log.checkpoint import COSIGNATURE_KIND, Checkpoint
from ledger_adapter.log.commitment import decode_entry
from ledger_adapter.records import Batch

logger = logging.getLogger("credgraph.ledger")

AnchorMode = Literal["ROOT", "ROOT_AND_COMMITMENT"]
MAX_COMMITMENTS: Final = 4096
RECENT: Final = 32


class HeadSource(Protocol):
    """Where the machine finds signed heads."""

    async def signed_checkpoint(self) -> Checkpoint | None: ...
    async def checkpoints(self, after: int, limit: int, /) -> Sequence[Checkpoint]: ...
    async def batches(self, first: int, limit: int, /) -> Sequence[Batch]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class AnchorOptions:
    """`seconds` between two anchors of one chain; fewer new entries than `entries` wait for more,
    at most `heartbeat_seconds`. `poll_seconds`: how often a transaction under way is asked for."""

    seconds: float = 10.0
    entries: int = 1
    heartbeat_seconds: float = 3600.0
    poll_seconds: float = 0.5
    mode: AnchorMode = "ROOT"


class Anchorer:
    """Drives all chains of one log. Made anew by each leader; remembers nothing but the store."""

    def __init__(
        self,
        store: AnchorStore,
        heads: HeadSource,
        chains: Sequence[Chain],
        *,
        log_id: bytes,
        options: AnchorOptions,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._store, self._heads = store, heads
        self._chains, self._log_id = tuple(chains), log_id
        self._options, self._now = options, now
        self._complaints: dict[str, str] = {}

    async def run(self) -> None:
        """For ever; ends only with what ends the leader."""
        async with asyncio.TaskGroup() as group:
            for chain in self._chains:
                group.create_task(self._drive(chain))
                group.create_task(self._watch(chain))

    async def _drive(self, chain: Chain) -> None:
        while True:
            try:
                busy = await self.step(chain)
                self._complaints.pop(chain.name, None)
            except (ChainUnavailable, BadProof) as fault:
                self._complain(chain.name, str(fault))
                busy = True
            await asyncio.sleep(
                self._options.poll_seconds if busy else 4 * self._options.poll_seconds
            )

    def _complain(self, chain: str, sentence: str) -> None:
        if self._complaints.get(chain) != sentence:  # once, not each half second
            logger.warning("chain %s: %s", chain, sentence)
        self._complaints[chain] = sentence

    async def _watch(self, chain: Chain) -> None:
        """What the chain says of its nodes, for people."""
        while True:
            try:
                await self.look(chain)
            except ChainUnavailable as fault:
                self._complain(chain.name, str(fault))
            await asyncio.sleep(min(2.0, self._options.seconds))

    async def look(self, chain: Chain) -> None:
        """Keep the present reports and the switches not kept yet."""
        known = await self._store.failovers(chain.name, 1)
        switches = await chain.failovers(known[0].epoch if known else 0)
        await self._store.see_nodes(chain.name, await chain.nodes(), switches)

    async def step(self, chain: Chain) -> bool:
        """One step of one chain; whether another one is worth while soon."""
        rows = [r for r in await self._store.newest_anchors(RECENT) if r.chain == chain.name]
        open_rows = [row for row in rows if not row.over]
        if open_rows:
            return await self._advance(chain, min(open_rows, key=lambda row: row.tree_size))
        head = await self._due(chain, rows[0] if rows else None)
        return head is not None and await self._begin(chain, head, rows)

    async def _due(self, chain: Chain, last: AnchorRow | None) -> Checkpoint | None:
        """The head to anchor now: the one another chain has just taken, else the newest."""
        newest = await self._heads.signed_checkpoint()
        size = last.tree_size if last else 0
        if newest is None or newest.tree_size <= size:
            return None
        if last is not None and not self._time_has_come(last, newest.tree_size - size):
            return None
        for row in await self._store.newest_anchors(RECENT):
            if row.chain != chain.name and row.tree_size > size:
                return await self._checkpoint(row.tree_size)
        return newest

    def _time_has_come(self, last: AnchorRow, grown: int) -> bool:
        passed = (self._now() - last.created_at).total_seconds()
        enough = grown >= self._options.entries
        if passed < 0:  # the clock was put back: what it says of the last anchor counts no more
            return True
        return passed >= (self._options.seconds if enough else self._options.heartbeat_seconds)

    async def _checkpoint(self, size: int) -> Checkpoint | None:
        found = await self._heads.checkpoints(size - 1, 1)
        return found[0] if found and found[0].tree_size == size and found[0].signatures else None

    async def _begin(self, chain: Chain, checkpoint: Checkpoint, rows: Sequence[AnchorRow]) -> bool:
        since = max((row.tree_size for row in rows if row.state == "FINAL"), default=0)
        head = await self._head(checkpoint, since)
        account = await chain.account()
        taken = set(await self._store.claimed_nonces(chain.name, account.address))
        while account.counted and account.nonce in taken:
            account = replace(account, nonce=account.nonce + 1)
        row = AnchorRow(
            chain=chain.name,
            tree_size=head.tree_size,
            root=head.root,
            state="CHECKPOINTED",
            tries=(await chain.prepare(head, account),),
            claims=account.counted,
            created_at=self._now(),
        )
        return await self._store.open_anchor(row)

    async def _head(self, checkpoint: Checkpoint, since: int) -> AnchorHead:
        commitments: tuple[bytes, ...] = ()
        if self._options.mode == "ROOT_AND_COMMITMENT":
            commitments = await self._commitments(since, checkpoint.tree_size)
        return AnchorHead(
            log_id=self._log_id,
            tree_size=checkpoint.tree_size,
            root=checkpoint.root,
            time=checkpoint.time,
            body=checkpoint.body,
            signatures=tuple(s for s in checkpoint.signatures if s.kind != COSIGNATURE_KIND),
            commitments=commitments,
        )

    async def _commitments(self, since: int, size: int) -> tuple[bytes, ...]:
        first = max(since, size - MAX_COMMITMENTS)
        found: list[bytes] = []
        for batch in await self._heads.batches(first, size - first):
            skipped = max(0, first - batch.first)
            found += [decode_entry(entry).commit for entry in batch.entries[skipped:]]
        return tuple(found[: size - first])

    async def _advance(self, chain: Chain, row: AnchorRow) -> bool:
        if row.state == "CHECKPOINTED":
            await chain.submit(row.transaction)
            return await self._save(row, state="SUBMITTED")
        status = await chain.status(row.transaction)
        if status.progress == "FINAL":
            return await self._finish(chain, row)
        if status.progress == "REJECTED":
            await self._rejected(chain, row, status)
        elif status.progress == "UNKNOWN":
            if row.state == "CONFIRMED":  # a reorganisation took its block
                await self._save(row, state="SUBMITTED", block=None)
            await chain.submit(row.transaction)
        elif status.progress == "CONFIRMED" and (row.state, row.block) != (
            "CONFIRMED",
            status.block,
        ):
            await self._save(row, state="CONFIRMED", block=status.block)
        return True

    async def _finish(self, chain: Chain, row: AnchorRow) -> bool:
        checkpoint = await self._checkpoint(row.tree_size)
        if checkpoint is None:
            raise LedgerUnavailable(f"the checkpoint of size {row.tree_size} is gone")
        captured = await chain.capture(row.transaction, await self._head(checkpoint, 0))
        at = self._now()
        return await self._save(
            row, state="FINAL", block=captured.block, captured=captured, captured_at=at
        )

    async def _rejected(self, chain: Chain, row: AnchorRow, status: TransactionStatus) -> None:
        """Another writer was first, or the transaction can't succeed: look, then try anew."""
        checkpoint = await self._checkpoint(row.tree_size)
        if checkpoint is None:
            return
        head = await self._head(checkpoint, 0)
        try:
            found = await chain.find(head)
        except AnchorConflict as fault:
            logger.critical("%s", fault)
            await self._save(row, state="FAILED", reason=str(fault))
            return
        if found is not None:
            if found.hash != row.transaction.hash:
                await self._save(row, tries=(*row.tries, found), state="SUBMITTED")
        elif len(row.tries) >= MAX_TRIES:
            await self._save(row, state="FAILED", reason=status.reason)
        else:
            await self._save(row, tries=(*row.tries, await self._again(chain, row, head)))

    async def _again(self, chain: Chain, row: AnchorRow, head: AnchorHead) -> SignedTransaction:
        account = await chain.account()
        return await chain.prepare(head, account, attempt=len(row.tries))

    async def _save(self, row: AnchorRow, **change: object) -> bool:
        return await self._store.save_anchor(replace(row, **change))  # type: ignore[arg-type]
