"""Incidents and drills as rows, what may follow what, and their store documents. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from enum import Enum
from types import MappingProxyType
from typing import Final

from subgraphs.kit.errors import InvalidTransition
from subgraphs.kit.mongo import Document
from subgraphs.kit.types import worded


@worded(
    "The life of an incident (事件状态).",
    OPEN="Something fails (处理中).",
    CONTAINED="It does no more harm (已控制).",
    RESOLVED="It is over, and the report is written (已恢复).",
    CLOSED="The runbook was changed, so that next time is easier (已关闭).",
)
class IncidentState(Enum):
    OPEN = "OPEN"
    CONTAINED = "CONTAINED"
    RESOLVED = "RESOLVED"
    CLOSED = "CLOSED"


@worded(
    "How a drill ended (演练结果).",
    PLANNED="It is still to be held (待演练).",
    PASSED="All went as the runbook says (通过).",
    FAILED="Something did not (未通过).",
)
class DrillState(Enum):
    PLANNED = "PLANNED"
    PASSED = "PASSED"
    FAILED = "FAILED"


STEPS: Final[Mapping[IncidentState, frozenset[IncidentState]]] = MappingProxyType(
    {
        IncidentState.OPEN: frozenset({IncidentState.CONTAINED, IncidentState.RESOLVED}),
        IncidentState.CONTAINED: frozenset({IncidentState.RESOLVED}),
        IncidentState.RESOLVED: frozenset({IncidentState.CLOSED}),
        IncidentState.CLOSED: frozenset(),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """`owner`: the institution whose incident it is, or REGULATOR. The report is there from
    RESOLVED on, the change of the runbook from CLOSED on."""

    id: str
    version: int
    owner: str
    state: IncidentState
    severity: str
    part: str
    title: str
    opened_at: datetime
    report_due_at: datetime
    report: str | None = None
    reported_at: datetime | None = None
    runbook: str | None = None
    runbook_change: str | None = None
    closed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Drill:
    """`every_days`: when it was held, the next one is planned so much later; `incident`: what it
    brought to light."""

    id: str
    version: int
    owner: str
    state: DrillState
    scenario: str
    due_at: datetime
    every_days: int | None = None
    held_at: datetime | None = None
    findings: str | None = None
    incident: str | None = None


def incident_step(source: IncidentState, target: IncidentState) -> IncidentState:
    """The target, or InvalidTransition."""
    if target not in STEPS[source]:
        allowed = sorted(one.value for one in STEPS[source])
        raise InvalidTransition(source=source.value, target=target.value, allowed=allowed)
    return target


def document(row: Incident | Drill) -> Document:
    found: Document = {one.name: getattr(row, one.name) for one in fields(row)}
    return {**found, "_id": found.pop("id"), "state": row.state.value}


def incident(row: Document) -> Incident:
    return Incident(**_given(row) | {"state": IncidentState(row["state"])})


def drill(row: Document) -> Drill:
    return Drill(**_given(row) | {"state": DrillState(row["state"])})


def _given(row: Document) -> Document:
    return {"id": row["_id"], **{name: value for name, value in row.items() if name != "_id"}}
