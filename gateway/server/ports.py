"""What the doors need of the engine. `gateway.engine.Engine` is it; tests bring small ones."""

from collections.abc import AsyncIterator
from typing import Protocol

from gateway.access import Grants
from gateway.engine import GatewayRequest, GatewayResponse
from gateway.executor.ports import OperationKind


class GraphQLEngine(Protocol):
    """Answers operations. May raise ClientFault and NotReady; anything else is a bug."""

    async def prepare(
        self, query: str, operation_name: str | None, grants: Grants, /
    ) -> OperationKind | GatewayResponse:
        """Think an operation through without holding up others; what is asked about it next takes
        no time then. Gives the kind, or the request error it would be answered with."""
        ...

    def is_incremental(self, query: str, operation_name: str | None, grants: Grants, /) -> bool:
        """Whether an operation has parts that may come later than the rest."""
        ...

    def deliver(self, request: GatewayRequest, /) -> AsyncIterator[GatewayResponse]:
        """Such an operation's answer in bodies that say `hasNext`; what can't be answered in
        parts is one whole body without it."""
        ...

    async def execute(self, request: GatewayRequest, /) -> GatewayResponse:
        """Answer a query or mutation."""
        ...

    def subscribe(self, request: GatewayRequest, /) -> AsyncIterator[GatewayResponse]:
        """The events in order; the first item may be a request error."""
        ...
