"""What a client token must say before it is believed. Pure: the time is an argument."""

from collections.abc import Mapping

from gateway.auth.viewer import Viewer
from gateway.errors import Unauthenticated

EXPIRED = "TOKEN_EXPIRED"
INVALID = "TOKEN_INVALID"
REVOKED = "TOKEN_REVOKED"
REPLAYED = "TOKEN_REPLAYED"


def check_claims(
    claims: Mapping[str, object], *, audience: str, now: float, leeway: float
) -> Viewer:
    """The viewer these claims name; the issuer was matched when the key was chosen.

    Raises Unauthenticated with TOKEN_EXPIRED or TOKEN_INVALID. An expiry is required, so that no
    token lives for ever."""
    expires, issued = _instant(claims, "exp"), _instant(claims, "iat")
    if not isinstance(claims.get("sub"), str) or not claims["sub"]:
        raise invalid("the token names no subject")
    if not _meant_for(claims.get("aud"), audience):
        raise invalid("the token is meant for another audience")
    if issued > now + leeway or ("nbf" in claims and _instant(claims, "nbf") > now + leeway):
        raise invalid("the token is not valid yet")
    if expires + leeway <= now:
        raise Unauthenticated(EXPIRED, "the token has expired")
    return Viewer(claims=claims, expires_at=expires)


def invalid(message: str) -> Unauthenticated:
    """A refusal whose reason no renewal will change."""
    return Unauthenticated(INVALID, message)


def _instant(claims: Mapping[str, object], name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 2**53:
        raise invalid(f"the token has no usable {name!r} claim")
    return float(value)


def _meant_for(value: object, audience: str) -> bool:
    return value == audience or (isinstance(value, list) and audience in value)
