"""Evidence of a sealed chain, in Python and in JavaScript: one verdict, and no change survives."""

import base64
import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from ledger_adapter.chains.evm import contract
from ledger_adapter.chains.evm.receipt_trie import proof_of
from ledger_adapter.chains.evm.transactions import Writer
from ledger_adapter.errors import BadProof, BadSettings
from ledger_adapter.evidence import evm, mpt, qbft, rlp
from ledger_adapter.evidence.ethereum import read_header, read_receipt, spelled
from ledger_adapter.evidence.evm import TrustedEvm, Validators, trust_entry
from ledger_adapter.evidence.keccak import keccak256
from ledger_adapter.log.bundle import b64url
from ledger_adapter.log.checkpoint import format_time
from tests.js.evm import FOLDER, packages
from tests.ledger_adapter.evm.sealer import seal
from tests.ledger_adapter.test_evidence import built, proof

SEALERS = [Writer.from_scalar(0xBE50 + at) for at in range(7)]
LOG, ROOT, DIGEST = b"L" * 32, b"R" * 32, b"D" * 32
SIZE = 70_000
REGISTRY = bytes.fromhex("c0" * 20)
CODE = contract.registry().version.code_hash


def chain(count: int) -> TrustedEvm:
    addresses = tuple(writer.address for writer in SEALERS[:count])
    return TrustedEvm(
        chain_id="eip155:1337",
        genesis=bytes(32),
        registry=REGISTRY,
        code_hash=CODE,
        validators=(Validators(0, None, addresses),),
    )


def event_receipt(*, ok: bytes = b"\x01", registry: bytes = REGISTRY, events: int = 1) -> bytes:
    log: rlp.Item = [registry, [evm.EVENT, LOG, SIZE.to_bytes(32)], ROOT + DIGEST]
    return b"\x02" + rlp.encode([ok, spelled(55_226), bytes(256), [log] * events])


def other_receipt(number: int) -> bytes:
    return rlp.encode([b"\x01", spelled(21_000 * (number + 1)), bytes(256), []])


def state() -> tuple[bytes, list[bytes], list[bytes]]:
    """A state root with our account among others, its proof, and the proof of the slot."""
    slot = keccak256(evm.root_slot(LOG, SIZE))
    slots = built({
        mpt.nibbles(keccak256(bytes([at]))): rlp.encode(bytes([at + 1]) * 32) for at in range(30)
    } | {mpt.nibbles(slot): rlp.encode(ROOT)})  # fmt: skip
    account = rlp.encode([spelled(1), b"", keccak256(rlp.encode(slots)), CODE])
    accounts = built({
        mpt.nibbles(keccak256(bytes([at]) * 20)): rlp.encode([b"", spelled(at), ROOT, ROOT])
        for at in range(30)
    } | {mpt.nibbles(keccak256(REGISTRY)): account})  # fmt: skip
    root = keccak256(rlp.encode(accounts))
    return root, proof(accounts, keccak256(REGISTRY)), proof(slots, slot)


def header(*, state_root: bytes, receipts_root: bytes, sealers: Sequence[Writer], of: int) -> bytes:
    """A sealed header: `sealers` sign, the first `of` are its validators."""
    extra = qbft.Extra(
        vanity=bytes(32),
        validators=tuple(writer.address for writer in SEALERS[:of]),
        vote=[],
        round=spelled(1),
        seals=(),
    )
    items: list[rlp.Item] = [
        b"p" * 32, b"o" * 32, b"m" * 20, state_root, b"t" * 32, receipts_root, bytes(256),
        spelled(1), spelled(77), spelled(30_000_000), spelled(55_226), spelled(1_790_000_000),
        extra.encode(round_=spelled(1)), qbft.DIGEST, bytes(8), spelled(7),
    ]  # fmt: skip
    digest = qbft.seal_hash(read_header(rlp.encode(items)))
    items[12] = extra.encode(round_=spelled(1), seals=[seal(writer, digest) for writer in sealers])
    return rlp.encode(items)


def evidence(
    *, sealers: int = 3, of: int = 4, at: int = 1, receipt: bytes | None = None, rows: int = 3
) -> tuple[dict[str, Any], dict[str, Any]]:
    """By receipt and by storage, of one block."""
    receipts = [other_receipt(number) for number in range(rows)]
    receipts[at] = receipt or event_receipt()
    receipts_root, nodes = proof_of(receipts, at)
    state_root, account, slot = state()
    raw = header(
        state_root=state_root, receipts_root=receipts_root, sealers=SEALERS[:sealers], of=of
    )
    by_receipt = {"header": b64url(raw), "index": str(at), "proof": [b64url(n) for n in nodes]}
    by_storage = {
        "header": b64url(raw),
        "log": b64url(LOG),
        "size": str(SIZE),
        "accountProof": [b64url(node) for node in account],
        "storageProof": [b64url(node) for node in slot],
    }
    return by_receipt, by_storage


def verdict(kind: str, given: Mapping[str, Any], trusted: TrustedEvm) -> str:
    try:
        found = evm.KINDS[kind].check(given, trusted)
    except BadProof:
        return "refused"
    facts = (
        found.log_id.hex(), found.tree_size, found.root.hex(), found.block_number,
        found.block_hash.hex(), format_time(found.block_time), str(found.consensus).lower(),
    )  # fmt: skip
    return " ".join(["ok", *map(str, facts)])


def in_javascript(cases: Sequence[tuple[str, Any, int]], chains: Sequence[TrustedEvm]) -> list[str]:
    node = packages()
    if isinstance(node, str):
        pytest.skip(node)
    asked = {
        "chains": [trust_entry(each) for each in chains],
        "cases": [{"kind": k, "evidence": e, "chain": c} for k, e, c in cases],
    }
    done = node.run("check.mjs", folder=FOLDER, stdin=json.dumps(asked))
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def both(cases: Sequence[tuple[str, Any, int]], chains: Sequence[TrustedEvm]) -> list[str]:
    """The one verdict of both verifiers."""
    python = [verdict(kind, given, chains[at]) for kind, given, at in cases]
    javascript = in_javascript(cases, chains)
    assert [
        line if line.startswith(("ok", "CRASH")) else "refused" for line in javascript
    ] == python
    return python


def test_both_verifiers_prove_the_same_head() -> None:
    by_receipt, by_storage = evidence()
    cases = [(evm.RECEIPT, by_receipt, 0), (evm.STORAGE, by_storage, 0)]
    first, second = both(cases, [chain(4)])
    assert first == second
    assert first.split()[1:5] == [LOG.hex(), str(SIZE), ROOT.hex(), "77"]
    assert first.endswith("true")


def test_every_place_in_a_block_of_many_transactions_is_proved() -> None:
    cases = [(evm.RECEIPT, evidence(at=at, rows=140)[0], 0) for at in (0, 1, 127, 128, 139)]
    assert all(found.startswith("ok") for found in both(cases, [chain(4)]))


@pytest.mark.parametrize(
    ("sealers", "of", "holds"),
    [
        pytest.param(3, 4, True, id="3 of 4"),
        pytest.param(4, 4, True, id="4 of 4"),
        pytest.param(2, 4, False, id="2 of 4"),
        pytest.param(0, 4, False, id="none"),
        pytest.param(5, 7, True, id="5 of 7"),
        pytest.param(4, 7, False, id="4 of 7"),
        pytest.param(1, 1, True, id="1 of 1"),
        pytest.param(5, 4, False, id="a stranger beside all"),
    ],
)
def test_two_thirds_of_the_validators_seal(sealers: int, of: int, *, holds: bool) -> None:
    cases = [(kind, given, 0) for kind, given in zip(
        (evm.RECEIPT, evm.STORAGE), evidence(sealers=sealers, of=of), strict=True
    )]  # fmt: skip
    assert [found.startswith("ok") for found in both(cases, [chain(of)])] == [holds, holds]


def test_what_is_not_the_registry_saying_so_is_refused() -> None:
    wrong = {
        "failed": event_receipt(ok=b""),
        "of another contract": event_receipt(registry=b"x" * 20),
        "said twice": event_receipt(events=2),
        "not said": event_receipt(events=0),
    }
    cases = [(evm.RECEIPT, evidence(receipt=receipt)[0], 0) for receipt in wrong.values()]
    assert both(cases, [chain(4)]) == ["refused"] * len(wrong)


def test_whom_to_trust_is_the_readers_own_choice() -> None:
    good = chain(4)
    (epoch,) = good.validators
    others = [
        chain(3),
        chain(5),
        replace(good, validators=()),
        replace(good, validators=(replace(epoch, from_block=78),)),
        replace(good, validators=(replace(epoch, to_block=77),)),
        replace(good, validators=(Validators(0, None, (*epoch.addresses[:3], b"z" * 20)),)),
    ]
    by_receipt, by_storage = evidence()
    cases = [(evm.RECEIPT, by_receipt, at) for at in range(len(others))]
    assert both(cases, others) == ["refused"] * len(others)
    assert both([(evm.STORAGE, by_storage, 0)], [replace(good, code_hash=b"c" * 32)]) == ["refused"]
    assert both([(evm.READING, {**by_receipt, "blockHash": ""}, 0)], [good]) == ["refused"]


def test_a_hundred_mutants_of_each_field_are_refused_by_both() -> None:
    chance = random.Random(1559)
    cases: list[tuple[str, Any, int]] = []
    for kind, good in zip((evm.RECEIPT, evm.STORAGE), evidence(at=2, rows=40), strict=True):
        for name, value in good.items():
            cases += [(kind, {**good, name: _mutant(value, chance)}, 0) for _ in range(105)]
    assert len(cases) >= 800
    assert set(both(cases, [chain(4)])) == {"refused"}


def _mutant(value: Any, chance: random.Random) -> Any:
    if isinstance(value, str) and value.isdecimal():
        return chance.choice([str(n) for n in range(SIZE + 100) if str(n) != value])
    if isinstance(value, str):
        raw = bytearray(base64.urlsafe_b64decode(value + "=" * (-len(value) % 4)))
        raw[chance.randrange(len(raw))] ^= 1 << chance.randrange(8)
        return b64url(bytes(raw))
    spot = chance.randrange(len(value))
    changed = list(value)
    match chance.randrange(6):
        case 0:
            del changed[spot]
        case 1:
            changed.insert(spot, changed[spot])
        case 2 if changed[::-1] != changed:
            changed.reverse()
        case 3:
            changed *= 70
        case _:
            changed[spot] = _mutant(value[spot], chance)
    return changed


def test_our_trie_is_that_of_the_yellow_paper() -> None:
    for rows in (1, 2, 17, 130):
        receipts = [other_receipt(number) for number in range(rows)]
        trie = built({
            mpt.nibbles(rlp.encode(spelled(at))): raw for at, raw in enumerate(receipts)
        })  # fmt: skip
        for at in {0, rows // 2, rows - 1}:
            root, nodes = proof_of(receipts, at)
            assert root == keccak256(rlp.encode(trie))
            assert list(nodes) == proof(trie, rlp.encode(spelled(at)))
            assert read_receipt(mpt.value_of(root, rlp.encode(spelled(at)), nodes)).succeeded


def test_a_chain_in_a_trust_file_is_read_strictly() -> None:
    entry = trust_entry(chain(4))
    assert evm.read_chain(json.loads(json.dumps(entry))) == chain(4)
    wrong: list[dict[str, object]] = [
        {**entry, "more": 1},
        {**entry, "chain": "eip155:01"},
        {**entry, "registry": "0x12"},
        {**entry, "codeHash": CODE.hex()},
        {**entry, "validators": [{}]},
        {**entry, "validators": [{"fromBlock": 0, "toBlock": None, "addresses": []}]},
        {**entry, "validators": [{"fromBlock": "0", "toBlock": None, "addresses": ["0x"]}]},
    ]
    for each in wrong:
        with pytest.raises(BadSettings):
            evm.read_chain(each)


def test_the_slot_is_where_the_compiler_put_the_roots() -> None:
    folder = FOLDER.parents[2] / "ledger_adapter/chains/evm/contract/registry.json"
    assert json.loads(folder.read_text())["storage"]["roots"] == evm.ROOTS_SLOT
