"""What the doors need of the engine. `gateway.engine.Engine` is it; tests bring small ones."""

from collections.abc import AsyncIterator
from typing import Protocol

from gateway.engine import GatewayRequest, GatewayResponse
from gateway.executor.ports import OperationKind


class GraphQLEngine(Protocol):
    """Answers operations. May raise ClientFault and NotReady; anything else is a bug."""

    def operation_kind(
        self, query: str, operation_name: str | None, /
    ) -> OperationKind | GatewayResponse:
        """The kind, or the request error the operation would be answered with."""
        ...

    async def execute(self, request: GatewayRequest, /) -> GatewayResponse:
        """Answer a query or mutation."""
        ...

    def subscribe(self, request: GatewayRequest, /) -> AsyncIterator[GatewayResponse]:
        """The events in order; the first item may be a request error."""
        ...
