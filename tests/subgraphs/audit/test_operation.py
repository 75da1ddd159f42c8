"""How the deployment is run: incidents with their report and runbook, drills, targets, waits."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from ledger_adapter.crypto import sm3
from subgraphs.audit.flow import LEADS, Stage, waits_of
from subgraphs.audit.kept.operation import STEPS, IncidentState
from subgraphs.audit.rebuild import rebuild
from subgraphs.audit.targets import TARGETS
from subgraphs.kit.events import KINDS
from tests.subgraphs.audit.desk import (
    ANALYST,
    HASH,
    ISSUER,
    OTHER_DESK,
    REGULATOR,
    VERIFIER,
    VERIFIER_DESK,
    Case,
    Desk,
)
from tests.subgraphs.audit.test_exits import do
from tests.subgraphs.audit.town import Happening, logged, told
from tests.subgraphs.kit.gateway import NOBODY, Who

ANN = Case("ann")
REPORT = """mutation($input: ReportIncidentInput!) { reportIncident(input: $input) {
  ... on ReportIncidentSuccess { incident { id state severity part title overdue reportDueAt
    institution { id } } } ... on DomainError { code } } }"""
MOVE = """mutation($input: MoveIncidentInput!) { moveIncident(input: $input) {
  ... on MoveIncidentSuccess { incident { state report runbook runbookChange closedAt } }
  ... on DomainError { code } } }"""
PLAN = """mutation($input: PlanDrillInput!) { planDrill(input: $input) {
  ... on PlanDrillSuccess { drill { id state scenario dueAt overdue } }
  ... on DomainError { code } } }"""
RECORD = """mutation($input: RecordDrillInput!) { recordDrill(input: $input) {
  ... on RecordDrillSuccess { drill { id state findings heldAt incidentId } }
  ... on DomainError { code } } }"""
LISTS = """{ incidents { edges { node { id state overdue chainProof { leafIndex } } } }
  drills { edges { node { id state dueAt overdue incidentId institution { id }
    chainProof { leafIndex } } } } }"""
HEALTH = """{ systemHealth { targets { name goal actual met }
  businessFlow { stage waiting oldestSince } } }"""
FAULT = {"title": "The primary node is gone", "part": "CHAIN", "severity": "MAJOR"}
CHANGE = {"runbook": "docs/runbook.md", "change": "Look at the standby's lag before switching."}


async def reported(desk: Desk, who: Who = VERIFIER_DESK) -> str:
    return str((await do(desk, REPORT, who, **FAULT))["incident"]["id"])


async def moved(desk: Desk, id_: str, state: str, who: Who = VERIFIER_DESK, **given: object) -> str:
    """The state it came to, or the code of the refusal."""
    answer = await do(desk, MOVE, who, incidentId=id_, state=state, **given)
    return str(answer["incident"]["state"] if "incident" in answer else answer["code"])


async def lists(desk: Desk, who: Who) -> tuple[list[Any], list[Any]]:
    found = (await desk.ask(LISTS, who=who)).data or {}
    incidents, drills = ([edge["node"] for edge in found[one]["edges"]] for one in found)
    return incidents, drills


async def bodies(desk: Desk, kind: str) -> list[Any]:
    await desk.tell()
    rows = desk.world.base.database["events"].find({"kind": kind}).sort([("index", 1)])
    return [row["body"] for row in await rows.to_list(None)]


async def test_an_incident_ends_with_its_report_and_a_better_runbook(desk: Desk) -> None:
    first = (await do(desk, REPORT, VERIFIER_DESK, **FAULT))["incident"]
    assert (first["state"], first["overdue"]) == ("OPEN", False)
    assert first["institution"] == {"id": VERIFIER}
    id_ = first["id"]
    assert await moved(desk, id_, "CLOSED", runbookChange=CHANGE) == "TRANSITION_INVALID"
    assert await moved(desk, id_, "CONTAINED") == "CONTAINED"
    assert await moved(desk, id_, "RESOLVED") == "REPORT_MISSING"
    assert await moved(desk, id_, "RESOLVED", report=" ") == "TEXT_TOO_LONG"
    assert await moved(desk, id_, "RESOLVED", report="A disk was full.") == "RESOLVED"
    assert await moved(desk, id_, "CLOSED") == "RUNBOOK_CHANGE_MISSING"
    assert await moved(desk, id_, "CLOSED", runbookChange=CHANGE) == "CLOSED"
    assert await moved(desk, id_, "OPEN") == "TRANSITION_INVALID"
    told = await bodies(desk, "INCIDENT_MOVED")
    assert [one["state"] for one in told] == ["OPEN", "CONTAINED", "RESOLVED", "CLOSED"]
    assert told[2]["reportDigest"] == sm3.hexdigest(b"A disk was full.")
    text = f"{CHANGE['runbook']}\n{CHANGE['change']}"
    assert told[3]["runbookDigest"] == sm3.hexdigest(text.encode())
    assert "disk" not in str(told), "digests, and never the words"
    ((incident,), _) = await lists(desk, VERIFIER_DESK)
    assert incident["chainProof"]["leafIndex"]


def test_no_way_leads_to_closed_but_over_the_report() -> None:
    assert {one for one, to in STEPS.items() if IncidentState.CLOSED in to} == {
        IncidentState.RESOLVED
    }
    assert STEPS[IncidentState.CLOSED] == frozenset()


async def test_what_is_no_incident(desk: Desk) -> None:
    for given, code in (
        ({"title": ""}, "TEXT_TOO_LONG"),
        ({"part": "MOON"}, "PART_UNKNOWN"),
        ({"severity": "BAD"}, "SEVERITY_UNKNOWN"),
    ):
        assert (await do(desk, REPORT, VERIFIER_DESK, **{**FAULT, **given}))["code"] == code


async def test_an_incident_is_its_institutions_and_the_regulators(desk: Desk) -> None:
    id_, own = await reported(desk), await reported(desk, REGULATOR)
    for who in (ANN.who, ANALYST, NOBODY):
        assert (await do(desk, REPORT, who, **FAULT))["code"] == "FORBIDDEN"
        assert await moved(desk, id_, "CONTAINED", who) == "FORBIDDEN"
        assert await lists(desk, who) == ([], [])
    assert await moved(desk, id_, "CONTAINED", OTHER_DESK) == "NOT_FOUND"
    assert await moved(desk, id_, "CONTAINED", REGULATOR) == "NOT_FOUND", "it is not hers to move"
    assert await lists(desk, OTHER_DESK) == ([], [])
    seen = {one["id"] for one in (await lists(desk, REGULATOR))[0]}
    assert seen == {id_, own}
    assert [one["id"] for one in (await lists(desk, VERIFIER_DESK))[0]] == [id_]


async def test_a_drill_is_recorded_once_and_plans_the_next(desk: Desk) -> None:
    now = desk.parts.clock()
    asked = {"scenario": "RESTORE_FROM_BACKUP", "dueAt": (now + timedelta(days=9)).isoformat()}
    assert (await do(desk, PLAN, ANN.who, **asked))["code"] == "FORBIDDEN"
    assert (await do(desk, PLAN, VERIFIER_DESK, **{**asked, "scenario": "X"}))["code"] == (
        "SCENARIO_UNKNOWN"
    )
    late = {**asked, "dueAt": (now - timedelta(days=1)).isoformat()}
    assert (await do(desk, PLAN, VERIFIER_DESK, **late))["code"] == "DUE_IN_THE_PAST"
    drill = (await do(desk, PLAN, VERIFIER_DESK, **asked, everyDays=90))["drill"]
    assert (drill["state"], drill["overdue"]) == ("PLANNED", False)
    incident = await reported(desk)
    held = {"drillId": drill["id"], "passed": False, "findings": "The copy was too old."}
    other = await reported(desk, OTHER_DESK)
    refused = await do(desk, RECORD, VERIFIER_DESK, **held, incidentId=other)
    assert refused["code"] == "NOT_FOUND", "another's incident is not there"
    assert (await do(desk, RECORD, OTHER_DESK, **held))["code"] == "NOT_FOUND"
    done = await do(desk, RECORD, VERIFIER_DESK, **held, incidentId=incident)
    assert (done["drill"]["state"], done["drill"]["incidentId"]) == ("FAILED", incident)
    assert (await do(desk, RECORD, VERIFIER_DESK, **held))["code"] == "DRILL_RECORDED"
    _, drills = await lists(desk, VERIFIER_DESK)
    assert [one["state"] for one in drills] == ["FAILED", "PLANNED"]
    following = datetime.fromisoformat(drills[1]["dueAt"])
    assert timedelta(days=90) <= following - now.replace(microsecond=0) <= timedelta(days=91)
    states = [one["state"] for one in await bodies(desk, "DRILL_MOVED")]
    assert states == ["PLANNED", "FAILED", "PLANNED"]


async def health(desk: Desk) -> tuple[dict[str, Any], dict[str, Any]]:
    found = (await desk.ask(HEALTH, who=REGULATOR)).only("systemHealth")
    targets = {one["name"]: one for one in found["targets"]}
    return targets, {one["stage"]: one for one in found["businessFlow"]}


async def test_targets_stand_beside_what_was_found(desk: Desk) -> None:
    for who in (ANN.who, VERIFIER_DESK, ANALYST, NOBODY):
        assert (await desk.ask(HEALTH, who=who)).codes == ["FORBIDDEN"]
    targets, _ = await health(desk)
    assert list(targets) == [one.name for one in TARGETS]
    assert targets["REACTION"]["actual"] is targets["REACTION"]["met"] is None, "too few yet"
    assert targets["DRILLS_OVERDUE"] == {
        "name": "DRILLS_OVERDUE", "goal": 0, "actual": 0, "met": True,
    }  # fmt: skip
    people = [
        Happening(person=n, institution=VERIFIER, kind="PERMISSION_SUSPENDED", month=5, seconds=100)
        for n in range(30)
    ]
    await desk.tell(*told(people))
    await reported(desk)
    year_on = desk.parts.clock() + timedelta(days=30)
    later = _At(desk, year_on)
    with later:
        targets, _ = await health(desk)
    assert (targets["REPORTS_OVERDUE"]["actual"], targets["REPORTS_OVERDUE"]["met"]) == (1, False)
    reaction = targets["REACTION"]
    assert (reaction["goal"], reaction["actual"], reaction["met"]) == (60, 120, False)


class _At:
    """Audit's clock set forward."""

    def __init__(self, desk: Desk, moment: datetime) -> None:
        self._parts, self._moment, self._own = desk.parts, moment, desk.parts.clock

    def __enter__(self) -> None:
        object.__setattr__(self._parts, "clock", lambda: self._moment)

    def __exit__(self, *_: object) -> None:
        object.__setattr__(self._parts, "clock", self._own)


def requested(name: str) -> Any:
    return Case(name).event("CREDENTIAL_REQUESTED", "cred hold", ISSUER, 1, issuer=ISSUER)


async def test_what_waits_is_told_by_step_and_rebuilt_alike(desk: Desk) -> None:
    await desk.tell(*(requested(name) for name in ("a", "b", "c")))
    offered = Case("b").event(
        "CREDENTIAL_OFFERED", "cred hold", ISSUER, 3, issuer=ISSUER, vcHash=HASH
    )
    await desk.tell(offered, *ANN.whole())
    _, flow = await health(desk)
    waiting = {stage: one["waiting"] for stage, one in flow.items()}
    assert waiting == {
        "DRAFT": 2, "OFFER": 0, "COUNTERSIGNATURE": 1, "CHECK": 1, "ERASURE": 0, "DECISION": 0,
    }  # fmt: skip
    assert flow["OFFER"]["oldestSince"] is None
    assert flow["DRAFT"]["oldestSince"] is not None
    gone = Case("a").event("CREDENTIAL_WITHDRAWN", "cred hold", ISSUER, 2, issuer=ISSUER)
    await desk.tell(gone)
    _, flow = await health(desk)
    assert flow["DRAFT"]["waiting"] == 1
    rows = desk.world.base.database["waits"]
    before = await rows.find({}).sort([("_id", 1)]).to_list(None)
    await rebuild(desk.world.base, batch=2)
    assert await rows.find({}).sort([("_id", 1)]).to_list(None) == before


def test_every_step_that_waits_can_end() -> None:
    assert set(LEADS) <= set(KINDS)
    for stage in Stage:
        begins = {prefix for prefix, to in LEADS.values() if to is stage}
        assert begins, stage
        assert all((prefix, None) in LEADS.values() for prefix in begins)


def test_the_last_event_of_a_batch_says_where_a_thing_is_left() -> None:
    a, b = requested("a"), requested("b")
    gone = Case("a").event("CREDENTIAL_WITHDRAWN", "cred hold", ISSUER, 2, issuer=ISSUER)
    left = waits_of(logged([a, b, gone]))
    assert left[Case("a").id("cred")] is None
    wait = left[Case("b").id("cred")]
    assert wait is not None
    assert wait.stage is Stage.DRAFT
