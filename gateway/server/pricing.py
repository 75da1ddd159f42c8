"""Price tags of operations and of their fetches, found by exact text and name; the graph they are
for can change."""

from typing import Final

from graphql import GraphQLError, parse

from gateway.access import NOBODY
from gateway.engine.cache import BoundedCache
from gateway.executor.ports import Fault, FetchCost, SubgraphReply, SubgraphRequest
from gateway.limits.cost import ANY_LENGTH, Priced, price
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

    def appraise(
        self, request: SubgraphRequest, outcome: SubgraphReply | Fault
    ) -> FetchCost | None:
        """The cost of one fetch, told like an operation's: by the document that was sent, for as
        many entities as were asked about, and by the data that came back."""
        priced = self.find(request.document, request.operation_name)
        if priced is None:
            return None
        sizes = {
            name: len(value) if isinstance(value, list) else value
            for name, value in request.variables.items()
        }
        data = outcome.data if isinstance(outcome, SubgraphReply) else None
        estimated = priced.estimate(sizes, ANY_LENGTH)
        return FetchCost(estimated=estimated, actual=priced.actual(data))
