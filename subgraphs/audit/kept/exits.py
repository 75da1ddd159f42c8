"""An exit as a row, its plan, and its store document. Pure.

The plan is made when it begins: every step with its date, in working days by who leaves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import Final

from subgraphs.audit.kept.due import due_after
from subgraphs.audit.states import ExitScope, ExitState, ExitTrigger
from subgraphs.kit.mongo import Document

TIMETABLE: Final[Mapping[ExitScope, Mapping[ExitState, int]]] = MappingProxyType(
    {
        scope: MappingProxyType(dict(zip(list(ExitState)[1:], days, strict=True)))
        for scope, days in {
            ExitScope.USER: (1, 3, 5, 7, 15, 20),
            ExitScope.PARTICIPANT: (5, 10, 20, 25, 40, 60),
            ExitScope.BUSINESS: (5, 10, 20, 25, 40, 60),
            ExitScope.PROJECT: (5, 20, 40, 50, 80, 120),
        }.items()
    }
)
"""Working days from the beginning, for NOTIFIED to CLOSED."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of the plan. `evidence` is a digest of what shows it, `sequence` the place on the
    log where it can be seen; none where it is not done, or nothing of the kind shows it."""

    state: ExitState
    due_at: datetime
    done_at: datetime | None = None
    by: str | None = None
    evidence: str | None = None
    sequence: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExitCase:
    """`owner` is who leaves: a holder, an institution, or for the whole pilot PROJECT; `business`
    is what an institution leaves, where it is not all."""

    id: str
    version: int
    state: ExitState
    scope: ExitScope
    trigger: ExitTrigger
    owner: str
    opened_at: datetime
    steps: tuple[Step, ...]
    business: str | None = None

    @property
    def of_person(self) -> bool:
        return self.scope is ExitScope.USER

    @property
    def told(self) -> bool:
        return self.state is not ExitState.INITIATED

    def step(self, state: ExitState) -> Step:
        return next(one for one in self.steps if one.state is state)

    def taken(self, done: Step) -> ExitCase:
        """One step further."""
        steps = tuple(done if one.state is done.state else one for one in self.steps)
        return replace(self, version=self.version + 1, state=done.state, steps=steps)


def plan(scope: ExitScope, began: datetime) -> tuple[Step, ...]:
    """Every step from NOTIFIED on, each due after the one before it."""
    table = TIMETABLE[scope]
    return tuple(Step(state=state, due_at=due_after(began, days)) for state, days in table.items())


def document(row: ExitCase) -> Document:
    return {
        "_id": row.id,
        "version": row.version,
        "state": row.state.value,
        "scope": row.scope.value,
        "trigger": row.trigger.value,
        "owner": row.owner,
        "business": row.business,
        "open": None if row.state is ExitState.CLOSED else _leaves(row),
        "public": row.told and not row.of_person,
        "opened_at": row.opened_at,
        "steps": [
            {
                "state": one.state.value,
                "due_at": one.due_at,
                "done_at": one.done_at,
                "by": one.by,
                "evidence": one.evidence,
                "sequence": one.sequence,
            }
            for one in row.steps
        ],
    }


def _leaves(row: ExitCase) -> str:
    """No two exits of the same at once."""
    return row.owner if row.business is None else f"{row.owner}|{row.business}"


def exit_case(row: Document) -> ExitCase:
    return ExitCase(
        id=row["_id"],
        version=row["version"],
        state=ExitState(row["state"]),
        scope=ExitScope(row["scope"]),
        trigger=ExitTrigger(row["trigger"]),
        owner=row["owner"],
        opened_at=row["opened_at"],
        business=row.get("business"),
        steps=tuple(
            Step(
                state=ExitState(one["state"]),
                due_at=one["due_at"],
                done_at=one["done_at"],
                by=one["by"],
                evidence=one["evidence"],
                sequence=one["sequence"],
            )
            for one in row["steps"]
        ),
    )
