"""Ed25519 keys for signature lines that any C2SP tool can check; RFC 8032, by `cryptography`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)

from ledger_adapter.errors import BadKey

KEY_SIZE: Final = 32


@dataclass(frozen=True, slots=True)
class Ed25519Key:
    """A public key by its 32 bytes."""

    raw: bytes

    def compressed(self) -> bytes:
        return self.raw

    def verify(self, message: bytes, signature: bytes) -> bool:
        """False for a signature that does not hold, and for a key that is no point."""
        try:
            ed25519.Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True


class Ed25519Signer:
    """A private key; `from_file` reads PKCS 8 in PEM, as `openssl genpkey` writes it."""

    def __init__(self, key: ed25519.Ed25519PrivateKey) -> None:
        self._key = key
        raw = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.public_key = Ed25519Key(raw)

    @classmethod
    def from_seed(cls, seed: bytes) -> "Ed25519Signer":
        """From the 32 bytes of RFC 8032."""
        return cls(ed25519.Ed25519PrivateKey.from_private_bytes(seed))

    @classmethod
    def from_file(cls, path: Path, *, passphrase: str | None, plain: bool) -> "Ed25519Signer":
        """BadKey for a file that holds no such key, is not sealed where it has to be, or is not
        opened by the passphrase."""
        try:
            text = path.read_bytes()
            sealed = b"ENCRYPTED" in text
            if not sealed and not plain:
                raise BadKey(f"key file {path} is not sealed; outside demo mode it has to be")
            password = passphrase.encode() if passphrase and sealed else None
            key = load_pem_private_key(text, password=password)
        except (OSError, ValueError, TypeError) as fault:
            raise BadKey(f"key file {path} cannot be read: {type(fault).__name__}") from None
        if not isinstance(key, ed25519.Ed25519PrivateKey):
            raise BadKey(f"key file {path} holds no Ed25519 key")
        return cls(key)

    def sign(self, message: bytes) -> bytes:
        return self._key.sign(message)
