"""Thinks a choice over: what if this request were not made? Keeps the better answer.

The walk takes what is cheapest at each moment, and can't know what comes later. So every request
that may be dispensable is forbidden once, and the whole operation is settled without it; where
that comes out cheaper it stays forbidden. The number of tries is bounded.
"""

from collections.abc import Callable
from typing import Final

from gateway.errors import PlanningFailed
from gateway.planner.budget import Budget, PlanBudgetExceeded
from gateway.planner.choice import Choice, Cost, cost_of, is_open_to_doubt

MAX_TRIES: Final = 12
_LEAST_PATHS: Final = 1_000
_SHARE: Final = 2
"""A try may think this much longer than the first choice took."""

Settle = Callable[[frozenset[str], Budget], Choice]


def improved(settle: Settle, budget: Budget) -> Choice:
    """The best choice found by settling with ever other places banned."""
    banned: frozenset[str] = frozenset()
    before = budget.spent
    best = settle(banned, budget)
    cost = cost_of(best)
    allowance = max(_LEAST_PATHS, _SHARE * (budget.spent - before))
    tried: set[str] = set()
    while len(tried) < MAX_TRIES:
        place = _next_doubt(best, tried)
        if place is None:
            break
        tried.add(place)
        other = _without(settle, banned | {place}, budget.part(allowance), cost)
        if other is not None:
            best, cost, banned = other, cost_of(other), banned | {place}
    return best


def _next_doubt(choice: Choice, tried: set[str]) -> str | None:
    if len(choice.steps) < 2:
        return None
    for step in sorted(choice.steps, key=lambda each: (-each.depth, each.number)):
        if step.view.place not in tried and is_open_to_doubt(step):
            return step.view.place
    return None


def _without(settle: Settle, banned: frozenset[str], budget: Budget, cost: Cost) -> Choice | None:
    try:
        other = settle(banned, budget)
    except (PlanningFailed, PlanBudgetExceeded):
        return None
    return other if cost_of(other) < cost else None
