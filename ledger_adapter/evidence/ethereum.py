"""Ethereum's block headers and receipts as bytes: what a hash covers, and nothing a node says.

Laws: strict RLP; every field has its length; numbers have no leading zeros.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from ledger_adapter.errors import BadProof
from ledger_adapter.evidence import rlp
from ledger_adapter.evidence.rlp import Item

MAX_HEADER: Final = 4096
MAX_LOGS: Final = 64
_FIELDS: Final = range(15, 30)  # forks only ever added fields at the end
_STATE_ROOT, _RECEIPTS_ROOT, _NUMBER, _TIME, _EXTRA = 3, 5, 8, 11, 12
_HASHES: Final = (0, 1, _STATE_ROOT, 4, _RECEIPTS_ROOT, 13)
_LAST_TIME: Final = 253_402_300_799


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """A header as read. `items` are all its fields, for whoever hashes it in another form."""

    items: Sequence[Item]
    state_root: bytes
    receipts_root: bytes
    number: int
    time: datetime
    extra: bytes


@dataclass(frozen=True, slots=True)
class Log:
    """An event of a receipt."""

    address: bytes
    topics: tuple[bytes, ...]
    data: bytes


@dataclass(frozen=True, slots=True)
class Receipt:
    """Whether a transaction succeeded, and its events."""

    succeeded: bool
    logs: tuple[Log, ...]


def read_header(raw: bytes) -> Header:
    """Strict reading; BadProof for anything else."""
    if len(raw) > MAX_HEADER:
        raise BadProof("header", f"longer than {MAX_HEADER} bytes")
    items = rlp.decode(raw)
    if isinstance(items, bytes) or len(items) not in _FIELDS:
        raise BadProof("header", "not a list of header fields")
    fields = [octets(item, "header") for item in items]
    if any(len(fields[at]) != 32 for at in _HASHES) or len(fields[2]) != 20:
        raise BadProof("header", "a hash has 32 bytes, an address 20")
    seconds = number(fields[_TIME])
    if seconds > _LAST_TIME:
        raise BadProof("header", "a time beyond all years")
    return Header(
        items=items,
        state_root=fields[_STATE_ROOT],
        receipts_root=fields[_RECEIPTS_ROOT],
        number=number(fields[_NUMBER]),
        time=datetime.fromtimestamp(seconds, UTC),
        extra=fields[_EXTRA],
    )


def read_receipt(raw: bytes) -> Receipt:
    """A receipt as it lies in the trie: legacy, or of a type below 0x80."""
    body = rlp.decode(raw[1:] if raw[:1] < b"\x80" else raw)
    if isinstance(body, bytes) or len(body) != 4 or isinstance(body[3], bytes):
        raise BadProof("receipt", "not status, gas, bloom and events")
    status = octets(body[0], "receipt")
    if status not in (b"", b"\x01") or len(octets(body[2], "receipt")) != 256:
        raise BadProof("receipt", "neither a success nor a failure")
    if len(body[3]) > MAX_LOGS:
        raise BadProof("receipt", f"more than {MAX_LOGS} events")
    return Receipt(succeeded=status == b"\x01", logs=tuple(_log(item) for item in body[3]))


def _log(item: Item) -> Log:
    if isinstance(item, bytes) or len(item) != 3 or isinstance(item[1], bytes):
        raise BadProof("receipt", "an event has an address, topics and data")
    address, topics = octets(item[0], "receipt"), tuple(octets(t, "receipt") for t in item[1])
    if len(address) != 20 or len(topics) > 4 or any(len(topic) != 32 for topic in topics):
        raise BadProof("receipt", "an address has 20 bytes, a topic 32")
    return Log(address, topics, octets(item[2], "receipt"))


def octets(item: Item, step: str) -> bytes:
    """An item that must be bytes."""
    if not isinstance(item, bytes):
        raise BadProof(step, "a list where bytes belong")
    return item


def number(raw: bytes) -> int:
    """An integer in RLP's spelling: big-endian, no leading zero, at most 64 bits."""
    if len(raw) > 8 or raw[:1] == b"\x00":
        raise BadProof("rlp", "not a number in its shortest form")
    return int.from_bytes(raw)


def spelled(value: int) -> bytes:
    """The inverse of `number`, for any size."""
    return value.to_bytes((value.bit_length() + 7) // 8)
