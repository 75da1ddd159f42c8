"""What people decide: a doubtful sum, and documents on paper; each with reasons, each once."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from secrets import token_hex
from typing import Any

import pytest
import pytest_asyncio

from subgraphs.rules.calendar import SHANGHAI
from tests.subgraphs.verifier.counter import EDGE, OTHER, OWN, Counter
from tests.subgraphs.verifier.test_same_money import doubtful

pytestmark = pytest.mark.asyncio(loop_scope="module")

DECIDED = "qualification { id outcome basis review { at reasons by note } }"
TAKEN_IN = """qualification { id outcome basis reasons { code shortBy }
  paper { kind documentDigest metric value asOf } }"""
WAITING = """query($id: ID!) { node(id: $id) { ... on Verification {
  qualification { id outcome } presentation { state } acceptances { state } reproduce { sameResult }
} } }"""
ANOTHER = replace(OWN, subject="second pair of eyes")


@pytest_asyncio.fixture(loop_scope="module")
async def counter(shared_counter: Counter) -> Counter:
    return shared_counter


async def decide(counter: Counter, qualification: str, **said: Any) -> dict[str, Any]:
    who = said.pop("who", OWN)
    told = {"qualified": True, "reasons": ["SOURCES_EXPLAINED"], **said}
    return await counter.do("decideReview", who, DECIDED, qualificationId=qualification, **told)


async def waiting(counter: Counter, verification: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = (await counter.ask(WAITING, {"id": verification["id"]}, who=OWN)).only(
        "node"
    )
    return found


def document(value: str, digit: str = "1", **more: object) -> dict[str, object]:
    told = {"kind": "BANK_STATEMENT", "metric": "FINANCIAL_ASSETS", "asOf": "2026-11-20"}
    return {**told, "documentDigest": f"sm3:{digit * 64}", "value": value, **more}


async def take_in(counter: Counter, name: str, *documents: object, **more: Any) -> dict[str, Any]:
    return await counter.do(
        "recordPaperEvidence",
        more.pop("who", OWN),
        TAKEN_IN,
        customerNo=f"CUST-{name}",
        ruleSet="PRIVATE_FUND",
        documents=list(documents),
        **more,
    )


async def test_a_person_decides_for_the_customer_and_says_why(counter: Counter) -> None:
    person, found = await doubtful(counter, "pro")
    before = await waiting(counter, found)
    id_ = before["qualification"]["id"]
    early = await counter.do("grantPermission", OWN, qualificationId=id_, product="PRIVATE_FUND")
    assert (early["__typename"], early["code"]) == ("ValidationFailed", "REVIEW")
    done = await decide(counter, id_, note="asked for the transfer slips")
    review = done["qualification"]["review"]
    assert (review["reasons"], review["by"]) == (["SOURCES_EXPLAINED"], OWN.subject)
    await counter.settle()
    after = await waiting(counter, found)
    assert after == {
        "qualification": {"id": id_, "outcome": "QUALIFIED"},
        "presentation": {"state": "ACCEPTED"},
        "acceptances": [{"state": "MONITORED"}] * 2,
        "reproduce": {"sameResult": True},
    }
    told = [one.envelope.body for one in await counter.events("QUALIFICATION_DECIDED", about=id_)]
    assert [(body["outcome"], body["reviewed"]) for body in told] == [
        ("REVIEW", False),
        ("QUALIFIED", True),
    ]
    granted = await counter.do(
        "grantPermission", OWN, "permission { state }", qualificationId=id_, product="PRIVATE_FUND"
    )
    assert granted["permission"]["state"] == "GRANTED"
    seen = await counter.ask(
        "query($id: ID!) { node(id: $id) { ... on Qualification { review { reasons by note } } } }",
        {"id": id_},
        who=person.who,
    )
    assert seen.only("node")["review"] == {
        "reasons": ["SOURCES_EXPLAINED"],
        "by": None,
        "note": None,
    }


async def test_a_decision_against_her_ends_what_it_rested_on(counter: Counter) -> None:
    _, found = await doubtful(counter, "contra")
    id_ = (await waiting(counter, found))["qualification"]["id"]
    await decide(counter, id_, qualified=False, reasons=["SAME_MONEY"])
    await counter.settle()
    after = await waiting(counter, found)
    assert after["qualification"]["outcome"] == "NOT_QUALIFIED"
    assert after["presentation"]["state"] == "REJECTED"
    assert [one["state"] for one in after["acceptances"]] == ["ENDED", "ENDED"]
    ended = await counter.events("ACCEPTANCE_ENDED")
    reasons = [one.envelope.body["reasonCode"] for one in ended[-2:]]
    assert reasons == ["REVIEWED_AGAINST"] * 2


async def test_of_two_people_at_once_one_decides(counter: Counter) -> None:
    _, found = await doubtful(counter, "both")
    id_ = (await waiting(counter, found))["qualification"]["id"]
    answers = await asyncio.gather(
        decide(counter, id_), decide(counter, id_, qualified=False, who=ANOTHER)
    )
    kinds = sorted(answer["__typename"] for answer in answers)
    assert kinds == ["DecideReviewSuccess", "InvalidTransitionError"]
    await counter.settle()
    assert len(await counter.events("QUALIFICATION_DECIDED", about=id_)) == 2


async def test_a_proof_revoked_while_it_waited_is_not_decided_upon(counter: Counter) -> None:
    person, found = await doubtful(counter, "fell")
    rows = await counter.parts.store.acceptances.where({"holder": person.id})
    id_ = (await waiting(counter, found))["qualification"]["id"]
    paper = await counter.parts.store.credentials.get(rows[0].credential)
    assert paper is not None
    await counter.revoke(person, paper)
    await counter.settle()
    done = await decide(counter, id_)
    assert (done["__typename"], done["code"]) == ("ValidationFailed", "PROOF_NO_LONGER_STANDS")
    assert (await waiting(counter, found))["presentation"]["state"] == "NEEDS_REVIEW"


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        pytest.param({"reasons": []}, "ValidationFailed", id="no reason"),
        pytest.param({"reasons": ["because"]}, "ValidationFailed", id="no code"),
        pytest.param({"note": "x" * 501}, "ValidationFailed", id="a note too long"),
        pytest.param({"who": OTHER}, "NotFound", id="another verifier's"),
        pytest.param({"who": replace(OWN, subject="")}, "Forbidden", id="nobody by name"),
    ],
)
async def test_what_is_no_decision(counter: Counter, said: dict[str, Any], kind: str) -> None:
    _, found = await doubtful(counter, f"bad-{token_hex(4)}")
    id_ = (await waiting(counter, found))["qualification"]["id"]
    assert (await decide(counter, id_, **said))["__typename"] == kind


async def test_what_was_decided_by_rule_is_not_for_a_person(counter: Counter) -> None:
    person = await counter.customer("ruled")
    _, verification = await counter.accepted(person, EDGE)
    done = await decide(counter, verification["qualification"]["id"])
    assert (done["__typename"], done["from"]) == ("InvalidTransitionError", "NOT_QUALIFIED")


async def test_paper_is_taken_in_by_one_and_decided_by_another(counter: Counter) -> None:
    person = await counter.customer("paper")
    taken = await take_in(counter, "paper", document("1000000.00"), document("2000000.00", "2"))
    found = taken["qualification"]
    assert (found["outcome"], found["basis"]) == ("REVIEW", "PAPER")
    assert [one["value"] for one in found["paper"]] == ["1000000.00", "2000000.00"]
    own = await decide(counter, found["id"])
    assert (own["__typename"], own["code"]) == ("ValidationFailed", "REVIEWER_NOT_ANOTHER")
    done = await decide(counter, found["id"], who=ANOTHER, reasons=["ORIGINALS_SEEN"])
    assert done["qualification"]["outcome"] == "QUALIFIED"
    granted = await counter.do(
        "grantPermission",
        OWN,
        "permission { state }",
        qualificationId=found["id"],
        product="PRIVATE_FUND",
    )
    assert granted["permission"]["state"] == "GRANTED"
    await counter.settle()
    bases = [
        one.envelope.body["basis"]
        for one in await counter.events("QUALIFICATION_DECIDED", about=person.id)
    ]
    assert bases == ["PAPER", "PAPER"]


async def test_paper_of_two_days_does_not_add_up(counter: Counter) -> None:
    await counter.customer("days")
    taken = await take_in(
        counter,
        "days",
        document("2000000.00"),
        document("2000000.00", "2", asOf=date(2026, 11, 19).isoformat()),
    )
    found = taken["qualification"]
    assert found["outcome"] == "INSUFFICIENT_EVIDENCE"
    assert found["reasons"][0] == {"code": "BOUND_TOO_LOW", "shortBy": "1000000.00"}


async def test_paper_of_today_is_taken_in_before_eight_in_the_morning(counter: Counter) -> None:
    """Today is a day in Shanghai: at half past seven there, it is yesterday in UTC."""
    await counter.customer("early")
    now = datetime.now(UTC)
    early = now.astimezone(SHANGHAI).replace(hour=7, minute=30) + timedelta(days=1)
    counter.shift[0] = early - now
    papers = [document("1.00", asOf=str(early.date() + timedelta(days=more))) for more in (0, 1)]
    try:
        taken, refused = [await take_in(counter, "early", paper) for paper in papers]
    finally:
        counter.shift[0] = timedelta()
    assert taken["__typename"] == "RecordPaperEvidenceSuccess", taken
    assert refused["field"] == "documents[0].asOf"


async def test_paper_beside_credentials_is_mixed(counter: Counter) -> None:
    person = await counter.customer("mixed")
    _, verification = await counter.accepted(person, EDGE)
    beside = verification["qualification"]["id"]
    income = document("600000.00", metric="MEAN_ANNUAL_INCOME_3Y", kind="TAX_RECORD")
    taken = await take_in(counter, "mixed", income, besideQualificationId=beside)
    found = taken["qualification"]
    assert (found["outcome"], found["basis"]) == ("REVIEW", "MIXED")
    done = await decide(counter, found["id"], who=ANOTHER)
    assert done["qualification"]["outcome"] == "QUALIFIED"
    await counter.accepted(person)
    other = "1" if beside.endswith("0") else "0"
    stranger = await take_in(counter, "mixed", income, besideQualificationId=beside[:-1] + other)
    assert stranger["__typename"] == "NotFound"


@pytest.mark.parametrize(
    "documents",
    [
        pytest.param([], id="none"),
        pytest.param([document("1.00"), document("2.00")], id="one twice"),
        pytest.param([document("1,000.00")], id="no amount"),
        pytest.param([document("1.5", metric="EXPERIENCE_MONTHS")], id="part of a month"),
        pytest.param([document("1.00", asOf="2999-01-01")], id="of a day to come"),
        pytest.param([document("1.00", kind="statement")], id="no code"),
    ],
)
async def test_what_is_no_paper(counter: Counter, documents: list[dict[str, Any]]) -> None:
    name = f"nopaper-{token_hex(4)}"
    await counter.customer(name)
    assert (await take_in(counter, name, *documents))["__typename"] == "ValidationFailed"
