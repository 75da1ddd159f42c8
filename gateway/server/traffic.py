"""Settings of the traffic to subgraphs, as the transport takes them."""

from gateway.config.settings import Settings
from gateway.spec.names import SubgraphName
from gateway.telemetry.metrics import Metrics
from gateway.transport.breaker import BreakerRules
from gateway.transport.client import NetworkClient
from gateway.transport.http import TrafficSource
from gateway.transport.line import Traffic
from gateway.transport.retry import RetryRules


def traffic_source(settings: Settings) -> TrafficSource:
    """How each subgraph's requests are treated."""
    chosen = settings.traffic
    breaker = BreakerRules(
        least=chosen.breaker.requests,
        share=chosen.breaker.share,
        window=chosen.breaker.window,
        rest=chosen.breaker.rest,
    )
    retry = RetryRules(share=chosen.retry.share, least=chosen.retry.free, pause=chosen.retry.pause)

    def traffic(name: SubgraphName) -> Traffic:
        own = settings.subgraphs.get(name)
        return Traffic(
            share=chosen.share,
            concurrency=own.concurrency if own else None,
            waiting=settings.limits.waiting,
            breaker=breaker,
            retry=retry,
        )

    return traffic


def watch_traffic(metrics: Metrics, client: NetworkClient) -> None:
    """What sharing saves, and who is left alone."""
    metrics.gauge(
        "subrequests_shared",
        "Requests to subgraphs that an equal one under way answered as well.",
        lambda: client.shared,
    )
    metrics.gauge(
        "breakers_open",
        "Subgraphs left alone since they failed too often.",
        lambda: sum(state != "closed" for state in client.breakers().values()),
    )
