"""Chain evidence read and verified by ourselves: Keccak, RLP, Merkle-Patricia proofs."""

import random
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger_adapter.errors import BadProof
from ledger_adapter.evidence import rlp
from ledger_adapter.evidence.keccak import keccak256
from ledger_adapter.evidence.mpt import nibbles, value_of
from ledger_adapter.evidence.rlp import Item

Path = tuple[int, ...]


@pytest.mark.parametrize(
    ("data", "digest"),
    [
        pytest.param(
            b"", "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470", id="empty"
        ),
        pytest.param(
            b"abc", "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45", id="abc"
        ),
        pytest.param(
            b"\x80", "56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421",
            id="the empty trie",
        ),
    ],
)  # fmt: skip
def test_keccak_is_that_of_ethereum(data: bytes, digest: str) -> None:
    assert keccak256(data).hex() == digest


items: st.SearchStrategy[Item] = st.recursive(
    st.binary(max_size=80), lambda inner: st.lists(inner, max_size=5), max_leaves=12
)


@given(items)
def test_rlp_reads_what_it_writes(item: Item) -> None:
    assert rlp.decode(rlp.encode(item)) == item


@given(st.binary(min_size=1, max_size=70))
def test_rlp_reads_one_spelling_only(raw: bytes) -> None:
    try:
        item = rlp.decode(raw)
    except BadProof:
        return
    assert rlp.encode(item) == raw


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param("8101", id="small byte with a length"),
        pytest.param("b801ff", id="long form of a short string"),
        pytest.param("b90038" + "00" * 56, id="leading zero of a length"),
        pytest.param("83ffff", id="cut off"),
        pytest.param("c0c0", id="two items"),
        pytest.param("c283ffffff", id="part longer than the list"),
        pytest.param("c1" * 40 + "c0", id="depth"),
        pytest.param("", id="nothing"),
    ],
)
def test_rlp_refuses_other_spellings(raw: str) -> None:
    with pytest.raises(BadProof):
        rlp.decode(bytes.fromhex(raw))


def prefixed(path: Path, *, ends: bool) -> bytes:
    flag = 2 * ends + len(path) % 2
    halves = (flag, *path) if len(path) % 2 else (flag, 0, *path)
    return bytes(16 * a + b for a, b in zip(halves[::2], halves[1::2], strict=True))


def built(rows: Mapping[Path, bytes]) -> Item:
    """The trie as nested nodes, by the yellow paper's words and not by our verifier's."""
    if not rows:
        return b""
    if len(rows) == 1:
        ((path, value),) = rows.items()
        return [prefixed(path, ends=True), value]
    first = min(rows, key=len)
    shared = next((n for n in range(len(first)) if len({path[n] for path in rows}) > 1), len(first))
    if shared:
        below = built({path[shared:]: value for path, value in rows.items()})
        return [prefixed(first[:shared], ends=False), named(below)]
    branches = [
        named(built({path[1:]: value for path, value in rows.items() if path[:1] == (half,)}))
        for half in range(16)
    ]
    return [*branches, rows.get((), b"")]


class Named(bytes):
    """A hash that remembers its node."""

    node: Item


def named(node: Item) -> Item:
    raw = rlp.encode(node)
    if node == b"" or len(raw) < 32:
        return node
    reference = Named(keccak256(raw))
    reference.node = node
    return reference


def proof(trie: Item, key: bytes) -> list[bytes]:
    """The hashed nodes on the way to a key, the root first."""
    path, nodes, node = nibbles(key), [rlp.encode(trie)], trie
    while True:
        assert not isinstance(node, bytes)
        if len(node) == 17:
            if not path:
                return nodes
            below, path = node[path[0]], path[1:]
        else:
            assert isinstance(node[0], bytes)
            if node[0][0] >> 5:
                return nodes
            path = path[len(nibbles(node[0])) - (1 if node[0][0] >> 4 & 1 else 2) :]
            below = node[1]
        if isinstance(below, Named):
            nodes.append(rlp.encode(below.node))
            below = below.node
        node = below


ROWS = {b"do": b"verb", b"dog": b"puppy", b"doge": b"coin", b"horse": b"stallion"}


def test_the_known_trie_and_each_of_its_values() -> None:
    trie = built({nibbles(key): value for key, value in ROWS.items()})
    root = keccak256(rlp.encode(trie))
    assert root.hex() == "5991bb8c6514148a29db676a14ac506cd2cd5775ace63c30a4fe457715e9ac84"
    for key, value in ROWS.items():
        assert value_of(root, key, proof(trie, key)) == value
    with pytest.raises(BadProof):
        value_of(root, b"cat", proof(trie, b"dog"))


def test_every_flipped_bit_and_every_other_list_of_nodes_is_refused() -> None:
    chance = random.Random(7)
    rows = {chance.randbytes(32): chance.randbytes(40) for _ in range(60)}
    trie = built({nibbles(key): value for key, value in rows.items()})
    root = keccak256(rlp.encode(trie))
    for key, value in list(rows.items())[:6]:
        nodes = proof(trie, key)
        assert value_of(root, key, nodes) == value
        wrong = [nodes[:-1], nodes[1:], [*nodes, nodes[-1]], nodes[::-1], [], nodes * 40]
        for _ in range(60):
            spot = chance.randrange(len(nodes))
            node = bytearray(nodes[spot])
            node[chance.randrange(len(node))] ^= 1 << chance.randrange(8)
            wrong.append([*nodes[:spot], bytes(node), *nodes[spot + 1 :]])
        for changed in wrong:
            with pytest.raises(BadProof):
                value_of(root, key, changed)
