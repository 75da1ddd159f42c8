"""A proof drawn for the terminal: from the signed root down to the entry."""

from typing import NamedTuple

from ledger_adapter.errors import BadProof
from ledger_adapter.log.bundle import Bundle
from ledger_adapter.log.checkpoint import format_time
from ledger_adapter.log.commitment import decode_entry
from ledger_adapter.log.hashing import profile
from ledger_adapter.log.proofs import Range, inclusion_ranges


class Rung(NamedTuple):
    """One step of a path: a computed node, the sibling that was given, and on which side."""

    child: bytes
    leaves: str
    sibling: bytes
    left: bool


def rungs(bundle: Bundle) -> tuple[bytes, list[Rung]]:
    """The root that the path leads to and the steps to it, lowest first."""
    if bundle.leaf_index >= bundle.tree_size:
        raise BadProof("path", f"leaf {bundle.leaf_index} is not in a tree of {bundle.tree_size}")
    node = profile(bundle.hash).node
    ranges = inclusion_ranges(bundle.leaf_index, bundle.tree_size)
    running, rows = profile(bundle.hash).leaf(bundle.entry), []
    for wanted, sibling in zip(ranges, bundle.path, strict=False):
        left = wanted.start < bundle.leaf_index
        rows.append(Rung(running, _leaves(wanted), sibling, left))
        running = node(sibling, running) if left else node(running, sibling)
    return running, rows


def draw(bundle: Bundle) -> str:
    """The path as an indented tree. Draws what the bundle says; `verify-proof` judges it."""
    running, rows = rungs(bundle)
    time, signatures = format_time(bundle.checkpoint.time), len(bundle.checkpoint.signatures)
    lines = [
        *anchored(bundle),
        f"checkpoint {bundle.origin}, size {bundle.tree_size}, {time}, {signatures} signature(s)",
        f"root {_short(running)}",
    ]
    for depth, rung in enumerate(reversed(rows)):
        lines += _level("   " * depth, rung)
    entry = decode_entry(bundle.entry)
    lines.append(
        f"{'   ' * len(rows)}   = leaf {bundle.leaf_index}: {entry.kind}, "
        f"commit {_short(entry.commit)}"
    )
    return "\n".join(lines)


def anchored(bundle: Bundle) -> list[str]:
    """One line for each chain that is said to hold the head."""
    return [
        f"{anchor.kind} on {anchor.chain}"
        + (f", {len(anchor.consistency)} hashes from its head" if anchor.consistency else "")
        for anchor in bundle.anchors
    ]


def _level(indent: str, rung: Rung) -> list[str]:
    given = f"{_short(rung.sibling)}  given, {rung.leaves}"
    if rung.left:
        return [f"{indent}├─ {given}", f"{indent}└─ {_short(rung.child)}"]
    return [f"{indent}├─ {_short(rung.child)}  (below)", f"{indent}│  └ sibling {given}"]


def _leaves(wanted: Range) -> str:
    last = wanted.end - 1
    return f"leaf {last}" if wanted.start == last else f"leaves {wanted.start}-{last}"


def _short(raw: bytes) -> str:
    return raw.hex()[:12]
