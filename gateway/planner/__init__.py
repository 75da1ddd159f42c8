"""From an operation to its plan: pure, deterministic, bounded.

`World.of(supergraph)` is made once for each supergraph; `plan_operation` once for each operation.
"""

from gateway.planner.budget import Budget, PlanBudgetExceeded
from gateway.planner.plan import plan_operation
from gateway.planner.world import World

__all__ = ["Budget", "PlanBudgetExceeded", "World", "plan_operation"]
