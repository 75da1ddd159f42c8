"""Compact JWS under any key kind we know: the key names the algorithm, the token only repeats it.

The form is held to the laws of ledger_adapter.crypto.jwt: no member of a header is followed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from jwt import PyJWS
from jwt.algorithms import ECAlgorithm, OKPAlgorithm
from jwt.exceptions import PyJWTError

from ledger_adapter.crypto import jwk as sm2_web_keys
from ledger_adapter.crypto import jwt as sm2_tokens
from ledger_adapter.crypto import sm2
from ledger_adapter.errors import CryptoError
from subgraphs.vc.encoding import to_base64url
from subgraphs.vc.errors import BadToken, MalformedDocument, VcError
from subgraphs.vc.multikey import VerificationKey
from subgraphs.vc.strict_json import JsonObject, JsonValue, canonical, check_object

_JWS: Final = sm2_tokens.register(PyJWS(algorithms=["ES256", "EdDSA"]))
_PUBLIC: Final = frozenset({"kty", "crv", "x", "y"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A token that verified."""

    typ: str
    kid: str | None
    claims: JsonObject


def algorithm_of(key: VerificationKey) -> str:
    """The one JOSE algorithm of a key."""
    match key:
        case sm2.PublicKey():
            return sm2_tokens.ALGORITHM
        case ed25519.Ed25519PublicKey():
            return "EdDSA"
        case ec.EllipticCurvePublicKey():
            return "ES256"


def signing_input(
    claims: JsonObject, *, key: VerificationKey, typ: str, kid: str | None = None
) -> str:
    """What the private half of `key` has to sign; 64 raw bytes for all three algorithms."""
    header: JsonObject = {"alg": algorithm_of(key), "typ": typ}
    if kid is not None:
        header["kid"] = kid
    return f"{to_base64url(canonical(header))}.{to_base64url(canonical(claims))}"


def join(start: str, signature: bytes) -> str:
    """The token."""
    if len(signature) != 64:
        raise MalformedDocument("a signature has 64 bytes")
    return f"{start}.{to_base64url(signature)}"


def verify(token: str, key: VerificationKey, *, place: str = "") -> Token:
    """The token under this key, or BadToken. What its claims are worth is the caller's to say."""
    try:
        compact = sm2_tokens.take_apart(token)
        # PyJWT's types do not know SM2 keys
        _JWS.decode(token, cast("Any", key), algorithms=[algorithm_of(key)])
        claims = check_object(compact.claims)
    except (CryptoError, PyJWTError, VcError) as error:
        raise BadToken(f"not a token of this key: {type(error).__name__}", place) from error
    kid = compact.header.get("kid")
    typ = str(compact.header["typ"])
    return Token(typ=typ, kid=kid if isinstance(kid, str) else None, claims=claims)


def claims_of(token: str) -> JsonObject:
    """The claims a token states, unverified: for the one who holds it, not for a reader."""
    try:
        return check_object(sm2_tokens.take_apart(token).claims)
    except CryptoError as error:
        raise BadToken("not a token") from error


def to_web_key(key: VerificationKey) -> JsonObject:
    """The public JWK of a key, as `cnf` carries it."""
    members = _web_members(key)
    return {name: cast("JsonValue", members[name]) for name in sorted(_PUBLIC & members.keys())}


def _web_members(key: VerificationKey) -> Mapping[str, object]:
    match key:
        case sm2.PublicKey():
            return sm2_web_keys.to_jwk(key)
        case ed25519.Ed25519PublicKey():
            return OKPAlgorithm.to_jwk(key, as_dict=True)
        case ec.EllipticCurvePublicKey():
            return ECAlgorithm.to_jwk(key, as_dict=True)


def from_web_key(jwk: JsonObject, place: str = "") -> VerificationKey:
    """The key of a public JWK; other members and other curves are refused."""
    if not _PUBLIC.issuperset(jwk):
        raise BadToken("a JWK with members that do not belong there", place)
    try:
        return _web_key(jwk)
    except (PyJWTError, CryptoError, ValueError, TypeError) as error:
        raise BadToken("a JWK of no key we know", place) from error


def _web_key(jwk: JsonObject) -> VerificationKey:
    match jwk.get("crv"):
        case "sm2p256v1":
            return sm2_web_keys.from_jwk(jwk)
        case "Ed25519":
            found: object = OKPAlgorithm.from_jwk(cast("dict[str, Any]", jwk))
        case "P-256":
            found = ECAlgorithm.from_jwk(cast("dict[str, Any]", jwk))
        case _:
            raise ValueError("a curve we do not know")
    if not isinstance(found, ed25519.Ed25519PublicKey | ec.EllipticCurvePublicKey):
        raise ValueError("not a public key")  # noqa: TRY004 - the caller maps one kind of fault
    return found
