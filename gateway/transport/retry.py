"""How many requests may be sent a second time: a share of the traffic, so that retries never
make an outage worse.

The budget is Finagle's: each request earns a part of a retry, each retry costs a whole one, and a
few a second are free, so that a quiet gateway may retry as well.
"""

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryRules:
    """`share` is what one request earns, `least` how many retries a second are free, `most` how
    many can be saved up, `pause` the seconds before a retry (up to twice as long, by chance)."""

    share: float = 0.2
    least: float = 10.0
    most: float = 100.0
    pause: float = 0.05


@dataclass(slots=True)
class RetryBudget:
    """One for each subgraph."""

    rules: RetryRules
    now: Callable[[], float]
    _saved: float = field(init=False)
    _since: float = field(init=False)

    def __post_init__(self) -> None:
        self._saved, self._since = self.rules.least, self.now()

    def earn(self) -> None:
        """A request is sent for the first time."""
        self._saved = min(self.rules.most, self._saved + self.rules.share)

    def spend(self) -> bool:
        """Whether one request may be sent again now."""
        now = self.now()
        earned = (now - self._since) * self.rules.least
        self._saved, self._since = min(self.rules.most, self._saved + earned), now
        if self._saved < 1:
            return False
        self._saved -= 1
        return True
