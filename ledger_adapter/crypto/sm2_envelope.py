"""A digital envelope (数字信封): an SM4 key under SM2 (GB/T 32918.4), what it seals under SM4-GCM.

The SM2 part is C1 || C3 || C2 with C1 uncompressed. The arithmetic is that of `sm2_curve`, which is
not constant time: the private scalar is split anew into two random summands for each opening, so
that what time tells is of neither use.
"""

import hmac
import secrets
from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.x963kdf import X963KDF

from ledger_adapter.crypto import sm3, sm4
from ledger_adapter.crypto.sm2 import PrivateKey, PublicKey
from ledger_adapter.crypto.sm2_curve import (
    A,
    N,
    P,
    Point,
    decode_point,
    encode_uncompressed,
    multiply,
)
from ledger_adapter.errors import BadKey, DecryptionFailed

_POINT: Final = 65
_HEAD: Final = _POINT + sm3.DIGEST_SIZE
SIZE: Final = _HEAD + sm4.KEY_SIZE + sm4.NONCE_SIZE + sm4.TAG_SIZE
"""What an envelope adds to its content, in bytes."""


def seal_to(public: PublicKey, content: bytes, beside: bytes) -> bytes:
    """Opened by nobody but the private key's owner. `beside` is public text it is bound to."""
    key, nonce = secrets.token_bytes(sm4.KEY_SIZE), secrets.token_bytes(sm4.NONCE_SIZE)
    return encrypt(public, key) + nonce + sm4.seal(key, nonce, content, beside)


def open_sealed(private: PrivateKey, envelope: bytes, beside: bytes) -> bytes:
    """The content, or DecryptionFailed, which does not tell key, envelope and `beside` apart."""
    if len(envelope) < SIZE:
        raise DecryptionFailed("an envelope is longer")
    cut = _HEAD + sm4.KEY_SIZE
    key, rest = decrypt(private, envelope[:cut]), envelope[cut:]
    return sm4.open_(key, rest[: sm4.NONCE_SIZE], rest[sm4.NONCE_SIZE :], beside)


def encrypt(public: PublicKey, message: bytes, *, scalar: int | None = None) -> bytes:
    """C1 || C3 || C2; `scalar` is fresh but in tests against the standard's example."""
    while True:
        k = 1 + secrets.randbelow(N - 1) if scalar is None else scalar
        shared = multiply(k, public.point)
        mask = _mask(shared, len(message))
        if any(mask):
            break
    hidden = bytes(a ^ b for a, b in zip(message, mask, strict=True))
    return encode_uncompressed(multiply(k)) + _digest(shared, message) + hidden


def decrypt(private: PrivateKey, box: bytes) -> bytes:
    """The message; DecryptionFailed unless C3 is that of what comes out."""
    if len(box) <= _HEAD:
        raise DecryptionFailed("a box is longer")
    try:
        shared = _shared(private.scalar(), decode_point(box[:_POINT]))
    except BadKey:
        raise DecryptionFailed("no point of the curve leads the box") from None
    hidden = box[_HEAD:]
    mask = _mask(shared, len(hidden))
    message = bytes(a ^ b for a, b in zip(hidden, mask, strict=True))
    if not hmac.compare_digest(_digest(shared, message), box[_POINT:_HEAD]):
        raise DecryptionFailed("the box does not open with this key")
    return message


def _shared(scalar: int, point: Point) -> Point:
    while True:
        part = 1 + secrets.randbelow(N - 1)
        other = (scalar - part) % N
        if other not in (0, part, N - part):
            return _sum(multiply(part, point), multiply(other, point))


def _sum(one: Point, two: Point) -> Point:
    if one.x == two.x:  # the same point, or one and its negative
        if (one.y + two.y) % P == 0:
            raise BadKey("the point at infinity")
        slope = (3 * one.x * one.x + A) * pow(2 * one.y, -1, P) % P
    else:
        slope = (two.y - one.y) * pow(two.x - one.x, -1, P) % P
    x = (slope * slope - one.x - two.x) % P
    return Point(x, (slope * (one.x - x) - one.y) % P)


def _mask(shared: Point, size: int) -> bytes:
    kdf = X963KDF(algorithm=hashes.SM3(), length=size, sharedinfo=None)
    return kdf.derive(shared.x.to_bytes(32) + shared.y.to_bytes(32))


def _digest(shared: Point, message: bytes) -> bytes:
    return sm3.digest(shared.x.to_bytes(32) + message + shared.y.to_bytes(32))
