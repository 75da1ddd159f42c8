"""Client tokens: a JWT in, the viewer out. Checked once, remembered by hash until it expires."""

import hashlib
import json
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from jwt import InvalidTokenError, PyJWS
from jwt.algorithms import Algorithm

from gateway.auth.claims import check_claims, invalid
from gateway.auth.keys import VerificationKey, asymmetric_algorithms
from gateway.auth.viewer import ANONYMOUS, Viewer

LONGEST_TOKEN = 8_192


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedIssuer:
    """Whose tokens are accepted, for which audience, signed by which keys."""

    issuer: str
    audience: str
    keys: tuple[VerificationKey, ...]


class TokenVerifier:
    """Accepts tokens of the trusted issuers only. Without issuers, tokens are not looked at and
    everybody is anonymous."""

    def __init__(
        self,
        issuers: Sequence[TrustedIssuer],
        *,
        algorithms: Mapping[str, Algorithm] | None = None,
        leeway: float = 5.0,
        cached: int = 10_000,
    ) -> None:
        self._issuers = {trusted.issuer: trusted for trusted in issuers}
        known = asymmetric_algorithms(algorithms or {})
        self._jws = PyJWS(algorithms=[])
        for name, algorithm in known.items():
            self._jws.register_algorithm(name, algorithm)
        self._leeway = leeway
        self._cached = cached
        self._cache: OrderedDict[bytes, Viewer] = OrderedDict()

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
        known = self._cache.get(mark)
        if known is not None and known.expires_at is not None and known.expires_at > now:
            self._cache.move_to_end(mark)
            return known
        viewer = self._check(token, now)
        self._cache[mark] = viewer
        if len(self._cache) > self._cached:
            self._cache.popitem(last=False)
        return viewer

    def _check(self, token: str, now: float) -> Viewer:
        try:
            header = self._jws.get_unverified_header(token)
            trusted = self._issuer_of(token)
            key = _choose(trusted.keys, header)
            payload = self._jws.decode(token, key.key, algorithms=[key.algorithm])  # type: ignore[arg-type]  # the key type belongs to the algorithm
            claims = json.loads(payload)
        except (InvalidTokenError, ValueError, TypeError):
            raise invalid("the token is not one of ours") from None
        if not isinstance(claims, dict) or claims.get("iss") != trusted.issuer:
            raise invalid("the token is not one of ours")
        return check_claims(claims, audience=trusted.audience, now=now, leeway=self._leeway)

    def _issuer_of(self, token: str) -> TrustedIssuer:
        """Reads `iss` before the signature is checked, only to choose whose keys to check with."""
        unverified = self._jws.decode(token, options={"verify_signature": False})
        claims = json.loads(unverified)
        named = claims.get("iss") if isinstance(claims, dict) else None
        trusted = self._issuers.get(named) if isinstance(named, str) else None
        if trusted is None:
            raise invalid("the token is not one of ours")
        return trusted


def _choose(keys: tuple[VerificationKey, ...], header: Mapping[str, object]) -> VerificationKey:
    """The key the header names, or the only one for its algorithm when it names none."""
    kid, algorithm = header.get("kid"), header.get("alg")
    fitting = [key for key in keys if key.algorithm == algorithm]
    if kid is not None:
        fitting = [key for key in fitting if key.kid in {kid, None}]
    if len(fitting) != 1:
        raise invalid("the token is not one of ours")
    return fitting[0]
