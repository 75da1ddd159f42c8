"""What is told of subscriptions, as Prometheus reads it."""

from pathlib import Path

import httpx

from gateway.telemetry.metrics import Metrics
from gateway.telemetry.subscriptions import SubscriptionMetrics
from tests.subscriptions.rig import WATCH, Socket, rig


def test_lags_are_spread_over_buckets() -> None:
    metrics = Metrics(lambda: 0.0)
    watcher = SubscriptionMetrics(metrics.registry)
    for behind in (0, 1, 50, 5_000_000):
        watcher.delivered(replayed=behind > 0, behind=behind, seconds=0.02)
    text = metrics.text().decode()
    assert 'credgraph_subscription_lag_events_bucket{le="1.0"} 2.0' in text
    assert 'credgraph_subscription_lag_events_bucket{le="100.0"} 3.0' in text
    assert 'credgraph_subscription_lag_events_bucket{le="+Inf"} 4.0' in text
    assert "credgraph_subscription_lag_events_count 4.0" in text
    assert 'credgraph_subscription_events_total{how="replayed"} 3.0' in text


async def test_a_gateway_tells_of_its_subscriptions(tmp_path: Path) -> None:
    settings = {"subscriptions": {"scope": ["role"]}, "telemetry": {"metrics": True}}
    async with rig(tmp_path, **settings) as running, Socket.to(running) as socket:
        await running.subgraph.append(3)
        streams = [await socket.start(WATCH, {"after": "c0"}), await socket.start(WATCH)]
        await streams[0].numbers(2)
        await streams[1].result()
        running.link.cut()
        await running.subgraph.append(1)
        for stream in streams:
            assert await stream.numbers(1) == [3]
        async with httpx.AsyncClient() as client:
            text = (await client.get(running.url.replace("/graphql", "/metrics"))).text
    for line in (
        "credgraph_subscriptions_open 2.0",
        'credgraph_subscriptions_started_total{from_place="yes"} 1.0',
        'credgraph_subscriptions_started_total{from_place="no"} 1.0',
        "credgraph_subscription_streams 1.0",
    ):
        assert line in text
    assert 'credgraph_subscription_upstreams_reopened_total{why="fault"}' in text
