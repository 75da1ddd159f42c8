"""Pages of other sites: which may ask (CORS), and which must not make a browser ask (CSRF). Pure.

A browser says where a request comes from, by `Sec-Fetch-Site` or `Origin`; whoever says neither is
no page. A request that no page can send without a preflight is as safe as the preflight's answer.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from gateway.errors import OtherOrigin
from gateway.server.exchange import Headers

_OWN: Final = frozenset({b"same-origin", b"none"})
_EXPOSED: Final = b"x-request-id, retry-after, cache-control"
_VARY: Final = (b"vary", b"origin")


@dataclass(frozen=True, slots=True, kw_only=True)
class OriginPolicy:
    """What pages of these origins may do; see the settings' section `cors`."""

    origins: frozenset[str]
    headers: tuple[str, ...]
    credentials: bool = False
    max_age: int = 7_200


@dataclass(frozen=True, slots=True, kw_only=True)
class Origins:
    """All policies; `csrf` refuses what the first paragraph of this file warns of."""

    policies: tuple[OriginPolicy, ...] = ()
    csrf: bool = True
    csrf_headers: tuple[bytes, ...] = ()

    def answer_headers(self, headers: Mapping[bytes, bytes]) -> Headers:
        """What an answer tells the browser of the page that asked."""
        origin = headers.get(b"origin")
        policy = self._policy(origin)
        if origin is None or policy is None:
            return (_VARY,) if self.policies else ()
        told = [(b"access-control-allow-origin", origin), _VARY]
        told.append((b"access-control-expose-headers", _EXPOSED))
        if policy.credentials:
            told.append((b"access-control-allow-credentials", b"true"))
        return tuple(told)

    def preflight_headers(self, headers: Mapping[bytes, bytes]) -> Headers:
        """What a preflight is answered with; nothing for origins without a policy."""
        policy = self._policy(headers.get(b"origin"))
        if policy is None:
            return ()
        allowed = ", ".join(policy.headers).encode("ascii")
        return (
            (b"access-control-allow-methods", b"GET, POST, PUT, DELETE"),
            (b"access-control-allow-headers", allowed),
            (b"access-control-max-age", b"%d" % policy.max_age),
        )

    def check(self, headers: Mapping[bytes, bytes]) -> None:
        """Raises OtherOrigin for a request that a page of another site made a browser send."""
        if not self.csrf or self._policy(headers.get(b"origin")) or _is_own(headers):
            return
        if headers.get(b"content-type", b"").lower().startswith(b"application/json"):
            return
        if not any(name in headers for name in self.csrf_headers):
            raise OtherOrigin("a page of another site asks; see the setting gateway.cors")

    def check_socket(self, headers: Mapping[bytes, bytes]) -> bool:
        """Whether a page may open a socket: there is no preflight for sockets."""
        return not self.csrf or self._policy(headers.get(b"origin")) is not None or _is_own(headers)

    def _policy(self, origin: bytes | None) -> OriginPolicy | None:
        if origin is None:
            return None
        name = origin.decode("latin-1")
        for policy in self.policies:
            if name in policy.origins or "*" in policy.origins:
                return policy
        return None


def _is_own(headers: Mapping[bytes, bytes]) -> bool:
    site = headers.get(b"sec-fetch-site")
    if site is not None and b"sec-websocket-key" not in headers:
        return site in _OWN
    origin = headers.get(b"origin")
    return origin is None or origin.rpartition(b"//")[2] == headers.get(b"host")
