"""From an event, the heads at hand and a path to the proof that a client gets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ledger_adapter import envelopes
from ledger_adapter.anchors.records import AnchorRow
from ledger_adapter.evidence.anchors import claimed_label
from ledger_adapter.log.bundle import Opening
from ledger_adapter.log.checkpoint import Checkpoint
from ledger_adapter.log.proofs import Range, consistency_ranges
from ledger_adapter.port import Anchored, AnchorState, ChainProof, LoggedEvent, LogRef, TrustLabel


@dataclass(frozen=True, slots=True)
class ProofHeads:
    """The newest signed head, the newest one that stands on a chain, and the anchors' rows:
    of each chain its newest FINAL one, and the recent ones in any state."""

    newest: Checkpoint | None
    anchored: Checkpoint | None
    finals: tuple[AnchorRow, ...]
    rows: tuple[AnchorRow, ...]

    def covering(self, index: int) -> Checkpoint | None:
        """The head to prove an entry against; None before it is CHECKPOINTED."""
        for head in (self.anchored, self.newest):
            if head is not None and index < head.tree_size:
                return head
        return None

    def state(self, index: int) -> AnchorState:
        """How far an entry has come."""
        if self.newest is None or index >= self.newest.tree_size:
            return "SEQUENCED"
        if self.anchored is not None and index < self.anchored.tree_size:
            return "FINAL"
        states = [row.state for row in self.rows if index < row.tree_size]
        order: tuple[AnchorState, ...] = ("CONFIRMED", "SUBMITTED", "CHECKPOINTED", "FAILED")
        return next((state for state in order if state in states), "CHECKPOINTED")


def consistency_links(heads: ProofHeads) -> Mapping[str, Sequence[Range]]:
    """For each chain whose head is older than the anchored one: what leads from it to that."""
    if heads.anchored is None:
        return {}
    size = heads.anchored.tree_size
    return {
        row.chain: consistency_ranges(row.tree_size, size)
        for row in heads.finals
        if row.tree_size < size
    }


def made_proof(
    log: LogRef,
    event: LoggedEvent,
    heads: ProofHeads,
    path: tuple[bytes, ...],
    links: Mapping[str, tuple[bytes, ...]],
) -> ChainProof:
    """The proof of one event; `links` are the computed consistency proofs by chain."""
    index = event.position.index
    head = heads.covering(index)
    anchors = _anchors(heads, index, links) if head is heads.anchored else ()
    return ChainProof(
        anchor_state=heads.state(index),
        trust=_label(head, anchors),
        log=log,
        entry=event.entry,
        leaf_hash=event.leaf_hash,
        leaf_index=index,
        tree_size=head.tree_size if head else 0,
        path=path,
        checkpoint=head,
        opening=Opening(envelopes.encode(event.envelope), event.salt),
        anchors=anchors,
    )


def _label(head: Checkpoint | None, anchors: tuple[Anchored, ...]) -> TrustLabel:
    kinds = [anchor.kind for anchor in anchors]
    label = claimed_label(kinds, cosigned=bool(head and head.cosigners))
    return "CONSENSUS" if label == "CONSENSUS" else "WITNESSED" if label == "WITNESSED" else "SELF"


def _anchors(
    heads: ProofHeads, index: int, links: Mapping[str, tuple[bytes, ...]]
) -> tuple[Anchored, ...]:
    return tuple(
        Anchored(
            kind=row.captured.kind,
            chain=row.chain,
            chain_id=row.captured.chain_id,
            tree_size=row.tree_size,
            root=row.root,
            consistency=links.get(row.chain, ()),
            evidence=row.captured.evidence,
            transaction=row.transaction.hash,
            block_number=row.captured.block.number,
            block_hash=row.captured.block.hash,
            block_time=row.captured.block.time,
            captured_at=row.captured_at,
        )
        for row in heads.finals
        if row.captured is not None and row.captured_at is not None and index < row.tree_size
    )
