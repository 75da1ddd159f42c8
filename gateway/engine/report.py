"""Bodies of an answer in parts; and the `queryPlan` entry of `extensions`: the plan, and how each
of its fetches went."""

from collections.abc import Sequence

from gateway.executor.deliver import Delivery, Payload
from gateway.executor.run import FetchRecord
from gateway.plan.nodes import QueryPlan
from gateway.plan.render import plan_json, render_plan


def incremental_body(delivery: Delivery) -> dict[str, object]:
    """Payloads as `deferSpec=20220824` has them."""
    more: dict[str, object] = {"hasNext": delivery.more}
    if not delivery.payloads:
        return more
    return {"incremental": [_incremental(each) for each in delivery.payloads], **more}


def _incremental(payload: Payload) -> dict[str, object]:
    body: dict[str, object] = {"path": list(payload.path), "data": payload.data}
    if payload.label is not None:
        body["label"] = payload.label
    if payload.errors:
        body["errors"] = payload.errors
    return body


def plan_report(plan: QueryPlan, fetches: Sequence[FetchRecord]) -> dict[str, object]:
    """Times are in milliseconds from the start of the first fetch."""
    begun = min((record.started for record in fetches), default=0.0)
    return {
        "text": render_plan(plan),
        "plan": plan_json(plan),
        "fetches": [_fetch_report(record, begun) for record in fetches],
    }


def _fetch_report(record: FetchRecord, begun: float) -> dict[str, object]:
    cost = record.cost
    told = {"estimated": cost.estimated, "actual": cost.actual} if cost else None
    return {
        "subgraph": record.fetch.subgraph,
        "document": record.fetch.document,
        "representations": record.asked,
        "startMs": _milliseconds(record.started - begun),
        "tookMs": _milliseconds(record.ended - record.started),
        "bytes": record.size,
        "cost": told,
        "errors": record.errors,
        "fault": record.fault,
    }


def _milliseconds(seconds: float) -> float:
    return round(seconds * 1000, 3)
