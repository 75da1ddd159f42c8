"""The RFC 9162 tree: published vectors, our own for SM3, and properties against the definition."""

import secrets
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger_adapter.errors import BadProof, LogCorrupt
from ledger_adapter.log import frontier as tree
from ledger_adapter.log.hashing import SHA256, SM3, HashProfile
from ledger_adapter.log.proofs import (
    check_consistency,
    consistency_ranges,
    inclusion_ranges,
    root_from_path,
    split,
)
from ledger_adapter.log.tiles import Pyramid, TileId, cover, range_hash, tiles_for

# the entries and roots that certificate-transparency implementations share
ENTRIES = [
    bytes.fromhex(text)
    for text in (
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]  # fmt: skip
SHA256_ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
# the same trees hashed with `openssl dgst -sm3`, by the definition
SM3_ROOTS = [
    "2daef60e7a0b8f5e024c81cd2ab3109f2b4f155cf83adeb2ae5532f74a157fdf",
    "0b990fe0c7ad70f1bf1a1262f2c7908ea48146b14253a6db99f2917ab1f5cc4d",
    "209ec96a210d662a964772680e8544d18cab7b88ffec3e00962220349b56ea56",
    "28e4e307ef6d2d0c62d84b11ef96e835efe490f35b93c8f024ecfe38c8dd4377",
    "bb10c996aeebbcdc69be3715fc847344de77442d37a5ab8213da9f41785b103b",
    "8723c1ab1f82ddfba4a3733ac0c80d936d9f4c208c7dbc8cc81ca9fff8584f66",
    "bd36c22a1ac6ff4308e0c3cc1a85bf0ffa30538ec60a55c70413ab15d45db4d2",
    "bc48ba7a709184b5f2a631e1adeb8dc2a0d4c018c1d6cc89b5664fe154c93b38",
]
SIZES = (1, 2, 3, 7, 8, 255, 256, 257, 511, 512, 513, 700)


def tree_hash(profile: HashProfile, leaves: Sequence[bytes]) -> bytes:
    """MTH of RFC 9162 §2.1.1, word for word."""
    if not leaves:
        return profile.empty
    if len(leaves) == 1:
        return leaves[0]
    k = split(len(leaves))
    return profile.node(tree_hash(profile, leaves[:k]), tree_hash(profile, leaves[k:]))


def pyramids(profile: HashProfile, leaves: Sequence[bytes]) -> Mapping[TileId, Pyramid]:
    """All tiles of a tree, made by appending."""
    grown = tree.extend(profile, tree.EMPTY, leaves)
    tiles = {tile.id: tile.hashes for tile in grown.tiles}
    tiles[TileId(0, len(leaves) >> 8)] = tuple(leaves[len(leaves) >> 8 << 8 :])
    return {place: Pyramid(profile, hashes) for place, hashes in tiles.items() if hashes}


LEAVES = [SM3.leaf(number.to_bytes(2)) for number in range(700)]
TILES = pyramids(SM3, LEAVES)


@pytest.mark.parametrize("size", range(1, 9))
@pytest.mark.parametrize(
    ("profile", "roots"),
    [pytest.param(SHA256, SHA256_ROOTS, id="SHA256"), pytest.param(SM3, SM3_ROOTS, id="SM3")],
)
def test_roots_of_the_published_trees(profile: HashProfile, roots: list[str], size: int) -> None:
    leaves = [profile.leaf(entry) for entry in ENTRIES[:size]]
    assert tree.extend(profile, tree.EMPTY, leaves).frontier.root(profile).hex() == roots[size - 1]


def test_the_root_of_nothing_is_the_hash_of_nothing() -> None:
    assert tree.EMPTY.root(SHA256).hex() == (
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    )
    assert tree.EMPTY.root(SM3).hex() == (
        "1ab21d8355cfa17f8e61194831e81a8f22bec8c728fefb747ed035eb5082aa2b"
    )


@pytest.mark.parametrize(
    ("index", "size", "path"),
    [
        pytest.param(0, 1, [], id="one leaf needs no path"),
        pytest.param(
            0,
            8,
            [
                "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
            ],
            id="first of eight",
        ),
        pytest.param(
            5,
            8,
            [
                "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
                "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            ],
            id="sixth of eight",
        ),
        pytest.param(
            2,
            3,
            ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
            id="last of three",
        ),
    ],
)
def test_published_inclusion_paths(index: int, size: int, path: list[str]) -> None:
    leaves = [SHA256.leaf(entry) for entry in ENTRIES[:size]]
    tiles = pyramids(SHA256, leaves)
    made = [range_hash(SHA256, wanted, tiles) for wanted in inclusion_ranges(index, size)]
    assert [node.hex() for node in made] == path


@pytest.mark.parametrize("size", SIZES)
def test_every_path_leads_to_the_root_by_definition(size: int) -> None:
    root = tree_hash(SM3, LEAVES[:size])
    for index in {0, 1, size // 3, size // 2, size - 1} & set(range(size)):
        path = [range_hash(SM3, wanted, TILES) for wanted in inclusion_ranges(index, size)]
        assert root_from_path(SM3, leaf=LEAVES[index], index=index, size=size, path=path) == root


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_consistency_proofs_hold_and_only_for_their_trees(data: st.DataObject) -> None:
    second = data.draw(st.integers(1, 700))
    first = data.draw(st.integers(1, second))
    path = [range_hash(SM3, wanted, TILES) for wanted in consistency_ranges(first, second)]
    old, new = tree_hash(SM3, LEAVES[:first]), tree_hash(SM3, LEAVES[:second])

    def check(old: bytes, new: bytes, path: Sequence[bytes]) -> None:
        check_consistency(
            SM3, first=first, first_root=old, second=second, second_root=new, path=path
        )

    check(old, new, path)
    wrong = secrets.token_bytes(32)
    for bad in ((wrong, new, path), (old, wrong, path), (old, new, [*path, wrong])):
        with pytest.raises(BadProof):
            check(*bad)
    if path:
        spot = data.draw(st.integers(0, len(path) - 1))
        with pytest.raises(BadProof):
            check(old, new, path[:-1])
        with pytest.raises(BadProof):
            check(old, new, [*path[:spot], wrong, *path[spot + 1 :]])


@given(
    parts=st.lists(st.integers(1, 300), min_size=1, max_size=6),
)
@settings(max_examples=40, deadline=None)
def test_appending_in_any_portions_makes_one_tree(parts: list[int]) -> None:
    leaves = [SM3.leaf(number.to_bytes(3)) for number in range(sum(parts))]
    frontier, tiles, at = tree.EMPTY, dict[TileId, tuple[bytes, ...]](), 0
    for part in parts:
        frontier, changed = tree.extend(SM3, frontier, leaves[at : at + part])
        tiles.update((tile.id, tile.hashes) for tile in changed)
        at += part
    assert frontier.root(SM3) == tree_hash(SM3, leaves)
    open_leaf_row = TileId(0, at >> 8)
    tiles[open_leaf_row] = tuple(leaves[at >> 8 << 8 :])
    assert tree.restore(SM3, at, tiles) == frontier


@given(st.integers(0, 2**20), st.integers(0, 2**20))
@settings(deadline=None)
def test_proofs_at_a_million_leaves_need_few_tiles(index: int, size: int) -> None:
    size = max(size, 1)
    ranges = inclusion_ranges(index % size, size)
    assert len(ranges) <= 20
    assert len(tiles_for(ranges)) <= 6
    for wanted in ranges:
        nodes = cover(wanted)
        assert sum(1 << node.level for node in nodes) == wanted.end - wanted.start
        assert nodes[0].number << nodes[0].level == wanted.start


def test_a_narrow_or_absent_tile_is_corruption_not_a_wrong_hash() -> None:
    wanted = inclusion_ranges(3, 700)
    narrow = {**TILES, TileId(0, 0): Pyramid(SM3, LEAVES[:100])}
    with pytest.raises(LogCorrupt, match="narrow"):
        [range_hash(SM3, part, narrow) for part in wanted]
    absent = {place: tile for place, tile in TILES.items() if place != TileId(0, 0)}
    with pytest.raises(LogCorrupt, match="missing"):
        [range_hash(SM3, part, absent) for part in wanted]


@pytest.mark.parametrize(
    ("index", "size"),
    [pytest.param(0, 0, id="empty tree"), pytest.param(5, 5, id="past the end")],
)
def test_a_path_needs_a_leaf_inside_the_tree(index: int, size: int) -> None:
    with pytest.raises(BadProof):
        root_from_path(SM3, leaf=LEAVES[0], index=index, size=size, path=[])
    with pytest.raises(ValueError, match="not in a tree"):
        inclusion_ranges(index, size)


def test_leaves_and_nodes_cannot_be_exchanged() -> None:
    left, right = SM3.leaf(b"left"), SM3.leaf(b"right")
    assert SM3.leaf(left + right) != SM3.node(left, right)
