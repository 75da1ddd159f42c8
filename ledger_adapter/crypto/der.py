"""SM2 signatures between their three forms: (r, s), 64 raw bytes, strict DER.

Malleable encodings are refused here, so that one signature has exactly one text.
"""

from typing import Final, NamedTuple

from ledger_adapter.crypto.sm2_curve import N
from ledger_adapter.errors import BadSignatureEncoding

RAW_SIZE: Final = 64


class Signature(NamedTuple):
    """Both halves, each in 1..n-1."""

    r: int
    s: int


def from_raw(raw: bytes) -> Signature:
    """From exactly 64 bytes."""
    if len(raw) != RAW_SIZE:
        raise BadSignatureEncoding(f"an SM2 signature has {RAW_SIZE} bytes, not {len(raw)}")
    return _checked(int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))


def to_raw(signature: Signature) -> bytes:
    """64 bytes, r then s."""
    return signature.r.to_bytes(32) + signature.s.to_bytes(32)


def from_der(der: bytes) -> Signature:
    """From SEQUENCE { INTEGER r, INTEGER s } in its one minimal form."""
    if len(der) < 8 or der[0] != 0x30 or der[1] != len(der) - 2:
        raise BadSignatureEncoding("signature is not one DER sequence")
    r, rest = _integer(der[2:])
    s, rest = _integer(rest)
    if rest:
        raise BadSignatureEncoding("signature has bytes after its second integer")
    return _checked(r, s)


def to_der(signature: Signature) -> bytes:
    """The minimal DER form."""
    body = _encode_integer(signature.r) + _encode_integer(signature.s)
    return bytes([0x30, len(body)]) + body


def _checked(r: int, s: int) -> Signature:
    if not (0 < r < N and 0 < s < N):
        raise BadSignatureEncoding("signature halves lie outside 1..n-1")
    return Signature(r, s)


def _integer(data: bytes) -> tuple[int, bytes]:
    if len(data) < 3 or data[0] != 0x02 or not 1 <= data[1] <= 33 or len(data) < 2 + data[1]:
        raise BadSignatureEncoding("signature holds no short DER integer")
    value, rest = data[2 : 2 + data[1]], data[2 + data[1] :]
    if value[0] & 0x80 or (len(value) > 1 and value[0] == 0 and not value[1] & 0x80):
        raise BadSignatureEncoding("signature integer is negative or not minimal")
    return int.from_bytes(value), rest


def _encode_integer(value: int) -> bytes:
    body = value.to_bytes(value.bit_length() // 8 + 1)
    return bytes([0x02, len(body)]) + body
