"""The whole gateway minus the web: parse, validate, plan (once per operation), execute."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Self

from gateway.executor.ports import NullTracer, OperationKind, SubgraphClient, Tracer


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineOptions:
    """Plain values from the door. `cache_bytes` bounds all cached operations together."""

    cache_bytes: int = 32 * 1024 * 1024
    max_tokens: int = 10_000
    max_errors: int = 100
    introspection: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayRequest:
    """One GraphQL request as the door read it; `context` is handed to the subgraph client."""

    query: str
    operation_name: str | None
    variables: Mapping[str, object]
    extensions: Mapping[str, object]
    context: object
    timeout: float
    allow_mutation: bool = True
    want_plan: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayResponse:
    """`body` is ready for orjson; a request error (nothing was executed) has no `data` key."""

    body: dict[str, object]
    request_error: bool


class Engine:
    """Answers operations over one supergraph at a time."""

    @classmethod
    def from_supergraph(
        cls,
        sdl: str,
        *,
        client: SubgraphClient,
        options: EngineOptions,
        tracer: Tracer | None = None,
    ) -> Self:
        """Raises a `SupergraphError` when the text is no supergraph."""
        raise NotImplementedError

    def swap(self, sdl: str) -> None:
        """Serve another supergraph from now on; in-flight requests finish on the old one.

        Raises, and keeps the old one, when the new text is no supergraph."""
        raise NotImplementedError

    def operation_kind(
        self, query: str, operation_name: str | None
    ) -> OperationKind | GatewayResponse:
        """Which kind of operation this is, or the request error it would be answered with."""
        raise NotImplementedError

    async def execute(self, request: GatewayRequest) -> GatewayResponse:
        """Answer a query or mutation; a subscription is a request error here."""
        raise NotImplementedError

    def subscribe(self, request: GatewayRequest) -> AsyncIterator[GatewayResponse]:
        """The events in order; the first item may be a request error."""
        raise NotImplementedError

    def api_sdl(self) -> str:
        """The schema as clients see it."""
        raise NotImplementedError

    def plan_text(self, query: str, operation_name: str | None) -> str:
        """The plan of an operation, for people."""
        raise NotImplementedError


__all__ = [
    "Engine",
    "EngineOptions",
    "GatewayRequest",
    "GatewayResponse",
    "NullTracer",
    "OperationKind",
]
