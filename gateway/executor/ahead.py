"""Work on the items of a stream ahead of whoever takes them: several at once, in order."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from typing import Final, TypeVar

Item = TypeVar("Item")
Done = TypeVar("Done")
WIDTH: Final = 64
"""Events of one stream that are worked on at once."""


async def ahead(
    items: AsyncIterator[Item], work: Callable[[Item], Awaitable[Done]], width: int
) -> AsyncGenerator[Done, None]:
    """What `work` makes of each item, in the order of the items; at most `width` are worked on or
    wait. Stopping early cancels what is under way."""
    line: asyncio.Queue[asyncio.Future[Done] | None] = asyncio.Queue(maxsize=width)
    reader = asyncio.create_task(_read(items, work, line))
    try:
        while (task := await line.get()) is not None:
            yield await task
    finally:
        reader.cancel()
        waiting = [task for task in _drained(line) if task is not None]
        for task in waiting:
            task.cancel()
        await asyncio.gather(reader, *waiting, return_exceptions=True)


async def _read(
    items: AsyncIterator[Item],
    work: Callable[[Item], Awaitable[Done]],
    line: asyncio.Queue[asyncio.Future[Done] | None],
) -> None:
    try:
        async for item in items:
            task = asyncio.create_task(_working(work, item))
            try:
                await line.put(task)
            except asyncio.CancelledError:
                task.cancel()
                raise
    except Exception as error:  # noqa: BLE001 - it belongs to whoever waits for the next item
        broken: asyncio.Future[Done] = asyncio.get_running_loop().create_future()
        broken.set_exception(error)
        await line.put(broken)
    finally:
        close = getattr(items, "aclose", None)
        if close is not None:
            await close()
    await line.put(None)


async def _working(work: Callable[[Item], Awaitable[Done]], item: Item) -> Done:
    return await work(item)


def _drained(line: asyncio.Queue[asyncio.Future[Done] | None]) -> list[asyncio.Future[Done] | None]:
    return [line.get_nowait() for _ in range(line.qsize())]
