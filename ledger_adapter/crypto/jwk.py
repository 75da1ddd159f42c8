"""SM2 keys as JSON Web Keys (kty EC, crv sm2p256v1), in one spelling."""

import base64
import binascii
from collections.abc import Mapping
from typing import Final

from ledger_adapter.crypto.sm2 import PublicKey
from ledger_adapter.crypto.sm2_curve import Point, encode_uncompressed
from ledger_adapter.errors import BadKey

KEY_TYPE: Final = "EC"
CURVE: Final = "sm2p256v1"
_PUBLIC_MEMBERS: Final = frozenset({"kty", "crv", "x", "y", "kid", "alg", "use", "key_ops"})


def to_jwk(key: PublicKey) -> dict[str, str]:
    """The public key alone: kty, crv, x, y."""
    x, y = encode_number(key.point.x), encode_number(key.point.y)
    return {"kty": KEY_TYPE, "crv": CURVE, "x": x, "y": y}


def from_jwk(jwk: Mapping[str, object]) -> PublicKey:
    """A public key, checked to lie on the curve. A private JWK or an unknown member is refused."""
    if (jwk.get("kty"), jwk.get("crv")) != (KEY_TYPE, CURVE):
        raise BadKey("not the JWK of an SM2 key")
    if not _PUBLIC_MEMBERS.issuperset(jwk):
        raise BadKey("a public JWK with members that do not belong there")
    point = Point(decode_number(jwk.get("x")), decode_number(jwk.get("y")))
    return PublicKey.from_bytes(encode_uncompressed(point))


def encode_number(value: int) -> str:
    """32 bytes, big-endian, as 43 characters of base64url."""
    return base64.urlsafe_b64encode(value.to_bytes(32)).rstrip(b"=").decode("ascii")


def decode_number(text: object) -> int:
    """The number of exactly 43 characters of base64url without loose bits."""
    if not isinstance(text, str) or len(text) != 43 or not text.isascii():
        raise BadKey("a key number is 43 characters of base64url")
    try:
        value = int.from_bytes(base64.b64decode(text + "=", altchars=b"-_", validate=True))
    except (binascii.Error, ValueError):
        raise BadKey("a key number is 43 characters of base64url") from None
    if encode_number(value) != text:
        raise BadKey("a key number has one spelling")
    return value
