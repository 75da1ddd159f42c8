"""One head on its way to one chain, as the stores keep it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from ledger_adapter.chains.port import BlockRef, Captured, Failover, NodeReport, SignedTransaction
from ledger_adapter.port import AnchorState, BackupRecord, ChainScan

MAX_TRIES: Final = 5
UNFINISHED: Final = ("CHECKPOINTED", "SUBMITTED", "CONFIRMED")


@dataclass(frozen=True, slots=True, kw_only=True)
class AnchorRow:
    """`tries` are the signed bytes, each stored before it was first sent; the last one counts.

    CHECKPOINTED: stored, not sent yet. `claims`: this chain counts nonces, so no two rows that are
    not over may hold the same one of an account. `version` grows with each change.
    """

    chain: str
    tree_size: int
    root: bytes
    state: AnchorState
    tries: tuple[SignedTransaction, ...]
    claims: bool
    block: BlockRef | None = None
    captured: Captured | None = None
    captured_at: datetime | None = None
    reason: str = ""
    created_at: datetime
    version: int = 0

    @property
    def transaction(self) -> SignedTransaction:
        return self.tries[-1]

    @property
    def over(self) -> bool:
        return self.state not in UNFINISHED


class AnchorSource(Protocol):
    """What readers may ask; contracts in `store/memory.py`."""

    async def newest_anchors(self, limit: int, /) -> Sequence[AnchorRow]:
        """By size, greatest first, of all chains."""
        ...

    async def anchor_rows(self, after: int, limit: int, /) -> Sequence[AnchorRow]:
        """Those of a greater size, ascending."""
        ...

    async def chain_nodes(self) -> Sequence[tuple[str, NodeReport]]:
        """Each node as last seen, with its chain's name."""
        ...

    async def failovers(self, chain: str | None, limit: int, /) -> Sequence[Failover]:
        """The newest switches first, of one chain or of all."""
        ...

    async def scans(self) -> Sequence[ChainScan]:
        """The last scan of each chain, by its name."""
        ...

    async def backups(self, limit: int, /) -> Sequence[BackupRecord]:
        """The newest first."""
        ...


class AnchorStore(AnchorSource, Protocol):
    """What the machine needs of a store beside reading."""

    async def open_anchor(self, row: AnchorRow, /) -> bool:
        """Keep a new row; False when (size, chain) has one, or its nonce is another row's."""
        ...

    async def save_anchor(self, row: AnchorRow, /) -> bool:
        """Replace the row of `version`, which then is one greater; False when that is gone."""
        ...

    async def claimed_nonces(self, chain: str, account: str, /) -> Sequence[int]:
        """Held by rows that are not over, of every log in this database."""
        ...

    async def see_scan(self, scan: ChainScan, /) -> None:
        """Keep a chain's last scan in place of the one before."""
        ...

    async def see_nodes(
        self, chain: str, nodes: Sequence[NodeReport], switches: Sequence[Failover], /
    ) -> None:
        """Keep what a chain says of its nodes; a switch is kept once and for good."""
        ...
