"""How much thinking one operation may cost."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from gateway.errors import PlanTooLarge

MAX_PATHS: Final = 200_000
MAX_SECONDS: Final = 5.0
_LOOK_EVERY: Final = 256


class PlanBudgetExceeded(PlanTooLarge):
    """Planning was given up: too many ways were considered, or it took too long."""

    code = "PLAN_BUDGET_EXCEEDED"
    unit = "considered paths"


@dataclass(slots=True, kw_only=True)
class Budget:
    """Counts considered paths; `clock` gives seconds and is looked at now and then."""

    paths: int = MAX_PATHS
    seconds: float = MAX_SECONDS
    clock: Callable[[], float] | None = None
    spent: int = 0
    within: "Budget | None" = None
    _started: float | None = None

    def part(self, paths: int) -> "Budget":
        """A budget of its own for something that may be given up, paid from this one."""
        return Budget(paths=min(paths, self.paths - self.spent), within=self)

    def spend(self, paths: int = 1) -> None:
        """Note so many more considered paths. Raises PlanBudgetExceeded."""
        if self.within is not None:
            self.within.spend(paths)
        before = self.spent
        self.spent += paths
        if self.spent > self.paths:
            raise PlanBudgetExceeded(self.paths)
        if self.clock and before // _LOOK_EVERY != self.spent // _LOOK_EVERY:
            now = self.clock()
            self._started = now if self._started is None else self._started
            if now - self._started > self.seconds:
                raise PlanBudgetExceeded(self.paths)
