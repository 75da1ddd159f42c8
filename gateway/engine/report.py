"""The `queryPlan` entry of `extensions`: the plan, and how each of its fetches went."""

from collections.abc import Sequence

from gateway.executor.run import FetchRecord
from gateway.plan.nodes import QueryPlan
from gateway.plan.render import plan_json, render_plan


def plan_report(plan: QueryPlan, fetches: Sequence[FetchRecord]) -> dict[str, object]:
    """Times are in milliseconds from the start of the first fetch."""
    begun = min((record.started for record in fetches), default=0.0)
    return {
        "text": render_plan(plan),
        "plan": plan_json(plan),
        "fetches": [_fetch_report(record, begun) for record in fetches],
    }


def _fetch_report(record: FetchRecord, begun: float) -> dict[str, object]:
    return {
        "subgraph": record.fetch.subgraph,
        "document": record.fetch.document,
        "representations": record.asked,
        "startMs": _milliseconds(record.started - begun),
        "tookMs": _milliseconds(record.ended - record.started),
        "errors": record.errors,
        "fault": record.fault,
    }


def _milliseconds(seconds: float) -> float:
    return round(seconds * 1000, 3)
