"""How requests to subgraphs are treated: shared, sent again, held back."""

from dataclasses import dataclass, field
from typing import Annotated

from gateway.config.record import Meaning, Record


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerSettings(Record):
    """When a failing subgraph is left alone for a while: statuses from 500 on, time-outs and
    broken connections count."""

    requests: Annotated[
        int, Meaning("requests within the window before it may open; 0 switches it off", low=0)
    ] = 20
    share: Annotated[float, Meaning("share of them that failed", low=0.01, high=1)] = 0.5
    window: Annotated[int, Meaning("seconds looked back", low=1, high=600)] = 10
    rest: Annotated[float, Meaning("seconds nothing is sent; then one request tries", high=600)] = (
        2.0
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrySettings(Record):
    """How many queries may be sent a second time, when nobody was there or a status of 502, 503
    or 504 came. Mutations are never sent twice."""

    share: Annotated[float, Meaning("share of the queries", low=0, high=1)] = 0.2
    free: Annotated[float, Meaning("retries a second allowed in any case", low=0, high=1e6)] = 10.0
    pause: Annotated[float, Meaning("seconds before a retry, up to twice as many", high=10)] = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class TrafficSettings(Record):
    """How requests to subgraphs are treated."""

    share: Annotated[
        bool, Meaning("send equal queries under way at the same time to a subgraph once")
    ] = True
    breaker: Annotated[BreakerSettings, Meaning("when a subgraph is left alone")] = field(
        default_factory=BreakerSettings
    )
    retry: Annotated[RetrySettings, Meaning("what is sent again")] = field(
        default_factory=RetrySettings
    )
