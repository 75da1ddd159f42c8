"""Who is calling: what a checked token said, and nothing about what it means."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """Claims of a verified client token; `expires_at` is in seconds since the epoch.

    Nobody (`ANONYMOUS`) has no claims and never expires.
    """

    claims: Mapping[str, object] = field(default_factory=dict)
    expires_at: float | None = None

    @property
    def anonymous(self) -> bool:
        """True when no token was given."""
        return not self.claims


ANONYMOUS = Viewer(claims=MappingProxyType({}))
