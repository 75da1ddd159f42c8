"""Signing what the gateway says itself: context tokens for subgraphs, demo tokens for people."""

from collections.abc import Mapping

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from gateway.errors import BadKey


def read_signing_key(pem: bytes, source: str) -> Ed25519PrivateKey:
    """The Ed25519 private key in a PEM file; raises BadKey naming `source`."""
    try:
        key = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError):
        raise BadKey(f"{source} holds no private key in PEM form") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise BadKey(f"{source} holds a private key that is not Ed25519")
    return key


def sign(claims: Mapping[str, object], key: Ed25519PrivateKey) -> str:
    """A compact JWT signed with EdDSA."""
    return jwt.encode(dict(claims), key, algorithm="EdDSA")
