"""What a chain of Ethereum's kind proves about our registry contract. Pure.

    RECEIPT_MPT  header, index, proof: the block's receipt at `index` holds the registry's event
    STORAGE_MPT  header, log, size, accountProof, storageProof: the registry's slot holds the root
    READ_QUORUM  as RECEIPT_MPT with blockHash: for chains whose headers carry no seals

The first two want QBFT seals of validators from the reader's trust file: nobody else can make such
evidence. READ_QUORUM binds everything to one block hash, and that hash to nothing: it says which
block to ask any node of the chain for, and counts for no more than the log's own word.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, cast

from ledger_adapter.errors import BadProof, BadSettings
from ledger_adapter.evidence import mpt, qbft, rlp
from ledger_adapter.evidence.ethereum import (
    Header,
    Receipt,
    octets,
    read_header,
    read_receipt,
    spelled,
)
from ledger_adapter.evidence.keccak import keccak256
from ledger_adapter.evidence.kinds import AnchoredHead, Kind, TrustedChain
from ledger_adapter.log.bundle import b64url, from_b64url
from ledger_adapter.log.checkpoint import MAX_SIZE, parse_decimal

CHAIN_KIND: Final = "EVM"
RECEIPT: Final = "RECEIPT_MPT"
STORAGE: Final = "STORAGE_MPT"
READING: Final = "READ_QUORUM"
EVENT: Final = keccak256(b"Anchored(bytes32,uint64,bytes32,bytes32)")
ROOTS_SLOT: Final = 2
MAX_EPOCHS: Final = 64
_CHAIN_ID: Final = re.compile(r"eip155:[1-9][0-9]{0,19}")
_ENTRY: Final = {"kind", "chain", "genesis", "registry", "codeHash", "validators"}


@dataclass(frozen=True, slots=True)
class Validators:
    """Who seals the blocks from one height to before another (None: still)."""

    from_block: int
    to_block: int | None
    addresses: tuple[bytes, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedEvm:
    """A chain and the registry on it, as the verifier configured them."""

    chain_id: str
    genesis: bytes
    registry: bytes
    code_hash: bytes
    validators: tuple[Validators, ...] = ()

    @property
    def kind(self) -> str:
        return CHAIN_KIND

    def sealers(self, block: int) -> Sequence[bytes]:
        """The validators of a height; BadProof when none are configured."""
        for epoch in self.validators:
            if epoch.from_block <= block and (epoch.to_block is None or block < epoch.to_block):
                return epoch.addresses
        raise BadProof("seals", f"the trust file names no validators for block {block}")


@dataclass(frozen=True, slots=True)
class Anchored:
    """The registry's event."""

    log_id: bytes
    tree_size: int
    root: bytes
    head: bytes


def trust_entry(chain: TrustedEvm) -> dict[str, object]:
    """The chain's entry in a trust file."""
    return {
        "kind": CHAIN_KIND,
        "chain": chain.chain_id,
        "genesis": "0x" + chain.genesis.hex(),
        "registry": "0x" + chain.registry.hex(),
        "codeHash": "0x" + chain.code_hash.hex(),
        "validators": [
            {
                "fromBlock": epoch.from_block,
                "toBlock": epoch.to_block,
                "addresses": ["0x" + address.hex() for address in epoch.addresses],
            }
            for epoch in chain.validators
        ],
    }


def read_chain(entry: Mapping[str, object]) -> TrustedChain:
    """The inverse of `trust_entry`; BadSettings for anything else."""
    epochs = entry.get("validators")
    if set(entry) != _ENTRY or not isinstance(epochs, list) or len(epochs) > MAX_EPOCHS:
        raise BadSettings(f"trust: a chain of kind {CHAIN_KIND} has {', '.join(sorted(_ENTRY))}")
    chain_id = entry["chain"]
    if not isinstance(chain_id, str) or not _CHAIN_ID.fullmatch(chain_id):
        raise BadSettings("trust: the chain of kind EVM is named eip155:NUMBER")
    return TrustedEvm(
        chain_id=chain_id,
        genesis=from_hex(entry["genesis"], 32, "genesis"),
        registry=from_hex(entry["registry"], 20, "registry"),
        code_hash=from_hex(entry["codeHash"], 32, "codeHash"),
        validators=tuple(read_validators(epoch) for epoch in epochs),
    )


def read_validators(value: object) -> Validators:
    """One {fromBlock, toBlock, addresses}; BadSettings for anything else."""
    if not isinstance(value, Mapping) or set(value) != {"fromBlock", "toBlock", "addresses"}:
        raise BadSettings("validators: each entry has fromBlock, toBlock and addresses")
    first, last, listed = value["fromBlock"], value["toBlock"], value["addresses"]
    if type(first) is not int or (last is not None and type(last) is not int):
        raise BadSettings("validators: fromBlock and toBlock are numbers")
    if not isinstance(listed, list) or not 0 < len(listed) <= qbft.MAX_VALIDATORS:
        raise BadSettings("validators: addresses is a list")
    addresses = tuple(from_hex(each, 20, "validators") for each in listed)
    if len(set(addresses)) != len(addresses):
        raise BadSettings("validators: an address stands there twice")
    return Validators(first, last, addresses)


def from_hex(text: object, length: int, name: str) -> bytes:
    """Bytes of a settings or trust file, as Ethereum writes them: 0x and digits."""
    if isinstance(text, str) and text.startswith("0x") and len(text) == 2 + 2 * length:
        try:
            return bytes.fromhex(text[2:])
        except ValueError:
            pass
    raise BadSettings(f"{name}: not 0x and {2 * length} hexadecimal digits")


def block_hash(header: Header) -> bytes:
    """The hash by which nodes name a block, by the rule of its consensus."""
    if qbft.is_bft(header):
        return qbft.block_hash(header)
    return keccak256(rlp.encode(header.items))


def read_event(receipt: Receipt, registry: bytes) -> Anchored:
    """The one event of the registry; BadProof when the receipt has none, or several."""
    found = [log for log in receipt.logs if log.address == registry and log.topics[:1] == (EVENT,)]
    if not receipt.succeeded or len(found) != 1:
        raise BadProof("receipt", "not a success with exactly one anchor of the registry")
    (log,) = found
    if len(log.topics) != 3 or len(log.data) != 64 or any(log.topics[2][:24]):
        raise BadProof("receipt", "the event is not of the registry's form")
    size = int.from_bytes(log.topics[2])
    if size > MAX_SIZE:
        raise BadProof("receipt", "a tree size beyond all trees")
    return Anchored(log.topics[1], size, log.data[:32], log.data[32:])


def root_slot(log_id: bytes, size: int) -> bytes:
    """Where the registry keeps the root of a size: `roots[log][size]`."""
    return keccak256(size.to_bytes(32) + keccak256(log_id + ROOTS_SLOT.to_bytes(32)))


def _checked(
    check: Callable[[Mapping[str, object], TrustedEvm], AnchoredHead],
) -> Callable[[Mapping[str, object], TrustedChain], AnchoredHead]:
    """A check whose every refusal names the anchor and, in words, its own step."""

    def run(evidence: Mapping[str, object], chain: TrustedChain) -> AnchoredHead:
        try:
            return check(evidence, cast("TrustedEvm", chain))
        except BadProof as fault:
            raise BadProof("anchor", str(fault)) from None

    return run


def _by_receipt(evidence: Mapping[str, object], chain: TrustedEvm) -> AnchoredHead:
    _members(evidence, {"header", "index", "proof"})
    header = read_header(from_b64url(evidence["header"], "header"))
    found = _event(evidence, header, chain)
    qbft.check_seals(header, chain.sealers(header.number))  # last, as it costs most
    return _head(header, found, consensus=True)


def _by_reading(evidence: Mapping[str, object], chain: TrustedEvm) -> AnchoredHead:
    _members(evidence, {"header", "index", "proof", "blockHash"})
    header = read_header(from_b64url(evidence["header"], "header"))
    if qbft.is_bft(header):
        raise BadProof("seals", "a sealed header is believed by its seals only")
    if b64url(block_hash(header)) != evidence["blockHash"]:
        raise BadProof("header", "not the block that the evidence names")
    return _head(header, _event(evidence, header, chain), consensus=False)


def _by_storage(evidence: Mapping[str, object], chain: TrustedEvm) -> AnchoredHead:
    _members(evidence, {"header", "log", "size", "accountProof", "storageProof"})
    header = read_header(from_b64url(evidence["header"], "header"))
    log_id = from_b64url(evidence["log"], "storage")
    size = parse_decimal(_text(evidence["size"]), "storage")
    account = rlp.decode(
        mpt.value_of(header.state_root, keccak256(chain.registry), _nodes(evidence["accountProof"]))
    )
    if isinstance(account, bytes) or len(account) != 4 or account[3] != chain.code_hash:
        raise BadProof("storage", "the account at the registry's address has other code")
    root = rlp.decode(
        mpt.value_of(
            octets(account[2], "storage"),
            keccak256(root_slot(log_id, size)),
            _nodes(evidence["storageProof"]),
        )
    )
    if len(log_id) != 32 or not 0 < len(octets(root, "storage")) <= 32:
        raise BadProof("storage", "the slot holds no root")
    qbft.check_seals(header, chain.sealers(header.number))
    found = Anchored(log_id, size, octets(root, "storage").rjust(32, b"\x00"), b"")
    return _head(header, found, consensus=True)


def _event(evidence: Mapping[str, object], header: Header, chain: TrustedEvm) -> Anchored:
    index = parse_decimal(_text(evidence["index"]), "receipt")
    key = rlp.encode(spelled(index))
    receipt = mpt.value_of(header.receipts_root, key, _nodes(evidence["proof"]))
    return read_event(read_receipt(receipt), chain.registry)


def _head(header: Header, found: Anchored, *, consensus: bool) -> AnchoredHead:
    return AnchoredHead(
        log_id=found.log_id,
        tree_size=found.tree_size,
        root=found.root,
        block_number=header.number,
        block_hash=block_hash(header),
        block_time=header.time,
        consensus=consensus,
    )


def _members(evidence: Mapping[str, object], names: set[str]) -> None:
    if set(evidence) != names:
        raise BadProof("evidence", "members are not the expected ones")


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise BadProof("evidence", "not a string")
    return value


def _nodes(value: object) -> list[bytes]:
    if not isinstance(value, list) or len(value) > mpt.MAX_NODES:
        raise BadProof("trie", f"not a list of at most {mpt.MAX_NODES} nodes")
    return [from_b64url(node, "trie") for node in value]


KINDS: Final[Mapping[str, Kind]] = {
    RECEIPT: Kind(CHAIN_KIND, "CONSENSUS", _checked(_by_receipt)),
    STORAGE: Kind(CHAIN_KIND, "CONSENSUS", _checked(_by_storage)),
    READING: Kind(CHAIN_KIND, "SELF", _checked(_by_reading)),
}
