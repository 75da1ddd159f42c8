"""Tiles: the tree cut into pieces 8 levels high and 256 hashes wide (C2SP tlog-tiles).

Tile (level L, number i) holds the hashes of tree level 8*L at positions 256*i and on. Tiles only
ever grow to the right, so any stored width at least as great as the asked tree needs will do.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from ledger_adapter.errors import LogCorrupt
from ledger_adapter.log.hashing import HASH_SIZE, HashProfile
from ledger_adapter.log.proofs import Range

HEIGHT: Final = 8
WIDTH: Final = 1 << HEIGHT


class TileId(NamedTuple):
    """Place of a tile."""

    level: int
    number: int


class Tile(NamedTuple):
    """A tile with the hashes it holds so far, 1 to 256."""

    id: TileId
    hashes: tuple[bytes, ...]

    @property
    def full(self) -> bool:
        return len(self.hashes) == WIDTH


class Node(NamedTuple):
    """A complete subtree: 2^level leaves from number * 2^level on."""

    level: int
    number: int


def pack(hashes: Iterable[bytes]) -> bytes:
    """The stored form of a tile: its hashes, one after the other."""
    return b"".join(hashes)


def unpack(raw: bytes) -> tuple[bytes, ...]:
    """The inverse of `pack`."""
    if len(raw) % HASH_SIZE or not 0 < len(raw) <= WIDTH * HASH_SIZE:
        raise LogCorrupt("a tile is not 1 to 256 hashes long")
    return tuple(raw[at : at + HASH_SIZE] for at in range(0, len(raw), HASH_SIZE))


def cover(wanted: Range) -> list[Node]:
    """The fewest complete subtrees that make up a range which a proof asks for, left to right."""
    nodes, start = [], wanted.start
    while start < wanted.end:
        level = (wanted.end - start).bit_length() - 1
        if start:
            level = min(level, (start & -start).bit_length() - 1)
        nodes.append(Node(level, start >> level))
        start += 1 << level
    return nodes


def tile_of(node: Node) -> TileId:
    """The tile from whose hashes a complete subtree is computed."""
    level, height = divmod(node.level, HEIGHT)
    return TileId(level, node.number << height >> HEIGHT)


def tiles_for(ranges: Iterable[Range]) -> set[TileId]:
    """Every tile needed to compute the hashes of the ranges."""
    return {tile_of(node) for wanted in ranges for node in cover(wanted)}


class Pyramid:
    """A tile with the subtrees above its hashes, each computed once, on first demand."""

    __slots__ = ("_profile", "_rows")

    def __init__(self, profile: HashProfile, hashes: Sequence[bytes]) -> None:
        self._profile = profile
        self._rows: list[Sequence[bytes]] = [hashes]

    def hash(self, height: int, number: int) -> bytes:
        """The subtree of 2^height hashes from number * 2^height on, within this tile."""
        while len(self._rows) <= height:
            below = self._rows[-1]
            node = self._profile.node
            pairs = range(0, len(below) - len(below) % 2, 2)
            self._rows.append([node(below[at], below[at + 1]) for at in pairs])
        row = self._rows[height]
        if number >= len(row):
            raise LogCorrupt("a tile is narrower than the tree above it")
        return row[number]


def range_hash(profile: HashProfile, wanted: Range, tiles: Mapping[TileId, Pyramid]) -> bytes:
    """The tree hash over a range, from tiles that `tiles_for` named."""
    hashes = [_node_hash(node, tiles) for node in cover(wanted)]
    running = hashes.pop()
    while hashes:  # the ragged right edge leans left, as RFC 9162 splits it
        running = profile.node(hashes.pop(), running)
    return running


def _node_hash(node: Node, tiles: Mapping[TileId, Pyramid]) -> bytes:
    place = tile_of(node)
    if place not in tiles:
        raise LogCorrupt(f"tile {place.level}/{place.number} is missing")
    height = node.level % HEIGHT
    return tiles[place].hash(height, node.number % (WIDTH >> height))
