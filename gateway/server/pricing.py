"""Price tags of operations, found by exact text and name; the graph they are for can change."""

from typing import Final

from graphql import GraphQLError, parse

from gateway.access import NOBODY
from gateway.engine.cache import BoundedCache
from gateway.limits.cost import Priced, price
from gateway.limits.weights import Weights

_BYTES: Final = 8 * 1024 * 1024
_PER_CHARACTER: Final = 20
"""Measured: a price tag takes about twenty times the room of the text it is for."""


class PriceBook:
    """Prices valid operations; what does not fit the graph costs nothing, as it will not run."""

    def __init__(self, sdl: str) -> None:
        self.use(sdl)

    def use(self, sdl: str) -> None:
        """Price for this supergraph from now on."""
        self._weights = Weights.of(sdl)
        self._known: BoundedCache[Priced | None] = BoundedCache(_BYTES)

    def find(self, query: str, name: str | None) -> Priced | None:
        """The price tag of an operation that the engine accepted."""
        key = query, name, NOBODY
        found = self._known.get(key)
        if found is None:
            try:
                found = price(parse(query, no_location=True), name, self._weights)
            except GraphQLError:
                found = None
            self._known.put(key, found, 1_000 + _PER_CHARACTER * len(query))
        return found
