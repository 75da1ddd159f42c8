"""What nodes say, read strictly: Ethereum's JSON becomes the bytes that hashes cover.

Nothing here is believed: a header is used when its bytes hash to the name it was asked by, a
receipt when the trie of all receipts has the header's root.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeAlias

from ledger_adapter.errors import BadProof
from ledger_adapter.evidence import evm, rlp
from ledger_adapter.evidence.ethereum import read_header, spelled
from ledger_adapter.evidence.rlp import Item

Object: TypeAlias = Mapping[str, object]

_DATA: Final = 0
_QUANTITY: Final = 1
# name and form of a header's fields in their order; forks append, never insert
_HEADER: Final = (
    ("parentHash", _DATA),
    ("sha3Uncles", _DATA),
    ("miner", _DATA),
    ("stateRoot", _DATA),
    ("transactionsRoot", _DATA),
    ("receiptsRoot", _DATA),
    ("logsBloom", _DATA),
    ("difficulty", _QUANTITY),
    ("number", _QUANTITY),
    ("gasLimit", _QUANTITY),
    ("gasUsed", _QUANTITY),
    ("timestamp", _QUANTITY),
    ("extraData", _DATA),
    ("mixHash", _DATA),
    ("nonce", _DATA),
    ("baseFeePerGas", _QUANTITY),
    ("withdrawalsRoot", _DATA),
    ("blobGasUsed", _QUANTITY),
    ("excessBlobGas", _QUANTITY),
    ("parentBeaconBlockRoot", _DATA),
    ("requestsHash", _DATA),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A block whose header bytes hash to its name."""

    number: int
    hash: bytes
    time: datetime
    header: bytes
    receipts_root: bytes
    base_fee: int | None
    transactions: Sequence[object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a node says a transaction stands; `raw` is the receipt as it lies in the trie."""

    block_number: int
    block_hash: bytes
    index: int
    raw: bytes


def members(value: object) -> Object:
    """A JSON object."""
    if not isinstance(value, dict):
        raise BadProof("node", "not an object")
    return value


def quantity(value: object) -> int:
    """`0x` and digits without leading zeros, at most 256 bits."""
    if isinstance(value, str) and value.startswith("0x") and 2 < len(value) <= 66:
        try:
            number = int(value, 16)
        except ValueError:
            number = -1
        if hex(number) == value.lower():
            return number
    raise BadProof("node", "not a quantity")


def data(value: object, length: int | None = None) -> bytes:
    """`0x` and pairs of digits."""
    if isinstance(value, str) and value.startswith("0x"):
        try:
            raw = bytes.fromhex(value[2:])
        except ValueError:
            raw = None
        if raw is not None and (length is None or len(raw) == length):
            return raw
    raise BadProof("node", "not data of the expected length")


def block(value: object) -> Block:
    """BadProof when the fields do not hash to the block's own name."""
    fields = members(value)
    raw = header_bytes(fields)
    header = read_header(raw)
    name = data(fields.get("hash"), 32)
    if evm.block_hash(header) != name:
        raise BadProof("node", f"block {header.number} does not hash to its name")
    listed = fields.get("transactions")
    if not isinstance(listed, list):
        raise BadProof("node", "a block without its transactions")
    return Block(
        number=header.number,
        hash=name,
        time=header.time,
        header=raw,
        receipts_root=header.receipts_root,
        base_fee=quantity(fields["baseFeePerGas"]) if "baseFeePerGas" in fields else None,
        transactions=listed,
    )


def header_bytes(fields: Object) -> bytes:
    """A block's header as RLP, with every fork's fields up to the last one that is there."""
    last = max((at for at, (name, _) in enumerate(_HEADER) if fields.get(name)), default=-1)
    return rlp.encode([_field(fields, name, form) for name, form in _HEADER[: last + 1]])


def _field(fields: Object, name: str, form: int) -> bytes:
    value = fields.get(name)
    return data(value) if form == _DATA else spelled(quantity(value))


def receipt(value: object) -> Standing:
    """A receipt, encoded as the trie has it."""
    fields = members(value)
    logs = fields.get("logs")
    if not isinstance(logs, list):
        raise BadProof("node", "a receipt without its events")
    kind = quantity(fields.get("type", "0x0"))
    if kind > 0x7F:
        raise BadProof("node", "an unknown type of receipt")
    raw = rlp.encode([
        spelled(quantity(fields.get("status"))),
        spelled(quantity(fields.get("cumulativeGasUsed"))),
        data(fields.get("logsBloom"), 256),
        [_log(each) for each in logs],
    ])  # fmt: skip
    return Standing(
        block_number=quantity(fields.get("blockNumber")),
        block_hash=data(fields.get("blockHash"), 32),
        index=quantity(fields.get("transactionIndex")),
        raw=(bytes([kind]) if kind else b"") + raw,
    )


def _log(value: object) -> Item:
    fields = members(value)
    topics = fields.get("topics")
    if not isinstance(topics, list):
        raise BadProof("node", "an event without topics")
    return [
        data(fields.get("address"), 20),
        [data(t, 32) for t in topics],
        data(fields.get("data")),
    ]
