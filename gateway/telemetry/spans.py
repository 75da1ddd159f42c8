"""What a door needs of tracing, and the tracing that does nothing."""

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Final, Protocol

from gateway.executor.ports import (
    Fault,
    NullTracer,
    SubgraphReply,
    SubgraphRequest,
    Tracer,
)


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


_NO_SPAN: Final = nullcontext()
_NO_HEADERS: Final[Mapping[str, str]] = {}


class NoSpans(NullTracer):
    """Traces nothing; the client's own trace headers go on unchanged."""

    def operation(
        self, _name: str, _headers: Mapping[bytes, bytes], /
    ) -> AbstractContextManager[None]:
        return _NO_SPAN

    def carrier(self) -> Mapping[str, str]:
        return _NO_HEADERS

    def close(self) -> None: ...


class Tracers:
    """Several tracers as one."""

    def __init__(self, *tracers: Tracer) -> None:
        self._phase = [tracer.phase for tracer in tracers]
        self._fetched = [tracer.fetched for tracer in tracers]

    def phase(self, name: str, started: float, ended: float, /) -> None:
        """See `Tracer`."""
        for tell in self._phase:
            tell(name, started, ended)

    def fetched(
        self, request: SubgraphRequest, outcome: SubgraphReply | Fault, started: float, /
    ) -> None:
        """See `Tracer`."""
        for tell in self._fetched:
            tell(request, outcome, started)
