"""What a stream is made of, for those who follow it: how it is opened, completed and ended."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Hashable
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from gateway.executor.ahead import WIDTH, ahead
from gateway.executor.ports import SubgraphReply
from gateway.spec.names import SubgraphName
from gateway.subscriptions.place import Marks, Place
from gateway.subscriptions.source import Arrival, Open, Outcome, Patience, Source
from gateway.subscriptions.watch import NoWatcher, Watcher

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic(Generic[T]):
    """Topics of equal `key` bring equal items to everybody who follows them.

    `complete` makes an item of an event; `plain` says that it asks nobody for that. `size` is
    about the bytes an item holds."""

    key: Hashable
    subgraph: SubgraphName
    open: Open
    marks: Marks
    complete: Callable[[SubgraphReply, Place], Awaitable[T]]
    size: Callable[[T], int]
    plain: bool = False


@dataclass(frozen=True, slots=True)
class Delivery(Generic[T]):
    """An event ready for everybody; without `item` and `place` the end of the stream, told by
    `outcome` (None: the subgraph has completed it)."""

    place: Place | None
    item: T | None
    outcome: Outcome | None
    at: float
    size: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What following needs from the outside: seconds, chance, and whoever measures."""

    now: Callable[[], float]
    chance: Callable[[], float]
    patience: Patience = field(default_factory=Patience)
    watcher: Watcher = field(default_factory=NoWatcher)


async def deliveries(
    topic: Topic[T], means: Means, after: str | None, *, moved: bool = False
) -> AsyncGenerator[Delivery[T], None]:
    """The events after a cursor, or from now on, in order; the end is the last item. `moved`: many
    others are opened now as well, so this one takes a moment first."""
    source = Source(
        topic.open,
        topic.marks,
        subgraph=topic.subgraph,
        patience=means.patience,
        watcher=means.watcher,
        now=means.now,
        chance=means.chance,
    )

    async def completed(arrival: Arrival) -> Delivery[T]:
        if arrival.place is None or not isinstance(arrival.outcome, SubgraphReply):
            return Delivery(None, None, arrival.outcome, arrival.at)
        item = await topic.complete(arrival.outcome, arrival.place)
        return Delivery(arrival.place, item, None, arrival.at, topic.size(item))

    arrivals = source.arrivals(after, means.patience.spread(means.chance()) if moved else 0.0)
    one_by_one = _each(arrivals, completed) if topic.plain else ahead(arrivals, completed, WIDTH)
    async with aclosing(one_by_one) as items:
        async for item in items:
            yield item


async def _each(
    arrivals: AsyncGenerator[Arrival, None], completed: Callable[[Arrival], Awaitable[Delivery[T]]]
) -> AsyncGenerator[Delivery[T], None]:
    async with aclosing(arrivals):
        async for arrival in arrivals:
            yield await completed(arrival)
