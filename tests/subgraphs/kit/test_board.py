"""One look for all who watch; each is told what stands, and when it is another."""

import asyncio
from collections.abc import AsyncIterator
from typing import TypeVar

import pytest

from subgraphs.kit.board import Board

T = TypeVar("T")
HANG = 30.0


class Sight:
    """What there is to be seen, and how often somebody looked."""

    def __init__(self, seen: str = "well") -> None:
        self.seen, self.looks = seen, 0

    async def look(self) -> str:
        self.looks += 1
        if self.seen == "broken":
            raise OSError(self.seen)
        return self.seen

    async def looked(self, times: int) -> None:
        wanted = self.looks + times
        async with asyncio.timeout(HANG):
            while self.looks < wanted:  # noqa: ASYNC110 - whoever looks does not tell
                await asyncio.sleep(0.001)


async def following(watch: AsyncIterator[T]) -> T:
    async with asyncio.timeout(HANG):
        return await anext(watch)


async def test_nobody_looks_while_nobody_watches() -> None:
    sight = Sight()
    board = Board(sight.look, every=0.001, silence=3600.0)
    assert sight.looks == 0
    watch = aiter(board.watch())
    assert await following(watch) == "well"
    await sight.looked(2)
    await watch.aclose()  # type: ignore[attr-defined]
    looks = sight.looks
    for _ in range(20):
        await asyncio.sleep(0.001)
    assert (board.watchers, sight.looks) == (0, looks)


async def test_each_change_is_told_to_everybody_and_the_same_is_not_told_twice() -> None:
    sight = Sight()
    board = Board(sight.look, every=0.001, silence=3600.0)
    watches = [aiter(board.watch()) for _ in range(3)]
    assert [await following(watch) for watch in watches] == ["well"] * 3
    for seen in ("ill", "away", "well"):
        await sight.looked(3)
        sight.seen = seen
        assert [await following(watch) for watch in watches] == [seen] * 3
    board.close()
    for watch in watches:
        with pytest.raises(StopAsyncIteration):
            await following(watch)
    assert board.watchers == 0


async def test_silence_is_told_again() -> None:
    board = Board(Sight().look, every=HANG, silence=0.001)
    watch = aiter(board.watch())
    assert [await following(watch) for _ in range(3)] == ["well"] * 3
    board.close()


class Spoken(str):
    """Equal in any case of its letters."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, str) and self.lower() == other.lower()

    def __hash__(self) -> int:
        return hash(self.lower())


async def test_what_silence_tells_was_seen_last_though_nobody_was_told() -> None:
    """As heights of a chain go on without a word."""
    sight = Sight(Spoken("well"))
    board = Board(sight.look, every=0.001, silence=0.05)
    watch = aiter(board.watch())
    assert str(await following(watch)) == "well"
    sight.seen = Spoken("WELL")
    async with asyncio.timeout(HANG):
        while str.__str__(await following(watch)) != "WELL":
            await sight.looked(1)
    board.close()


async def test_the_slow_one_is_told_what_stands_then() -> None:
    sight = Sight()
    board = Board(sight.look, every=0.001, silence=3600.0)
    slow, quick = aiter(board.watch()), aiter(board.watch())
    assert (await following(slow), await following(quick)) == ("well", "well")
    for seen in ("ill", "away"):
        sight.seen = seen
        assert await following(quick) == seen
    assert await following(slow) == "away"
    board.close()


async def test_a_look_that_fails_ends_the_watches_and_the_next_one_looks_again() -> None:
    sight = Sight()
    board = Board(sight.look, every=0.001, silence=3600.0)
    watches = [aiter(board.watch()) for _ in range(2)]
    assert [await following(watch) for watch in watches] == ["well"] * 2
    sight.seen = "broken"
    for watch in watches:
        with pytest.raises(OSError, match="broken"):
            await following(watch)
    sight.seen = "well again"
    assert await following(aiter(board.watch())) == "well again"
    board.close()


async def test_who_comes_as_the_last_one_leaves_is_told() -> None:
    board = Board(Sight().look, every=0.001, silence=3600.0)
    for _ in range(50):
        watch = aiter(board.watch())
        assert await following(watch) == "well"
        await watch.aclose()  # type: ignore[attr-defined]
    assert board.watchers == 0
