"""SM4-GCM (GB/T 32907, RFC 8998) as one call each way."""

from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import SM4
from cryptography.hazmat.primitives.ciphers.modes import GCM

from ledger_adapter.errors import BadKey, DecryptionFailed

KEY_SIZE: Final = 16
NONCE_SIZE: Final = 12
TAG_SIZE: Final = 16


def seal(key: bytes, nonce: bytes, plaintext: bytes, aad: bytes = b"") -> bytes:
    """Ciphertext followed by the 16-byte tag. A nonce may never serve one key twice."""
    _check(key, nonce)
    encryptor = Cipher(SM4(key), GCM(nonce)).encryptor()
    encryptor.authenticate_additional_data(aad)
    return encryptor.update(plaintext) + encryptor.finalize() + encryptor.tag


def open_(key: bytes, nonce: bytes, sealed: bytes, aad: bytes = b"") -> bytes:
    """The plaintext, or DecryptionFailed before any of it is handed out."""
    _check(key, nonce)
    if len(sealed) < TAG_SIZE:
        raise DecryptionFailed("sealed text is shorter than its tag")
    body, tag = sealed[:-TAG_SIZE], sealed[-TAG_SIZE:]
    decryptor = Cipher(SM4(key), GCM(nonce, tag)).decryptor()
    decryptor.authenticate_additional_data(aad)
    try:
        return decryptor.update(body) + decryptor.finalize()
    except InvalidTag:
        raise DecryptionFailed("sealed text does not open with this key") from None


def _check(key: bytes, nonce: bytes) -> None:
    if len(key) != KEY_SIZE:
        raise BadKey(f"an SM4 key has {KEY_SIZE} bytes, not {len(key)}")
    if len(nonce) != NONCE_SIZE:
        raise BadKey(f"a GCM nonce has {NONCE_SIZE} bytes, not {len(nonce)}")
