"""Traces by OpenTelemetry; loaded only where the settings name a collector (extra `otel`)."""

import asyncio
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from gateway.executor.ports import Fault, SubgraphReply, SubgraphRequest

_FIELDS = ("traceparent", "tracestate")


class OtelSpans:
    """See `Spans`. Spans are sent in batches by a thread of their own."""

    def __init__(self, exporter: SpanExporter, *, service: str, sample: float) -> None:
        self._provider = TracerProvider(
            resource=Resource.create({"service.name": service}),
            sampler=ParentBased(TraceIdRatioBased(sample)),
        )
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("credgraph")
        self._wire = TraceContextTextMapPropagator()

    def operation(
        self, name: str, headers: Mapping[bytes, bytes], /
    ) -> AbstractContextManager[object]:
        known = {field: headers.get(field.encode(), b"").decode("latin-1") for field in _FIELDS}
        parent = self._wire.extract(known)
        return self._tracer.start_as_current_span(name, context=parent, kind=SpanKind.SERVER)

    def carrier(self) -> Mapping[str, str]:
        headers: dict[str, str] = {}
        self._wire.inject(headers)
        return headers

    def phase(self, name: str, started: float, ended: float, /) -> None:
        """See `Tracer`."""
        self._span(f"graphql.{name}", started - time.perf_counter(), ended - time.perf_counter())

    def fetched(
        self, request: SubgraphRequest, outcome: SubgraphReply | Fault, started: float, /
    ) -> None:
        """See `Tracer`."""
        ago = started - asyncio.get_running_loop().time()
        problem = outcome.code if isinstance(outcome, Fault) else None
        self._span("graphql.fetch", ago, 0.0, request.subgraph, problem)

    def close(self) -> None:
        """Send what is left."""
        self._provider.shutdown()

    def _span(
        self,
        name: str,
        begun: float,
        ended: float,
        subgraph: str | None = None,
        problem: str | None = None,
    ) -> None:
        """A span that is over: both times are seconds from now, and so not positive."""
        now = time.time_ns()
        span = self._tracer.start_span(
            name,
            start_time=now + int(begun * 1e9),
            kind=SpanKind.CLIENT if subgraph else SpanKind.INTERNAL,
        )
        if subgraph is not None:
            span.set_attribute("credgraph.subgraph", subgraph)
        if problem is not None:
            span.set_status(Status(StatusCode.ERROR, problem))
        span.end(end_time=now + int(ended * 1e9))


def spans_to(endpoint: str, service: str, sample: float) -> OtelSpans:
    """Traces sent to an OTLP/HTTP collector."""
    exporter = OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces")
    return OtelSpans(exporter, service=service, sample=sample)
