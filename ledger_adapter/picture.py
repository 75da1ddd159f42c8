"""A proof drawn for the terminal: from the signed root down to the entry."""

from ledger_adapter.errors import BadProof
from ledger_adapter.log.bundle import Bundle
from ledger_adapter.log.checkpoint import format_time
from ledger_adapter.log.commitment import decode_entry
from ledger_adapter.log.hashing import profile
from ledger_adapter.log.proofs import Range, inclusion_ranges


def draw(bundle: Bundle) -> str:
    """The path as an indented tree. Draws what the bundle says; `verify-proof` judges it."""
    if bundle.leaf_index >= bundle.tree_size:
        raise BadProof("path", f"leaf {bundle.leaf_index} is not in a tree of {bundle.tree_size}")
    node = profile(bundle.hash).node
    ranges = inclusion_ranges(bundle.leaf_index, bundle.tree_size)
    running, rows = profile(bundle.hash).leaf(bundle.entry), []
    for wanted, sibling in zip(ranges, bundle.path, strict=False):
        left = wanted.start < bundle.leaf_index
        rows.append((running, wanted, sibling, left))
        running = node(sibling, running) if left else node(running, sibling)
    time, signatures = format_time(bundle.checkpoint.time), len(bundle.checkpoint.signatures)
    lines = [
        f"checkpoint {bundle.origin}, size {bundle.tree_size}, {time}, {signatures} signature(s)",
        f"root {_short(running)}",
    ]
    for depth, (child, wanted, sibling, left) in enumerate(reversed(rows)):
        lines += _level("   " * depth, child, wanted, sibling, left=left)
    entry = decode_entry(bundle.entry)
    lines.append(
        f"{'   ' * len(rows)}   = leaf {bundle.leaf_index}: {entry.kind}, "
        f"commit {_short(entry.commit)}"
    )
    return "\n".join(lines)


def _level(indent: str, child: bytes, wanted: Range, sibling: bytes, *, left: bool) -> list[str]:
    last = wanted.end - 1
    leaves = f"leaf {last}" if wanted.start == last else f"leaves {wanted.start}-{last}"
    given = f"{_short(sibling)}  given, {leaves}"
    if left:
        return [f"{indent}├─ {given}", f"{indent}└─ {_short(child)}"]
    return [f"{indent}├─ {_short(child)}  (below)", f"{indent}│  └ sibling {given}"]


def _short(raw: bytes) -> str:
    return raw.hex()[:12]
