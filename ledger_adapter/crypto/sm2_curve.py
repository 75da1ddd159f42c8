"""The recommended SM2 curve (GB/T 32918.5) on plain integers.

Public data only, except `multiply` when a fallback provider must derive a public key: nothing
here is constant time.
"""

from typing import Final, NamedTuple

from ledger_adapter.crypto import sm3
from ledger_adapter.errors import BadKey

P: Final = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF
A: Final = P - 3
B: Final = 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93
N: Final = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123

DEFAULT_ID: Final = b"1234567812345678"


class Point(NamedTuple):
    """An affine point; the point at infinity has no value of this type."""

    x: int
    y: int


G: Final = Point(
    0x32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7,
    0xBC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0,
)


def on_curve(point: Point) -> bool:
    """Whether both coordinates are reduced and fulfil the curve equation."""
    x, y = point
    return 0 <= x < P and 0 <= y < P and (y * y - (x * x * x + A * x + B)) % P == 0


def decode_point(raw: bytes) -> Point:
    """A point from its 33-byte compressed or 65-byte uncompressed form, checked."""
    if len(raw) == 65 and raw[0] == 4:
        point = Point(int.from_bytes(raw[1:33]), int.from_bytes(raw[33:]))
        if not on_curve(point):
            raise BadKey("public key is not a point of the SM2 curve")
        return point
    if len(raw) == 33 and raw[0] in (2, 3):
        return _decompress(int.from_bytes(raw[1:]), odd=raw[0] == 3)
    raise BadKey("public key is neither 33 compressed nor 65 uncompressed bytes")


def _decompress(x: int, *, odd: bool) -> Point:
    if x >= P:
        raise BadKey("public key coordinate is not reduced")
    square = (x * x * x + A * x + B) % P
    y = pow(square, (P + 1) // 4, P)  # P is 3 mod 4
    if y * y % P != square:
        raise BadKey("public key is not a point of the SM2 curve")
    # y is never 0: the group order is odd, so no point has order two
    return Point(x, y if y % 2 == odd else P - y)


def encode_compressed(point: Point) -> bytes:
    """33 bytes: 02 or 03, then x."""
    return bytes([2 + point.y % 2]) + point.x.to_bytes(32)


def encode_uncompressed(point: Point) -> bytes:
    """65 bytes: 04, x, y."""
    return b"\x04" + point.x.to_bytes(32) + point.y.to_bytes(32)


def identity_digest(point: Point, identity: bytes = DEFAULT_ID) -> bytes:
    """Z of GB/T 32918.2: binds a signature to signer id, curve and key."""
    fields = (A, B, G.x, G.y, point.x, point.y)
    return sm3.digest(
        (len(identity) * 8).to_bytes(2) + identity + b"".join(v.to_bytes(32) for v in fields)
    )


def multiply(scalar: int, point: Point = G) -> Point:
    """scalar times point, by double and add on Jacobian coordinates."""
    total: _Jacobian | None = None
    for bit in bin(scalar % N)[2:]:
        total = _double(total) if total else None
        if bit == "1":
            total = _add(total, point)
    if total is None:
        raise BadKey("scalar is a multiple of the group order")
    x, y, z = total
    inverse = pow(z, -1, P)
    return Point(x * inverse**2 % P, y * inverse**3 % P)


_Jacobian = tuple[int, int, int]


def _double(point: _Jacobian) -> _Jacobian:
    x, y, z = point
    delta, gamma = z * z % P, y * y % P
    beta, alpha = x * gamma % P, 3 * (x - delta) * (x + delta) % P
    out_x = (alpha * alpha - 8 * beta) % P
    out_y = (alpha * (4 * beta - out_x) - 8 * gamma * gamma) % P
    return out_x, out_y, 2 * y * z % P


def _add(left: _Jacobian | None, right: Point) -> _Jacobian:
    """Mixed addition; the doubling case cannot occur in a left-to-right double and add."""
    if left is None:
        return right.x, right.y, 1
    x, y, z = left
    square = z * z % P
    h, r = (right.x * square - x) % P, (right.y * square * z - y) % P
    cube = h * h * h % P
    v = x * h * h % P
    out_x = (r * r - cube - 2 * v) % P
    return out_x, (r * (v - out_x) - y * cube) % P, h * z % P
