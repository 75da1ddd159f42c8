"""Who takes part at the moment of a check: an issuer that was suspended between issue and check,
one whose licence ran out, a verifier that may not verify now (R79)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from subgraphs.demo.pilot import CAITONG_FUND, GUOTAI_JUNAN, PilotInstitution
from subgraphs.kit.events import event
from subgraphs.kit.ids import institution_id, new_id
from tests.subgraphs.verifier.counter import OWN, Counter, counter_of, present, state_of

pytestmark = pytest.mark.asyncio(loop_scope="module")

ASKED = {"ruleSet": "PRIVATE_FUND", "purpose": "PRIVATE_FUND"}
YESTERDAY = (datetime.now(UTC) - timedelta(days=1)).date()


@pytest_asyncio.fixture(loop_scope="module")
async def alone(tmp_path: Path, mongo_uri: str, mongo_database: str) -> AsyncIterator[Counter]:
    async with counter_of(tmp_path, mongo_uri, mongo_database) as opened:
        yield opened


async def decided(counter: Counter, one: PilotInstitution, version: int, **body: Any) -> None:
    """What the lead institution's decision tells the log."""
    kind = "INSTITUTION_MOVED" if "participation" in body else "INSTITUTION_LICENSED"
    institution = institution_id(one.uscc)
    if kind == "INSTITUTION_MOVED":
        body["reasonCode"] = "DECIDED"
    await counter.world.tell(
        event(
            kind,
            entity=institution,
            version=version,
            subjects=[institution],
            institutions=[institution_id(GUOTAI_JUNAN.uscc), institution],
            at=datetime.now(UTC),
            body=body,
        )
    )
    await counter.settle()


def licence(last: date) -> dict[str, str]:
    return {
        "kind": "SECURITIES_AND_FUTURES",
        "number": "SH-1",
        "validFrom": "2024-01-01",
        "validUntil": last.isoformat(),
    }


def trusted(verification: dict[str, Any]) -> tuple[bool, bool]:
    """What the check says, and what the place on the log alone says."""
    (check,) = (one for one in verification["checks"] if one["kind"] == "TRUSTED_ISSUER")
    topic = "standing-on-log"
    (stood,) = (one["ok"] for one in check["evidence"]["findings"] if one["topic"] == topic)
    return check["reasonCode"] is None, stood


async def test_an_issuer_suspended_between_issue_and_check_was_one_when_it_signed(
    alone: Counter,
) -> None:
    person = await alone.customer("ann")
    before = await alone.paper(person)
    await alone.settle()
    await asyncio.sleep(1.1)  # an entry of the log has its time to the second
    await decided(alone, GUOTAI_JUNAN, 2, participation="SUSPENDED")
    during = await alone.paper(person, created=-timedelta(hours=1))
    await alone.settle()
    await decided(alone, GUOTAI_JUNAN, 3, participation="ACTIVE")
    after = await alone.paper(person)
    grant = await alone.grant(person)
    await alone.settle()

    found = [trusted(await alone.shown(person, one, grant)) for one in (before, during, after)]

    assert found == [(True, True), (False, False), (True, True)]


async def test_what_was_signed_without_a_licence_is_not_trusted_though_dated_back(
    alone: Counter,
) -> None:
    person = await alone.customer("bea")
    before = await alone.paper(person)
    await alone.settle()
    await asyncio.sleep(1.1)  # an entry of the log has its time to the second
    await decided(alone, GUOTAI_JUNAN, 2, licences=[licence(YESTERDAY)])
    late = await alone.paper(person)
    dated_back = await alone.paper(person, created=-timedelta(days=2))
    grant = await alone.grant(person)
    await alone.settle()

    found = [trusted(await alone.shown(person, one, grant)) for one in (before, late, dated_back)]

    assert found == [(True, True), (False, False), (False, False)]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"participation": "SUSPENDED"}, "INSTITUTION_NOT_ACTIVE"),
        ({"participation": "EXITING"}, "INSTITUTION_NOT_ACTIVE"),
        ({"licences": [licence(YESTERDAY)]}, "LICENCE_MISSING"),
        ({"licences": []}, "LICENCE_MISSING"),
    ],
    ids=["suspended", "on its way out", "its licence ran out", "its licence taken back"],
)
async def test_a_verifier_that_may_not_verify_now(
    alone: Counter, change: dict[str, Any], code: str
) -> None:
    person = await alone.customer("cat")
    paper, grant = await alone.paper(person), await alone.grant(person)
    await alone.settle()
    request = await alone.request(person)
    shown = await alone.submit(person, request, present(person, request, [paper], grant))
    _, done = await alone.accepted(person)
    await decided(alone, CAITONG_FUND, 2, **change)

    asked = {"customerNo": f"CUST-{person.name}", **ASKED}
    for name, given in (
        ("createPresentationRequest", asked),
        ("verifyPresentation", {"presentationId": shown["presentation"]["id"]}),
        ("grantPermission", {"qualificationId": done["qualification"]["id"], "product": "FUND"}),
    ):
        refused = await alone.do(name, OWN, **given)
        assert (refused["__typename"], refused["code"]) == ("Forbidden", code), name


async def left(counter: Counter, one: PilotInstitution, business: str) -> None:
    """What a step of an exit tells the log."""
    entity = new_id("exit")
    told = {"scope": "BUSINESS", "state": "FROZEN", "business": business}
    await counter.world.tell(
        event(
            "EXIT_MOVED",
            entity=entity,
            version=3,
            subjects=[entity],
            institutions=[institution_id(one.uscc)],
            at=datetime.now(UTC),
            body={**told, "evidenceDigest": "sm3:" + "ab" * 32},
        )
    )
    await counter.settle()


async def test_a_business_that_is_left_is_frozen_and_no_other(alone: Counter) -> None:
    """What was issued before still verifies, and the listener still suspends."""
    person = await alone.customer("dan")
    paper, grant = await alone.paper(person), await alone.grant(person)
    await alone.settle()
    await left(alone, GUOTAI_JUNAN, "ASSET_PROOF")
    await left(alone, CAITONG_FUND, "PROFESSIONAL")
    done = await alone.shown(person, paper, grant)
    assert trusted(done) == (True, True), "its issuer issues no more, and did when it signed"
    assert (await alone.permitted(done))["permission"]["state"] == "GRANTED"
    request = await alone.request(person)
    shown = await alone.submit(person, request, present(person, request, [paper], grant))

    await left(alone, CAITONG_FUND, "PRIVATE_FUND")
    asked = {"customerNo": f"CUST-{person.name}", **ASKED}
    papers = [{"kind": "STATEMENT", "metric": "FINANCIAL_ASSETS", "value": "3000000.00"}]
    listed = [{**one, "asOf": "2026-11-20", "documentDigest": "sm3:" + "1" * 64} for one in papers]
    for name, given in (
        ("createPresentationRequest", asked),
        ("verifyPresentation", {"presentationId": shown["presentation"]["id"]}),
        ("grantPermission", {"qualificationId": done["qualification"]["id"], "product": "FUND"}),
        (
            "recordPaperEvidence",
            {"customerNo": asked["customerNo"], "ruleSet": "PRIVATE_FUND", "documents": listed},
        ),
    ):
        refused = await alone.do(name, OWN, **given)
        assert (refused["__typename"], refused["code"]) == ("Forbidden", "BUSINESS_FROZEN"), name
        assert refused["message"] == "PRIVATE_FUND of this institution is frozen for good", name
    await alone.endorse(person, paper, "REVOKE", "REVOKED")
    await alone.settle()
    assert (await state_of(alone, paper))[1] == "SUSPENDED"
