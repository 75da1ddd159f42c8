"""Keys and tokens for tests, good and forged."""

import base64
import json
from collections.abc import Mapping

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from gateway.auth.keys import asymmetric_algorithms, read_jwks
from gateway.auth.tokens import TokenVerifier, TrustedIssuer

NOW = 1_790_000_000.0
KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
OTHER = Ed25519PrivateKey.from_private_bytes(b"o" * 32)


KEYED: Mapping[str, object] = {"kid": "k1"}


def public_bytes(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def unpadded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def jwk(key: Ed25519PrivateKey, kid: str) -> dict[str, object]:
    return {
        "kty": "OKP",
        "crv": "Ed25519",
        "alg": "EdDSA",
        "use": "sig",
        "kid": kid,
        "x": unpadded(public_bytes(key)),
    }


def claims(**changes: object) -> dict[str, object]:
    """Good claims with changes; a change to None takes the claim away."""
    good: dict[str, object] = {
        "iss": "people",
        "aud": "graph",
        "sub": "somebody",
        "iat": int(NOW) - 10,
        "exp": int(NOW) + 600,
        "role": "READER",
    }
    return {name: value for name, value in (good | changes).items() if value is not None}


def signed(payload: dict[str, object], key: Ed25519PrivateKey = KEY, **header: object) -> str:
    return jwt.encode(payload, key, algorithm="EdDSA", headers={**KEYED, **header})


def glued(header: Mapping[str, object], payload: Mapping[str, object], signature: bytes) -> str:
    """A token put together by hand, as an attacker would."""
    parts = [json.dumps(part).encode() for part in (header, payload)] + [signature]
    return ".".join(unpadded(part) for part in parts)


def verifier(*, leeway: float = 5.0, cached: int = 100) -> TokenVerifier:
    known = asymmetric_algorithms({})
    keys = read_jwks({"keys": [jwk(KEY, "k1")]}, known, "test")
    trusted = TrustedIssuer(issuer="people", audience="graph", keys=keys)
    return TokenVerifier([trusted], leeway=leeway, cached=cached)
