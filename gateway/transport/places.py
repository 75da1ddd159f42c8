"""A bounded number of places and a bounded queue in front of them, served in order."""

import asyncio
from collections import deque

from gateway.errors import SUBREQUEST_OVERLOADED, SUBREQUEST_TIMEOUT
from gateway.transport.connection import ExchangeFailed


class Places:
    """Whoever took a place leaves it again, always."""

    def __init__(self, places: int, waiting: int) -> None:
        self._places, self._waiting = places, waiting
        self._taken = 0
        self._waiters: deque[asyncio.Future[None]] = deque()

    async def take(self, deadline: float) -> None:
        """Raises ExchangeFailed when the queue is full, or at the deadline."""
        if not self.take_free():
            await self._queue(deadline)

    def take_free(self) -> bool:
        """Take a place if one is free now."""
        if self._taken >= self._places:
            return False
        self._taken += 1
        return True

    def leave(self) -> None:
        """The place goes to the next in the queue; nobody can slip in before."""
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_result(None)
                return
        self._taken -= 1

    async def _queue(self, deadline: float) -> None:
        if len(self._waiters) >= self._waiting:
            problem = "too many requests wait for it"
            raise ExchangeFailed(SUBREQUEST_OVERLOADED, problem, waited=True)
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        try:
            async with asyncio.timeout_at(deadline):
                await waiter
        except BaseException as error:
            self._give_up(waiter)
            if isinstance(error, TimeoutError):
                problem = "no connection became free in time"
                raise ExchangeFailed(SUBREQUEST_TIMEOUT, problem, waited=True) from None
            raise

    def _give_up(self, waiter: asyncio.Future[None]) -> None:
        if waiter.done() and not waiter.cancelled():
            self.leave()  # the place was given in the same moment: pass it on
        elif waiter in self._waiters:
            self._waiters.remove(waiter)
