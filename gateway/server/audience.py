"""Who may share a subscription's upstream: callers whose claims of the scope are equal."""

from collections.abc import Mapping
from dataclasses import dataclass

import orjson

from gateway.auth.context import CallContext
from gateway.auth.viewer import Viewer
from gateway.engine import Audience

_OWN = frozenset({"x-request-id", "x-request-seal", "traceparent", "tracestate"})
"""Headers that belong to one request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeRules:
    """`claims` decide what is visible; None: each person sees something else."""

    claims: tuple[str, ...] | None = None

    def audience(self, viewer: Viewer, headers: Mapping[str, str]) -> Audience:
        """What is forwarded of a request decides as well."""
        names = viewer.claims if self.claims is None else self.claims
        scope = {name: viewer.claims[name] for name in names if name in viewer.claims}
        kept = {name: value for name, value in headers.items() if name not in _OWN}
        key = orjson.dumps([scope, kept], option=orjson.OPT_SORT_KEYS, default=str)
        return Audience(
            key=key.decode(), context=CallContext(viewer=Viewer(claims=scope), headers=kept)
        )
