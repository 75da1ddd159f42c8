"""Client tokens: a JWT in, the viewer out. Checked once, remembered by hash until it expires."""

import hashlib
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from jwt.algorithms import Algorithm

from gateway.auth.claims import EXPIRED, REPLAYED, REVOKED, check_claims, invalid
from gateway.auth.keys import VerificationKey, asymmetric_algorithms
from gateway.auth.revoked import Revoked, Used
from gateway.auth.strict import LONGEST_TOKEN, BadToken, Parts, take_apart
from gateway.auth.viewer import ANONYMOUS, Viewer
from gateway.errors import Unauthenticated

_NOT_OURS: Final = "the token is not one of ours"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedIssuer:
    """Whose tokens are accepted, for which audience, signed by which keys."""

    issuer: str
    audience: str
    keys: tuple[VerificationKey, ...]


class UsedIds(Protocol):
    """Remembers the ids of tokens that are good once, until they have expired."""

    def take(self, token_id: str, until: float, now: float, /) -> bool:
        """Whether this is its first use; from here on it is used."""
        ...


class TokenVerifier:
    """Accepts tokens of the trusted issuers only. Without issuers, tokens are not looked at and
    everybody is anonymous. A token with the claim `single_use` set to true is good once, and for
    `single_use_age` seconds after it was issued."""

    def __init__(
        self,
        issuers: Sequence[TrustedIssuer],
        *,
        algorithms: Mapping[str, Algorithm] | None = None,
        leeway: float = 5.0,
        cached: int = 10_000,
        single_use: str = "step_up",
        single_use_age: float = 300.0,
        used: UsedIds | None = None,
    ) -> None:
        self._algorithms = asymmetric_algorithms(algorithms or {})
        self._leeway, self._cached = leeway, cached
        self._single_use, self._single_use_age = single_use, single_use_age
        self._revoked = Revoked()
        self._used: UsedIds = used or Used(cached)
        self.unknown_keys = 0
        self.trust(issuers)

    def trust(self, issuers: Sequence[TrustedIssuer]) -> None:
        """Trust these from now on; whoever was verified by a key that is gone is asked again."""
        self._issuers = {trusted.issuer: trusted for trusted in issuers}
        self._cache: OrderedDict[bytes, Viewer] = OrderedDict()

    def revoke(self, revoked: Revoked) -> None:
        """What is on this list is worth nothing from now on, remembered or not."""
        self._revoked = revoked

    def holds(self, viewer: Viewer, now: float) -> bool:
        """Whether a viewer verified earlier still is one: not expired, not revoked."""
        if viewer.expires_at is not None and viewer.expires_at + self._leeway <= now:
            return False
        return viewer.anonymous or not self._revoked.covers(viewer)

    def viewer(self, authorization: str | None, now: float) -> Viewer:
        """Who an `Authorization` value names; None names nobody. Raises Unauthenticated."""
        if authorization is None or not self._issuers:
            return ANONYMOUS
        scheme, _, token = authorization.strip().partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise invalid("the authorization must be 'Bearer' and a token")
        return self.verify(token.strip(), now)

    def verify(self, token: str, now: float) -> Viewer:
        """Who the token names. Raises Unauthenticated with a reason, never echoing the token."""
        if len(token) > LONGEST_TOKEN:
            raise invalid("the token is too long")
        mark = hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
        viewer = self._cache.get(mark)
        if viewer is not None and viewer.expires_at is not None and viewer.expires_at > now:
            self._cache.move_to_end(mark)
        else:
            viewer = self._check(token, now)
            self._keep(mark, viewer)
        if self._revoked.covers(viewer):
            raise Unauthenticated(REVOKED, "the token was revoked")
        if viewer.claims.get(self._single_use) is True:
            self._use(viewer, now)
        return viewer

    def _keep(self, mark: bytes, viewer: Viewer) -> None:
        self._cache[mark] = viewer
        if len(self._cache) > self._cached:
            self._cache.popitem(last=False)

    def _use(self, viewer: Viewer, now: float) -> None:
        token_id, until = viewer.claims.get("jti"), viewer.expires_at or now
        if not isinstance(token_id, str) or not token_id:
            raise invalid("a token that is good once needs an id")
        issued = viewer.claims.get("iat")
        if (
            not isinstance(issued, int | float)
            or now - issued > self._single_use_age + self._leeway
        ):
            raise Unauthenticated(EXPIRED, "the token was issued too long ago for what it is for")
        name = f"{viewer.claims.get('iss')}|{token_id}"
        if not self._used.take(name, until + self._leeway, now):
            raise Unauthenticated(REPLAYED, "the token was used before")

    def _check(self, token: str, now: float) -> Viewer:
        try:
            parts = take_apart(token)
        except BadToken:
            raise invalid(_NOT_OURS) from None
        named = parts.claims.get("iss")
        trusted = self._issuers.get(named) if isinstance(named, str) else None
        if trusted is None or not self._is_signed(parts, self._key(trusted, parts)):
            raise invalid(_NOT_OURS)
        return check_claims(parts.claims, audience=trusted.audience, now=now, leeway=self._leeway)

    def _is_signed(self, parts: Parts, key: VerificationKey) -> bool:
        """The algorithm is the key's, whatever the token says."""
        algorithm = self._algorithms[key.algorithm]
        try:
            return algorithm.verify(parts.signed, key.key, parts.signature)
        except (TypeError, ValueError):
            return False

    def _key(self, trusted: TrustedIssuer, parts: Parts) -> VerificationKey:
        """The key the header names, or the only one for its algorithm when it names none."""
        kid, algorithm = parts.header.get("kid"), parts.header.get("alg")
        fitting = [key for key in trusted.keys if key.algorithm == algorithm]
        if kid is not None:
            fitting = [key for key in fitting if key.kid in {kid, None}]
        if len(fitting) != 1:
            self.unknown_keys += 1
            raise invalid(_NOT_OURS)
        return fitting[0]
