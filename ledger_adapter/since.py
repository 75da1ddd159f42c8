"""Whether a log still is the one a reader knew: consistency from a kept head, by public tiles.

The tiles come from anywhere (the log's own site, a mirror, a folder): nothing in them is believed
before it leads from one signed head to the other.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from ledger_adapter.errors import BadProof, LogCorrupt
from ledger_adapter.evidence.trust import Trust
from ledger_adapter.log.checkpoint import Checkpoint
from ledger_adapter.log.hashing import profile
from ledger_adapter.log.paths import tile_path
from ledger_adapter.log.proofs import check_consistency, consistency_ranges
from ledger_adapter.log.tiles import HEIGHT, WIDTH, Pyramid, TileId, range_hash, tiles_for, unpack
from ledger_adapter.verify import check_signatures

Fetch = Callable[[str], bytes]


class Extension(NamedTuple):
    """Two heads of one log, the second an extension of the first."""

    first: Checkpoint
    second: Checkpoint


def check_since(kept: Checkpoint, offered: Checkpoint, *, trust: Trust, fetch: Fetch) -> Extension:
    """BadProof unless one of the heads extends the other; either may be the older one."""
    log = trust.log(kept.head.origin)
    if log is None or offered.head.origin != kept.head.origin:
        raise BadProof("since", "the kept head is of another log, or of one nobody configured")
    for head in (kept, offered):
        check_signatures(head, log)
    first, second = sorted((kept, offered), key=lambda head: head.tree_size)
    hashing = profile(log.hash)
    path: tuple[bytes, ...] = ()
    if 0 < first.tree_size < second.tree_size:
        ranges = consistency_ranges(first.tree_size, second.tree_size)
        tiles = _tiles(tiles_for(ranges), second.tree_size, log.hash, fetch)
        try:
            path = tuple(range_hash(hashing, wanted, tiles) for wanted in ranges)
        except LogCorrupt as fault:
            raise BadProof("since", str(fault)) from None
    check_consistency(
        hashing,
        first=first.tree_size,
        first_root=first.root,
        second=second.tree_size,
        second_root=second.root,
        path=path,
    )
    return Extension(first, second)


def _tiles(
    wanted: set[TileId], size: int, hash_name: str, fetch: Fetch
) -> Mapping[TileId, Pyramid]:
    found = {}
    for tile in wanted:
        width = min(WIDTH, (size >> HEIGHT * tile.level) - tile.number * WIDTH)
        try:
            hashes = unpack(fetch(tile_path(tile.level, tile.number, width)))
        except LogCorrupt as fault:
            raise BadProof("since", str(fault)) from None
        found[tile] = Pyramid(profile(hash_name), hashes[:width])
    return found
