"""Prometheus metrics. Labels hold names of ours only, never a word that a client chose."""

from collections.abc import Callable, Mapping
from typing import Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)

from gateway.executor.ports import Fault, SubgraphReply, SubgraphRequest
from gateway.telemetry.tallies import Counts, Timings

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS: Final = (
    0.001,
    0.0025,
    0.005,
    0.01,
    0.025,
    0.05,
    0.1,
    0.25,
    0.5,
    1.0,
    2.5,
    5.0,
    10.0,
    30.0,
)


class Metrics:
    """One registry a process. It is a `Tracer` for the engine and reads along with the log."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self._requests = Counts(
            "credgraph_requests", "HTTP requests answered.", ["status", "code"], registry
        )
        self._request_seconds = Timings(
            "credgraph_request_seconds",
            "From a request's headers to the end of its answer, streams apart.",
            ["kind"],
            _SECONDS,
            registry,
        )
        self._ended = Counter(
            "credgraph_ended",
            "Operations on sockets, streams, sockets.",
            ["what"],
            registry=registry,
        )
        self._results = Counter(
            "credgraph_results", "Results sent on sockets and streams.", ["door"], registry=registry
        )
        self._closed = Counter(
            "credgraph_sockets_closed", "Sockets by close code.", ["code"], registry=registry
        )
        self._phases = Histogram(
            "credgraph_phase_seconds",
            "Preparing an operation that was not in the cache.",
            ["phase"],
            buckets=_SECONDS,
            registry=registry,
        )
        self._fetches = Timings(
            "credgraph_subrequest_seconds",
            "One request to a subgraph.",
            ["subgraph", "outcome"],
            _SECONDS,
            registry,
        )
        self._reloads = Counter(
            "credgraph_reloads", "Readings of a changed graph.", ["outcome"], registry=registry
        )

    @property
    def registry(self) -> CollectorRegistry:
        """For metrics that are kept elsewhere."""
        return self._registry

    def gauge(self, name: str, meaning: str, read: Callable[[], float]) -> None:
        """A number that is read when somebody asks."""
        Gauge(f"credgraph_{name}", meaning, registry=self._registry).set_function(read)

    def text(self) -> bytes:
        """Everything, as Prometheus reads it."""
        return generate_latest(self._registry)

    def observe(self, event: str, facts: Mapping[str, object]) -> None:
        """Something that also went to the access log."""
        if event == "request":
            self._observe_request(facts)
        elif event == "operation":
            self._ended.labels("operation").inc()
            self._results.labels("socket").inc(_number(facts.get("results")))
        elif event == "socket":
            self._ended.labels("socket").inc()
            self._closed.labels(str(facts.get("code") or "by the client")).inc()

    def reloaded(self, outcome: str) -> None:
        """The graph was read again."""
        self._reloads.labels(outcome).inc()

    def phase(self, name: str, started: float, ended: float, /) -> None:
        """See `Tracer`."""
        self._phases.labels(name).observe(ended - started)

    def fetched(
        self, request: SubgraphRequest, outcome: SubgraphReply | Fault, started: float, /
    ) -> None:
        """See `Tracer`."""
        known = outcome.code if isinstance(outcome, Fault) else "errors" if outcome.errors else "ok"
        self._fetches.observe(self._now() - started, request.subgraph, known)

    def _observe_request(self, facts: Mapping[str, object]) -> None:
        status = str(facts.get("status") or "none")
        self._requests.add(status, str(facts.get("code") or ""))
        if "events" in facts:
            self._ended.labels("stream").inc()
            self._results.labels("stream").inc(_number(facts["events"]))
        else:
            kind = str(facts.get("kind") or "other")
            self._request_seconds.observe(_number(facts.get("ms")) / 1000, kind)


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
