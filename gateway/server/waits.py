"""How long something may take, for waits that every request has: one timer serves all of them.

Waits of one door are equally long, so they end in the order in which they began.
"""

import asyncio
from collections.abc import Awaitable
from typing import Any, TypeVar

from gateway.errors import TooSlow

Value = TypeVar("Value")


class Waits:
    """Waits at most `seconds` for anything; `what` names it for whoever was too slow."""

    def __init__(self, seconds: float, what: str) -> None:
        self._seconds, self._what = seconds, what
        self._waiting: dict[asyncio.Task[Any], float] = {}
        self._late: set[asyncio.Task[Any]] = set()
        self._timer: asyncio.TimerHandle | None = None

    async def wait(self, wanted: Awaitable[Value]) -> Value:
        """What was awaited. Raises TooSlow."""
        task, loop = asyncio.current_task(), asyncio.get_running_loop()
        if task is None:
            raise RuntimeError("only a task can be told that it took too long")
        self._waiting[task] = until = loop.time() + self._seconds
        if self._timer is None:
            self._timer = loop.call_at(until, self._ring, loop)
        try:
            return await wanted
        except asyncio.CancelledError:
            if task in self._late and task.uncancel() == 0:
                raise TooSlow(f"{self._what} did not arrive within {self._seconds:g} s") from None
            raise
        finally:
            self._waiting.pop(task, None)
            self._late.discard(task)

    def _ring(self, loop: asyncio.AbstractEventLoop) -> None:
        """The timer is left running when a wait ends well, and finds whoever waits by then."""
        self._timer = None
        for task, until in tuple(self._waiting.items()):
            if until > loop.time():
                self._timer = loop.call_at(until, self._ring, loop)
                return
            del self._waiting[task]
            self._late.add(task)
            task.cancel()
