"""Proofs of Ethereum's Merkle-Patricia tries: that a key has a value below a root.

Laws: each node must be the one its parent names, by hash, or inline when shorter than 32 bytes;
every given node is used, none is left over; absence is not proved here, it is refused.
"""

from collections.abc import Sequence
from typing import Final

from ledger_adapter.errors import BadProof
from ledger_adapter.evidence import rlp
from ledger_adapter.evidence.keccak import keccak256
from ledger_adapter.evidence.rlp import Item

MAX_NODES: Final = 64
MAX_NODE: Final = 1024


def value_of(root: bytes, key: bytes, nodes: Sequence[bytes], *, largest: int = MAX_NODE) -> bytes:
    """The value of a key, proved by the nodes from the root down; BadProof otherwise.

    `largest` bounds a node; a receipt with logs needs more than an account.
    """
    if not 0 < len(nodes) <= MAX_NODES or any(len(node) > largest for node in nodes):
        raise BadProof("trie", "too many nodes, or one that is too long")
    walk = _Walk(nodes)
    found = walk.down(root, nibbles(key))
    if walk.left:
        raise BadProof("trie", "nodes that the path does not need")
    return found


def nibbles(key: bytes) -> tuple[int, ...]:
    """A key's half bytes, the high one first."""
    return tuple(half for byte in key for half in (byte >> 4, byte & 15))


def compact(path: Item) -> tuple[tuple[int, ...], bool]:
    """A hex-prefix path: its half bytes, and whether a value follows."""
    if not isinstance(path, bytes) or not path or path[0] >> 4 > 3:
        raise BadProof("trie", "malformed path")
    halves, flag = nibbles(path), path[0] >> 4
    if not flag & 1 and halves[1]:
        raise BadProof("trie", "padding is not zero")
    return halves[1 if flag & 1 else 2 :], bool(flag & 2)


class _Walk:
    """The way down; nodes are taken in their order."""

    def __init__(self, nodes: Sequence[bytes]) -> None:
        self._nodes = list(nodes)[::-1]

    @property
    def left(self) -> int:
        return len(self._nodes)

    def down(self, reference: Item, path: tuple[int, ...]) -> bytes:
        while True:
            node = self._node(reference)
            if len(node) == 17:
                if not path:
                    return _value(node[16])
                reference, path = node[path[0]], path[1:]
                continue
            if len(node) != 2:
                raise BadProof("trie", "a node has 2 or 17 items")
            step, ends = compact(node[0])
            if path[: len(step)] != step or (not ends and not step):
                raise BadProof("trie", "the key is not in the trie")
            path = path[len(step) :]
            if ends:
                if path:
                    raise BadProof("trie", "the key is not in the trie")
                return _value(node[1])
            reference = node[1]

    def _node(self, reference: Item) -> Sequence[Item]:
        if not isinstance(reference, bytes):
            if len(rlp.encode(reference)) >= 32:
                raise BadProof("trie", "a long node must be named by its hash")
            return reference
        if len(reference) != 32 or not self._nodes:
            raise BadProof("trie", "the key is not in the trie, or a node is missing")
        raw = self._nodes.pop()
        if keccak256(raw) != reference:
            raise BadProof("trie", "a node is not the one its parent names")
        node = rlp.decode(raw)
        if isinstance(node, bytes):
            raise BadProof("trie", "a node is a list")
        return node


def _value(item: Item) -> bytes:
    if not isinstance(item, bytes) or not item:
        raise BadProof("trie", "the key has no value")
    return item
