"""What a door needs of tracing, and the tracing that does nothing."""

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

from gateway.executor.ports import NullTracer, Tracer


class Spans(Tracer, Protocol):
    """Spans around operations; within one, phases and fetches are its children."""

    def operation(
        self, name: str, headers: Mapping[bytes, bytes], /
    ) -> AbstractContextManager[object]:
        """A span that continues the trace which the client's headers name, if any."""
        ...

    def carrier(self) -> Mapping[str, str]:
        """The headers by which a subgraph continues the current span."""
        ...

    def close(self) -> None:
        """Send what is left."""
        ...


class NoSpans(NullTracer):
    """Traces nothing; the client's own trace headers go on unchanged."""

    def operation(
        self, _name: str, _headers: Mapping[bytes, bytes], /
    ) -> AbstractContextManager[None]:
        return nullcontext()

    def carrier(self) -> Mapping[str, str]:
        return {}

    def close(self) -> None: ...


class Both:
    """Two tracers as one."""

    def __init__(self, first: Tracer, second: Tracer) -> None:
        self.phase_of = (first.phase, second.phase)
        self.fetched_of = (first.fetched, second.fetched)

    def phase(self, name: str, started: float, ended: float, /) -> None:
        """See `Tracer`."""
        for tell in self.phase_of:
            tell(name, started, ended)

    def fetched(self, request: object, outcome: object, started: float, /) -> None:
        """See `Tracer`."""
        for tell in self.fetched_of:
            tell(request, outcome, started)  # type: ignore[arg-type]  # handed on unread
