"""Following a topic: together with all others where that is possible, alone where it must be.

A follower holds the place of the last event it gave away, and nothing else counts. With it, it
takes a seat in the topic's hub if the hub can go on from there without a gap; else it reads an
upstream of its own from there, until it has caught up with the hub. It leaves the hub again when it
falls too far behind, and comes back the same way.
"""

from collections.abc import AsyncGenerator, Callable, Hashable
from typing import Any, Generic, Self

from gateway.errors import SUBSCRIPTION_UPSTREAM_LOST
from gateway.executor.ports import Fault
from gateway.subscriptions.hub import Hub, HubLimits, Seat
from gateway.subscriptions.place import Place, Step, step
from gateway.subscriptions.topic import Delivery, Means, T, Topic, deliveries
from gateway.subscriptions.watch import Ending


class Hubs(Generic[T]):
    """All hubs of a process, and who follows."""

    def __init__(self, means: Means, limits: HubLimits) -> None:
        self.means, self._limits = means, limits
        self._hubs: dict[Hashable, Hub[T]] = {}
        self.generation = 0
        self.followers = 0
        self.alone = 0
        """How many read an upstream of their own."""

    def __len__(self) -> int:
        return len(self._hubs)

    @property
    def depth(self) -> int:
        """Events that the slowest follower of all has before it."""
        return max((hub.depth for hub in self._hubs.values()), default=0)

    def find(self, key: Hashable) -> Hub[T] | None:
        return self._hubs.get(key)

    def open(self, topic: Topic[T], start: str | None, *, moved: bool = False) -> Hub[T]:
        """A new hub, whose upstream begins after a cursor or now; `moved` because of a revision."""
        hub = Hub(topic, start, self.means, self._limits, self._forget, moved=moved)
        self._hubs[topic.key] = hub
        return hub

    def revise(self) -> None:
        """What topics are made of has changed: every follower asks for its topic again."""
        self.generation += 1
        for hub in tuple(self._hubs.values()):
            hub.wake()

    def _forget(self, hub: Hub[T]) -> None:
        if self._hubs.get(hub.topic.key) is hub:
            del self._hubs[hub.topic.key]


class Follower(Generic[T]):
    """An iterator over the deliveries of one client; the end of the stream is its last item.

    `topic` is asked again after each revision: what it raises ends the stream, and otherwise the
    stream goes on with the new topic from where it is. `direct` takes an item as it comes, while
    whoever iterates waits for it; where it says False, the item comes by the iterator. Must not
    raise."""

    __slots__ = (
        *(
            "_alone",
            "_direct",
            "_generation",
            "_hub",
            "_hubs",
            "_last",
            "_live_from",
            "_own",
            "_seat",
        ),
        *("_before", "_over", "_reason", "_topic", "_topic_of"),
    )

    def __init__(
        self,
        hubs: Hubs[T],
        topic: Topic[T],
        topic_of: Callable[[], Topic[T]],
        after: str | None,
        direct: Callable[[T], bool] | None = None,
    ) -> None:
        self._direct = direct
        self._hubs, self._topic, self._topic_of = hubs, topic, topic_of
        self._last = None if after is None else Place(cursor=after)
        self._before = after
        self._generation = hubs.generation
        self._hub: Hub[T] | None = None
        self._seat: Seat[T] | None = None
        self._alone: AsyncGenerator[Delivery[T], None] | None = None
        self._own = False
        """Whether the hub began where this follower was: then its refusal is ours too."""
        self._over = False
        self._reason: Ending = "left"
        hubs.followers += 1
        hubs.means.watcher.started(resumed=after is not None)

    def __aiter__(self) -> Self:
        return self

    @property
    def cursor(self) -> str | None:
        """The place of the last event given away."""
        return self._last.cursor if self._last else None

    @property
    def before(self) -> str | None:
        """The place before the last event given away, for those who did not let it pass."""
        return self._before

    async def __anext__(self) -> Delivery[T]:
        while not self._over:
            moved = self._generation != self._hubs.generation and await self._revise()
            if self._seat is None and self._alone is None:
                greeting = await self._sit_down(moved=moved)
                if greeting is not None:
                    return greeting
            delivery = await (self._from_hub() if self._seat else self._from_own())
            if delivery is not None and await self._is_next(delivery):
                return delivery
        raise StopAsyncIteration

    async def aclose(self, reason: Ending | None = None) -> None:
        """Leave; may be called twice."""
        if self._topic_of is _gone:
            return
        self._topic_of, self._over = _gone, True
        self._hubs.followers -= 1
        self._hubs.means.watcher.ended(reason or self._reason)
        await self._stand_up()

    async def _revise(self) -> bool:
        """Whether it must go elsewhere."""
        self._generation = self._hubs.generation
        topic = self._topic_of()
        if topic.key == self._topic.key:
            return False
        await self._stand_up()
        self._topic = topic
        return True

    async def _sit_down(self, *, moved: bool) -> Delivery[T] | None:
        """Find out where to take events from; one that is found on the way is given away. Who has
        no place yet can't wait: what comes meanwhile would be missed."""
        hub = self._hubs.find(self._topic.key)
        if hub is None:
            hub = self._hubs.open(self._topic, self.cursor, moved=moved and self._last is not None)
            self._sit(hub, 0, own=True)
        elif self._last is None:
            return await self._join_now(hub)
        elif (number := hub.number_after(self._last)) is not None:
            self._sit(hub, number, own=hub.start == self._last.cursor)
        else:
            self._go_alone(moved=moved)
        return None

    async def _join_now(self, hub: Hub[T]) -> Delivery[T] | None:
        unsaid = hub.start is None and hub.end == 0
        if unsaid or not self._topic.marks.numbered:
            self._sit(hub, hub.end, own=unsaid)
            self._last = hub.latest
            return None
        greeting = await hub.greeting()
        if greeting is None or greeting.place is None:
            if not hub.over:
                self._sit(hub, hub.end, own=False)
                self._last = hub.latest
            return None
        self._before, self._last = self.cursor, greeting.place
        self._told(greeting, replayed=False)
        return greeting

    def _lost(self) -> Fault:
        message = "events were missed before the first one was taken"
        subgraph = self._topic.subgraph
        return Fault(code=SUBSCRIPTION_UPSTREAM_LOST, message=message, subgraph=subgraph)

    def _sit(self, hub: Hub[T], number: int, *, own: bool) -> None:
        direct = None if self._direct is None else self._hand_over
        self._hub, self._seat, self._own = hub, hub.attach(number, direct), own

    def _hand_over(self, delivery: Delivery[T]) -> bool:
        """What goes without a thought: the next event, and nothing has changed meanwhile."""
        direct, place, item = self._direct, delivery.place, delivery.item
        if direct is None or place is None or item is None:
            return False
        if self._generation != self._hubs.generation or step(self._last, place) is not Step.NEXT:
            return False
        if not direct(item):
            return False
        self._before, self._last = self.cursor, place
        self._told(delivery, replayed=False)
        return True

    def _go_alone(self, *, moved: bool = False) -> None:
        self._alone = deliveries(self._topic, self._hubs.means, self.cursor, moved=moved)
        self._hubs.alone += 1

    async def _stand_up(self) -> None:
        """Give back whatever events are taken from."""
        hub, seat, alone = self._hub, self._seat, self._alone
        self._hub = self._seat = self._alone = None
        if hub is not None and seat is not None:
            hub.detach(seat)
            if hub.over:
                await hub.closed()
        if alone is not None:
            self._hubs.alone -= 1
            await alone.aclose()

    async def _from_hub(self) -> Delivery[T] | None:
        hub, seat = self._hub, self._seat
        if hub is None or seat is None:
            return None
        taken = hub.take(seat)
        if taken is None:
            if hub.over:
                await self._stand_up()
            else:
                await seat.news()
            return None
        if taken == "lagged":
            await self._stand_up()
            if self._last is None:
                return Delivery(None, None, self._lost(), self._hubs.means.now())
            self._go_alone()
            return None
        return taken

    async def _from_own(self) -> Delivery[T] | None:
        if self._alone is None:
            return None
        return await anext(self._alone)

    async def _is_next(self, delivery: Delivery[T]) -> bool:
        """Whether it is to be given away, now that it has come."""
        if delivery.place is None:
            return await self._is_end(delivery)
        went = step(self._last, delivery.place)
        if went is Step.REPEAT:
            self._hubs.means.watcher.repeated()
            return False
        if went is Step.GAP:
            await self._stand_up()
            self._go_alone()
            return False
        self._before, self._last = self.cursor, delivery.place
        self._told(delivery, replayed=self._alone is not None)
        if self._alone is not None:
            await self._rejoin(delivery.place)
        return True

    async def _is_end(self, delivery: Delivery[T]) -> bool:
        """The hub's end is ours, unless another's bad cursor was its reason."""
        if self._hub is not None and not self._own and not isinstance(delivery.outcome, Fault):
            await self._stand_up()
            return False
        self._over = True
        match delivery.outcome:
            case None:
                self._reason = "completed"
            case Fault():
                self._reason = "upstream_lost"
            case _:
                self._reason = "refused"
        return True

    async def _rejoin(self, place: Place) -> None:
        """Back to the others as soon as they can be joined without a gap."""
        hub = self._hubs.find(self._topic.key)
        if hub is None:
            await self._stand_up()  # the next one to sit down opens it, from here
            return
        number = hub.number_after(place)
        if number is not None:
            await self._stand_up()
            self._sit(hub, number, own=False)

    def _told(self, delivery: Delivery[T], *, replayed: bool) -> None:
        place, means = delivery.place, self._hubs.means
        behind = place.behind if place else 0
        seconds = max(0.0, means.now() - delivery.at)
        means.watcher.delivered(replayed=replayed or behind > 0, behind=behind, seconds=seconds)


def _gone() -> Topic[Any]:
    raise LookupError("nobody follows any more")
