"""What the regulator reads of others is told to them before it is answered, or not answered."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest_asyncio

from ledger_adapter.store.mongo import names
from subgraphs.kit.reads import KIND
from subgraphs.kit.viewer import Role
from tests.subgraphs.audit.desk import (
    ISSUER_DESK,
    OTHER_DESK,
    REGULATOR,
    VERIFIER_DESK,
    Case,
    Desk,
)
from tests.subgraphs.audit.evidence import PACKAGE, Play
from tests.subgraphs.audit.test_complaints import filed
from tests.subgraphs.kit.gateway import Answer, Who

ANN, BEN = Case("ann"), Case("ben")
DISPUTE = "query($id: ID!) { dispute(id: $id) { state ground } }"
TWICE = """query($id: ID!) { dispute(id: $id) { state } other: dispute(id: $id) { ground }
  node(id: $id) { ... on Dispute { openedAt } }
  disputes { edges { node { state } } }
  _entities(representations: [{__typename: "Dispute", id: $id}]) { __typename
    ... on Dispute { state } } }"""
EVENTS = """query($f: AuditEventFilter) { auditEvents(first: 50, filter: $f) {
  edges { node { kind subjects actor { id } } } } }"""


@pytest_asyncio.fixture
async def court(desk: Desk) -> Desk:
    """A fresh one: its events are counted."""
    await desk.tell(*ANN.whole(), *BEN.whole())
    await desk.signed()
    return desk


async def told(desk: Desk, who: Who) -> list[Any]:
    """The privileged reads that a viewer hears of."""
    await desk.tell()
    answer = await desk.ask(EVENTS, {"f": {"kinds": [KIND]}}, who=who)
    return [edge["node"] for edge in answer.only("auditEvents")["edges"]]


async def read(desk: Desk, document: str, id_: str, who: Who = REGULATOR) -> Answer:
    return await desk.ask(document, {"id": id_}, who=who)


async def test_a_read_is_one_event_for_those_concerned(court: Desk) -> None:
    play = Play(court, ANN)
    await play.open()
    answer = await read(court, DISPUTE, play.id)
    assert answer.only("dispute")["state"] == "OPEN"
    for who in (ANN.who, VERIFIER_DESK, REGULATOR):
        (event,) = await told(court, who)
        assert (event["subjects"], event["actor"]) == ([play.id, ANN.id("hold")], None)
    for who in (BEN.who, OTHER_DESK, ISSUER_DESK, Who(role=Role.ANALYST)):
        assert await told(court, who) == []


async def test_once_for_a_request_and_object_and_again_for_the_next(court: Desk) -> None:
    play = Play(court, ANN)
    await play.open()
    for number in (1, 2):
        answer = await read(court, TWICE, play.id)
        assert answer.errors == []
        assert len(await told(court, ANN.who)) == number


async def test_parties_read_their_own(court: Desk) -> None:
    play = Play(court, ANN)
    await play.open()
    for who in (ANN.who, VERIFIER_DESK):
        assert (await read(court, TWICE, play.id, who)).errors == []
    assert (await read(court, DISPUTE, play.id, OTHER_DESK)).codes == ["NOT_FOUND"]
    assert await told(court, REGULATOR) == []


async def test_what_is_not_there_is_not_read(court: Desk) -> None:
    play = Play(court, ANN)
    await play.open()
    assert (await read(court, DISPUTE, Case("nobody").id("disp"))).codes == ["NOT_FOUND"]
    assert (await read(court, PACKAGE, play.id)).only("dispute")["evidencePackage"] is None
    assert len(await told(court, ANN.who)) == 1, "the dispute, not a package it has not"


async def test_a_package_and_a_complaint_too(court: Desk) -> None:
    play = Play(court, ANN)
    await play.open()
    await play.seal(ANN.who)
    assert (await read(court, PACKAGE, play.id)).errors == []
    prefixes = {event["subjects"][0][:4] for event in await told(court, ANN.who)}
    assert prefixes == {"disp", "evid"}
    complaint = await filed(court, BEN)
    listed = "{ complaints { edges { node { text } } } }"
    assert (await court.ask(listed, who=REGULATOR)).errors == []
    for who in (BEN.who, VERIFIER_DESK):
        subjects = [event["subjects"] for event in await told(court, who)]
        assert [complaint["id"], BEN.id("hold")] in subjects


async def test_who_read_is_a_digest(court: Desk) -> None:
    """Two reads of one person show that they are; whose, nobody works out from a list of names."""
    play = Play(court, ANN)
    await play.open()
    for subject in ("eve", "bob", "eve"):
        await read(court, DISPUTE, play.id, Who(role=Role.REGULATOR, subject=subject))
    await court.tell()
    rows = await court.world.base.database["events"].find({"kind": KIND}).to_list(None)
    first, second, third = sorted(rows, key=lambda row: row["_id"])
    assert len({str(row["body"]) for row in rows}) == 2, (first, second, third)
    assert all("eve" not in str(row["body"]) and len(row["body"]["reader"]) == 64 for row in rows)


@asynccontextmanager
async def nothing_enters_the_log(desk: Desk) -> AsyncIterator[None]:
    """The real server refuses each write to the queue."""
    log = desk.world.base.mongo.database(desk.world.settings.ledger.database)
    shut = {"collMod": names.QUEUE, "validator": {"$expr": False}}
    await log.command(shut)
    try:
        yield
    finally:
        await log.command({**shut, "validator": {}})


async def test_no_event_no_answer(court: Desk) -> None:
    play = Play(court, ANN)
    await play.open()
    complaint = await filed(court, ANN)
    node = "query($id: ID!) { node(id: $id) { id ... on Complaint { text } } }"
    asked = [(DISPUTE, play.id), (TWICE, play.id), (PACKAGE, play.id), (node, complaint["id"])]
    await court.tell()
    async with nothing_enters_the_log(court):
        for document, id_ in asked:
            answer = await read(court, document, id_)
            assert set(answer.codes) == {"INTERNAL"}
            assert "OPEN" not in str(answer.data)
            assert "suspended" not in str(answer.data)
        assert (await read(court, DISPUTE, play.id, ANN.who)).errors == [], "hers stays hers"
    assert await told(court, ANN.who) == []
    assert (await read(court, DISPUTE, play.id)).errors == []
    assert len(await told(court, ANN.who)) == 1


async def test_read_at_once_in_one_request_it_waits_for_the_one_event(court: Desk) -> None:
    """Forty aliases: none is answered before the event, which there is one of."""
    play = Play(court, ANN)
    await play.open()
    body = " ".join(f"a{n}: dispute(id: $id) {{ state }}" for n in range(40))
    document = f"query($id: ID!) {{ {body} }}"
    answers = await asyncio.gather(*(read(court, document, play.id) for _ in range(5)))
    assert all(answer.errors == [] for answer in answers)
    assert len(await told(court, ANN.who)) == 5
