"""After a reload: streams whose plan is another one now are opened again from their places, each at
a moment of its own. Played on a clock that stands still while anything is to be done."""

import asyncio
import selectors
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import suppress
from dataclasses import replace

import pytest

from gateway.subscriptions.follow import Follower, Hubs
from gateway.subscriptions.hub import HubLimits
from gateway.subscriptions.source import Outcome, Patience
from gateway.subscriptions.topic import Means, Topic
from tests.subscriptions.test_hub import NUMBERED, Upstream, topic

PATIENCE = Patience(longest=3.0)
CHANCES = (0.75, 0.0, 0.5, 0.25)


class StandingClock(asyncio.SelectorEventLoop):
    """A loop that has nothing to do moves its clock on instead of waiting."""

    def __init__(self) -> None:
        self.seconds = 0.0
        super().__init__(_Passing(self))

    def time(self) -> float:
        return self.seconds


class _Passing(selectors.SelectSelector):
    def __init__(self, clock: StandingClock) -> None:
        super().__init__()
        self._clock = clock

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self._clock.seconds += timeout or 0.0
        return super().select(0)


class Opened(Upstream):
    """Notes when it is opened, and from where."""

    def __init__(self) -> None:
        super().__init__()
        self.opened: list[tuple[float, str | None]] = []

    async def follow(self, after: str | None) -> AsyncGenerator[Outcome, None]:
        self.opened.append((asyncio.get_running_loop().time(), after))
        async for outcome in super().follow(after):
            yield outcome


class Reader:
    """One follower of a stream of its own; `plan` is what the graph makes of it."""

    def __init__(self, hubs: Hubs[int], number: int) -> None:
        self.upstream, self.plan, self._number = Opened(), "first", number
        self.got: list[int] = []
        self._follower = Follower(hubs, self._topic(), self._topic, None)
        self._task = asyncio.create_task(self._take())

    def _topic(self) -> Topic[int]:
        return replace(topic(self.upstream, NUMBERED, plain=True), key=(self._number, self.plan))

    async def _take(self) -> None:
        async for delivery in self._follower:
            assert delivery.item is not None, delivery.outcome
            self.got.append(delivery.item)

    async def leave(self) -> None:
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task
        await self._follower.aclose()


Played = Callable[[Hubs[int], list[Reader]], Coroutine[None, None, None]]


def play(work: Played) -> None:
    """On four streams that have had their first event."""
    chances = iter(CHANCES * 3)

    async def played() -> None:
        loop = asyncio.get_running_loop()
        means = Means(now=loop.time, chance=lambda: next(chances), patience=PATIENCE)
        hubs: Hubs[int] = Hubs(means, HubLimits())
        readers = [Reader(hubs, number) for number in range(len(CHANCES))]
        for reader in readers:
            reader.upstream.append(1)
        await asyncio.sleep(10)
        assert [reader.got[-1] for reader in readers] == [0] * len(readers)
        await work(hubs, readers)
        for reader in readers:
            await reader.leave()

    with asyncio.Runner(loop_factory=StandingClock) as runner:
        runner.run(asyncio.wait_for(played(), 1_000))


def test_streams_of_another_plan_are_opened_one_after_the_other_and_miss_nothing() -> None:
    async def moved(hubs: Hubs[int], readers: list[Reader]) -> None:
        began = asyncio.get_running_loop().time()
        for reader in readers:
            reader.plan = "second"
        hubs.revise()
        await asyncio.sleep(0)
        for reader in readers:
            reader.upstream.append(2)  # while nobody listens
        await asyncio.sleep(10)
        opened = [reader.upstream.opened[-1] for reader in readers]
        assert sorted(at - began for at, _ in opened) == pytest.approx([0.0, 0.25, 0.5, 0.75])
        assert {after for _, after in opened} == {"c0"}
        assert [reader.got[-3:] for reader in readers] == [[0, 1, 2]] * len(readers)

    play(moved)


def test_a_stream_of_the_same_plan_does_not_notice() -> None:
    async def stayed(hubs: Hubs[int], readers: list[Reader]) -> None:
        hubs.revise()
        await asyncio.sleep(10)
        assert [len(reader.upstream.opened) for reader in readers] == [1] * len(readers)

    play(stayed)


def test_who_has_no_place_yet_does_not_wait() -> None:
    async def no_place(hubs: Hubs[int], readers: list[Reader]) -> None:
        late = Reader(hubs, 99)
        late.plan = "second"
        began = asyncio.get_running_loop().time()
        hubs.revise()
        await asyncio.sleep(0)
        late.upstream.append(1)
        await asyncio.sleep(10)
        assert late.upstream.opened[-1] == (began, None)
        await late.leave()

    play(no_place)
