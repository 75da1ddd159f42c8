"""A secret under a passphrase: scrypt makes an SM4 key, SM4-GCM seals and binds what stands beside.

The cost is written with the box and bounded when it is read, so that a file handed in can neither
weaken the key nor tie up the machine.
"""

import base64
import binascii
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from ledger_adapter.crypto import sm4
from ledger_adapter.errors import BadKey, DecryptionFailed

SHORTEST_PASSPHRASE: Final = 12
_MEMBERS: Final = {"kdf", "n", "r", "p", "salt", "enc", "nonce", "box"}
_COSTS: Final = (1 << 15, 1 << 16, 1 << 17)
_BLOCK: Final = 8
_SALT_SIZE: Final = 16


@dataclass(frozen=True, slots=True, repr=False)
class Passphrase:
    """Text that opens sealed keys; it shows in no repr."""

    text: str

    def __post_init__(self) -> None:
        if len(self.text) < SHORTEST_PASSPHRASE:
            raise BadKey(f"a passphrase has {SHORTEST_PASSPHRASE} characters or more")

    def __repr__(self) -> str:
        return "Passphrase(...)"


def seal(secret: bytes, passphrase: Passphrase, *, beside: bytes) -> dict[str, str | int]:
    """The box to store. `beside` is public text the box is bound to."""
    salt, nonce = secrets.token_bytes(_SALT_SIZE), secrets.token_bytes(sm4.NONCE_SIZE)
    cost = _COSTS[0]
    box = sm4.seal(_key(passphrase, salt, cost), nonce, secret, beside)
    return {
        "kdf": "scrypt",
        "n": cost,
        "r": _BLOCK,
        "p": 1,
        "salt": _text(salt),
        "enc": "SM4-GCM",
        "nonce": _text(nonce),
        "box": _text(box),
    }


def open_(sealed: Mapping[str, object], passphrase: Passphrase, *, beside: bytes) -> bytes:
    """The secret, or DecryptionFailed, which does not tell passphrase, box and `beside` apart."""
    cost = sealed.get("n")
    known = ("scrypt", "SM4-GCM", _BLOCK, 1)
    named = (sealed.get("kdf"), sealed.get("enc"), sealed.get("r"), sealed.get("p"))
    fits = set(sealed) == _MEMBERS and named == known
    if not fits or not isinstance(cost, int) or cost not in _COSTS:
        raise DecryptionFailed("a box of a kind that is not opened here")
    salt, nonce, box = (_bytes(sealed[name]) for name in ("salt", "nonce", "box"))
    if (len(salt), len(nonce)) != (_SALT_SIZE, sm4.NONCE_SIZE):
        raise DecryptionFailed("salt or nonce of another length")
    return sm4.open_(_key(passphrase, salt, cost), nonce, box, beside)


def _key(passphrase: Passphrase, salt: bytes, cost: int) -> bytes:
    kdf = Scrypt(salt=salt, length=sm4.KEY_SIZE, n=cost, r=_BLOCK, p=1)
    return kdf.derive(passphrase.text.encode("utf-8"))


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _bytes(text: object) -> bytes:
    if not isinstance(text, str) or len(text) > 4096:
        raise DecryptionFailed("a box is made of base64url texts")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise DecryptionFailed("a box is made of base64url texts") from None
