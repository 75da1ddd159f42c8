"""Inclusion and consistency proofs of the RFC 9162 tree: which ranges they need, and checking.

Building and checking share nothing but the hash profile: a fault in one cannot hide in the other.
A range [start, end) stands for the tree hash over those leaves; the tiles know how to get it.
"""

from collections.abc import Sequence
from typing import NamedTuple

from ledger_adapter.errors import BadProof
from ledger_adapter.log.hashing import HashProfile


class Range(NamedTuple):
    """Leaves start..end-1, at least one."""

    start: int
    end: int


def split(size: int) -> int:
    """The largest power of two below `size` (size > 1): where the left subtree ends."""
    return 1 << (size - 1).bit_length() - 1


def inclusion_ranges(index: int, size: int) -> list[Range]:
    """The path of a leaf, lowest sibling first (RFC 9162 §2.1.3.1)."""
    if not 0 <= index < size:
        raise ValueError(f"leaf {index} is not in a tree of {size}")
    start, end, path = 0, size, []
    while end - start > 1:
        middle = start + split(end - start)
        if index < middle:
            path.append(Range(middle, end))
            end = middle
        else:
            path.append(Range(start, middle))
            start = middle
    return path[::-1]


def consistency_ranges(first: int, second: int) -> list[Range]:
    """The proof that a tree of `second` extends one of `first` (RFC 9162 §2.1.4.1)."""
    if not 0 < first <= second:
        raise ValueError(f"no consistency proof from {first} to {second}")
    if first == second:
        return []
    start, end, path, whole = 0, second, [], True
    while first < end:
        middle = start + split(end - start)
        if first <= middle:
            path.append(Range(middle, end))
            end = middle
        else:
            path.append(Range(start, middle))
            start, whole = middle, False
    if not whole:
        path.append(Range(start, end))
    return path[::-1]


def root_from_path(
    profile: HashProfile, *, leaf: bytes, index: int, size: int, path: Sequence[bytes]
) -> bytes:
    """The root that a path leads to (RFC 9162 §2.1.3.2); BadProof unless it fits index and size."""
    if not 0 <= index < size:
        raise BadProof("path", f"leaf {index} is not in a tree of {size}")
    node, last, running = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            raise BadProof("path", "longer than the tree is high")
        if node & 1 or node == last:
            running = profile.node(sibling, running)
            while node and not node & 1:
                node, last = node >> 1, last >> 1
        else:
            running = profile.node(running, sibling)
        node, last = node >> 1, last >> 1
    if last:
        raise BadProof("path", "shorter than the tree is high")
    return running


def check_consistency(
    profile: HashProfile,
    *,
    first: int,
    first_root: bytes,
    second: int,
    second_root: bytes,
    path: Sequence[bytes],
) -> None:
    """BadProof unless the second tree extends the first (RFC 9162 §2.1.4.2)."""
    if not 0 < first <= second:
        raise BadProof("consistency", f"no tree of {second} extends one of {first}")
    if first == second:
        if path or first_root != second_root:
            raise BadProof("consistency", "one size with two roots")
        return
    nodes = [first_root, *path] if first & (first - 1) == 0 else list(path)
    if not nodes:
        raise BadProof("consistency", "proof is empty")
    old, new = _climb(profile, first, second, nodes)
    if old != first_root or new != second_root:
        raise BadProof("consistency", "the second tree does not extend the first")


def _climb(
    profile: HashProfile, first: int, second: int, nodes: Sequence[bytes]
) -> tuple[bytes, bytes]:
    node, last = first - 1, second - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    old = new = nodes[0]
    for sibling in nodes[1:]:
        if last == 0:
            raise BadProof("consistency", "proof is longer than the tree is high")
        if node & 1 or node == last:
            old, new = profile.node(sibling, old), profile.node(sibling, new)
            while node and not node & 1:
                node, last = node >> 1, last >> 1
        else:
            new = profile.node(new, sibling)
        node, last = node >> 1, last >> 1
    if last:
        raise BadProof("consistency", "proof is shorter than the tree is high")
    return old, new
