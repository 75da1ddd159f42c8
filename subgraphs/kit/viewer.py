"""Who asks: the gateway's context token, checked again on every request.

A token is a JWT signed with EdDSA by the gateway, for one audience (this subgraph), at most 60
seconds old. Whatever else arrives is refused before GraphQL sees it.
"""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from subgraphs.kit.errors import Forbidden
from subgraphs.kit.ids import HolderId, InstitutionId, is_id

MAX_AGE_SECONDS: Final = 60
LEEWAY_SECONDS: Final = 5
SEAL_DIGITS: Final = 32
_REQUIRED: Final = ["iss", "aud", "iat", "exp", "jti", "viewer"]


class Role(Enum):
    HOLDER = "HOLDER"
    ISSUER = "ISSUER"
    VERIFIER = "VERIFIER"
    REGULATOR = "REGULATOR"
    ANALYST = "ANALYST"


class Unauthenticated(Exception):
    """The request did not come through the gateway, or its token does not hold."""

    code = "GATEWAY_UNAUTHENTICATED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """The caller as the gateway vouches for it; anonymous when `role` is None. `gateway`: nobody
    calls, the gateway speaks for itself. `stepped_up_for`: the caller's token was issued for one
    act, and this is the digest of that act."""

    role: Role | None = None
    subject: str | None = None
    institution: InstitutionId | None = None
    holder: HolderId | None = None
    gateway: bool = False
    stepped_up_for: str | None = None

    @property
    def known_as(self) -> str:
        """The role alone: what may be counted of a caller."""
        if self.gateway:
            return "GATEWAY"
        return self.role.value if self.role else "ANONYMOUS"

    @property
    def scope_key(self) -> str:
        """What decides visibility; cursors and shared streams are bound to it, not to a person.

        A holder is the exception: her scope is herself.
        """
        role = self.role.value if self.role else "ANONYMOUS"
        return f"{role}|{self.institution or self.holder or ''}"

    def require_holder(self) -> HolderId:
        if self.role is not Role.HOLDER or self.holder is None:
            raise Forbidden("only a holder may do this")
        return self.holder

    def require_gateway(self) -> None:
        if not self.gateway:
            raise Forbidden("only a gateway may do this")

    def require_institution(self, role: Role) -> InstitutionId:
        if self.role is not role or self.institution is None:
            raise Forbidden(f"only an institution in the role {role.value} may do this")
        return self.institution


ANONYMOUS: Final = Viewer()
GATEWAY: Final = Viewer(gateway=True)


class ContextTokens:
    """Checks the gateway's context tokens for one audience."""

    def __init__(
        self,
        *,
        public_key: Ed25519PublicKey,
        issuer: str,
        audience: str,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._key, self._issuer, self._audience, self._clock = public_key, issuer, audience, clock

    def viewer(self, authorization: str | None) -> Viewer:
        """The viewer named by an `Authorization` header; raises Unauthenticated."""
        return self.checked(authorization)[0]

    def checked(self, authorization: str | None) -> tuple[Viewer, float]:
        """The viewer and when the token is over, in seconds since the epoch; raises
        Unauthenticated."""
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Unauthenticated("no context token of the gateway")
        claims = self._claims(token.strip())
        viewer = GATEWAY if claims.get("own") is True else _viewer(claims.get("viewer"))
        return viewer, float(str(claims["exp"]))

    def operation(
        self, authorization: str | None, request_id: str | None, seal: str | None
    ) -> str | None:
        """The id of the client's operation, as the holder of the context token vouches for it;
        None where nothing does. Raises Unauthenticated for a seal that does not hold."""
        if seal is None:
            return None
        token = (authorization or "").partition(" ")[2].strip()
        id_ = request_id or ""
        wanted = hmac.digest(token.encode(), id_.encode("latin-1"), "sha256").hex()[:SEAL_DIGITS]
        if not hmac.compare_digest(wanted.encode(), seal.encode("latin-1")):
            raise Unauthenticated("the id of the operation does not hold")
        return id_

    def _claims(self, token: str) -> Mapping[str, object]:
        try:
            claims: dict[str, object] = jwt.decode(
                token,
                self._key,
                algorithms=["EdDSA"],
                audience=self._audience,
                issuer=self._issuer,
                options={"require": _REQUIRED, "verify_exp": False, "verify_iat": False},
            )
        except jwt.PyJWTError as fault:
            raise Unauthenticated("the context token does not hold") from fault
        self._check_age(claims.get("iat"), claims.get("exp"))
        return claims

    def _check_age(self, issued: object, expires: object) -> None:
        if not isinstance(issued, int | float) or not isinstance(expires, int | float):
            raise Unauthenticated("the context token has no times")
        now = self._clock()
        young = issued - LEEWAY_SECONDS <= now <= expires + LEEWAY_SECONDS
        if not young or expires - issued > MAX_AGE_SECONDS:
            raise Unauthenticated("the context token is not of now")


def load_public_key(pem: bytes) -> Ed25519PublicKey:
    key = load_pem_public_key(pem)
    if not isinstance(key, Ed25519PublicKey):
        raise TypeError("the gateway's context key must be Ed25519")
    return key


def _viewer(claims: object) -> Viewer:
    if not isinstance(claims, Mapping):
        raise Unauthenticated("the context token names no viewer")
    if not claims.get("role"):
        return ANONYMOUS
    institution, holder = claims.get("institution"), claims.get("holder")
    bound = claims.get("bound_to") if claims.get("step_up") is True else None
    try:
        role = Role(claims["role"])
    except ValueError as fault:
        raise Unauthenticated("the context token names an unknown role") from fault
    return Viewer(
        role=role,
        subject=str(claims.get("sub") or ""),
        institution=InstitutionId(str(institution)) if is_id(institution, "inst") else None,
        holder=HolderId(str(holder)) if is_id(holder, "hold") else None,
        stepped_up_for=bound if isinstance(bound, str) else None,
    )
