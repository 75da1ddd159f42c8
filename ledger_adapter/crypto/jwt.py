"""JSON Web Tokens signed with SM2: algorithm `SGD_SM3_SM2` for PyJWT (names of GM/T 0125).

Laws: the algorithm comes from the key, never from the token; keys are objects, never text; a
header holds `alg`, `typ` and `kid` and nothing else, so no `jku`, `jwk`, `x5u` or `crit` can ask
for anything; one token has one text; `typ` and every claim of the terms are required.
"""

import base64
import binascii
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal, cast, overload

from jwt import PyJWS
from jwt.algorithms import Algorithm
from jwt.exceptions import InvalidKeyError, PyJWTError

from ledger_adapter.crypto import jwk as web_keys
from ledger_adapter.crypto import sm3
from ledger_adapter.crypto.sm2 import PrivateKey, PublicKey
from ledger_adapter.errors import BadKey, BadToken

ALGORITHM: Final = "SGD_SM3_SM2"
LONGEST: Final = 262_144
_LEEWAY: Final = 60
_HEADER: Final = frozenset({"alg", "typ", "kid"})
_COMPACT: Final = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_TIMES: Final = ("iat", "exp")


class SM2Algorithm(Algorithm):
    """For `PyJWS.register_algorithm`; signatures are 64 bytes r || s as ES256 has them."""

    def compute_hash_digest(self, bytestr: bytes) -> bytes:
        return sm3.digest(bytestr)

    def prepare_key(self, key: Any) -> PublicKey | PrivateKey:
        """SM2 key objects only: text could be taken for a shared secret."""
        if not isinstance(key, PublicKey | PrivateKey):
            raise InvalidKeyError("an SM2 key object is wanted")
        return key

    def sign(self, msg: bytes, key: Any) -> bytes:
        if not isinstance(key, PrivateKey):
            raise InvalidKeyError("signing needs an SM2 private key")
        return key.sign(msg)

    def verify(self, msg: bytes, key: Any, sig: bytes) -> bool:
        return isinstance(key, PublicKey) and key.verify(msg, sig)

    @overload
    @staticmethod
    def to_jwk(key_obj: Any, as_dict: Literal[True]) -> dict[str, Any]: ...
    @overload
    @staticmethod
    def to_jwk(key_obj: Any, as_dict: Literal[False] = False) -> str: ...
    @staticmethod
    def to_jwk(key_obj: Any, as_dict: bool = False) -> dict[str, Any] | str:
        """The public half, whichever half is given."""
        public = key_obj.public_key if isinstance(key_obj, PrivateKey) else key_obj
        if not isinstance(public, PublicKey):
            raise InvalidKeyError("an SM2 key object is wanted")
        jwk: dict[str, Any] = dict(web_keys.to_jwk(public))
        return jwk if as_dict else json.dumps(jwk)

    @staticmethod
    def from_jwk(jwk: str | dict[str, Any]) -> PublicKey:
        """A public key; private JWKs belong into key files."""
        try:
            members = json.loads(jwk) if isinstance(jwk, str) else jwk
            return web_keys.from_jwk(members)
        except (ValueError, AttributeError, BadKey) as fault:
            raise InvalidKeyError(f"not the JWK of an SM2 public key: {fault}") from None


def register(jws: PyJWS) -> PyJWS:
    """The same PyJWS instance, now knowing SM2. PyJWT's process-wide registry stays as it is."""
    jws.register_algorithm(ALGORITHM, SM2Algorithm())
    return jws


_JWS: Final = register(PyJWS(algorithms=[]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Compact:
    """A token taken apart and held to the laws of form; nothing is verified."""

    header: Mapping[str, object]
    claims: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a token has to say to be meant for us."""

    typ: str
    issuer: str
    audience: str
    now: datetime
    require: Sequence[str] = ()


def encode(
    claims: Mapping[str, object], key: PrivateKey, *, typ: str, kid: str | None = None
) -> str:
    """A signed token. `kid` helps the reader to find the key, no more."""
    header = {"typ": typ} if kid is None else {"typ": typ, "kid": kid}
    payload = json.dumps(claims, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
    # PyJWT's types know only the keys of `cryptography`
    return _JWS.encode(payload, cast("Any", key), algorithm=ALGORITHM, headers=header)


def decode(token: str, key: PublicKey, terms: Terms) -> Mapping[str, object]:
    """The claims of a token of this key for these terms, or BadToken."""
    compact = take_apart(token)
    if compact.header["typ"] != terms.typ:
        raise BadToken("a token of another type")
    try:
        _JWS.decode(token, cast("Any", key), algorithms=[ALGORITHM])
    except PyJWTError as fault:
        raise BadToken(f"the signature does not hold: {type(fault).__name__}") from None
    _check_claims(compact.claims, terms)
    return compact.claims


def take_apart(token: str) -> Compact:
    """Header and claims of a compact JWS in its one spelling, or BadToken."""
    if len(token) > LONGEST or _COMPACT.fullmatch(token) is None:
        raise BadToken("not a compact token")
    header, claims, signature = token.split(".")
    _segment(signature)
    read = _object(_segment(header))
    if not _HEADER.issuperset(read) or not all(isinstance(v, str) for v in read.values()):
        raise BadToken("a header with members that are not followed here")
    if not {"alg", "typ"}.issubset(read):
        raise BadToken("a header without alg or typ")
    return Compact(header=read, claims=_object(_segment(claims)))


def _segment(text: str) -> bytes:
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise BadToken("not base64url") from None
    if base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii") != text:
        raise BadToken("not the one base64url spelling")
    return data


def _object(data: bytes) -> Mapping[str, object]:
    try:
        found = json.loads(data.decode("utf-8"), object_pairs_hook=_once, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise BadToken("not JSON, or a name twice in one object") from None
    if not isinstance(found, dict):
        raise BadToken("header and claims are objects")
    return found


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a name twice in one object")
    return members


def _no_number(name: str) -> object:
    raise ValueError(f"{name} is not JSON")


def _check_claims(claims: Mapping[str, object], terms: Terms) -> None:
    if claims.get("iss") != terms.issuer or claims.get("aud") != terms.audience:
        raise BadToken("from another issuer or for another audience")
    for name in terms.require:
        if claims.get(name) in (None, ""):
            raise BadToken(f"the claim {name} is missing")
    issued, ends = (_time(claims, name) for name in _TIMES)
    begins = _time(claims, "nbf") if "nbf" in claims else issued
    now = terms.now.timestamp()
    if max(issued, begins) > now + _LEEWAY:
        raise BadToken("not valid yet")
    if ends <= now - _LEEWAY:
        raise BadToken("expired")


def _time(claims: Mapping[str, object], name: str) -> int:
    value = claims.get(name)
    if not isinstance(value, int) or isinstance(value, bool):
        raise BadToken(f"the claim {name} is whole seconds")
    return value
