"""Prometheus metrics of subscriptions."""

from typing import Any, Final

from prometheus_client import CollectorRegistry, Counter, Histogram

from gateway.subscriptions.follow import Hubs
from gateway.subscriptions.watch import Ending
from gateway.telemetry.metrics import Metrics

_EVENTS: Final = (0.0, 1.0, 10.0, 100.0, 1_000.0, 10_000.0, 100_000.0)
_SECONDS: Final = (0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0, 300.0)


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
        self._behind = Histogram(
            "credgraph_subscription_lag_events",
            "How far an event is behind the last one of its stream when it is handed on.",
            buckets=_EVENTS,
            registry=registry,
        )
        self._seconds = Histogram(
            "credgraph_subscription_lag_seconds",
            "From an event's arrival at the gateway until a client's turn has come for it.",
            buckets=_SECONDS,
            registry=registry,
        )

    def started(self, *, resumed: bool) -> None:
        """See `Watcher`."""
        (self._resumed if resumed else self._fresh).inc()

    def ended(self, reason: Ending) -> None:
        """See `Watcher`."""
        self._ended.labels(reason).inc()

    def delivered(self, *, replayed: bool, behind: int, seconds: float) -> None:
        """See `Watcher`."""
        (self._replayed if replayed else self._live).inc()
        self._behind.observe(behind)
        self._seconds.observe(seconds)

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
