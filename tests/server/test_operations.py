"""What operators rely on: metrics, traces, files that change, TLS, bounded heads."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from gateway.config import Reload
from gateway.server.run import Reloading
from tests.server.authority import Authority
from tests.server.live import SUPERGRAPH, Live, live

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def gateway(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Live]:
    async with live(
        tmp_path_factory.mktemp("live"),
        timeouts={"head": 0.3},
        limits={"header_bytes": 1_000},
        reload={"every": 0.05},
    ) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def client(gateway: Live) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=gateway.root, trust_env=False) as it:
        yield it


async def test_metrics_count_without_a_word_of_the_clients(client: httpx.AsyncClient) -> None:
    query = 'query Personal { greeting(name: "secret") fails }'
    await client.post("/graphql", json={"query": query})
    answer = await client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    lines = answer.text.splitlines()
    assert 'credgraph_requests_total{code="",status="200"} 1.0' in lines
    assert any(
        line.startswith('credgraph_subrequest_seconds_count{outcome="errors",subgraph="greeter"}')
        for line in lines
    )
    assert any(line.startswith('credgraph_phase_seconds_count{phase="plan"}') for line in lines)
    assert "credgraph_open_sockets 0.0" in lines
    assert "secret" not in answer.text
    assert "Personal" not in answer.text


async def test_metrics_are_for_some_networks(tmp_path: Path) -> None:
    async with (
        live(tmp_path, telemetry={"allow": ["10.0.0.0/8"]}) as gateway,
        httpx.AsyncClient(base_url=gateway.root, trust_env=False) as client,
    ):
        assert (await client.get("/metrics")).status_code == 404


async def test_a_changed_graph_is_taken_and_a_bad_one_is_not(gateway: Live) -> None:
    path = gateway.gateway.settings.supergraph
    good = path.read_text()
    watching = asyncio.create_task(Reloading(gateway.gateway).watch(Reload(every=0.02)))
    await asyncio.sleep(0.05)
    try:
        path.write_text(good.replace("fails: String", "fails: String missing: String"))
        await eventually(gateway, "{ missing }", "data")
        path.write_text(SUPERGRAPH[:100])
        await asyncio.sleep(0.2)
        await eventually(gateway, "{ missing }", "data")
    finally:
        watching.cancel()
        path.write_text(good)


async def test_what_was_ready_is_made_ready_again_after_a_reload(gateway: Live) -> None:
    path, engine = gateway.gateway.settings.supergraph, gateway.gateway.engine
    good = path.read_text()
    await eventually(gateway, "{ fails again: fails }", "data")
    reloading = Reloading(gateway.gateway)
    try:
        path.write_text(good.replace("fails: String", "fails: String other: String"))
        reloading.now()
        assert not engine.recent_operations()
        assert reloading.warming is not None
        await reloading.warming
        assert "{ fails again: fails }" in [key[0] for key in engine.recent_operations()]
    finally:
        path.write_text(good)
        gateway.gateway.reload()


async def eventually(gateway: Live, query: str, key: str) -> None:
    async with asyncio.timeout(30), httpx.AsyncClient(trust_env=False) as client:
        while key not in (await client.post(gateway.url, json={"query": query})).json():
            pass


@pytest.mark.parametrize(
    ("sent", "answer"),
    [
        pytest.param(b"GET /graphql HTTP/1.1\r\nhost: x\r\n", b"", id="a head that never ends"),
        pytest.param(b"", b"", id="nothing at all"),
        pytest.param(
            b"GET / HTTP/1.1\r\nx: " + b"y" * 5_000, b"HTTP/1.1 431", id="a head without bounds"
        ),
    ],
)
async def test_a_head_is_bounded_in_time_and_bytes(
    gateway: Live, sent: bytes, answer: bytes
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    writer.write(sent)
    assert (await asyncio.wait_for(reader.read(), 3)).startswith(answer)
    writer.close()


async def test_tls_is_served_by_settings(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    tls = authority.vouch("localhost")
    trusting = ssl.create_default_context(cafile=authority.ca)
    async with (
        live(tmp_path, listen={"port": 0, "tls": tls}) as gateway,
        httpx.AsyncClient(verify=trusting, trust_env=False) as client,
    ):
        url = f"https://localhost:{gateway.port}/graphql"
        answer = await client.post(url, json={"query": "{ __typename }"})
    assert answer.json() == {"data": {"__typename": "Query"}}
