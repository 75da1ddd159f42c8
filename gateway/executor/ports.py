"""What the executor needs from the outside, and nothing more. `transport` implements the client."""

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol, TypeAlias

from gateway.spec.message import message
from gateway.spec.names import SubgraphName

OperationKind: TypeAlias = Literal["query", "mutation", "subscription"]


@message(frozen=True, slots=True, kw_only=True)
class SubgraphRequest:
    """One GraphQL request to one subgraph.

    `context` is whatever the door handed to the engine (claims, forwarded headers); only the
    client behind the port reads it. `deadline` is in the time of the running event loop.
    """

    subgraph: SubgraphName
    document: str
    operation_name: str | None
    variables: Mapping[str, object]
    kind: OperationKind
    context: object
    deadline: float


@message(frozen=True, slots=True, kw_only=True)
class SubgraphReply:
    """A GraphQL answer, read whatever its HTTP status was; nothing in it is checked yet. `size`
    is that of its body in bytes, unzipped, where it had one.

    `data` belongs to whoever asked and is merged into in place: two askers need two copies."""

    data: object | None
    errors: tuple[Mapping[str, object], ...]
    extensions: Mapping[str, object]
    size: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """No GraphQL answer came. A value, never raised: one ill subgraph cancels nobody else."""

    code: str
    message: str
    subgraph: SubgraphName


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchCost:
    """In the units of the graph's price tags: what a fetch may have brought, and what it did."""

    estimated: int
    actual: int


Appraise: TypeAlias = Callable[[SubgraphRequest, SubgraphReply | Fault], FetchCost | None]
"""Asked before the reply is merged; None for what it has no price tags for."""


class SubgraphClient(Protocol):
    """Carries requests to subgraphs. Never raises, `asyncio.CancelledError` apart."""

    async def fetch(self, request: SubgraphRequest, /) -> SubgraphReply | Fault:
        """One answer or one fault, before `request.deadline`."""
        ...

    def subscribe(self, request: SubgraphRequest, /) -> AsyncIterator[SubgraphReply | Fault]:
        """The events in the subgraph's order; a fault is the last item. `aclose()` frees the
        upstream at once."""
        ...


class Tracer(Protocol):
    """Watches operations. Called on the hot path: must neither raise nor wait."""

    def phase(self, name: str, started: float, ended: float, /) -> None:
        """A phase of one operation (`parse`, `validate`, `plan`, `compile`, `execute`) is over."""
        ...

    def fetched(
        self, request: SubgraphRequest, outcome: SubgraphReply | Fault, started: float, /
    ) -> None:
        """A fetch has ended just now; times are those of the running event loop."""
        ...


class NullTracer:
    """Watches nothing."""

    def phase(self, name: str, started: float, ended: float, /) -> None: ...

    def fetched(
        self, request: SubgraphRequest, outcome: SubgraphReply | Fault, started: float, /
    ) -> None: ...
