"""What goes into the engine and what comes out of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.limits import DocumentLimits


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineOptions:
    """Plain values from the door. `cache_bytes` bounds all cached operations together."""

    cache_bytes: int = 32 * 1024 * 1024
    limits: DocumentLimits = field(default_factory=DocumentLimits)
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
