"""The trie of a block's receipts, built to prove one of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ledger_adapter.evidence import rlp
from ledger_adapter.evidence.ethereum import spelled
from ledger_adapter.evidence.keccak import keccak256
from ledger_adapter.evidence.mpt import nibbles
from ledger_adapter.evidence.rlp import Item

Path = tuple[int, ...]


@dataclass(slots=True)
class _Building:
    """Where the wanted key leads, and the nodes met on the way, from the leaf up."""

    wanted: Path
    nodes: list[bytes] = field(default_factory=list)


def proof_of(receipts: Sequence[bytes], index: int) -> tuple[bytes, tuple[bytes, ...]]:
    """The root of all receipts, and the nodes that prove the one at `index`, root first."""
    rows = {nibbles(rlp.encode(spelled(at))): raw for at, raw in enumerate(receipts)}
    building = _Building(nibbles(rlp.encode(spelled(index))))
    root = rlp.encode(_node(rows, (), building))
    nodes = [*building.nodes, root]
    return keccak256(root), tuple(nodes[::-1])


def _node(rows: Mapping[Path, bytes], at: Path, building: _Building) -> Item:
    """The node below the path `at`, of which every key in `rows` is the rest."""
    if len(rows) == 1:
        ((rest, value),) = rows.items()
        return [_prefixed(rest, ends=True), value]
    first = min(rows, key=len)
    shared = next((n for n in range(len(first)) if len({path[n] for path in rows}) > 1), len(first))
    if shared:
        below = {path[shared:]: value for path, value in rows.items()}
        return [_prefixed(first[:shared], ends=False), _named(below, at + first[:shared], building)]
    branches: list[Item] = []
    for half in range(16):
        below = {path[1:]: value for path, value in rows.items() if path[:1] == (half,)}
        branches.append(_named(below, (*at, half), building) if below else b"")
    return [*branches, rows.get((), b"")]


def _named(rows: Mapping[Path, bytes], at: Path, building: _Building) -> Item:
    node = _node(rows, at, building)
    raw = rlp.encode(node)
    if len(raw) < 32:
        return node
    if building.wanted[: len(at)] == at:
        building.nodes.append(raw)
    return keccak256(raw)


def _prefixed(path: Path, *, ends: bool) -> bytes:
    flag = 2 * ends + len(path) % 2
    halves = (flag, *path) if len(path) % 2 else (flag, 0, *path)
    return bytes(16 * high + low for high, low in zip(halves[::2], halves[1::2], strict=True))
