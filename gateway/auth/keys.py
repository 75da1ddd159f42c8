"""Public keys of token issuers: a JWKS document in, keys bound to exactly one algorithm out."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from jwt import InvalidKeyError
from jwt.algorithms import Algorithm, get_default_algorithms

from gateway.errors import BadKey

_BY_CURVE: Final[Mapping[tuple[object, object], str]] = {
    ("OKP", "Ed25519"): "EdDSA",
    ("EC", "P-256"): "ES256",
    ("EC", "P-384"): "ES384",
    ("EC", "P-521"): "ES512",
}
_SHARED_SECRET: Final = frozenset({"none", "HS256", "HS384", "HS512"})


@dataclass(frozen=True, slots=True, kw_only=True)
class VerificationKey:
    """A public key and the one algorithm it is for: the token's header never chooses."""

    kid: str | None
    algorithm: str
    key: object


def asymmetric_algorithms(further: Mapping[str, Algorithm]) -> dict[str, Algorithm]:
    """What a key may be for. Shared secrets are left out: a public key must never serve as one."""
    known = {
        name: algorithm
        for name, algorithm in get_default_algorithms().items()
        if name not in _SHARED_SECRET
    }
    return known | dict(further)


def read_jwks(
    document: object, algorithms: Mapping[str, Algorithm], source: str
) -> tuple[VerificationKey, ...]:
    """The signature keys of a JWKS document; raises BadKey naming `source` for unusable ones."""
    entries = document.get("keys") if isinstance(document, Mapping) else None
    if not isinstance(entries, list) or not entries:
        raise BadKey(f"{source} holds no JSON Web Key Set with at least one key")
    signing = [entry for entry in entries if _is_for_signatures(entry)]
    keys = tuple(_read_key(entry, algorithms, source) for entry in signing)
    if not keys:
        raise BadKey(f"{source} holds no key for signatures")
    return keys


def _is_for_signatures(entry: object) -> bool:
    return not isinstance(entry, Mapping) or entry.get("use", "sig") == "sig"


def _read_key(entry: object, algorithms: Mapping[str, Algorithm], source: str) -> VerificationKey:
    if not isinstance(entry, Mapping):
        raise BadKey(f"{source} holds a key that is no JSON object")
    name = entry.get("alg") or _BY_CURVE.get((entry.get("kty"), entry.get("crv")))
    algorithm = algorithms.get(str(name))
    if algorithm is None:
        raise BadKey(f"{source} holds a key for {name!r}, which is no algorithm we accept")
    if "d" in entry:
        raise BadKey(f"{source} holds a private key; it must hold public keys only")
    kid = entry.get("kid")
    try:
        key = algorithm.from_jwk(dict(entry))
    except (InvalidKeyError, TypeError, ValueError) as error:
        raise BadKey(f"{source} holds an unusable key: {error}") from None
    return VerificationKey(kid=kid if isinstance(kid, str) else None, algorithm=str(name), key=key)
