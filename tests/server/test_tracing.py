"""Traces: the client's goes on, spans hang together, the subgraph hears of it."""

import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from gateway.executor.ports import Fault, SubgraphRequest
from gateway.spec.names import SubgraphName
from gateway.telemetry.otel import OtelSpans

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.mark.filterwarnings("ignore")
async def test_phases_and_fetches_are_children_of_the_operation() -> None:
    exporter = InMemorySpanExporter()
    spans = OtelSpans(exporter, service="gateway", sample=0.0)
    one = SubgraphName("one")
    request = SubgraphRequest(
        subgraph=one,
        document="{a}",
        operation_name=None,
        variables={},
        kind="query",
        context=None,
        deadline=0.0,
    )
    with spans.operation("graphql.request", {b"traceparent": PARENT.encode()}):
        carried = spans.carrier()["traceparent"]
        spans.phase("plan", 0.0, 0.5)
        spans.fetched(request, Fault(code="SUBREQUEST_TIMEOUT", message="", subgraph=one), 0.0)
    spans.close()
    told = {span.name: span for span in exporter.get_finished_spans()}
    assert set(told) == {"graphql.request", "graphql.plan", "graphql.fetch"}
    operation = told["graphql.request"].context
    assert f"{operation.trace_id:032x}" == PARENT.split("-")[1] == carried.split("-")[1]
    assert carried.split("-")[2] == f"{operation.span_id:016x}"
    for child in ("graphql.plan", "graphql.fetch"):
        parent = told[child].parent
        assert parent is not None
        assert parent.span_id == operation.span_id
    assert told["graphql.fetch"].attributes == {"credgraph.subgraph": "one"}
