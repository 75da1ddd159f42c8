"""Incidents and drills as GraphQL."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Self, TypeAlias

import strawberry

from subgraphs.audit import policy
from subgraphs.audit.kept import operation as records
from subgraphs.audit.kept.operation import DrillState, IncidentState
from subgraphs.audit.kept.operation_store import BY_DUE, NEWEST
from subgraphs.audit.operation import steps
from subgraphs.audit.parts import Parts
from subgraphs.audit.schema.institution import Institution, institution
from subgraphs.audit.schema.mutation import once, written
from subgraphs.audit.schema.proofs import ChainProof, anchor_proof
from subgraphs.kit.context import Info
from subgraphs.kit.cursor import CursorScope
from subgraphs.kit.fields import listed, mutation, resolved
from subgraphs.kit.ids import is_id
from subgraphs.kit.mongo import Session
from subgraphs.kit.paging import After, Connection, First, connection, window
from subgraphs.kit.types import (
    INPUT,
    Forbidden,
    InvalidTransitionError,
    MutationInput,
    NotFound,
    TryAgain,
    ValidationFailed,
)


@strawberry.type(description="Something failed, and what was learned of it (故障事件).")
class Incident:
    row: strawberry.Private[records.Incident]

    id: strawberry.ID = strawberry.field(description="Its id (事件标识).")
    state: IncidentState = strawberry.field(description="How far it has come (状态).")
    severity: str = strawberry.field(description="MINOR, MAJOR or CRITICAL (严重程度).")
    part: str = strawberry.field(description="What failed, such as CHAIN or DATABASE (部位).")
    title: str = strawberry.field(description="In one line (标题).")
    opened_at: datetime = strawberry.field(description="When it was noticed (发现时间).")
    report_due_at: datetime = strawberry.field(description="By when the report is due (报告期限).")
    report: str | None = strawberry.field(
        description="What happened and why, from RESOLVED on (故障报告)."
    )
    reported_at: datetime | None = strawberry.field(description="When it was written (报告时间).")
    runbook: str | None = strawberry.field(description="Which runbook was changed (应急预案).")
    runbook_change: str | None = strawberry.field(
        description="What was changed in it, from CLOSED on (预案修订)."
    )
    closed_at: datetime | None = strawberry.field(description="When it was closed (关闭时间).")

    @resolved("Whether its report is late (报告是否逾期).")
    def overdue(self, info: Info[Parts]) -> bool:
        return self.row.report is None and info.context.parts.clock() >= self.row.report_due_at

    @resolved("The institution that reported it; null for the regulator (报告机构).")
    async def institution(self, info: Info[Parts]) -> Institution | None:
        return await _owner(info, self.row.owner)

    @resolved("Proof of its last step on the log (存证证明).")
    async def chain_proof(self, info: Info[Parts]) -> ChainProof | None:
        return await anchor_proof(info, "INCIDENT_MOVED", self.row.id)

    @classmethod
    def of(cls, row: records.Incident) -> Self:
        return cls(
            row=row,
            id=strawberry.ID(row.id),
            state=row.state,
            severity=row.severity,
            part=row.part,
            title=row.title,
            opened_at=row.opened_at,
            report_due_at=row.report_due_at,
            report=row.report,
            reported_at=row.reported_at,
            runbook=row.runbook,
            runbook_change=row.runbook_change,
            closed_at=row.closed_at,
        )


@strawberry.type(description="A drill of an emergency (应急演练).")
class Drill:
    row: strawberry.Private[records.Drill]

    id: strawberry.ID = strawberry.field(description="Its id (演练标识).")
    state: DrillState = strawberry.field(description="How it ended (结果).")
    scenario: str = strawberry.field(description="What is assumed to fail (场景).")
    due_at: datetime = strawberry.field(description="By when it is to be held (期限).")
    every_days: int | None = strawberry.field(
        description="So much later the next one is planned; null for once (间隔天数)."
    )
    held_at: datetime | None = strawberry.field(description="When it was held (演练时间).")
    findings: str | None = strawberry.field(description="What it showed (演练发现).")
    incident_id: strawberry.ID | None = strawberry.field(
        description="The incident that it brought to light (关联事件)."
    )

    @resolved("Whether it is due and was not held (是否逾期).")
    def overdue(self, info: Info[Parts]) -> bool:
        return self.row.held_at is None and info.context.parts.clock() >= self.row.due_at

    @resolved("The institution that holds it; null for the regulator (演练机构).")
    async def institution(self, info: Info[Parts]) -> Institution | None:
        return await _owner(info, self.row.owner)

    @resolved("Proof of its last step on the log (存证证明).")
    async def chain_proof(self, info: Info[Parts]) -> ChainProof | None:
        return await anchor_proof(info, "DRILL_MOVED", self.row.id)

    @classmethod
    def of(cls, row: records.Drill) -> Self:
        return cls(
            row=row,
            id=strawberry.ID(row.id),
            state=row.state,
            scenario=row.scenario,
            due_at=row.due_at,
            every_days=row.every_days,
            held_at=row.held_at,
            findings=row.findings,
            incident_id=None if row.incident is None else strawberry.ID(row.incident),
        )


@strawberry.input(description="Something fails (报告故障).")
class ReportIncidentInput(MutationInput):
    title: str = strawberry.field(description="In one line, 1 to 200 characters (标题).")
    part: str = strawberry.field(description="What fails, such as CHAIN or DATABASE (部位).")
    severity: str = strawberry.field(description="MINOR, MAJOR or CRITICAL (严重程度).")


@strawberry.input(description="What was changed in a runbook (预案修订).")
class RunbookChangeInput:
    runbook: str = strawberry.field(description="Which runbook, such as its address (应急预案).")
    change: str = strawberry.field(description="What was changed and why (修订内容).")


@strawberry.input(description="An incident goes a step further (推进故障处理).")
class MoveIncidentInput(MutationInput):
    incident_id: strawberry.ID = strawberry.field(description="The incident (事件标识).")
    state: str = strawberry.field(description="CONTAINED, RESOLVED or CLOSED (状态).")
    report: str | None = strawberry.field(
        default=None, description="What happened and why; RESOLVED needs it (故障报告)."
    )
    runbook_change: RunbookChangeInput | None = strawberry.field(
        default=None, description="What was learned; CLOSED needs it (预案修订)."
    )


@strawberry.input(description="A drill is to be held (计划演练).")
class PlanDrillInput(MutationInput):
    scenario: str = strawberry.field(description="Such as RESTORE_FROM_BACKUP (场景).")
    due_at: datetime = strawberry.field(description="By when (期限).")
    every_days: int | None = strawberry.field(
        default=None, description="And then at such intervals, 1 to 366 days (间隔天数)."
    )


@strawberry.input(description="A drill was held (记录演练).")
class RecordDrillInput(MutationInput):
    drill_id: strawberry.ID = strawberry.field(description="The drill (演练标识).")
    passed: bool = strawberry.field(description="Whether all went as the runbook says (通过).")
    findings: str = strawberry.field(description="What it showed, 1 to 4000 characters (发现).")
    incident_id: strawberry.ID | None = strawberry.field(
        default=None, description="An incident that it brought to light (关联事件)."
    )


@strawberry.type(description="The incident is known (故障已登记).")
class ReportIncidentSuccess:
    incident: Incident = strawberry.field(description="It (事件).")


@strawberry.type(description="The incident is a step further (故障已推进).")
class MoveIncidentSuccess:
    incident: Incident = strawberry.field(description="It (事件).")


@strawberry.type(description="The drill is planned (演练已计划).")
class PlanDrillSuccess:
    drill: Drill = strawberry.field(description="It (演练).")


@strawberry.type(description="The drill is recorded (演练已记录).")
class RecordDrillSuccess:
    drill: Drill = strawberry.field(description="It (演练).")


ReportIncidentResult: TypeAlias = Annotated[
    ReportIncidentSuccess | ValidationFailed | Forbidden | TryAgain,
    strawberry.union("ReportIncidentResult", description="What reporting led to (结果)."),
]
MoveIncidentResult: TypeAlias = Annotated[
    MoveIncidentSuccess
    | InvalidTransitionError
    | ValidationFailed
    | NotFound
    | Forbidden
    | TryAgain,
    strawberry.union("MoveIncidentResult", description="What the step led to (结果)."),
]
PlanDrillResult: TypeAlias = Annotated[
    PlanDrillSuccess | ValidationFailed | Forbidden | TryAgain,
    strawberry.union("PlanDrillResult", description="What planning led to (结果)."),
]
RecordDrillResult: TypeAlias = Annotated[
    RecordDrillSuccess | ValidationFailed | NotFound | Forbidden | TryAgain,
    strawberry.union("RecordDrillResult", description="What recording led to (结果)."),
]


@strawberry.type
class Operating:
    @mutation("Report that something fails, as an institution or the regulator (报告故障).")
    async def report_incident(
        self, info: Info[Parts], input_: Annotated[ReportIncidentInput, INPUT]
    ) -> ReportIncidentResult:
        parts, viewer = info.context.parts, info.context.viewer
        given = {"title": input_.title, "part": input_.part, "severity": input_.severity}

        async def work(session: Session) -> str:
            return (await steps.report_incident(parts, viewer, **given, session=session)).id

        made = await once(info, input_.client_mutation_id, list(given.values()), work)
        return ReportIncidentSuccess(incident=await _incident(info, made))

    @mutation("Take an incident further: contained, over, learned from (推进故障处理).")
    async def move_incident(
        self, info: Info[Parts], input_: Annotated[MoveIncidentInput, INPUT]
    ) -> MoveIncidentResult:
        parts, viewer = info.context.parts, info.context.viewer
        change = input_.runbook_change
        runbook = None if change is None else (change.runbook, change.change)

        async def work(session: Session) -> str:
            row = await steps.move_incident(
                parts,
                viewer,
                incident_id=input_.incident_id,
                target=input_.state,
                report=input_.report,
                runbook=runbook,
                session=session,
            )
            return row.id

        arguments = [input_.incident_id, input_.state, input_.report, runbook]
        made = await once(info, input_.client_mutation_id, arguments, work)
        return MoveIncidentSuccess(incident=await _incident(info, made))

    @mutation("Plan a drill, once or at intervals (计划演练).")
    async def plan_drill(
        self, info: Info[Parts], input_: Annotated[PlanDrillInput, INPUT]
    ) -> PlanDrillResult:
        parts, viewer = info.context.parts, info.context.viewer

        async def work(session: Session) -> str:
            row = await steps.plan_drill(
                parts,
                viewer,
                scenario=input_.scenario,
                due_at=input_.due_at,
                every_days=input_.every_days,
                session=session,
            )
            return row.id

        arguments = [input_.scenario, input_.due_at, input_.every_days]
        made = await once(info, input_.client_mutation_id, arguments, work)
        return PlanDrillSuccess(drill=await _drill(info, made))

    @mutation("Record how a drill went; the next one is planned (记录演练).")
    async def record_drill(
        self, info: Info[Parts], input_: Annotated[RecordDrillInput, INPUT]
    ) -> RecordDrillResult:
        parts, viewer = info.context.parts, info.context.viewer

        async def work(session: Session) -> str:
            row = await steps.record_drill(
                parts,
                viewer,
                drill_id=input_.drill_id,
                passed=input_.passed,
                findings=input_.findings,
                incident_id=input_.incident_id,
                session=session,
            )
            return row.id

        arguments = [input_.drill_id, input_.passed, input_.findings, input_.incident_id]
        made = await once(info, input_.client_mutation_id, arguments, work)
        return RecordDrillSuccess(drill=await _drill(info, made))


@strawberry.type
class Operation:
    @listed("Incidents that the viewer reported, the newest first; the regulator's all (故障事件).")
    async def incidents(
        self, info: Info[Parts], first: First = 20, after: After = None
    ) -> Connection[Incident] | None:
        parts, viewer = info.context.parts, info.context.viewer
        scope = CursorScope(source="incidents", scope_key=viewer.scope_key)
        asked = window(first, after, parts.sealer, scope)
        page, rows = await parts.operation.incidents(policy.own_operation(viewer), asked)
        nodes = [Incident.of(row) for row in rows]
        return connection(page, nodes, order=NEWEST, asked=asked, sealer=parts.sealer, scope=scope)

    @listed("Drills of the viewer by when they are due; the regulator's all (应急演练).")
    async def drills(
        self, info: Info[Parts], first: First = 20, after: After = None
    ) -> Connection[Drill] | None:
        parts, viewer = info.context.parts, info.context.viewer
        scope = CursorScope(source="drills", scope_key=viewer.scope_key)
        asked = window(first, after, parts.sealer, scope)
        page, rows = await parts.operation.drills(policy.own_operation(viewer), asked)
        nodes = [Drill.of(row) for row in rows]
        return connection(page, nodes, order=BY_DUE, asked=asked, sealer=parts.sealer, scope=scope)


async def _owner(info: Info[Parts], owner: str) -> Institution | None:
    return await institution(info, owner) if is_id(owner, "inst") else None


async def _incident(info: Info[Parts], id_: str) -> Incident:
    return Incident.of(written(await info.context.parts.operation.incident(id_), id_))


async def _drill(info: Info[Parts], id_: str) -> Drill:
    return Drill.of(written(await info.context.parts.operation.drill(id_), id_))
