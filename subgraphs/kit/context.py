"""What a resolver gets: the subgraph's own parts, and the viewer the gateway vouches for."""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeAlias, TypeVar

import strawberry

from subgraphs.kit.sockets import TokenLife
from subgraphs.kit.viewer import ANONYMOUS, Viewer

PartsT = TypeVar("PartsT")
OPERATION: Final[ContextVar[str | None]] = ContextVar("OPERATION", default=None)
"""The id of the client's operation that is being answered, vouched for by the gateway."""


@dataclass(slots=True, kw_only=True)
class RequestContext(Generic[PartsT]):
    """One request; `connection_params` is written by the WebSocket protocol at connection_init."""

    parts: PartsT
    viewer: Viewer = ANONYMOUS
    connection_params: Mapping[str, object] | None = None
    life: TokenLife | None = None  # of a socket
    loaders: dict[str, Any] = field(default_factory=dict)  # per request, by name

    # graphql-core's handlers look these up on the context
    request: object = None
    response: object = None


Info: TypeAlias = strawberry.Info[RequestContext[PartsT], None]
