"""Complaints: channels, who leads, seven working days, what is overdue, who is reminded."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from subgraphs.audit.app import doors
from subgraphs.audit.complaint.steps import Reminders
from subgraphs.audit.kept.complaints import due
from subgraphs.rules.calendar import SHANGHAI
from tests.subgraphs.audit.desk import (
    ANALYST,
    ISSUER,
    ISSUER_DESK,
    OTHER_DESK,
    REGULATOR,
    STRANGER,
    VERIFIER,
    VERIFIER_DESK,
    Case,
    Desk,
)
from tests.subgraphs.kit.gateway import NOBODY, Who

ANN, BEN = Case("ann"), Case("ben")
NAME = """mutation($input: NameComplaintChannelsInput!) { nameComplaintChannels(input: $input) {
  ... on NameComplaintChannelsSuccess { channels { kind address } }
  ... on DomainError { code } } }"""
FILE = """mutation($input: FileComplaintInput!) { fileComplaint(input: $input) {
  ... on FileComplaintSuccess { complaint { id state dueAt overdue assignedTo { id } } }
  ... on DomainError { code } } }"""
HANDLE = """mutation($input: HandleComplaintInput!) { handleComplaint(input: $input) {
  ... on HandleComplaintSuccess { complaint { state notes { text } coHandlers { id } } }
  ... on DomainError { code } } }"""
LIST = "{ %s { edges { node { id text overdue } } } }"


async def do(desk: Desk, document: str, who: Who, **given: object) -> Any:
    answer = await desk.ask(document, {"input": given}, who=who)
    (name,) = answer.data or {"": None}
    return answer.only(name)


async def listed(desk: Desk, name: str, who: Who) -> list[str]:
    found = (await desk.ask(LIST % name, who=who)).only(name)
    return [edge["node"]["id"] for edge in found["edges"]]


async def filed(desk: Desk, case: Case = ANN) -> Any:
    channels = [{"kind": "PHONE", "address": "95521"}, {"kind": "APP", "address": "Help"}]
    named = await do(desk, NAME, VERIFIER_DESK, channels=channels)
    assert [one["kind"] for one in named["channels"]] == ["APP", "PHONE"]
    given = {"institutionId": VERIFIER, "channel": "PHONE", "text": "My permission was suspended."}
    return (await do(desk, FILE, case.who, **given))["complaint"]


async def later(desk: Desk, now: datetime) -> None:
    """The same audit at another time."""

    async def health() -> dict[str, object]:
        return {}

    parts = replace(desk.parts, clock=lambda: now)
    desk.world.gateway.app = doors(desk.world.base, parts, health)


@pytest.mark.parametrize(
    ("received", "end"),
    [
        pytest.param("2026-11-23T09:00", "2026-12-03T00:00", id="a plain week"),
        pytest.param("2026-09-29T15:00", "2026-10-15T00:00", id="golden week, a worked Saturday"),
        pytest.param("2026-02-10T10:00", "2026-02-27T00:00", id="spring, a worked Saturday"),
        pytest.param("2026-09-19T10:00", "2026-09-30T00:00", id="a worked Sunday, mid-autumn"),
        pytest.param("2026-12-28T10:00", "2027-01-07T00:00", id="into a year not published yet"),
    ],
)
def test_progress_is_due_at_the_end_of_the_seventh_working_day(received: str, end: str) -> None:
    got = due(datetime.fromisoformat(received).replace(tzinfo=SHANGHAI))
    assert got == datetime.fromisoformat(end).replace(tzinfo=SHANGHAI)


async def test_a_complaint_from_its_channel_to_its_end(desk: Desk) -> None:
    row = await filed(desk)
    assert (row["state"], row["overdue"]) == ("RECEIVED", False)
    assert row["assignedTo"] == {"id": VERIFIER}
    assert datetime.fromisoformat(row["dueAt"]) > datetime.now(UTC) + timedelta(days=6)
    channels = await desk.ask(
        "query($id: ID!) { complaintChannels(institutionId: $id) { kind address } }",
        {"id": VERIFIER},
        who=NOBODY,
    )
    assert channels.only("complaintChannels")[1] == {"kind": "PHONE", "address": "95521"}
    step = {"complaintId": row["id"], "state": "INVESTIGATING", "coHandlerIds": [ISSUER]}
    assert (await do(desk, HANDLE, VERIFIER_DESK, **step))["complaint"]["coHandlers"] == [
        {"id": ISSUER}
    ]
    told = {"complaintId": row["id"], "state": "PROGRESS_REPORTED"}
    assert (await do(desk, HANDLE, VERIFIER_DESK, **told))["code"] == "NOTE_MISSING"
    told["note"] = "We look at it together with the issuer."
    done = (await do(desk, HANDLE, VERIFIER_DESK, **told))["complaint"]
    assert done["notes"] == [{"text": told["note"]}]
    early = await do(desk, HANDLE, ISSUER_DESK, complaintId=row["id"], state="RESOLVED")
    assert early == {"code": "NOT_FOUND"}, "who helps does not lead"
    end = await do(desk, HANDLE, VERIFIER_DESK, complaintId=row["id"], state="RESOLVED")
    assert end["complaint"]["state"] == "RESOLVED"
    back = await do(desk, HANDLE, VERIFIER_DESK, complaintId=row["id"], state="INVESTIGATING")
    assert back == {"code": "TRANSITION_INVALID"}
    await desk.tell()
    kinds = await desk.ask(
        "query($f: AuditEventFilter) { auditEvents(filter: $f) { edges { node { kind } } } }",
        {"f": {"subject": row["id"]}},
        who=ANN.who,
    )
    assert len(kinds.only("auditEvents")["edges"]) == 4


async def test_who_sees_a_complaint(desk: Desk) -> None:
    row = await filed(desk)
    for who in (ANN.who, VERIFIER_DESK, REGULATOR):
        assert await listed(desk, "complaints", who) == [row["id"]]
    node = "query($id: ID!) { node(id: $id) { ... on Complaint { text state overdue } } }"
    for who in (BEN.who, ISSUER_DESK, OTHER_DESK, ANALYST, NOBODY):
        assert await listed(desk, "complaints", who) == []
        seen = (await desk.ask(node, {"id": row["id"]}, who=who)).only("node")
        assert seen == {"text": None, "state": None, "overdue": None}
    helped = {"complaintId": row["id"], "coHandlerIds": [STRANGER]}
    await do(desk, HANDLE, VERIFIER_DESK, **helped)
    assert await listed(desk, "complaints", OTHER_DESK) == [row["id"]]


async def test_what_is_overdue_is_listed_and_told_once(desk: Desk) -> None:
    row, other = await filed(desk), await filed(desk, BEN)
    step = {"complaintId": other["id"], "state": "INVESTIGATING"}
    await do(desk, HANDLE, VERIFIER_DESK, **step)
    told = {"complaintId": other["id"], "state": "PROGRESS_REPORTED", "note": "soon"}
    await do(desk, HANDLE, VERIFIER_DESK, **told)
    end = datetime.fromisoformat(row["dueAt"])
    reminders = Reminders(desk.world.base.mongo, desk.parts)
    looks = [
        (end - timedelta(days=3), 0),
        (end - timedelta(days=1), 1),
        (end - timedelta(hours=1), 0),
        (end, 1),
        (end + timedelta(days=9), 0),
    ]
    assert [await reminders.look(now) for now, _ in looks] == [count for _, count in looks]
    await desk.tell()
    found = await desk.ask(
        'query { auditEvents(filter: {kinds: ["COMPLAINT_REMINDED"]}) { edges { node {'
        " subjects chainProof { opening } } } } }",
        who=VERIFIER_DESK,
    )
    stages = [
        edge["node"]["chainProof"]["opening"]["envelope"]["body"]["stage"]
        for edge in found.only("auditEvents")["edges"]
    ]
    assert stages == ["OVERDUE", "SOON"]
    assert await listed(desk, "overdueComplaints", REGULATOR) == []
    await later(desk, end)
    for who in (VERIFIER_DESK, ANN.who, REGULATOR):
        assert await listed(desk, "overdueComplaints", who) == [row["id"]]
    for who in (BEN.who, ISSUER_DESK, ANALYST):
        assert await listed(desk, "overdueComplaints", who) == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        pytest.param({"channel": "EMAIL"}, "CHANNEL_MISSING", id="no such channel"),
        pytest.param({"text": ""}, "TEXT_TOO_LONG", id="no text"),
        pytest.param({"text": "x" * 2_001}, "TEXT_TOO_LONG", id="long text"),
        pytest.param({"institutionId": BEN.id("inst")}, "NOT_FOUND", id="nobody"),
    ],
)
async def test_ill_complaints(desk: Desk, change: dict[str, object], code: str) -> None:
    await filed(desk)
    given = {"institutionId": VERIFIER, "channel": "APP", "text": "a", **change}
    assert await do(desk, FILE, ANN.who, **given) == {"code": code}
    assert await do(desk, FILE, VERIFIER_DESK, **given) == {"code": "FORBIDDEN"}


async def test_a_call_again_files_one_complaint(desk: Desk) -> None:
    await filed(desk)
    given = {"institutionId": VERIFIER, "channel": "APP", "text": "a", "clientMutationId": "c-1"}
    first, again = [await do(desk, FILE, BEN.who, **given) for _ in range(2)]
    assert first == again
    assert len(await listed(desk, "complaints", BEN.who)) == 1
