"""No subscriber misses an item or gets one twice, however slow it is and whenever it comes."""

import asyncio
from collections.abc import AsyncIterator, Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from subgraphs.kit.feed import Feed, Frame, Item


class Stored:
    """A feed over a stored list, as a projection with its rows."""

    def __init__(self, *, buffer: int = 4, heartbeat: float = 60.0) -> None:
        self.rows: list[Item[str]] = []
        self.feed: Feed[str] = Feed(buffer=buffer, heartbeat=heartbeat)
        self.reads = 0

    def commit(self, *values: str) -> None:
        """Store, then publish: the order the follower keeps."""
        fresh = [
            Item(position=len(self.rows) + number, value=value)
            for number, value in enumerate(values)
        ]
        self.rows += fresh
        self.feed.publish(fresh, head=len(self.rows) - 1)

    async def read(self, after: int, limit: int) -> Sequence[Item[str]]:
        self.reads += 1
        return [row for row in self.rows if row.position > after][:limit]

    def subscribe(self, after: int | None = None) -> AsyncIterator[Frame[str]]:
        return self.feed.subscribe(after=after, read=self.read, wants=lambda _: True)


async def values(stream: AsyncIterator[Frame[str]], count: int) -> list[str | None]:
    return [(await anext(stream)).value for _ in range(count)]


async def test_the_first_frame_without_a_cursor_tells_where_the_feed_stands() -> None:
    stored = Stored()
    stored.commit("a", "b")
    stream = stored.subscribe()

    first = await anext(stream)

    assert (first.position, first.head, first.previous, first.value) == (1, 1, None, None)


async def test_a_cursor_replays_from_storage_and_goes_on_live() -> None:
    stored = Stored()
    stored.commit("a", "b", "c")
    stream = stored.subscribe(after=0)

    assert await values(stream, 2) == ["b", "c"]
    stored.commit("d")
    frame = await anext(stream)

    assert (frame.position, frame.previous, frame.value) == (3, 2, "d")
    assert stored.reads == 1


async def test_a_subscriber_that_falls_behind_is_read_back_from_storage() -> None:
    stored = Stored(buffer=2)
    stream = stored.subscribe()
    await anext(stream)
    for number in range(10):
        stored.commit(str(number))

    assert await values(stream, 10) == [str(number) for number in range(10)]
    assert stored.reads == 1


async def test_what_another_process_applied_is_read_from_storage() -> None:
    stored = Stored()
    stream = stored.subscribe()
    await anext(stream)
    stored.rows += [Item(position=0, value="theirs")]

    stored.feed.reread(head=0)

    assert await values(stream, 1) == ["theirs"]


async def test_silence_is_told_with_the_head() -> None:
    stored = Stored(heartbeat=0.01)
    stream = stored.feed.subscribe(after=None, read=stored.read, wants=lambda one: one == "mine")
    await anext(stream)

    stored.commit("theirs")
    frame = await anext(stream)

    assert (frame.value, frame.position, frame.head) == (None, 0, 0)


async def test_leaving_frees_the_place() -> None:
    stored = Stored()
    stream = stored.subscribe()
    await anext(stream)
    assert stored.feed.subscribers == 1

    await stream.aclose()  # type: ignore[attr-defined]

    assert stored.feed.subscribers == 0


async def test_closing_ends_every_subscription() -> None:
    stored = Stored()
    stream = stored.subscribe()
    await anext(stream)
    waiting = asyncio.ensure_future(anext(stream, None))
    await asyncio.sleep(0)

    stored.feed.close()

    assert await asyncio.wait_for(waiting, 1) is None


@settings(max_examples=60, deadline=None)
@given(
    script=st.lists(st.sampled_from(["commit", "burst", "take", "reread"]), max_size=40),
    after=st.none() | st.integers(-1, 2),
    buffer=st.integers(1, 3),
)
def test_every_item_once_and_in_order(script: list[str], after: int | None, buffer: int) -> None:
    async def play() -> None:
        stored = Stored(buffer=buffer, heartbeat=0.001)
        stored.commit("0", "1", "2")
        stream = stored.subscribe(after)
        got: list[int] = []
        here = (await anext(stream)).position if after is None else after
        for step in script:
            match step:
                case "commit":
                    stored.commit("x")
                case "burst":
                    stored.commit(*"xxxxx")
                case "reread":
                    stored.feed.reread(head=len(stored.rows) - 1)
                case _:
                    frame = await anext(stream)
                    got += [frame.position] if frame.value else []
        while not got or got[-1] < len(stored.rows) - 1:
            if here == len(stored.rows) - 1:
                break
            frame = await anext(stream)
            got += [frame.position] if frame.value else []
        assert got == list(range(here + 1, len(stored.rows)))

    asyncio.run(play())
