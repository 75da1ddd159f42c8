"""A circuit breaker for one subgraph, pure but for the clock handed in.

Closed, it counts. When enough of the last seconds' requests failed it opens, and nothing is sent
for a while; then one request goes through as a probe, and its outcome closes or reopens it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, NewType, TypeAlias

State: TypeAlias = Literal["closed", "open", "half-open"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerRules:
    """`share` of at least `least` requests within `window` seconds must fail for it to open;
    `rest` is how many seconds nothing is sent then. `least` of 0 switches it off."""

    least: int = 20
    share: float = 0.5
    window: int = 10
    rest: float = 2.0


@dataclass(slots=True)
class _Second:
    number: int = -1
    good: int = 0
    bad: int = 0


Ticket = NewType("Ticket", int)
"""What an admitted request is remembered by: the breaker's changes of state so far."""


@dataclass(slots=True)
class Breaker:
    """Whoever was admitted says how it went, exactly once: `record`, or `forget` if nobody knows.

    What was sent before it opened and ends after that changes nothing."""

    rules: BreakerRules
    now: Callable[[], float]
    _seconds: list[_Second] = field(init=False)
    _opened: float | None = field(default=None, init=False)
    _probing: bool = field(default=False, init=False)
    _changes: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self._seconds = [_Second() for _ in range(self.rules.window)]

    @property
    def state(self) -> State:
        """As a health page or a metric would say it."""
        if self._opened is None:
            return "closed"
        return "half-open" if self._probing or self._rested() else "open"

    def admit(self) -> Ticket | None:
        """Leave to send a request, or None while it is open."""
        if self._opened is not None:
            if self._probing or not self._rested():
                return None
            self._probing = True
            self._changes += 1
        return Ticket(self._changes)

    def record(self, ticket: Ticket, *, good: bool) -> None:
        """An admitted request has ended."""
        if ticket != self._changes:
            return
        if self._opened is None:
            self._count(good=good)
        elif good:
            self._close()
        else:
            self._open()

    def forget(self, ticket: Ticket) -> None:
        """An admitted request ended without saying anything of the subgraph."""
        if ticket == self._changes:
            self._probing = False

    def _rested(self) -> bool:
        return self._opened is not None and self.now() - self._opened >= self.rules.rest

    def _count(self, *, good: bool) -> None:
        number = int(self.now())
        second = self._seconds[number % len(self._seconds)]
        if second.number != number:
            second.number, second.good, second.bad = number, 0, 0
        if good:
            second.good += 1
            return
        second.bad += 1
        if self.rules.least and self._too_many(number - len(self._seconds)):
            self._open()

    def _too_many(self, before: int) -> bool:
        recent = [second for second in self._seconds if second.number > before]
        bad = sum(second.bad for second in recent)
        total = bad + sum(second.good for second in recent)
        return total >= self.rules.least and bad >= total * self.rules.share

    def _open(self) -> None:
        self._opened, self._probing = self.now(), False
        self._changes += 1

    def _close(self) -> None:
        self._opened, self._probing = None, False
        self._changes += 1
        for second in self._seconds:
            second.number = -1
