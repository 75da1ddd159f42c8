"""The token by which the gateway names a viewer to a subgraph (decision 35)."""

import hmac
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway.auth.signing import sign
from gateway.auth.viewer import ANONYMOUS, Viewer
from gateway.spec.message import message
from gateway.spec.names import SubgraphName

REQUEST_ID: Final = "x-request-id"
REQUEST_SEAL: Final = "x-request-seal"


def request_seal(token: str, request_id: str) -> str:
    """Vouches for the id of one operation beside a token that many share: 32 hex digits of
    HMAC-SHA256 under the token."""
    return hmac.digest(token.encode("ascii"), request_id.encode("latin-1"), "sha256").hex()[:32]


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextRules:
    """`claims` is the allow-list of what subgraphs learn of a viewer beside `sub`."""

    issuer: str
    claims: tuple[str, ...]
    lifetime: float = 60.0
    reuse: float = 30.0
    cached: int = 10_000


@message(frozen=True, slots=True, kw_only=True)
class CallContext:
    """What a door tells of one call, carried through the engine unread: who calls, which headers
    go on to subgraphs, and who wants to know how long each of their answers may be kept. `own`:
    nobody calls, the gateway speaks for itself."""

    viewer: Viewer = ANONYMOUS
    headers: Mapping[str, str] = field(default_factory=dict)
    cache_control: Callable[[bytes | None], object] | None = None
    own: bool = False


class ContextTokens:
    """Mints one token per viewer and subgraph and hands it out again while it is fresh.

    `now` is seconds since the epoch, `unique` gives each token its id: both are handed in, so
    that a test can hold them still."""

    def __init__(
        self,
        key: Ed25519PrivateKey,
        rules: ContextRules,
        *,
        now: Callable[[], float],
        unique: Callable[[], str],
    ) -> None:
        self._key, self._rules = key, rules
        self._now, self._unique = now, unique
        self._minted: OrderedDict[tuple[SubgraphName, bytes], tuple[float, str]] = OrderedDict()

    def token(self, subgraph: SubgraphName, viewer: Viewer) -> str:
        """A token good for this subgraph only, with at least half its life before it."""
        named = self._named(viewer)
        slot = subgraph, orjson.dumps(named, option=orjson.OPT_SORT_KEYS)
        now = self._now()
        minted = self._minted.get(slot)
        if minted is not None and now - minted[0] < self._rules.reuse:
            self._minted.move_to_end(slot)
            return minted[1]
        token = self._mint(subgraph, named, now)
        self._minted[slot] = now, token
        if len(self._minted) > self._rules.cached:
            self._minted.popitem(last=False)
        return token

    def own_token(self, subgraph: SubgraphName) -> str:
        """A token in which the gateway names itself: a mark beside the viewer, where no claim of
        a client's ever stands."""
        return self._mint(subgraph, {}, self._now(), own=True)

    def _named(self, viewer: Viewer) -> dict[str, object]:
        allowed = ("sub", *self._rules.claims)
        return {name: viewer.claims[name] for name in allowed if name in viewer.claims}

    def _mint(
        self, subgraph: SubgraphName, named: dict[str, object], now: float, *, own: bool = False
    ) -> str:
        claims: dict[str, object] = {
            "iss": self._rules.issuer,
            "aud": subgraph,
            "iat": int(now),
            "exp": int(now + self._rules.lifetime),
            "jti": self._unique(),
            "viewer": named,
        }
        return sign(claims | {"own": True} if own else claims, self._key)
