"""Traces: the client's goes on, spans hang together, the subgraph hears of it."""

import asyncio
from pathlib import Path

import httpx
import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from gateway.executor.ports import Fault, SubgraphRequest
from gateway.spec.names import SubgraphName
from gateway.telemetry.otel import OtelSpans
from tests.server.live import live
from tests.transport.raw_server import raw_server
from tests.wire.raw import raw_socket

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


@pytest.mark.filterwarnings("ignore")
async def test_sockets_and_streams_are_traced_to_the_subgraph(tmp_path: Path) -> None:
    collected: list[bytes] = []

    async def collect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            size = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
            collected.append(await reader.readexactly(size))
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")

    async with raw_server(collect) as collector:
        otlp = f"http://127.0.0.1:{collector.port}"
        async with live(tmp_path, telemetry={"otlp": otlp, "sample": 1.0}) as gateway:
            async with raw_socket(gateway.port, f"traceparent: {PARENT}") as socket:
                await socket.init()
                socket.say(type="subscribe", id="a", payload={"query": '{ greeting(name: "x") }'})
                assert [(await socket.message())["type"] for _ in range(2)] == ["next", "complete"]
            async with httpx.AsyncClient(trust_env=False) as client:
                body = {"query": "subscription { countdown(from: 1) }"}
                headers = {"accept": "text/event-stream", "traceparent": PARENT}
                await client.post(gateway.url, json=body, headers=headers)
            await asyncio.to_thread(gateway.gateway.spans.close)
    told = b"".join(collected)
    for name in (b"graphql.operation", b"graphql.request", b"graphql.fetch"):
        assert name in told
    assert told.count(bytes.fromhex(PARENT.split("-")[1])) >= 3
