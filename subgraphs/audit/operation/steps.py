"""What people do about incidents and drills.

Laws: each step is an event, with digests of what was written and never the words; an incident is
RESOLVED with its report and CLOSED with the change of the runbook, never without; whoever reported
it takes it further; a drill is recorded once, and one held at intervals plans the next in the same
write.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from ledger_adapter.crypto import sm3
from ledger_adapter.port import Envelope, JsonValue
from subgraphs.audit import policy
from subgraphs.audit.kept.due import due_after
from subgraphs.audit.kept.operation import (
    Drill,
    DrillState,
    Incident,
    IncidentState,
    incident_step,
)
from subgraphs.audit.parts import Parts
from subgraphs.kit.errors import Invalid, NotFound
from subgraphs.kit.events import event
from subgraphs.kit.ids import InstitutionId, is_id, new_id
from subgraphs.kit.mongo import Session
from subgraphs.kit.viewer import Role, Viewer
from subgraphs.kit.vocabulary import member

SEVERITIES: Final = ("MINOR", "MAJOR", "CRITICAL")
PARTS: Final = (
    *("GATEWAY", "SUBGRAPH", "DATABASE", "LEDGER", "CHAIN", "WITNESS"),
    *("CUSTODY", "IDENTITY", "NETWORK", "KEYS", "OTHER"),
)
SCENARIOS: Final = (
    *("PRIMARY_NODE_LOST", "ALL_NODES_LOST", "RESTORE_FROM_BACKUP", "SUBGRAPH_LOST"),
    *("IDENTITY_PROVIDER_LOST", "KEY_COMPROMISED", "NETWORK_CUT", "OTHER"),
)
REPORT_DAYS: Final = 3
"""Working days from the beginning of an incident to its report."""
LONGEST_TITLE: Final = 200
LONGEST_TEXT: Final = 4_000
RARELY: Final = 366


async def report_incident(
    parts: Parts, viewer: Viewer, *, title: str, part: str, severity: str, session: Session
) -> Incident:
    """Something fails: known from here on, with the date by which its report is due."""
    owner = _owner(viewer)
    _text(title, "title", LONGEST_TITLE)
    _one_of(part, PARTS, "part", "PART_UNKNOWN")
    _one_of(severity, SEVERITIES, "severity", "SEVERITY_UNKNOWN")
    now = parts.clock().replace(microsecond=0)
    row = Incident(
        id=new_id("inci"),
        version=1,
        owner=owner,
        state=IncidentState.OPEN,
        severity=severity,
        part=part,
        title=title,
        opened_at=now,
        report_due_at=due_after(now, REPORT_DAYS),
    )
    await parts.operation.add(row, session)
    await parts.outbox.put(session, incident_moved(row, now))
    return row


async def move_incident(
    parts: Parts,
    viewer: Viewer,
    *,
    incident_id: str,
    target: str,
    report: str | None,
    runbook: tuple[str, str] | None,
    session: Session,
) -> Incident:
    """A step, by whoever reported it; `runbook`: which one, and what was changed in it."""
    owner = _owner(viewer)
    row = await parts.operation.incident(incident_id, session)
    if row is None or row.owner != owner:
        raise NotFound("incident", field="incidentId")
    state = member(IncidentState, target, field="state", code="STATE_UNKNOWN")
    incident_step(row.state, state)
    now = parts.clock().replace(microsecond=0)
    further = replace(row, version=row.version + 1, state=state)
    if state is IncidentState.RESOLVED:
        text = _given(report, "report", "REPORT_MISSING")
        further = replace(further, report=text, reported_at=now)
    if state is IncidentState.CLOSED:
        name, change = runbook or (None, None)
        further = replace(
            further,
            runbook=_given(name, "runbookChange.runbook", "RUNBOOK_CHANGE_MISSING"),
            runbook_change=_given(change, "runbookChange.change", "RUNBOOK_CHANGE_MISSING"),
            closed_at=now,
        )
    await parts.operation.move(row, further, session)
    await parts.outbox.put(session, incident_moved(further, now))
    return further


async def plan_drill(
    parts: Parts,
    viewer: Viewer,
    *,
    scenario: str,
    due_at: datetime,
    every_days: int | None,
    session: Session,
) -> Drill:
    """To be held by a date, once or at intervals."""
    owner = _owner(viewer)
    _one_of(scenario, SCENARIOS, "scenario", "SCENARIO_UNKNOWN")
    if due_at.tzinfo is None:
        raise Invalid("a time needs its zone", field="dueAt", code="TIME_WITHOUT_OFFSET")
    if due_at <= parts.clock():
        raise Invalid("this is over already", field="dueAt", code="DUE_IN_THE_PAST")
    if every_days is not None and not 1 <= every_days <= RARELY:
        raise Invalid(f"1 to {RARELY} days", field="everyDays", code="INTERVAL_OUT_OF_RANGE")
    row = _planned(owner, scenario, due_at.replace(microsecond=0), every_days)
    await parts.operation.add(row, session)
    await parts.outbox.put(session, _drill_moved(row, parts.clock()))
    return row


async def record_drill(
    parts: Parts,
    viewer: Viewer,
    *,
    drill_id: str,
    passed: bool,
    findings: str,
    incident_id: str | None,
    session: Session,
) -> Drill:
    """How it went; what failed in it may be an incident of one's own."""
    owner = _owner(viewer)
    row = await parts.operation.drill(drill_id, session)
    if row is None or row.owner != owner:
        raise NotFound("drill", field="drillId")
    if row.state is not DrillState.PLANNED:
        raise Invalid("it was recorded already", field="drillId", code="DRILL_RECORDED")
    _text(findings, "findings", LONGEST_TEXT)
    if incident_id is not None:
        about = await parts.operation.incident(incident_id, session)
        if about is None or about.owner != owner:
            raise NotFound("incident", field="incidentId")
    now = parts.clock().replace(microsecond=0)
    held = replace(
        row,
        version=row.version + 1,
        state=DrillState.PASSED if passed else DrillState.FAILED,
        held_at=now,
        findings=findings,
        incident=incident_id,
    )
    await parts.operation.move(row, held, session)
    told = [_drill_moved(held, now)]
    if row.every_days is not None:
        due = now + timedelta(days=row.every_days)
        following = _planned(owner, row.scenario, due, row.every_days)
        await parts.operation.add(following, session)
        told.append(_drill_moved(following, now))
    await parts.outbox.put(session, *told)
    return held


def _owner(viewer: Viewer) -> str:
    """Whose incidents and drills the viewer's are."""
    policy.require_role(viewer, Role.ISSUER, Role.VERIFIER, Role.REGULATOR)
    if viewer.role is Role.REGULATOR:
        return Role.REGULATOR.value
    return viewer.require_institution(viewer.role or Role.ISSUER)


def _planned(owner: str, scenario: str, due_at: datetime, every_days: int | None) -> Drill:
    return Drill(
        id=new_id("dril"),
        version=1,
        owner=owner,
        state=DrillState.PLANNED,
        scenario=scenario,
        due_at=due_at,
        every_days=every_days,
    )


def incident_moved(row: Incident, at: datetime) -> Envelope:
    """Report and runbook by their digests, never in words."""
    body: dict[str, JsonValue] = {"state": row.state.value, "severity": row.severity}
    if row.state is IncidentState.RESOLVED and row.report is not None:
        body["reportDigest"] = sm3.hexdigest(row.report.encode())
    if row.runbook_change is not None:
        body["runbookDigest"] = sm3.hexdigest(f"{row.runbook}\n{row.runbook_change}".encode())
    return event(
        "INCIDENT_MOVED",
        entity=row.id,
        version=row.version,
        subjects=(row.id,),
        institutions=_named(row.owner),
        at=at,
        body=body,
    )


def _drill_moved(row: Drill, at: datetime) -> Envelope:
    body: dict[str, JsonValue] = {"scenario": row.scenario, "state": row.state.value}
    if row.findings is not None:
        body["findingsDigest"] = sm3.hexdigest(row.findings.encode())
    return event(
        "DRILL_MOVED",
        entity=row.id,
        version=row.version,
        subjects=(row.id,) if row.incident is None else (row.id, row.incident),
        institutions=_named(row.owner),
        at=at,
        body=body,
    )


def _named(owner: str) -> list[InstitutionId]:
    return [InstitutionId(owner)] if is_id(owner, "inst") else []


def _one_of(word: str, known: tuple[str, ...], field: str, code: str) -> None:
    if word not in known:
        raise Invalid(f"known are {', '.join(known)}", field=field, code=code)


def _given(text: str | None, field: str, code: str) -> str:
    if text is None:
        raise Invalid("the step needs it", field=field, code=code)
    _text(text, field, LONGEST_TEXT)
    return text


def _text(text: str, field: str, longest: int) -> None:
    if not 0 < len(text.strip()) <= len(text) <= longest:
        raise Invalid(f"1 to {longest} characters", field=field, code="TEXT_TOO_LONG")
