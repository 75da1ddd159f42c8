"""Keccak-256 as Ethereum uses it (the padding from before SHA-3), which hashlib does not have."""

from Cryptodome.Hash import keccak


def keccak256(data: bytes) -> bytes:
    """The digest, 32 bytes."""
    return keccak.new(digest_bits=256, data=data).digest()
