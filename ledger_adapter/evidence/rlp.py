"""Ethereum's RLP, read strictly: exactly the bytes that an encoder would write, within bounds."""

from collections.abc import Sequence
from typing import Final, TypeAlias

from ledger_adapter.errors import BadProof

Item: TypeAlias = "bytes | Sequence[Item]"
MAX_DEPTH: Final = 16


def encode(item: Item) -> bytes:
    """The one encoding of bytes, or of a list of items."""
    if isinstance(item, bytes):
        if len(item) == 1 and item[0] < 0x80:
            return item
        return _length(len(item), 0x80) + item
    body = b"".join(encode(part) for part in item)
    return _length(len(body), 0xC0) + body


def decode(raw: bytes) -> Item:
    """Read one item and nothing after it; BadProof for every other spelling."""
    item, end = _item(raw, 0, MAX_DEPTH)
    if end != len(raw):
        raise BadProof("rlp", "bytes after the item")
    return item


def _length(length: int, offset: int) -> bytes:
    if length < 56:
        return bytes([offset + length])
    digits = length.to_bytes((length.bit_length() + 7) // 8)
    return bytes([offset + 55 + len(digits)]) + digits


def _item(raw: bytes, at: int, depth: int) -> tuple[Item, int]:
    if at >= len(raw) or not depth:
        raise BadProof("rlp", "ends too early, or nests too deep")
    first = raw[at]
    if first < 0x80:
        return raw[at : at + 1], at + 1
    start, end = _span(raw, at, 0x80 if first < 0xC0 else 0xC0)
    if first < 0xC0:
        item = raw[start:end]
        if len(item) == 1 and item[0] < 0x80:
            raise BadProof("rlp", "a small byte stands for itself")
        return item, end
    parts = []
    while start < end:
        part, start = _item(raw[:end], start, depth - 1)
        parts.append(part)
    return parts, end


def _span(raw: bytes, at: int, offset: int) -> tuple[int, int]:
    """Where the content of the item at `at` begins and ends."""
    size = raw[at] - offset
    start = at + 1
    if size > 55:
        digits = raw[start : start + size - 55]
        start += size - 55
        size = int.from_bytes(digits)
        if not digits or digits[0] == 0 or size < 56:
            raise BadProof("rlp", "length is not in its shortest form")
    if start + size > len(raw):
        raise BadProof("rlp", "ends too early")
    return start, start + size
