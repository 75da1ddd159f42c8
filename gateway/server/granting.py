"""What a viewer is granted, and whether that still holds while a stream is open."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from gateway.access import GrantRules, Grants
from gateway.access.addresses import AddressRule, check_address
from gateway.access.perimeter import Perimeter
from gateway.auth.viewer import Viewer
from gateway.errors import AddressNotAllowed


def never_ends(_viewer: Viewer, _now: float, /) -> bool:
    """For gateways that trust no tokens."""
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Granting:
    """`holds` says whether a viewer's token is still good: not expired, not revoked."""

    rules: GrantRules = field(default_factory=GrantRules)
    addresses: tuple[AddressRule, ...] = ()
    perimeter: Perimeter | None = None
    holds: Callable[[Viewer, float], bool] = never_ends

    def check_address(self, viewer: Viewer, address: str) -> None:
        """Raises AddressNotAllowed."""
        if self.addresses:
            check_address(self.addresses, viewer.claims, address)
        if self.perimeter is not None:
            self.perimeter.check(viewer.claims, address)

    def of(self, viewer: Viewer) -> Grants:
        """What the viewer's claims grant now."""
        return self.rules.grants(viewer.claims)

    def watch(self, viewer: Viewer, granted: Grants, address: str = "") -> Callable[[], bool]:
        """Asked before each event: is the token good, does every policy still agree, and is the
        address still on the list?"""
        listed = self._listed(viewer, address)

        def still() -> bool:
            return (
                self.holds(viewer, time.time())
                and (not granted.policies or granted.policies <= self.of(viewer).policies)
                and (listed is None or listed())
            )

        return still

    def _listed(self, viewer: Viewer, address: str) -> Callable[[], bool] | None:
        """Looks only when lists have changed; None where none can."""
        perimeter = self.perimeter
        if perimeter is None:
            return None
        seen = perimeter.changes

        def listed() -> bool:
            nonlocal seen
            if perimeter.changes != seen:
                try:
                    perimeter.check(viewer.claims, address)
                except AddressNotAllowed:
                    return False
                seen = perimeter.changes
            return True

        return listed
