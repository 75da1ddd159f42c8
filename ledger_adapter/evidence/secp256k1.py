"""Ethereum's signatures read back: who signed a digest.

Public data only: nothing here is constant time, and nothing here signs.
"""

from typing import Final, TypeAlias

from ledger_adapter.errors import BadProof
from ledger_adapter.evidence.keccak import keccak256

P: Final = 2**256 - 2**32 - 977
N: Final = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
G: Final = (
    0x79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798,
    0x483ADA7726A3C4655DA4FBFC0E1108A8FD17B448A68554199C47D08FFB10D4B8,
)
_Affine: TypeAlias = tuple[int, int]
_Jacobian: TypeAlias = tuple[int, int, int]


def signer(digest: bytes, *, r: int, s: int, odd: bool) -> bytes:
    """The 20-byte address whose key signed; BadProof for what no careful signer writes.

    `odd` is the parity of the nonce point. A high s is refused: it would be a second spelling.
    """
    if not (0 < r < N and 0 < s <= N // 2):
        raise BadProof("signature", "r or s is out of range")
    square = (r * r * r + 7) % P
    y = pow(square, (P + 1) // 4, P)  # P is 3 mod 4
    if y * y % P != square:
        raise BadProof("signature", "r is no point of the curve")
    point = (r, y if y % 2 == odd else P - y)
    inverse = pow(r, -1, N)
    key = _sum(-int.from_bytes(digest) * inverse % N, s * inverse % N, point)
    return address_of(key[0].to_bytes(32) + key[1].to_bytes(32))


def address_of(public_key: bytes) -> bytes:
    """The address of a public key's 64 bytes x | y."""
    return keccak256(public_key)[12:]


def _sum(of_g: int, of_point: int, point: _Affine) -> _Affine:
    """of_g * G + of_point * point, both walked in one double-and-add."""
    both = _add((*G, 1), point)
    table: tuple[_Affine | None, ...] = (None, G, point, _affine(both) if both else None)
    total: _Jacobian | None = None
    for bit in range(255, -1, -1):
        total = _double(total) if total else None
        step = table[(of_g >> bit & 1) + 2 * (of_point >> bit & 1)]
        if step:
            total = _add(total, step)
    if total is None:
        raise BadProof("signature", "the key would be the point at infinity")
    return _affine(total)


def _affine(point: _Jacobian) -> _Affine:
    inverse = pow(point[2], -1, P)
    square = inverse * inverse % P
    return point[0] * square % P, point[1] * square * inverse % P


def _double(point: _Jacobian) -> _Jacobian:
    x, y, z = point
    square = y * y % P
    s, m = 4 * x * square % P, 3 * x * x % P
    out = (m * m - 2 * s) % P
    return out, (m * (s - out) - 8 * square * square) % P, 2 * y * z % P


def _add(left: _Jacobian | None, right: _Affine) -> _Jacobian | None:
    """Mixed addition; None is the point at infinity."""
    if left is None:
        return (*right, 1)
    x, y, z = left
    square = z * z % P
    h, r = (right[0] * square - x) % P, (right[1] * square * z - y) % P
    if h == 0:
        return _double(left) if r == 0 else None
    cube = h * h * h % P
    v = x * h * h % P
    out = (r * r - cube - 2 * v) % P
    return out, (r * (v - out) - y * cube) % P, h * z % P
