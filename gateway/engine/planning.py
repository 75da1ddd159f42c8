"""Stands in until the planner has landed."""

from typing import Any

try:
    from gateway.plan.render import plan_json, render_plan
    from gateway.planner import plan_operation
except ImportError:
    from gateway.errors import PlanningFailed

    def plan_operation(*_: Any, **__: Any) -> Any:
        raise PlanningFailed("no planner yet")

    def render_plan(_: Any) -> str:
        return ""

    def plan_json(_: Any) -> dict[str, object]:
        return {}
