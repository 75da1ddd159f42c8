"""Native receipt proofs of FISCO BCOS on synthetic fixtures: our own sealers and node."""

import copy
import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from ledger_adapter.chains.evm.transactions import Writer
from ledger_adapter.chains.fisco.reading import evidence_of
from ledger_adapter.crypto import sm3
from ledger_adapter.crypto.sm2 import PrivateKey
from ledger_adapter.errors import BadProof, BadSettings
from ledger_adapter.evidence import fisco
from ledger_adapter.evidence.fisco import Suite, TrustedFisco
from ledger_adapter.evidence.keccak import keccak256
from ledger_adapter.evidence.secp256k1 import G, _sum
from tests.ledger_adapter.evm.sealer import seal

REGISTRY = bytes.fromhex("c0" * 20)
LOG, ROOT, HEAD, SIZE = b"L" * 32, b"R" * 32, b"H" * 32, 70_000
NUMBER, TIME, GAS = 77, 1_790_000_000_123, 24_006
EVENT_TEXT = b"Anchored(bytes32,uint64,bytes32,bytes32)"
SUITES: tuple[Suite, ...] = ("KECCAK-SECP256K1", "SM3-SM2")
Sign = Callable[[bytes], bytes]


def sealers(suite: Suite, count: int = 4) -> list[tuple[bytes, Sign]]:
    """Public keys of 64 bytes, and who signs with them."""
    if suite == "SM3-SM2":
        keys = [PrivateKey.from_scalar(0x5000 + at) for at in range(count)]
        return [(key.public_key.uncompressed()[1:], key.sign) for key in keys]
    found: list[tuple[bytes, Sign]] = []
    for at in range(count):
        x, y = _sum(0x6000 + at, 0, G)
        writer = Writer.from_scalar(0x6000 + at)
        found.append(
            (
                x.to_bytes(32) + y.to_bytes(32),
                lambda digest, writer=writer: seal(writer, digest),  # type: ignore[misc]
            )
        )
    return found


def trusted(suite: Suite) -> TrustedFisco:
    keys = tuple(key for key, _ in sealers(suite))
    return TrustedFisco(
        chain_id="fisco:chain0/group0", suite=suite, registry=REGISTRY, sealers=keys
    )


def merkle(leaves: Sequence[bytes], at: int, digest: Callable[[bytes], bytes]) -> list[bytes]:
    """The node's flat proof with the root behind it."""
    flat: list[bytes] = []
    level = list(leaves)
    while len(level) > 1:
        first = at - at % 2
        group = level[first : first + 2]
        flat += [len(group).to_bytes(4), *group]
        level = [digest(b"".join(level[i : i + 2])) for i in range(0, len(level), 2)]
        at //= 2
    return [*(flat or level), level[0]]


def node_answers(
    suite: Suite, *, at: int = 2, rows: int = 5, signers: Sequence[int] = (0, 1, 3)
) -> tuple[dict[str, Any], dict[str, Any]]:
    """What a node would say of our receipt and its block."""
    digest = keccak256 if suite == "KECCAK-SECP256K1" else sm3.digest
    topics = [digest(EVENT_TEXT), LOG, SIZE.to_bytes(32)]
    ours = b"".join([
        bytes(4), str(GAS).encode(), b"", bytes(4), b"", REGISTRY.hex().encode(), *topics,
        ROOT + HEAD, NUMBER.to_bytes(8),
    ])  # fmt: skip
    leaves = [digest(bytes([row])) for row in range(rows)]
    leaves[at] = digest(ours)
    *flat, root = merkle(leaves, at, digest)
    keys = sealers(suite)
    header = b"".join([
        (3).to_bytes(4), (NUMBER - 1).to_bytes(8), b"p" * 32, b"t" * 32, root, b"s" * 32,
        NUMBER.to_bytes(8), str(GAS).encode(), TIME.to_bytes(8), (1).to_bytes(8),
        *(key for key, _ in keys), b"extra", *[(1).to_bytes(8)] * len(keys),
    ])  # fmt: skip
    name = digest(header)
    receipt = {
        "version": 0, "gasUsed": str(GAS), "contractAddress": "", "status": 0, "output": "0x",
        "blockNumber": NUMBER, "txReceiptProof": ["0x" + part.hex() for part in flat],
        "logEntries": [{
            "address": REGISTRY.hex(), "topics": ["0x" + t.hex() for t in topics],
            "data": "0x" + (ROOT + HEAD).hex(),
        }],
    }  # fmt: skip
    block = {
        "version": 3, "number": NUMBER, "timestamp": TIME, "sealer": 1, "gasUsed": str(GAS),
        "parentInfo": [{"blockNumber": NUMBER - 1, "blockHash": "0x" + (b"p" * 32).hex()}],
        "txsRoot": "0x" + (b"t" * 32).hex(), "receiptsRoot": "0x" + root.hex(),
        "stateRoot": "0x" + (b"s" * 32).hex(), "extraData": "0x" + b"extra".hex(),
        "sealerList": ["0x" + key.hex() for key, _ in keys],
        "consensusWeights": [1] * len(keys),
        "signatureList": [
            {"sealerIndex": index, "signature": "0x" + keys[index][1](name).hex()}
            for index in signers
        ],
    }  # fmt: skip
    return receipt, block


def check(evidence: Any, suite: Suite) -> Any:
    return fisco.KINDS[fisco.RECEIPT].check(json.loads(json.dumps(evidence)), trusted(suite))


@pytest.mark.parametrize("suite", SUITES)
@pytest.mark.parametrize(("at", "rows"), [(0, 1), (0, 2), (2, 5), (4, 5), (6, 9)])
def test_a_receipt_in_any_place_is_proved(suite: Suite, at: int, rows: int) -> None:
    found = check(evidence_of(*node_answers(suite, at=at, rows=rows)), suite)
    assert (found.log_id, found.tree_size, found.root) == (LOG, SIZE, ROOT)
    assert (found.block_number, found.block_time.timestamp()) == (NUMBER, TIME // 1000)
    assert not found.consensus


@pytest.mark.parametrize("suite", SUITES)
@pytest.mark.parametrize("signers", [(), (0, 1), (0, 0, 0), (0, 1, 1, 1)])
def test_each_sealer_counts_once_and_three_of_four_are_needed(
    suite: Suite, signers: Sequence[int]
) -> None:
    with pytest.raises(BadProof):
        check(evidence_of(*node_answers(suite, signers=signers)), suite)


@pytest.mark.parametrize("suite", SUITES)
def test_no_change_of_the_evidence_holds(suite: Suite) -> None:
    good: Any = evidence_of(*node_answers(suite))
    changed = [
        ("header", "number", "78"), ("header", "timestamp", "1"), ("header", "gasUsed", "024006"),
        ("header", "receiptRoot", "A" * 43), ("header", "version", "4"), ("header", "weights", []),
        ("header", "sealers", good["header"]["sealers"][::-1]), ("header", "more", "1"),
        ("receipt", "gasUsed", "24007"), ("receipt", "version", "1"), ("receipt", "event", "AAAA"),
        ("receipt", "effectiveGasPrice", "1"),
    ]  # fmt: skip
    for part, name, value in changed:
        mutant = copy.deepcopy(good)
        mutant[part][name] = value
        with pytest.raises(BadProof):
            check(mutant, suite)
    paths: list[list[Any]] = [
        [],
        good["path"][:-1],
        good["path"][1:],
        good["path"] * 2,
        good["path"] * 40,
    ]
    for path in paths:
        with pytest.raises(BadProof):
            check({**good, "path": path}, suite)
    for seals in (good["seals"][:-1], good["seals"] * 2, [{**good["seals"][0], "index": "9"}]):
        with pytest.raises(BadProof):
            check({**good, "seals": seals}, suite)


def test_evidence_of_one_suite_is_none_of_the_other() -> None:
    with pytest.raises(BadProof):
        check(evidence_of(*node_answers("SM3-SM2")), "KECCAK-SECP256K1")


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param({"status": 16}, id="failed"),
        pytest.param({"output": "0x01"}, id="with an output"),
        pytest.param({"logEntries": []}, id="without an event"),
        pytest.param({"txReceiptProof": ["0x00000009", "0x" + "11" * 32]}, id="a wrong count"),
    ],
)
def test_what_a_node_says_is_read_strictly(wrong: dict[str, Any]) -> None:
    receipt, block = node_answers("SM3-SM2")
    with pytest.raises(BadProof):
        check(evidence_of(receipt | wrong, block), "SM3-SM2")


@pytest.mark.parametrize("name", ["number", "timestamp", "receiptsRoot", "sealerList"])
def test_what_a_node_says_of_a_block_is_read_strictly(name: str) -> None:
    receipt, block = node_answers("SM3-SM2")
    with pytest.raises(BadProof):
        evidence_of(receipt, {**block, name: None})


def test_a_chain_in_a_trust_file_is_read_strictly() -> None:
    chain = trusted("SM3-SM2")
    entry = {
        "kind": "FISCO",
        "chain": chain.chain_id,
        "suite": chain.suite,
        "registry": "0x" + chain.registry.hex(),
        "sealers": ["0x" + key.hex() for key in chain.sealers],
    }
    assert fisco.read_chain(entry) == chain
    wrongs: list[dict[str, Any]] = [
        {"suite": "MD5"},
        {"chain": "eip155:1"},
        {"sealers": []},
        {"more": 1},
    ]
    for wrong in wrongs:
        with pytest.raises(BadSettings):
            fisco.read_chain({**entry, **wrong})
