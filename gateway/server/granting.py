"""What a viewer is granted, and whether that still holds while a stream is open."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from gateway.access import GrantRules, Grants
from gateway.access.addresses import AddressRule, check_address
from gateway.auth.viewer import Viewer


def never_ends(_viewer: Viewer, _now: float, /) -> bool:
    """For gateways that trust no tokens."""
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Granting:
    """`holds` says whether a viewer's token is still good: not expired, not revoked."""

    rules: GrantRules = field(default_factory=GrantRules)
    addresses: tuple[AddressRule, ...] = ()
    holds: Callable[[Viewer, float], bool] = never_ends

    def check_address(self, viewer: Viewer, address: str) -> None:
        """Raises AddressNotAllowed."""
        if self.addresses:
            check_address(self.addresses, viewer.claims, address)

    def of(self, viewer: Viewer) -> Grants:
        """What the viewer's claims grant now."""
        return self.rules.grants(viewer.claims)

    def watch(self, viewer: Viewer, granted: Grants) -> Callable[[], bool]:
        """Asked before each event: is the token good, and does every policy still agree?"""

        def still() -> bool:
            return self.holds(viewer, time.time()) and (
                not granted.policies or granted.policies <= self.of(viewer).policies
            )

        return still
