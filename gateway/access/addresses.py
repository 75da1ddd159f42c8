"""From which addresses a caller may come: by what its token says of it. Pure.

Laws: a rule that names a caller's claim binds; without one every address will do, but a caller
whose claim is `listed` may come from nowhere until somebody lists its networks (deny by default).
An IPv4 address written as IPv6 (`::ffff:10.0.0.1`) is the IPv4 address.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Self, TypeAlias

from gateway.errors import AddressNotAllowed

Network: TypeAlias = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressRule:
    """Callers whose claim has one of these values come from these networks. `listed`: so do all
    other values of the claim, and for those none is listed."""

    claim: str
    networks: Mapping[str, tuple[Network, ...]] = field(default_factory=dict)
    listed: bool = False

    @classmethod
    def of(cls, claim: str, networks: Mapping[str, Iterable[str]], *, listed: bool) -> Self:
        """Raises ValueError for what is no network like 10.0.0.0/8."""
        return cls(
            claim=claim,
            networks={name: tuple(map(ip_network, given)) for name, given in networks.items()},
            listed=listed,
        )

    def check(self, claims: Mapping[str, object], address: str) -> None:
        """Raises AddressNotAllowed. A claim that is there and no text fits no list."""
        if self.claim not in claims:
            return
        value = claims[self.claim]
        networks = self.networks.get(value) if isinstance(value, str) else ()
        if networks is None:
            if not self.listed:
                return
            networks = ()
        if not within(address, networks):
            raise AddressNotAllowed("this account may not be used from this address")


def check_address(rules: Iterable[AddressRule], claims: Mapping[str, object], address: str) -> None:
    """Every rule must let the caller pass. Raises AddressNotAllowed."""
    for rule in rules:
        rule.check(claims, address)


def within(address: str, networks: Iterable[Network]) -> bool:
    """Whether the address lies in one of them; a text that is no address lies in none."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    plain = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return any((plain or found) in network for network in networks)
