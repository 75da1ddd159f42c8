"""Multibase base58btc for keys (Multikey) and signatures, in their one canonical text."""

from functools import lru_cache
from typing import Final

import base58

from ledger_adapter.crypto.ed25519 import KEY_SIZE, Ed25519Key
from ledger_adapter.crypto.sm2 import PublicKey
from ledger_adapter.errors import BadMultibase

SM2_PREFIX: Final = b"\x86\x24"  # multicodec sm2-pub (0x1206) as a varint
ED25519_PREFIX: Final = b"\xed\x01"  # multicodec ed25519-pub (0xed) as a varint
_MAX_TEXT: Final = 512  # base58 is quadratic: refuse long text before decoding it
_ALPHABET: Final = frozenset("123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz")


def multibase58(raw: bytes) -> str:
    """`z` and base58btc."""
    return "z" + base58.b58encode(raw).decode("ascii")


# who signs is read and checked by several, each of whom decodes the same few texts
@lru_cache(maxsize=1_024)
def from_multibase58(text: str) -> bytes:
    """The bytes of a `z...` text; whitespace, other bases and long texts are refused."""
    if not 1 < len(text) <= _MAX_TEXT or text[0] != "z" or not _ALPHABET.issuperset(text[1:]):
        raise BadMultibase("not a base58btc multibase text")
    return base58.b58decode(text[1:])


def encode_sm2(key: PublicKey) -> str:
    """The Multikey text of an SM2 public key."""
    return multibase58(SM2_PREFIX + key.compressed())


def decode(text: str) -> PublicKey:
    """The SM2 public key of a Multikey text, checked to lie on the curve."""
    raw = from_multibase58(text)
    if raw[:2] != SM2_PREFIX or len(raw) != 35:
        raise BadMultibase("not the Multikey of an SM2 public key")
    return PublicKey.from_bytes(raw[2:])


def encode_key(key: PublicKey | Ed25519Key) -> str:
    """The Multikey text of a key of either kind."""
    if isinstance(key, Ed25519Key):
        return multibase58(ED25519_PREFIX + key.raw)
    return encode_sm2(key)


def decode_key(text: str) -> PublicKey | Ed25519Key:
    """The SM2 or Ed25519 key of a Multikey text."""
    raw = from_multibase58(text)
    if raw[:2] == ED25519_PREFIX and len(raw) == 2 + KEY_SIZE:
        return Ed25519Key(raw[2:])
    return decode(text)
