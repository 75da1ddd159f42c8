"""Allow-lists that change while the gateway runs: who may come from where, by name. Pure.

Laws: a caller whose claim names a list comes from one of its networks, and one who has a `marked`
claim from one of those that are marked, or not at all (deny by default). Until lists were read,
nobody with such a claim comes from anywhere. Lists are taken whole or not at all: what can't be
read leaves those before.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_network
from typing import Final, TypeAlias

from gateway.access.addresses import Network, within
from gateway.errors import AddressNotAllowed, BadAllowList

MOST_LISTS: Final = 10_000
MOST_NETWORKS: Final = 256
Lists: TypeAlias = Mapping[str, tuple[tuple[Network, bool], ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class PerimeterRules:
    """`claim` names the list; `marked` are claims with values whose bearers are bound to marked
    networks; `admits_unlisted`: a name without a list comes from anywhere, once lists were read."""

    claim: str
    marked: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    admits_unlisted: bool = False


class Perimeter:
    """One for all doors of the process. `changes` counts how often lists were other than before."""

    def __init__(self, rules: PerimeterRules) -> None:
        self._rules = rules
        self._lists: Lists | None = None
        self.changes = 0

    @property
    def known(self) -> bool:
        """Whether lists were ever read."""
        return self._lists is not None

    def take(self, document: object) -> bool:
        """Whether it differs from what was known. Raises BadAllowList."""
        lists = read_lists(document)
        if lists == self._lists:
            return False
        self._lists, self.changes = lists, self.changes + 1
        return True

    def check(self, claims: Mapping[str, object], address: str) -> None:
        """Raises AddressNotAllowed. See the laws."""
        marked = any(claims.get(name) in values for name, values in self._rules.marked.items())
        if self._rules.claim not in claims and not marked:
            return
        if not self._admits(claims.get(self._rules.claim), marked, address):
            raise AddressNotAllowed("this account may not be used from this address")

    def _admits(self, name: object, marked: bool, address: str) -> bool:
        if self._lists is None or not isinstance(name, str):
            return False
        found = self._lists.get(name)
        if found is None:
            return self._rules.admits_unlisted and not marked
        return within(address, (network for network, mark in found if mark or not marked))


def read_lists(document: object) -> Lists:
    """`[{"name": "...", "networks": [{"network": "10.0.0.0/8", "marked": false}]}]`. Raises
    BadAllowList for whatever else: half a list must not count as one."""
    if not isinstance(document, list) or len(document) > MOST_LISTS:
        raise BadAllowList("no allow-lists")
    lists: dict[str, tuple[tuple[Network, bool], ...]] = {}
    for each in document:
        name = each.get("name") if isinstance(each, Mapping) else None
        if not isinstance(name, str) or name in lists:
            raise BadAllowList("an allow-list without a name of its own")
        lists[name] = _networks(each.get("networks"))
    return lists


def _networks(given: object) -> tuple[tuple[Network, bool], ...]:
    if not isinstance(given, list) or len(given) > MOST_NETWORKS:
        raise BadAllowList("an allow-list without networks")
    return tuple(_network(each) for each in given)


def _network(given: object) -> tuple[Network, bool]:
    text, mark = (given.get(key) if isinstance(given, Mapping) else None for key in _KEYS)
    if not isinstance(text, str) or not isinstance(mark, bool):
        raise BadAllowList("a network needs its text and its mark")
    try:
        return ip_network(text), mark
    except ValueError:
        raise BadAllowList(f"{text[:60]!r} is no network like 10.0.0.0/8") from None


_KEYS: Final = ("network", "marked")
