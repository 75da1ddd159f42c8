"""Prometheus metrics of subscriptions."""

from bisect import bisect_left
from collections.abc import Iterator
from itertools import accumulate
from typing import Any, Final

from prometheus_client import CollectorRegistry, Counter
from prometheus_client.core import HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from gateway.subscriptions.follow import Hubs
from gateway.subscriptions.watch import Ending
from gateway.telemetry.metrics import Metrics

_EVENTS: Final = (0.0, 1.0, 10.0, 100.0, 1_000.0, 10_000.0, 100_000.0)
_SECONDS: Final = (0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0, 300.0)


class _Spread(Collector):
    """A histogram that costs next to nothing to add to: one event goes to thousands at once."""

    def __init__(self, name: str, meaning: str, bounds: tuple[float, ...]) -> None:
        self._name, self._meaning, self._bounds = name, meaning, bounds
        self._counts = [0] * (len(bounds) + 1)
        self._sum = 0.0

    def add(self, value: float) -> None:
        """One more."""
        self._counts[bisect_left(self._bounds, value)] += 1
        self._sum += value

    def collect(self) -> Iterator[Metric]:
        """See `Collector`."""
        names = [*map(str, self._bounds), "+Inf"]
        buckets = list(zip(names, map(float, accumulate(self._counts)), strict=True))
        family = HistogramMetricFamily(self._name, self._meaning)
        family.add_metric([], buckets=buckets, sum_value=self._sum)
        yield family


class SubscriptionMetrics:
    """A `Watcher`; one a process."""

    def __init__(self, registry: CollectorRegistry) -> None:
        started = Counter(
            "credgraph_subscriptions_started",
            "Subscriptions by whether they came with a place to go on from.",
            ["from_place"],
            registry=registry,
        )
        self._fresh, self._resumed = started.labels("no"), started.labels("yes")
        self._ended = Counter(
            "credgraph_subscriptions_ended",
            "Subscriptions by why they ended.",
            ["reason"],
            registry=registry,
        )
        events = Counter(
            "credgraph_subscription_events",
            "Events handed to subscriptions, live or out of the past.",
            ["how"],
            registry=registry,
        )
        self._live, self._replayed = events.labels("live"), events.labels("replayed")
        self._repeats = Counter(
            "credgraph_subscription_repeats_dropped",
            "Events that came a second time and were left out.",
            registry=registry,
        )
        upstreams = Counter(
            "credgraph_subscription_upstreams_reopened",
            "Upstreams opened again, after a fault or because events were missing.",
            ["why"],
            registry=registry,
        )
        self._faults, self._gaps = upstreams.labels("fault"), upstreams.labels("gap")
        self._behind = _Spread(
            "credgraph_subscription_lag_events",
            "How far an event is behind the last one of its stream when it is handed on.",
            _EVENTS,
        )
        self._seconds = _Spread(
            "credgraph_subscription_lag_seconds",
            "From an event's arrival at the gateway until a client's turn has come for it.",
            _SECONDS,
        )
        registry.register(self._behind)
        registry.register(self._seconds)

    def started(self, *, resumed: bool) -> None:
        """See `Watcher`."""
        (self._resumed if resumed else self._fresh).inc()

    def ended(self, reason: Ending) -> None:
        """See `Watcher`."""
        self._ended.labels(reason).inc()

    def delivered(self, *, replayed: bool, behind: int, seconds: float) -> None:
        """See `Watcher`."""
        (self._replayed if replayed else self._live).inc()
        self._behind.add(behind)
        self._seconds.add(seconds)

    def repeated(self) -> None:
        """See `Watcher`."""
        self._repeats.inc()

    def reconnected(self, *, gap: bool) -> None:
        """See `Watcher`."""
        (self._gaps if gap else self._faults).inc()


def watch_hubs(metrics: Metrics, hubs: Hubs[Any]) -> None:
    """Numbers that are read when somebody asks."""
    metrics.gauge("subscriptions_open", "Resumable subscriptions.", lambda: hubs.followers)
    metrics.gauge("subscription_streams", "Upstreams that clients share.", lambda: len(hubs))
    metrics.gauge(
        "subscriptions_catching_up",
        "Subscriptions that read an upstream of their own until they have caught up.",
        lambda: hubs.alone,
    )
    metrics.gauge(
        "subscription_queue_depth",
        "Events kept that the slowest subscription of all has yet to take.",
        lambda: hubs.depth,
    )
