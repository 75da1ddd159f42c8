"""How subscriptions are followed and shared."""

from dataclasses import dataclass
from typing import Annotated

from gateway.config.record import Meaning, Record


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionSettings(Record):
    """Streams of fields that are `@resumable`."""

    scope: Annotated[
        tuple[str, ...] | None,
        Meaning(
            "claims that decide what a caller may see: callers in whom they are equal share one"
            " upstream, which names these claims only; absent: everybody has one of its own"
        ),
    ] = None
    patience: Annotated[
        float, Meaning("seconds without an event before a broken upstream is given up", high=3600)
    ] = 60.0
    pause: Annotated[
        float,
        Meaning(
            "the longest pause, in seconds, between two tries to open it; those that a reload moves"
            " are opened within a third of it",
            high=60,
        ),
    ] = 3.0
    kept_events: Annotated[
        int, Meaning("latest events kept of a stream for slow clients", low=16, high=100_000)
    ] = 256
    kept_bytes: Annotated[int, Meaning("bytes of them at most", low=10_000)] = 1_000_000
