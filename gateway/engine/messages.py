"""What goes into the engine and what comes out of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from gateway.access import NOBODY, Grants
from gateway.executor.ports import Appraise
from gateway.limits import DocumentLimits
from gateway.spec.message import message
from gateway.subscriptions.hub import HubLimits
from gateway.subscriptions.source import Patience


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineOptions:
    """Plain values from the door. `cache_bytes` bounds all cached operations together.

    `refusals` says what becomes of an operation with selections its caller may not make: these
    are null (filter), it is refused as a whole (reject), or it is run all the same and told about
    in `extensions` (dry-run)."""

    cache_bytes: int = 32 * 1024 * 1024
    limits: DocumentLimits = field(default_factory=DocumentLimits)
    max_errors: int = 100
    introspection: bool = True
    refusals: Literal["filter", "reject", "dry-run"] = "filter"
    patience: Patience = field(default_factory=Patience)
    kept: HubLimits = field(default_factory=HubLimits)


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """Callers of equal `key` may see the same. `context` stands for all of them at the subgraphs
    and names no person, so that one upstream can serve them together."""

    key: str
    context: object


def always() -> bool:
    """For callers whose grants never change."""
    return True


@message(frozen=True, slots=True, kw_only=True)
class GatewayRequest:
    """One GraphQL request as the door read it; `context` is handed to the subgraph client.

    `grants` decide what the caller may select; a stream asks `still_granted` before each event
    and ends as soon as it says no. A stream may hand an event to `push` while its reader waits for
    one; False has it read all the same, and it must not raise. With `want_plan` each fetch is
    reported, and its cost too where `appraise` tells it."""

    query: str
    operation_name: str | None
    variables: Mapping[str, object]
    extensions: Mapping[str, object]
    context: object
    timeout: float
    allow_mutation: bool = True
    want_plan: bool = False
    appraise: Appraise | None = None
    grants: Grants = NOBODY
    still_granted: Callable[[], bool] = always
    audience: Audience | None = None
    push: "Callable[[GatewayResponse], bool] | None" = None


@message(frozen=True, slots=True, kw_only=True)
class GatewayResponse:
    """`body` is ready for orjson; a request error (nothing was executed) has no `data` key."""

    body: dict[str, object]
    request_error: bool
