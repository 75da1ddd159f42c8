"""Exits: one plan with steps, dates and evidence, each step held against what shows it."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from ledger_adapter.port import Envelope
from subgraphs.audit.kept.exits import TIMETABLE, plan
from subgraphs.audit.rebuild import rebuild
from subgraphs.audit.states import ExitScope, ExitState
from subgraphs.demo.pilot import INSTITUTIONS, ZHENGTONG
from subgraphs.kit.events import event
from subgraphs.kit.ids import InstitutionId, institution_id
from subgraphs.rules.calendar import SHANGHAI
from tests.subgraphs.audit.desk import (
    ANALYST,
    AT,
    HASH,
    ISSUER_DESK,
    OTHER_DESK,
    REGULATOR,
    VERIFIER,
    VERIFIER_DESK,
    Case,
    Desk,
)
from tests.subgraphs.audit.evidence import Play
from tests.subgraphs.kit.gateway import NOBODY, Who

ANN, BEN = Case("ann"), Case("ben")
OTHER_HASH = "sm3:" + "cd" * 32
WANT = """mutation($input: RequestUserExitInput!) { requestUserExit(input: $input) {
  ... on RequestUserExitSuccess { exit { id state scope trigger alternatives overdue
    steps { state dueAt doneAt } } } ... on DomainError { code } } }"""
START = """mutation($input: StartExitInput!) { startExit(input: $input) {
  ... on StartExitSuccess { exit { id state scope institution { id } } }
  ... on DomainError { code message } } }"""
STEP = """mutation($input: RecordExitStepInput!) { recordExitStep(input: $input) {
  ... on RecordExitStepSuccess { exit { state steps { state evidence sequence } } }
  ... on DomainError { code } } }"""
LIST = "{ exits { edges { node { id state } } } }"


async def do(desk: Desk, document: str, who: Who, **given: object) -> Any:
    answer = await desk.ask(document, {"input": given}, who=who)
    (name,) = answer.data or {"": None}
    return answer.only(name)


async def step(desk: Desk, id_: str, who: Who, state: str, evidence: str | None = None) -> str:
    """The state it came to, or the code of the refusal."""
    told = await do(desk, STEP, who, exitId=id_, state=state, evidence=evidence)
    return str(told["exit"]["state"] if "exit" in told else told["code"])


async def listed(desk: Desk, who: Who) -> list[str]:
    found = (await desk.ask(LIST, who=who)).only("exits")
    return [edge["node"]["id"] for edge in found["edges"]]


def closed(case: Case) -> Envelope:
    return case.event("WALLET_CLOSED", "hold", None, closureDigest=HASH)


async def stands(desk: Desk, institution: InstitutionId, participation: str, version: int) -> None:
    """The register's word on an institution, told and applied."""
    row = await desk.parts.institutions.get(institution)
    assert row is not None
    await desk.tell(
        event(
            "INSTITUTION_REGISTERED",
            entity=row.id,
            version=version,
            subjects=[row.id],
            institutions=[],
            at=AT,
            body={
                "uscc": row.uscc,
                "name": row.name,
                "kind": row.kind,
                "roles": list(row.roles),
                "did": row.did,
                "publicKeyMultibase": row.public_key_multibase,
                "participation": participation,
            },
        )
    )


async def left(desk: Desk, case: Case) -> str:
    told = await do(desk, WANT, case.who)
    return str(told["exit"]["id"])


@pytest.mark.parametrize("scope", list(ExitScope))
def test_a_plan_has_every_step_and_each_is_due_after_the_one_before(scope: ExitScope) -> None:
    began = datetime(2026, 11, 23, 9, tzinfo=SHANGHAI)
    steps = plan(scope, began)
    assert [one.state for one in steps] == list(ExitState)[1:]
    assert all(one.due_at < other.due_at for one, other in pairwise(steps))
    assert steps[0].due_at - began > timedelta(days=TIMETABLE[scope][ExitState.NOTIFIED] - 1)


async def test_a_user_leaves_step_by_step(desk: Desk) -> None:
    told = (await do(desk, WANT, ANN.who))["exit"]
    assert (told["state"], told["scope"], told["overdue"]) == ("NOTIFIED", "USER", False)
    assert told["alternatives"] == ["EXPORT_MY_DATA", "PAPER_PROOF", "COMPLAINT"]
    assert [one["doneAt"] is not None for one in told["steps"]] == [True, *[False] * 5]
    id_, who = told["id"], ANN.who
    assert (await do(desk, WANT, ANN.who))["code"] == "EXIT_UNDER_WAY"
    assert await step(desk, id_, who, "FROZEN") == "SCOPE_NOT_FROZEN"
    await desk.tell(ANN.event("CUSTODY_STORED", "cust hold", None, contentHash=HASH, replicas=3))
    await desk.tell(closed(ANN))
    assert await step(desk, id_, who, "FROZEN") == "FROZEN"
    assert await step(desk, id_, who, "CLEANED") == "TRANSITION_INVALID"
    assert await step(desk, id_, who, "BACKED_UP") == "EVIDENCE_MISSING"
    assert await step(desk, id_, who, "BACKED_UP", HASH) == "BACKED_UP"
    assert await step(desk, id_, who, "CLEANED", HASH) == "TRANSITION_INVALID"
    assert await step(desk, id_, who, "BACKUP_VERIFIED", OTHER_HASH) == "BACKUP_DIFFERS"
    assert await step(desk, id_, who, "BACKUP_VERIFIED", HASH) == "BACKUP_VERIFIED"
    assert await step(desk, id_, who, "CLEANED") == "COPIES_LEFT"
    gone = ANN.event("CUSTODY_DELETED", "cust hold", None, 2, receiptDigest=HASH)
    await desk.tell(gone)
    assert await step(desk, id_, who, "CLEANED") == "CLEANED"
    assert await step(desk, id_, who, "CLOSED") == "CLOSED"
    await desk.tell()
    states = await desk.ask(
        "query($f: AuditEventFilter) { auditEvents(filter: $f) { edges { node { kind } } } }",
        {"f": {"subject": id_}},
        who=ANN.who,
    )
    assert len(states.only("auditEvents")["edges"]) == 7, "each step told the log once"


async def test_what_a_dispute_needs_is_kept_until_it_is_decided(desk: Desk) -> None:
    """Legal hold: the exit waits for it; afterwards, what audit kept of her is unreadable."""
    await desk.tell(*BEN.whole())
    play = Play(desk, BEN)
    file = json.loads(await play.whole())
    id_ = await left(desk, BEN)
    await desk.tell(closed(BEN))
    for state, evidence in (("FROZEN", None), ("BACKED_UP", HASH), ("BACKUP_VERIFIED", HASH)):
        assert await step(desk, id_, BEN.who, state, evidence) == state
    assert await step(desk, id_, BEN.who, "CLEANED") == "LEGAL_HOLD"
    asked = {"exitId": id_, "state": "CLEANED"}
    held = await do(desk, STEP.replace("{ code }", "{ message }"), BEN.who, **asked)
    assert held["message"].startswith("disputes that wait: 1, complaints that wait: 0;")
    package = await play.package(REGULATOR)
    read = (await play.read(package["downloadUrl"])).json()
    assert (read["manifest"], read["parts"]) == (file["manifest"], file["parts"]), "the court reads"
    close = (
        """mutation($input: CloseDisputeInput!) { closeDispute(input: $input) { __typename } }"""
    )
    done = await do(desk, close, REGULATOR, disputeId=play.id, state="UPHELD")
    assert done["__typename"] == "CloseDisputeSuccess"
    assert await step(desk, id_, BEN.who, "CLEANED") == "CLEANED"
    assert (await play.read(package["downloadUrl"])).status_code != 200
    again = await play.open()
    assert again["code"] == "HOLDER_HAS_LEFT"


def refused(who: Who) -> str:
    """Whoever takes no exit anywhere is told so; to the others this one is not there."""
    return "FORBIDDEN" if who in (ANALYST, NOBODY) else "NOT_FOUND"


async def test_who_sees_and_who_takes_a_users_exit(desk: Desk) -> None:
    id_ = await left(desk, ANN)
    await desk.tell(closed(ANN))
    for who in (BEN.who, ISSUER_DESK, ANALYST, NOBODY):
        assert await listed(desk, who) == []
        assert await step(desk, id_, who, "FROZEN") == refused(who)
    for who in (ANN.who, REGULATOR):
        assert await listed(desk, who) == [id_]
    assert await step(desk, id_, REGULATOR, "FROZEN") == "NOT_FOUND", "her leaving is hers"


async def test_an_institution_leaves_as_the_register_says(desk: Desk) -> None:
    ordered = {"scope": "PARTICIPANT", "trigger": "POLICY"}
    assert (await do(desk, START, ANN.who, **ordered))["code"] == "FORBIDDEN"
    other = await do(desk, START, OTHER_DESK, **ordered, institutionId=VERIFIER)
    assert other["code"] == "FORBIDDEN", "an institution leaves for itself"
    told = (await do(desk, START, VERIFIER_DESK, **ordered))["exit"]
    assert told["institution"] == {"id": VERIFIER}
    id_ = told["id"]
    assert (await listed(desk, ANN.who), await listed(desk, REGULATOR)) == ([], [id_])
    assert await step(desk, id_, VERIFIER_DESK, "NOTIFIED") == "NOTIFIED"
    for who in (ANN.who, OTHER_DESK, ANALYST, NOBODY):
        assert await listed(desk, who) == [id_], "those concerned know"
        assert await step(desk, id_, who, "FROZEN") == refused(who)
    assert await step(desk, id_, VERIFIER_DESK, "FROZEN") == "SCOPE_NOT_FROZEN"
    await stands(desk, VERIFIER, "EXITING", 2)
    assert await step(desk, id_, VERIFIER_DESK, "FROZEN") == "FROZEN"
    assert await step(desk, id_, REGULATOR, "BACKED_UP", HASH) == "BACKED_UP"
    assert await step(desk, id_, REGULATOR, "BACKUP_VERIFIED", HASH) == "BACKUP_VERIFIED"
    assert await step(desk, id_, VERIFIER_DESK, "CLEANED") == "EVIDENCE_MISSING"
    assert await step(desk, id_, VERIFIER_DESK, "CLEANED", OTHER_HASH) == "CLEANED"
    assert await step(desk, id_, VERIFIER_DESK, "CLOSED") == "SCOPE_NOT_EXITED"
    await stands(desk, VERIFIER, "EXITED", 3)
    assert await step(desk, id_, VERIFIER_DESK, "CLOSED") == "CLOSED"


async def test_the_pilot_ends_by_the_regulators_word(desk: Desk) -> None:
    ordered = {"scope": "PROJECT", "trigger": "MAJOR_RISK"}
    assert (await do(desk, START, VERIFIER_DESK, **ordered))["code"] == "FORBIDDEN"
    id_ = (await do(desk, START, REGULATOR, **ordered))["exit"]["id"]
    assert (await do(desk, START, REGULATOR, **ordered))["code"] == "EXIT_UNDER_WAY"
    assert await step(desk, id_, REGULATOR, "NOTIFIED") == "NOTIFIED"
    assert await step(desk, id_, REGULATOR, "FROZEN") == "SCOPE_NOT_FROZEN"
    for one in INSTITUTIONS:
        await stands(desk, institution_id(one.uscc), "SUSPENDED", 2)
    assert await step(desk, id_, REGULATOR, "FROZEN") == "FROZEN"
    assert await step(desk, id_, VERIFIER_DESK, "BACKED_UP", HASH) == "NOT_FOUND"
    assert await step(desk, id_, REGULATOR, "BACKED_UP", HASH) == "BACKED_UP"
    assert await step(desk, id_, REGULATOR, "BACKUP_VERIFIED", HASH) == "BACKUP_VERIFIED"
    await desk.tell(*BEN.whole())
    await Play(desk, BEN).open()
    assert await step(desk, id_, REGULATOR, "CLEANED", HASH) == "LEGAL_HOLD"


async def test_an_institution_leaves_one_business(desk: Desk) -> None:
    """Frozen by the step itself, which names what becomes of the results; all else goes on."""
    ordered = {"scope": "BUSINESS", "trigger": "AGREEMENT", "business": "PRIVATE_FUND"}
    assert (await do(desk, START, ANN.who, **ordered))["code"] == "FORBIDDEN"
    id_ = (await do(desk, START, VERIFIER_DESK, **ordered))["exit"]["id"]
    assert (await do(desk, START, VERIFIER_DESK, **ordered))["code"] == "EXIT_UNDER_WAY"
    other = {**ordered, "business": "PROFESSIONAL"}
    assert "exit" in await do(desk, START, VERIFIER_DESK, **other), "each for itself"
    assert await step(desk, id_, OTHER_DESK, "NOTIFIED") == "NOT_FOUND"
    assert await step(desk, id_, VERIFIER_DESK, "NOTIFIED") == "NOTIFIED"
    told = await desk.ask("{ exits { edges { node { id business } } } }", who=ANN.who)
    seen = [edge["node"] for edge in told.only("exits")["edges"]]
    assert seen == [{"id": id_, "business": "PRIVATE_FUND"}], "those concerned know"
    assert await step(desk, id_, VERIFIER_DESK, "FROZEN") == "EVIDENCE_MISSING"
    assert await frozen(desk) == ()
    assert await step(desk, id_, VERIFIER_DESK, "FROZEN", HASH) == "FROZEN"
    await desk.tell()
    assert await frozen(desk) == ("PRIVATE_FUND",)
    for state in ("BACKED_UP", "BACKUP_VERIFIED", "CLEANED"):
        assert await step(desk, id_, REGULATOR, state, HASH) == state
    assert await step(desk, id_, VERIFIER_DESK, "CLOSED") == "CLOSED"
    again = await do(desk, START, VERIFIER_DESK, **ordered)
    assert again["code"] == "BUSINESS_FROZEN"
    assert again["message"] == "PRIVATE_FUND of this institution is frozen for good"
    await stands(desk, VERIFIER, "ACTIVE", 2)
    assert await frozen(desk) == ("PRIVATE_FUND",), "the register told anew brings none back"
    await rebuild(desk.world.base)
    assert await frozen(desk) == ("PRIVATE_FUND",)


async def frozen(desk: Desk) -> tuple[str, ...]:
    row = await desk.parts.institutions.get(VERIFIER)
    assert row is not None
    assert row.participation == "ACTIVE"
    return row.frozen


async def test_what_is_no_business_of_its(desk: Desk) -> None:
    operator = institution_id(ZHENGTONG.uscc)
    for given, code in (
        ({"institutionId": VERIFIER}, "BUSINESS_UNKNOWN"),
        ({"institutionId": VERIFIER, "business": "BAKERY"}, "BUSINESS_UNKNOWN"),
        ({"institutionId": operator, "business": "PRIVATE_FUND"}, "BUSINESS_UNKNOWN"),
        (
            {"institutionId": VERIFIER, "business": "PRIVATE_FUND", "scope": "PARTICIPANT"},
            "BUSINESS_INVALID",
        ),
    ):
        asked: dict[str, object] = {"scope": "BUSINESS", "trigger": "POLICY", **given}
        assert (await do(desk, START, REGULATOR, **asked))["code"] == code, given


@pytest.mark.parametrize(
    ("given", "code"),
    [
        pytest.param({"scope": "USER", "trigger": "WISH"}, "SCOPE_INVALID", id="a user"),
        pytest.param({"scope": "ALL", "trigger": "WISH"}, "SCOPE_UNKNOWN", id="scope"),
        pytest.param({"scope": "PROJECT", "trigger": "x"}, "TRIGGER_UNKNOWN", id="trigger"),
        pytest.param({"scope": "PROJECT", "trigger": "WISH"}, "TRIGGER_INVALID", id="whose wish"),
        pytest.param(
            {"scope": "PARTICIPANT", "trigger": "POLICY"}, "INSTITUTION_MISSING", id="of whom"
        ),
        pytest.param(
            {"scope": "PROJECT", "trigger": "POLICY", "business": "PRIVATE_FUND"},
            "BUSINESS_INVALID",
            id="a business of the pilot",
        ),
        pytest.param(
            {"scope": "PARTICIPANT", "trigger": "POLICY", "institutionId": ANN.id("inst")},
            "NOT_FOUND",
            id="nobody",
        ),
    ],
)
async def test_ill_exits(desk: Desk, given: dict[str, object], code: str) -> None:
    assert (await do(desk, START, REGULATOR, **given))["code"] == code


SENTENCE = """mutation($input: StartExitInput!) { startExit(input: $input) {
  ... on StartExitSuccess { exit { id } } ... on ValidationFailed { message field } } }"""


async def test_a_refusal_says_what_to_do(desk: Desk) -> None:
    """A scope that is not there, whom it is about, and the exit that there is already."""
    asked: dict[str, object] = {"scope": "ALL", "trigger": "POLICY"}
    told = await do(desk, SENTENCE, REGULATOR, **asked)
    assert told["message"].startswith("known are PARTICIPANT, BUSINESS, PROJECT;")
    assert "`requestUserExit`" in told["message"]
    told = await do(desk, SENTENCE, REGULATOR, **{**asked, "scope": "PARTICIPANT"})
    assert told == {"message": "name the institution", "field": "institutionId"}
    whole: dict[str, object] = {**asked, "scope": "PARTICIPANT", "institutionId": VERIFIER}
    told = await do(desk, SENTENCE, REGULATOR, **whole, business="PRIVATE_FUND")
    assert told["message"] == "`business` goes with scope BUSINESS only"
    begun = await do(desk, SENTENCE, REGULATOR, **whole)
    again = await do(desk, SENTENCE, VERIFIER_DESK, **whole)
    assert again["message"] == f"{begun['exit']['id']} is under way"


async def test_ill_steps(desk: Desk) -> None:
    id_ = await left(desk, ANN)
    assert await step(desk, id_, ANN.who, "AWAY") == "STATE_UNKNOWN"
    assert await step(desk, ANN.id("exit"), ANN.who, "FROZEN") == "NOT_FOUND"
    await desk.tell(closed(ANN))
    assert await step(desk, id_, ANN.who, "FROZEN", "sm3:x") != "FROZEN"
