"""Token buckets: how much each caller may ask in a while. Pure: the clock is an argument."""

from collections import OrderedDict
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class RateRules:
    """`refill` units come back a second, up to `burst`; `callers` bounds the memory."""

    refill: float
    burst: int
    callers: int = 10_000


class TokenBuckets:
    """A caller that is forgotten, because others came since, starts with a full bucket."""

    def __init__(self, rules: RateRules) -> None:
        self._rules = rules
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def spend(self, caller: str, cost: float, now: float) -> float:
        """0.0 when the caller may go on and has paid, else the seconds until it could.

        What costs more than a whole bucket is let through once the bucket is full."""
        rules = self._rules
        level, since = self._buckets.get(caller, (float(rules.burst), now))
        level = min(float(rules.burst), level + (now - since) * rules.refill)
        needed = min(cost, float(rules.burst))
        wait = max(0.0, (needed - level) / rules.refill)
        self._buckets[caller] = (level if wait else level - cost, now)
        self._buckets.move_to_end(caller)
        if len(self._buckets) > rules.callers:
            self._buckets.popitem(last=False)
        return wait
