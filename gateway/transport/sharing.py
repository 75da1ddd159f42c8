"""Equal queries under way to one subgraph are sent once; each asker reads the answer for itself.

The first asker sends, the others wait for it. Nobody's leaving harms another: when the first one
is cancelled, the next in line sends anew.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable

from gateway.errors import SUBREQUEST_TIMEOUT
from gateway.transport.connection import Answer, ExchangeFailed

Outcome = Answer | ExchangeFailed


class Sharing:
    """`shared` counts the requests that were not sent because an equal one was under way."""

    def __init__(self) -> None:
        self._under_way: dict[Hashable, asyncio.Future[Outcome | None] | None] = {}
        """Of each query that was sent, where the second asker and all after it wait."""
        self.shared = 0

    async def answer(
        self, key: Hashable, send: Callable[[], Awaitable[Answer]], deadline: float
    ) -> Answer:
        """The answer to what `key` stands for. Raises ExchangeFailed, at `deadline` at the latest.

        A first asker whose own time is up says nothing of those who still have some: they ask
        for themselves."""
        while key in self._under_way:
            outcome = await _wait(self._waiting_for(key), deadline)
            if outcome is None:
                continue
            self.shared += 1
            if isinstance(outcome, ExchangeFailed):
                raise outcome.again()
            return outcome
        self._under_way[key] = None
        told: Outcome | None = None
        try:
            told = await send()
        except ExchangeFailed as failure:
            told = None if failure.code == SUBREQUEST_TIMEOUT else failure
            raise
        else:
            return told
        finally:
            waited_for = self._under_way.pop(key)
            if waited_for is not None:
                waited_for.set_result(told)

    def _waiting_for(self, key: Hashable) -> asyncio.Future[Outcome | None]:
        place = self._under_way[key]
        if place is None:
            place = self._under_way[key] = asyncio.get_running_loop().create_future()
        return place


async def _wait(first: asyncio.Future[Outcome | None], deadline: float) -> Outcome | None:
    """`shield`: a waiter that leaves must not cancel what the others wait for."""
    try:
        async with asyncio.timeout_at(deadline):
            return await asyncio.shield(first)
    except TimeoutError:
        raise ExchangeFailed(SUBREQUEST_TIMEOUT, "no answer came in time") from None
