"""The growing right edge of a tree: everything that is needed to append, and nothing else.

A frontier is a value: extending gives a new one and the tiles that changed, so an append that the
store refuses leaves the old one in place.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ledger_adapter.errors import LogCorrupt
from ledger_adapter.log.hashing import HashProfile
from ledger_adapter.log.proofs import Range
from ledger_adapter.log.tiles import HEIGHT, WIDTH, Pyramid, Tile, TileId, range_hash


class Subtree(NamedTuple):
    """A complete subtree on the edge, by height."""

    height: int
    hash: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Frontier:
    """`edge`: the complete subtrees, highest first. `rows`: the unfinished tile of each level."""

    size: int
    edge: tuple[Subtree, ...]
    rows: tuple[tuple[bytes, ...], ...]

    def root(self, profile: HashProfile) -> bytes:
        """The tree hash; of no leaves, the hash of nothing."""
        if not self.edge:
            return profile.empty
        *others, last = self.edge
        running = last.hash
        for subtree in reversed(others):
            running = profile.node(subtree.hash, running)
        return running

    def row(self, level: int) -> tuple[bytes, ...]:
        """The hashes of the unfinished tile at a level; empty when it has just been filled."""
        return self.rows[level] if level < len(self.rows) else ()


class Growth(NamedTuple):
    """A frontier after an append, and the tiles to store with it.

    Of level 0 only full tiles: the leaves of the last one lie in the batches anyway.
    """

    frontier: Frontier
    tiles: tuple[Tile, ...]


EMPTY = Frontier(size=0, edge=(), rows=())


def extend(profile: HashProfile, frontier: Frontier, leaves: Sequence[bytes]) -> Growth:
    """Append leaf hashes."""
    grower = _Grower(profile, frontier)
    for leaf in leaves:
        grower.append(leaf)
    return Growth(grower.frontier(), grower.changed())


class _Grower:
    """The mutable inside of `extend`."""

    def __init__(self, profile: HashProfile, frontier: Frontier) -> None:
        self._profile = profile
        self._size = frontier.size
        self._edge = list(frontier.edge)
        self._rows = [list(row) for row in frontier.rows]
        self._tiles: dict[TileId, tuple[bytes, ...]] = {}

    def append(self, leaf: bytes) -> None:
        node, height = leaf, 0
        self._place(0, leaf)
        while self._edge and self._edge[-1].height == height:
            node, height = self._profile.node(self._edge.pop().hash, node), height + 1
            if height % HEIGHT == 0:
                self._place(height // HEIGHT, node)
        self._edge.append(Subtree(height, node))
        self._size += 1

    def _place(self, level: int, node: bytes) -> None:
        if level == len(self._rows):
            self._rows.append([])
        row = self._rows[level]
        if len(row) == WIDTH:
            row.clear()
        row.append(node)
        number = (self._size >> HEIGHT * level) >> HEIGHT
        if level or len(row) == WIDTH:
            self._tiles[TileId(level, number)] = tuple(row)

    def frontier(self) -> Frontier:
        rows = tuple(() if len(row) == WIDTH else tuple(row) for row in self._rows)
        return Frontier(size=self._size, edge=tuple(self._edge), rows=rows)

    def changed(self) -> tuple[Tile, ...]:
        return tuple(Tile(place, hashes) for place, hashes in self._tiles.items())


def open_rows(size: int) -> dict[TileId, int]:
    """The unfinished tiles of a tree and how many hashes of each belong to it."""
    rows, level = {}, 0
    while size >> HEIGHT * level:
        count = size >> HEIGHT * level
        if count % WIDTH:
            rows[TileId(level, count >> HEIGHT)] = count % WIDTH
        level += 1
    return rows


def restore(profile: HashProfile, size: int, tiles: Mapping[TileId, Sequence[bytes]]) -> Frontier:
    """Rebuild a frontier from the tiles that `open_rows` named."""
    rows: list[tuple[bytes, ...]] = []
    for place, width in open_rows(size).items():
        row = tuple(tiles.get(place, ()))[:width]
        if len(row) != width:
            raise LogCorrupt(f"tile {place.level}/{place.number} is missing or too narrow")
        while len(rows) < place.level:
            rows.append(())
        rows.append(row)
    pyramids = {place: Pyramid(profile, hashes) for place, hashes in tiles.items()}
    edge, start = [], 0
    for height in range(size.bit_length() - 1, -1, -1):
        if size >> height & 1:
            wanted = Range(start, start + (1 << height))
            edge.append(Subtree(height, range_hash(profile, wanted, pyramids)))
            start = wanted.end
    return Frontier(size=size, edge=tuple(edge), rows=tuple(rows))
