"""The way to one subgraph: its breaker, its retries, its share of the places.

Laws: a mutation is never sent twice; nothing is sent that the breaker does not admit; each
admitted request is recorded or forgotten, whoever leaves.
"""

import asyncio
import math
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Protocol

from gateway.errors import (
    SUBREQUEST_CIRCUIT_OPEN,
    SUBREQUEST_CONNECTION_ERROR,
    SUBREQUEST_TIMEOUT,
)
from gateway.transport.breaker import Breaker, BreakerRules, Ticket
from gateway.transport.connection import Answer, ExchangeFailed
from gateway.transport.places import Places
from gateway.transport.retry import RetryBudget, RetryRules

_SURELY_OPEN_SECONDS: Final = 2.0
"""Kept connections idle for longer may just be closing (servers close after 5 s and more); a
mutation, which must never be sent twice, takes a younger or a new one."""

_SICK: Final = frozenset({SUBREQUEST_CONNECTION_ERROR, SUBREQUEST_TIMEOUT})
_PASSING: Final = frozenset({502, 503, 504})
"""What proxies and restarting servers say: a moment later all may be well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """How requests to a subgraph are treated. `share`: equal queries under way are sent once;
    `concurrency` bounds its exchanges where it shares an origin with others (None: the pool's
    bound is enough)."""

    share: bool = True
    concurrency: int | None = None
    waiting: int = 1_000
    breaker: BreakerRules = field(default_factory=BreakerRules)
    retry: RetryRules = field(default_factory=RetryRules)


class Way(Protocol):
    """How an origin is reached: by our own connections or by a library's."""

    async def exchange(self, payload: bytes, deadline: float, fresher_than: float, /) -> Answer:
        """One request, whole as HTTP/1.1 writes it, and its whole answer; on a connection that has
        not been idle since before `fresher_than`. Raises ExchangeFailed."""
        ...

    def close(self) -> None:
        """Drop every connection."""
        ...


class Line:
    """Sends requests that are bytes already. Raises ExchangeFailed, and CancelledError."""

    def __init__(
        self, way: Way, traffic: Traffic, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._exchange, self.shares = way.exchange, traffic.share
        self._pause = traffic.retry.pause
        self._budget = RetryBudget(traffic.retry, now)
        self._places = Places(traffic.concurrency, traffic.waiting) if traffic.concurrency else None
        self.breaker = Breaker(traffic.breaker, now)

    async def query(self, payload: bytes, deadline: float) -> Answer:
        """Sends what may be sent twice; again once, if the first try met a closing connection, or
        found nobody and the budget allows."""
        self._budget.earn()
        try:
            answer = await self._try(payload, deadline, 0.0)
        except ExchangeFailed as failure:
            if failure.stale:
                return await self._try(payload, deadline, math.inf)
            if failure.code != SUBREQUEST_CONNECTION_ERROR or not self._may_retry(deadline):
                raise
        else:
            if answer.status not in _PASSING or not self._may_retry(deadline):
                return answer
        await asyncio.sleep(self._pause * (1 + random.random()))  # noqa: S311 - only spreads load
        return await self._try(payload, deadline, 0.0)

    async def mutation(self, payload: bytes, deadline: float) -> Answer:
        """Sends once."""
        return await self._try(payload, deadline, _now() - _SURELY_OPEN_SECONDS)

    def _may_retry(self, deadline: float) -> bool:
        in_time = _now() + 2 * self._pause < deadline
        return in_time and self.breaker.state == "closed" and self._budget.spend()

    async def _try(self, payload: bytes, deadline: float, fresher_than: float) -> Answer:
        ticket = self.breaker.admit()
        if ticket is None:
            problem = "it failed too often just now and is left alone for a moment"
            raise ExchangeFailed(SUBREQUEST_CIRCUIT_OPEN, problem)
        try:
            exchange = self._exchange if self._places is None else self._in_place
            answer = await exchange(payload, deadline, fresher_than)
        except ExchangeFailed as failure:
            self._judge(ticket, failure)
            raise
        except BaseException:
            self.breaker.forget(ticket)
            raise
        self.breaker.record(ticket, good=answer.status < 500)
        return answer

    def _judge(self, ticket: Ticket, failure: ExchangeFailed) -> None:
        """A kept connection that its peer had closed says nothing, nor does a queue of our own."""
        if failure.stale or failure.waited:
            self.breaker.forget(ticket)
        else:
            self.breaker.record(ticket, good=failure.code not in _SICK)

    async def _in_place(self, payload: bytes, deadline: float, fresher_than: float) -> Answer:
        places = self._places
        if places is None:
            return await self._exchange(payload, deadline, fresher_than)
        await places.take(deadline)
        try:
            return await self._exchange(payload, deadline, fresher_than)
        finally:
            places.leave()


def _now() -> float:
    """In the time of deadlines."""
    return asyncio.get_running_loop().time()
