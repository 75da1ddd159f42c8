"""Native receipt proofs of FISCO BCOS 3.x: experimental, from reading the node's source. Pure.

    receipt   version, gasUsed, contractAddress, status, output, [effectiveGasPrice], events, block
    path      groups of siblings from the receipt's hash to the header's receiptRoot, own hash among
              them; there is no prefix that tells a leaf from a node
    header    the fields in the node's order; the block's hash is that of their concatenation
    seals     signatures of the sealers over the block's hash

Hash and signature are Keccak and secp256k1, or SM3 and SM2 on a chain with `sm_crypto`.

Laws: what is hashed has no lengths between its fields, so the fields are held to forms that can be
cut in one way only: gasUsed is decimal, no contract is created, a call of ours returns nothing,
there is one event. Even so a foreign contract's `output` may read like our event, and nothing in
the receipt's hash tells: such evidence never counts as CONSENSUS.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal, cast

from ledger_adapter.crypto import sm3
from ledger_adapter.crypto.sm2 import PublicKey
from ledger_adapter.errors import BadProof, BadSettings, CryptoError
from ledger_adapter.evidence.evm import EVENT, from_hex
from ledger_adapter.evidence.keccak import keccak256
from ledger_adapter.evidence.kinds import AnchoredHead, Kind, TrustedChain
from ledger_adapter.evidence.secp256k1 import address_of, signer
from ledger_adapter.log.bundle import from_b64url
from ledger_adapter.log.checkpoint import MAX_SIZE, parse_decimal

CHAIN_KIND: Final = "FISCO"
RECEIPT: Final = "FISCO_RECEIPT"
MAX_SEALERS: Final = 100
MAX_GROUPS: Final = 32
_EVENT_SM: Final = sm3.digest(b"Anchored(bytes32,uint64,bytes32,bytes32)")
_ENTRY: Final = {"kind", "chain", "suite", "registry", "sealers"}
_HEADER: Final = {
    "version", "parents", "txsRoot", "receiptRoot", "stateRoot", "number", "gasUsed", "timestamp",
    "sealer", "sealers", "extraData", "weights",
}  # fmt: skip

Suite = Literal["KECCAK-SECP256K1", "SM3-SM2"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedFisco:
    """A group of a chain and our contract; `sealers` are public keys of 64 bytes, in order."""

    chain_id: str
    suite: Suite
    registry: bytes
    sealers: tuple[bytes, ...]

    @property
    def kind(self) -> str:
        return CHAIN_KIND

    @property
    def digest(self) -> Callable[[bytes], bytes]:
        return keccak256 if self.suite == "KECCAK-SECP256K1" else sm3.digest

    @property
    def event(self) -> bytes:
        return EVENT if self.suite == "KECCAK-SECP256K1" else _EVENT_SM


def read_chain(entry: Mapping[str, object]) -> TrustedChain:
    """An entry of the trust file; BadSettings for anything else."""
    sealers, suite, name = entry.get("sealers"), entry.get("suite"), entry.get("chain")
    if set(entry) != _ENTRY or suite not in ("KECCAK-SECP256K1", "SM3-SM2"):
        raise BadSettings(f"trust: a chain of kind {CHAIN_KIND} has {', '.join(sorted(_ENTRY))}")
    if not isinstance(name, str) or not name.startswith("fisco:"):
        raise BadSettings("trust: a chain of kind FISCO is named fisco:CHAIN/GROUP")
    if not isinstance(sealers, list) or not 0 < len(sealers) <= MAX_SEALERS:
        raise BadSettings("trust: sealers is a list of public keys")
    keys = tuple(from_hex(sealer, 64, "sealers") for sealer in sealers)
    if len(set(keys)) != len(keys):
        raise BadSettings("trust: a sealer stands there twice")
    return TrustedFisco(
        chain_id=name,
        suite=suite,
        registry=from_hex(entry["registry"], 20, "registry"),
        sealers=keys,
    )


@dataclass(frozen=True, slots=True)
class Header:
    """What of a header is used, and its hash."""

    receipt_root: bytes
    number: int
    milliseconds: int
    hash: bytes


def read_header(value: object, chain: TrustedFisco) -> Header:
    """The block's hash over exactly these fields."""
    fields = _members(value, _HEADER)
    sealers = [_octets(each) for each in _list(fields["sealers"], MAX_SEALERS)]
    if tuple(sealers) != chain.sealers:
        raise BadProof("header", "its sealers are not the configured ones")
    parents = b"".join(_parent(each) for each in _list(fields["parents"], 4))
    weights = [_number(each, 8) for each in _list(fields["weights"], MAX_SEALERS)]
    if len(weights) != len(sealers):
        raise BadProof("header", "not one weight for each sealer")
    roots = [_hash(fields[name]) for name in ("txsRoot", "receiptRoot", "stateRoot")]
    raw = b"".join([
        _number(fields["version"], 4), parents, *roots, _number(fields["number"], 8),
        _decimal(fields["gasUsed"]), _number(fields["timestamp"], 8), _number(fields["sealer"], 8),
        *sealers, _octets(fields["extraData"]), *weights,
    ])  # fmt: skip
    return Header(
        roots[1], _whole(fields["number"]), _whole(fields["timestamp"]), chain.digest(raw)
    )


def _parent(value: object) -> bytes:
    fields = _members(value, {"number", "hash"})
    return _number(fields["number"], 8) + _hash(fields["hash"])


def receipt_hash(value: object, chain: TrustedFisco, number: int) -> bytes:
    """Of a receipt that succeeded with one event of our form in this block."""
    fields = _members(value, {"version", "gasUsed", "effectiveGasPrice", "event"})
    version = _whole(fields["version"])
    price = _text(fields["effectiveGasPrice"])
    if version not in (0, 1) or (version == 0 and price):
        raise BadProof("receipt", "of a version this program does not know")
    event = _octets(fields["event"])  # log id, size, root, digest: 128 bytes
    address = chain.registry.hex().encode()
    topics = chain.event + event[:64]
    return chain.digest(
        _number(fields["version"], 4) + _decimal(fields["gasUsed"]) + bytes(4) + price.encode()
        + address + topics + event[64:] + number.to_bytes(8)
    )  # fmt: skip


def root_of(leaf: bytes, path: object, digest: Callable[[bytes], bytes]) -> bytes:
    """Where a path of groups of two leads; a level's last group may hold one."""
    found = leaf
    for group in _list(path, MAX_GROUPS):
        hashes = [_hash(each) for each in _list(group, 2)]
        if found not in hashes:
            raise BadProof("path", "a group does not hold the hash below it")
        found = digest(b"".join(hashes))
    return found


def check_seals(digest: bytes, value: object, chain: TrustedFisco) -> int:
    """More than two thirds of the sealers signed; each counts once, however often it signs."""
    indexes: set[int] = set()
    for each in _list(value, MAX_SEALERS):
        fields = _members(each, {"index", "signature"})
        index = _whole(fields["index"])
        if index >= len(chain.sealers) or index in indexes:
            raise BadProof("seals", "a sealer that is not there, or a second time")
        if not _signed(chain, chain.sealers[index], digest, _octets(fields["signature"])):
            raise BadProof("seals", f"the signature of sealer {index} does not hold")
        indexes.add(index)
    needed = 2 * len(chain.sealers) // 3 + 1
    if len(indexes) < needed:
        raise BadProof("seals", f"{needed} sealers are needed, {len(indexes)} signed")
    return len(indexes)


def _signed(chain: TrustedFisco, key: bytes, digest: bytes, signature: bytes) -> bool:
    if chain.suite == "SM3-SM2":
        try:
            return PublicKey.from_bytes(b"\x04" + key).verify(digest, signature)
        except CryptoError:
            return False
    if len(signature) != 65 or signature[64] > 1:
        return False
    r, s = int.from_bytes(signature[:32]), int.from_bytes(signature[32:64])
    return signer(digest, r=r, s=s, odd=signature[64] == 1) == address_of(key)


def _check(evidence: Mapping[str, object], trusted: TrustedChain) -> AnchoredHead:
    chain = cast("TrustedFisco", trusted)
    try:
        return _proved(evidence, chain)
    except BadProof as fault:
        raise BadProof("anchor", str(fault)) from None


def _proved(evidence: Mapping[str, object], chain: TrustedFisco) -> AnchoredHead:
    fields = _members(evidence, {"header", "receipt", "path", "seals"})
    header = read_header(fields["header"], chain)
    leaf = receipt_hash(fields["receipt"], chain, header.number)
    if root_of(leaf, fields["path"], chain.digest) != header.receipt_root:
        raise BadProof("path", "does not lead to the header's root")
    check_seals(header.hash, fields["seals"], chain)
    event = _octets(_members(fields["receipt"], None)["event"])
    size = int.from_bytes(event[32:64])
    if len(event) != 128 or size > MAX_SIZE or header.milliseconds >= 253_402_300_800_000:
        raise BadProof("receipt", "the event is not of the registry's form")
    return AnchoredHead(
        log_id=event[:32],
        tree_size=size,
        root=event[64:96],
        block_number=header.number,
        block_hash=header.hash,
        block_time=datetime.fromtimestamp(header.milliseconds // 1000, UTC),
        consensus=False,
    )


def _members(value: object, names: set[str] | None) -> Mapping[str, object]:
    if not isinstance(value, Mapping) or (names is not None and set(value) != names):
        raise BadProof("evidence", "members are not the expected ones")
    return value


def _list(value: object, longest: int) -> Sequence[object]:
    if not isinstance(value, list) or len(value) > longest:
        raise BadProof("evidence", f"not a list of at most {longest}")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str) or len(value) > 80 or not value.isascii():
        raise BadProof("evidence", "not a short text")
    return value


def _whole(value: object) -> int:
    return parse_decimal(_text(value), "evidence")


def _number(value: object, length: int) -> bytes:
    whole = _whole(value)
    if whole >> (8 * length - 1):
        raise BadProof("evidence", "a number that is too great")
    return whole.to_bytes(length)


def _decimal(value: object) -> bytes:
    return str(_whole(value)).encode()


def _octets(value: object) -> bytes:
    return from_b64url(value, "evidence")


def _hash(value: object) -> bytes:
    raw = _octets(value)
    if len(raw) != 32:
        raise BadProof("evidence", "a hash has 32 bytes")
    return raw


KINDS: Final[Mapping[str, Kind]] = {RECEIPT: Kind(CHAIN_KIND, "SELF", _check)}
