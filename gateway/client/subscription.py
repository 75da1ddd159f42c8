"""A subscription that outlives its connections: effectively once, or an error that says why not.

Every connection begins after the position of the last frame, so nothing is left out; frames at or
before it are dropped, so nothing comes twice; a gap is an error, so nothing is passed over. The
position is kept when the caller asks for the next event: one that dies in the middle of an event
gets this event again.
"""

import asyncio
import logging
import random
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Final

from gateway.client.errors import Lost, NotWelcome, Refused, Unwelcome
from gateway.client.errors import code_of as _code_of
from gateway.client.ports import Asked, Transport
from gateway.client.position import Event, FrameNames, Tracker
from gateway.client.storage import MemoryStore, PositionStore

_LOG = logging.getLogger("credgraph.client")
Token = Callable[[], Awaitable[str | None]]
TRANSIENT: Final = frozenset(
    {"SUBREQUEST_CONNECTION_ERROR", "SUBREQUEST_TIMEOUT", "SUBREQUEST_OVERLOADED"}
    | {"SUBREQUEST_CIRCUIT_OPEN"}
    | {"SUBREQUEST_HTTP_ERROR", "SUBREQUEST_MALFORMED_RESPONSE", "SUBSCRIPTION_UPSTREAM_LOST"}
    | {"SUBSCRIPTION_UPSTREAM_REFUSED", "SUBSCRIPTION_TOO_MANY_OPERATIONS", "TOO_MANY_STREAMS"}
    | {"NOT_READY", "GRAPH_NOT_LOADED", "SHUTTING_DOWN", "RATE_LIMITED", "REQUEST_TIMEOUT"}
    | {"INTERNAL", "INTERNAL_SERVER_ERROR", "DOWNSTREAM_SERVICE_ERROR", "LAGGED"}
)
"""Codes after which the subscription is worth another connection."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """Times in seconds. The pause before a connection is drawn between nothing and a bound that
    doubles from `first_pause` to `longest_pause`, so that many clients do not come back at once.
    A connection without a frame for `silence`, heartbeats too, is taken for dead. `tokens` refused
    in a row end the subscription. `variable` of the operation takes the cursor."""

    first_pause: float = 0.25
    longest_pause: float = 10.0
    silence: float = 30.0
    tokens: int = 5
    variable: str = "after"
    heartbeats: bool = False


@dataclass(slots=True, kw_only=True)
class Tally:
    """What one subscription went through."""

    connections: int = 0
    events: int = 0
    repeats: int = 0
    heartbeats: int = 0


@dataclass(slots=True, kw_only=True)
class Subscription:
    """`async for event in Subscription(...)`. The operation selects `cursor sequence prevSequence
    heartbeat` (or what `names` says) in its one root field and declares the variable `$after`.

    Ends only by an error of `gateway.client.errors`, or when the loop over it is left."""

    transport: Transport
    query: str
    variables: Mapping[str, object] = field(default_factory=dict)
    operation_name: str | None = None
    store: PositionStore = field(default_factory=MemoryStore)
    token: Token | None = None
    habits: Habits = field(default_factory=Habits)
    names: FrameNames = field(default_factory=FrameNames)
    tally: Tally = field(default_factory=Tally)

    def __aiter__(self) -> AsyncIterator[Event]:
        return self.events()

    async def events(self) -> AsyncGenerator[Event, None]:
        """Events in order, from the position in the store on, or from now where it has none."""
        tracker = Tracker(position=await self.store.load(), names=self.names)
        failures = refusals = 0
        while True:
            try:
                async with aclosing(self._connection(tracker)) as events:
                    async for event in events:
                        failures = refusals = 0
                        if not event.heartbeat or self.habits.heartbeats:
                            yield event
                        await self.store.save(event.position)
                reason = "the server completed"
            except Lost as error:
                reason = str(error)
            except Unwelcome as error:
                reason, refusals = str(error), refusals + 1
                if refusals >= self.habits.tokens or self.token is None:
                    raise NotWelcome(reason) from error
            failures += 1
            _LOG.info("connecting again, %d: %s", failures, reason)
            await self._pause(failures)

    async def _connection(self, tracker: Tracker) -> AsyncGenerator[Event, None]:
        self.tally.connections += 1
        asked = self._asked(tracker, await self.token() if self.token else None)
        async with aclosing(self.transport.results(asked)) as results:
            while (body := await self._next(results)) is not None:
                event = tracker.take(_checked(body))
                if event is None:
                    self.tally.repeats += 1
                    continue
                self.tally.heartbeats += event.heartbeat
                self.tally.events += not event.heartbeat
                yield event

    async def _next(
        self, results: AsyncGenerator[Mapping[str, object], None]
    ) -> Mapping[str, object] | None:
        try:
            async with asyncio.timeout(self.habits.silence):
                return await anext(results, None)
        except TimeoutError:
            raise Lost(f"not even a heartbeat for {self.habits.silence:g} seconds") from None
        except Refused as refusal:
            if _passes(refusal.errors):
                raise Lost(str(refusal)) from refusal
            raise

    def _asked(self, tracker: Tracker, token: str | None) -> Asked:
        after = None if tracker.position is None else tracker.position.cursor
        return Asked(
            query=self.query,
            variables={**self.variables, self.habits.variable: after},
            operation_name=self.operation_name,
            after=after,
            token=token,
        )

    async def _pause(self, failures: int) -> None:
        bound = self.habits.first_pause * 2 ** min(failures - 1, 16)
        await asyncio.sleep(random.uniform(0, min(bound, self.habits.longest_pause)))  # noqa: S311


def _checked(body: Mapping[str, object]) -> Mapping[str, object]:
    """The body if there is a frame in it. Raises Lost or Refused where there are only errors."""
    errors = body.get("errors")
    if body.get("data") is not None or not isinstance(errors, list) or not errors:
        return body
    if _passes(errors):
        raise Lost("; ".join(str(error.get("message")) for error in errors))
    raise Refused(errors)


def _passes(errors: object) -> bool:
    """Whether all of them are of the passing kind."""
    if not isinstance(errors, list | tuple):
        return False
    return all(_code_of(error) in TRANSIENT for error in errors)
