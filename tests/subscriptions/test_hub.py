"""Followers that join, stall, leave and come back, over an upstream that breaks: whatever the order
of these, each of them gets every event once and in order."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress
from functools import partial

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gateway.errors import SUBSCRIPTION_UPSTREAM_LOST
from gateway.executor.ports import Fault, SubgraphReply
from gateway.spec.names import SubgraphName
from gateway.subscriptions.follow import Follower, Hubs
from gateway.subscriptions.hub import HubLimits
from gateway.subscriptions.place import Marks, Place, Step, step
from gateway.subscriptions.source import Outcome, Patience
from gateway.subscriptions.topic import Means, Topic
from tests.subscriptions.counting import Counting

NAME = SubgraphName("log")
MEANINGS = {"cursor": "at", "sequence": "number", "previous": "before", "head": "last"}
NUMBERED = Marks(root="changes", keys={what: (key,) for what, key in MEANINGS.items()})
BARE = Marks(root="changes", keys={"cursor": ("at",)})
QUICK = Patience(first=0.0, longest=0.0, whole=30.0)
LOST = Fault(code=SUBSCRIPTION_UPSTREAM_LOST, message="lost", subgraph=NAME)


class Upstream:
    """A log of numbers that can be followed; `cut` breaks every stream of it."""

    def __init__(self) -> None:
        self.size = 0
        self.open = 0
        self._generation = 0
        self._changed = asyncio.Event()

    def append(self, count: int) -> None:
        self.size += count
        self._wake()

    def cut(self) -> None:
        self._generation += 1
        self._wake()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    async def follow(self, after: str | None) -> AsyncGenerator[Outcome, None]:
        self.open += 1
        generation = self._generation
        last = self.size - 1 if after is None else int(after[1:])
        try:
            if after is None:
                yield event(last, None, self.size)
            while generation == self._generation:
                while last + 1 < self.size and generation == self._generation:
                    yield event(last + 1, last, self.size)
                    last += 1
                if generation == self._generation:
                    await self._changed.wait()
            yield LOST
        finally:
            self.open -= 1


def event(number: int, before: int | None, size: int) -> SubgraphReply:
    told = {"at": f"c{number}", "number": number, "before": before, "last": size - 1}
    return SubgraphReply(data={"changes": told}, errors=(), extensions={})


def topic(upstream: Upstream, marks: Marks, *, plain: bool) -> Topic[int]:
    async def completed(reply: SubgraphReply, place: Place) -> int:
        if not plain:
            await asyncio.sleep(0)
        return int(place.cursor[1:])

    return Topic(
        key="all",
        subgraph=NAME,
        open=upstream.follow,
        marks=marks,
        complete=completed,
        size=lambda _: 10,
        plain=plain,
    )


class Client:
    """Takes what it gets as long as it is not stalled; where it is handed events at all, it takes
    all but each `picky`th of them so."""

    def __init__(
        self, hubs: Hubs[int], about: Topic[int], after: str | None, picky: int | None = None
    ) -> None:
        direct = None if picky is None else self._direct
        self.follower = Follower(hubs, about, lambda: about, after, direct)
        self.first = None if after is None else int(after[1:]) + 1
        self.got: list[int] = []
        self.handed, self._picky = 0, picky or 1
        self.going = asyncio.Event()
        self.going.set()
        self.task = asyncio.create_task(self._take())

    async def _take(self) -> None:
        async for delivery in self.follower:
            assert delivery.item is not None, delivery.outcome
            self.got.append(delivery.item)
            await self.going.wait()

    def _direct(self, item: int) -> bool:
        if not self.going.is_set() or item % self._picky == 0:
            return False
        self.got.append(item)
        self.handed += 1
        return True

    async def leave(self) -> None:
        self.task.cancel()
        with suppress(asyncio.CancelledError):
            await self.task
        await self.follower.aclose()

    def check(self) -> None:
        assert self.got == list(range(self.got[0], self.got[0] + len(self.got)))
        if self.first is not None:
            assert self.got[0] == self.first


steps = st.lists(
    st.one_of(
        st.tuples(st.just("append"), st.integers(1, 30)),
        st.tuples(st.just("join"), st.none() | st.integers(0, 40)),
        st.tuples(st.sampled_from(["leave", "stall", "go"]), st.integers(0, 5)),
        st.tuples(st.sampled_from(["cut", "pass"]), st.just(0)),
    ),
    max_size=30,
)


@settings(max_examples=150, deadline=None)
@example(script=[("join", None), ("join", None), ("leave", 0)], numbered=True, plain=False)
@given(script=steps, numbered=st.booleans(), plain=st.booleans())
def test_everybody_gets_every_event_once_and_in_order(
    script: list[tuple[str, int | None]], numbered: bool, plain: bool
) -> None:
    asyncio.run(_play(script, NUMBERED if numbered else BARE, plain=plain))


async def _play(script: list[tuple[str, int | None]], marks: Marks, *, plain: bool) -> None:
    upstream, counting = Upstream(), Counting()
    means = Means(now=_now, chance=lambda: 0.0, patience=QUICK, watcher=counting)
    hubs: Hubs[int] = Hubs(means, HubLimits(events=16, tail=4))
    about = topic(upstream, marks, plain=plain)
    here: list[Client] = []
    for what, number in script:
        await _act(what, number, upstream, here, partial(Client, hubs, about))
    upstream.append(1)
    async with asyncio.timeout(30):
        for client in here:
            client.going.set()
            while upstream.size - 1 not in client.got:
                assert not client.task.done(), client.task
                await asyncio.sleep(0)
    for client in here:
        client.check()
        await client.leave()
    assert (upstream.open, len(hubs), hubs.followers, hubs.alone) == (0, 0, 0, 0)
    assert counting.open == 0


class Forgetful(Upstream):
    """The resume code taken out: whatever is opened again begins from now."""

    async def follow(self, after: str | None) -> AsyncGenerator[Outcome, None]:
        async for outcome in super().follow(None):
            yield outcome


@pytest.mark.parametrize(
    ("followed", "whole"),
    [
        pytest.param(Upstream, True, id="with it"),
        pytest.param(Forgetful, False, id="without it"),
    ],
)
async def test_with_the_resume_code_removed_the_check_sees_the_gap(
    followed: type[Upstream], whole: bool
) -> None:
    upstream = followed()
    hubs: Hubs[int] = Hubs(Means(now=_now, chance=lambda: 0.0, patience=QUICK), HubLimits())
    client = Client(hubs, topic(upstream, BARE, plain=True), None)
    async with asyncio.timeout(30):
        upstream.append(3)
        while 2 not in client.got:  # noqa: ASYNC110 - it takes them
            await asyncio.sleep(0)
        upstream.cut()
        upstream.append(5)  # while nobody is connected
        while 7 not in client.got:  # noqa: ASYNC110
            await asyncio.sleep(0)
    await client.leave()
    if whole:
        client.check()
    else:
        with pytest.raises(AssertionError):
            client.check()


async def _act(
    what: str,
    number: int | None,
    upstream: Upstream,
    here: list[Client],
    join: Callable[..., Client],
) -> None:
    match what:
        case "append":
            upstream.append(number or 1)
        case "cut":
            upstream.cut()
        case "join":
            known = None if number is None else min(number, upstream.size - 1)
            picky = len(here) % 4 or None  # 1: asked each time, and never takes it so
            here.append(join(None if known is None else f"c{known}", picky=picky))
        case "leave" if here:
            await here.pop((number or 0) % len(here)).leave()
        case "stall" if here:
            here[(number or 0) % len(here)].going.clear()
        case "go" if here:
            here[(number or 0) % len(here)].going.set()
    for _ in range(5):
        await asyncio.sleep(0)


async def test_an_event_is_handed_to_whoever_waits_and_the_rest_take_it_themselves() -> None:
    upstream = Upstream()
    hubs: Hubs[int] = Hubs(Means(now=_now, chance=lambda: 0.0, patience=QUICK), HubLimits())
    about = topic(upstream, NUMBERED, plain=True)
    here = [Client(hubs, about, None, picky) for picky in (None, 1, 2, 1_000)]
    async with asyncio.timeout(30):
        for size in range(1, 21):
            upstream.append(1)
            while any(size - 1 not in client.got for client in here):  # noqa: ASYNC110 - they do
                await asyncio.sleep(0)
    for client in here:
        client.check()
        await client.leave()
    never, refusing, half, always = (client.handed for client in here)
    assert (never, refusing) == (0, 0)
    assert 0 < half < always


def _now() -> float:
    return asyncio.get_running_loop().time()


def test_what_an_event_is_to_somebody() -> None:
    def place(number: int, before: int | None) -> Place:
        return Place(cursor=f"c{number}", sequence=number, previous=before)

    here = place(5, 3)
    assert step(here, place(6, 5)) is Step.NEXT
    assert step(here, place(9, 2)) is Step.NEXT
    assert step(here, place(9, 6)) is Step.GAP
    assert step(here, place(5, 3)) is Step.REPEAT
    assert step(here, place(4, 3)) is Step.REPEAT
    assert step(here, place(5, 5)) is Step.NEXT  # a heartbeat in silence
    assert step(Place(cursor="c5"), place(5, 3)) is Step.REPEAT
    assert step(None, place(5, 3)) is Step.NEXT
