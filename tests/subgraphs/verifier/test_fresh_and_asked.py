"""What a proof has to be beside genuine: looked at lately, and what was asked for."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio

from ledger_adapter.crypto.sm2 import PrivateKey
from subgraphs.kit.events import event
from subgraphs.kit.ids import institution_id
from subgraphs.rules.freshness import FRESHNESS, Freshness, fresh_within
from subgraphs.rules.model import RuleSetName
from subgraphs.vc import model
from subgraphs.vc.encoding import to_base64url
from subgraphs.verifier.grounds import digest_of_stored
from tests.subgraphs.kit.world import Person
from tests.subgraphs.verifier.counter import OWN, PURPOSE, Counter, Paper, present
from tests.subgraphs.verifier.test_did_versions import next_version, told
from tests.subgraphs.verifier.test_reproduce import SAME, again

NAME = RuleSetName("PRIVATE_FUND")


@pytest_asyncio.fixture(loop_scope="module")
async def counter(shared_counter: Counter) -> Counter:
    return shared_counter


def test_the_newest_policy_of_the_day_counts() -> None:
    stricter = Freshness(
        rules=NAME, version=2, within=timedelta(days=7), effective_from=date(2027, 1, 1)
    )
    both = (*FRESHNESS, stricter)
    assert fresh_within(NAME, on=date(2026, 12, 31), among=both) == timedelta(days=37)
    assert fresh_within(NAME, on=date(2027, 1, 1), among=both) == timedelta(days=7)
    assert fresh_within(RuleSetName("OTHER"), on=date(2027, 1, 1), among=both) is None


def findings(verification: dict[str, Any], kind: str, topic: str) -> list[dict[str, Any]]:
    check = next(one for one in verification["checks"] if one["kind"] == kind)
    return [one for one in check["evidence"]["findings"] if one["topic"] == topic]


async def decided(counter: Counter, person: Person, papers: list[Paper], **asked: Any) -> Any:
    """A presentation of them all for a new request, decided on."""
    grant = await counter.grant(person, claims=asked.pop("consent", (model.TOTAL,)))
    await counter.settle()
    request = await counter.do(
        "createPresentationRequest",
        OWN,
        "presentationRequest { id nonce audience expiresAt state }",
        customerNo=f"CUST-{person.name}",
        ruleSet="PRIVATE_FUND",
        purpose=PURPOSE,
        **({"claims": asked.pop("wanted")} if "wanted" in asked else {}),
    )
    made = request["presentationRequest"]
    shown = present(person, made, papers, grant, **asked)
    done = await counter.verify(await counter.submit(person, made, shown))
    return done["verification"]


async def rechecked(counter: Counter, person: Person, paper: Paper) -> None:
    """What an issuer tells that looked again and found nothing new."""
    issuer = institution_id(paper.issuer.uscc)
    told = event(
        "CREDENTIAL_RECHECKED",
        entity=paper.id,
        version=5,
        subjects=[paper.id, person.id],
        institutions=[issuer],
        at=datetime.now(UTC),
        body={"issuer": issuer},
    )
    await counter.world.tell(told)
    await counter.settle()


@pytest.mark.asyncio(loop_scope="module")
async def test_a_look_too_long_ago_fails_the_check_until_the_issuer_looks_again(
    counter: Counter,
) -> None:
    person = await counter.customer("fresh")
    paper = await counter.paper(person)
    await counter.settle()
    (look,) = findings(await decided(counter, person, [paper]), "TIMELINESS", "recheck-age")
    assert look["ok"] is True
    assert look["detail"].endswith("within 37 d")

    row = await counter.parts.store.credentials.get(paper.id)
    assert row is not None
    assert row.looked_at is not None
    long_ago = row.looked_at - timedelta(days=38)
    await counter.parts.store.credentials.rows.update_one(
        {"_id": paper.id}, {"$set": {"looked_at": long_ago}}
    )
    stale = await decided(counter, person, [paper])
    assert stale["result"] == "REJECTED"
    (check,) = [one for one in stale["checks"] if one["outcome"] == "FAILED"]
    assert (check["kind"], check["reasonCode"]) == ("TIMELINESS", "RECHECK_TOO_OLD")
    (look,) = findings(stale, "TIMELINESS", "recheck-age")
    assert look["detail"].startswith(long_ago.isoformat())

    await rechecked(counter, person, paper)
    assert (await decided(counter, person, [paper]))["result"] == "ACCEPTED"
    await counter.settle()
    assert await again(counter, stale) == SAME


@pytest.mark.asyncio(loop_scope="module")
async def test_another_institution_says_nothing_about_its_looks(counter: Counter) -> None:
    person = await counter.customer("nofresh")
    paper = await counter.paper(person)
    await counter.settle()
    before = await counter.parts.store.credentials.get(paper.id)
    foreign = institution_id("91310000630888761K")
    await counter.world.tell(
        event(
            "CREDENTIAL_RECHECKED",
            entity=paper.id,
            version=6,
            subjects=[paper.id, person.id],
            institutions=[foreign],
            at=datetime.now(UTC) + timedelta(days=1),
            body={"issuer": foreign},
        )
    )
    await counter.endorse(person, paper, "NOTE", version=7)
    await counter.settle()
    after = await counter.parts.store.credentials.get(paper.id)
    assert before is not None
    assert after is not None
    assert after.looked_at == before.looked_at


@pytest.mark.asyncio(loop_scope="module")
async def test_a_presentation_that_withholds_what_was_asked_for_is_told_so_by_name(
    counter: Counter,
) -> None:
    person = await counter.customer("asked")
    paper, other = await counter.paper(person), await counter.paper(person)
    both = (model.TOTAL, model.IN_TRANSIT)
    short = await decided(counter, person, [paper], wanted=list(both), consent=both)
    assert short["result"] == "REJECTED"
    (check,) = [one for one in short["checks"] if one["outcome"] == "FAILED"]
    assert (check["kind"], check["reasonCode"]) == ("HOLDER_AUTHORISATION", "QUERY_NOT_ANSWERED")
    assert [(one["detail"], one["ok"]) for one in findings(short, check["kind"], "query")] == [
        (model.IN_TRANSIT, False),
        (model.TOTAL, True),
        ("atLeast", True),
    ]
    whole = await decided(
        counter, person, [paper, other], wanted=list(both), consent=both, claims=both
    )
    assert whole["result"] == "ACCEPTED", whole["checks"]
    await counter.settle()
    assert [await again(counter, one) for one in (short, whole)] == [SAME, SAME]


@pytest.mark.asyncio(loop_scope="module")
async def test_a_line_answers_for_its_category(counter: Counter) -> None:
    person = await counter.customer("lines")
    paper = await counter.paper(person)
    lines = (model.LINES, model.LINE_AMOUNT)
    wanted = [model.LINE_AMOUNT, model.LINE_CATEGORY]
    found = await decided(counter, person, [paper], wanted=wanted, consent=lines, claims=lines)
    assert found["result"] == "ACCEPTED", found["checks"]


@pytest.mark.asyncio(loop_scope="module")
async def test_a_decision_is_made_again_after_the_holders_key_was_rotated(
    counter: Counter,
) -> None:
    person = await counter.customer("rotated")
    _, before = await counter.accepted(person)
    key = PrivateKey.generate()
    version = next_version(person, key)
    await told(counter, person, version)
    assert await again(counter, before) == SAME
    await asyncio.sleep(1.1)  # the version is good from the second after her registration
    salted = {"salt": to_base64url(version.salt), "version": version.version}
    person = replace(person, software=person.software.rotated(key, salted))
    _, after = await counter.accepted(person)
    await counter.settle()
    assert after["result"] == "ACCEPTED", after["checks"]
    assert [await again(counter, one) for one in (before, after)] == [SAME, SAME]


@pytest.mark.asyncio(loop_scope="module")
async def test_a_decision_of_an_older_build_shows_no_other_evidence(counter: Counter) -> None:
    person = await counter.customer("older")
    _, made = await counter.accepted(person)
    await counter.settle()
    grounds = counter.parts.store.grounds
    stored = await grounds.stored(made["id"])
    assert stored is not None
    assert await again(counter, made) == SAME
    # as a build kept it that knew neither query nor age: under the digest of that form
    older = {name: stored[name] for name in stored if name not in {"query", "recheck_within"}}
    await grounds.rows.replace_one({"_id": made["id"]}, older)
    (lost,) = (await again(counter, made))["differences"]
    assert lost["check"] == "EVIDENCE"
    store, digest = counter.parts.store, {"evidence": digest_of_stored(older)}
    await store.verifications.rows.update_one({"_id": made["id"]}, {"$set": digest})
    await store.decided.rows.delete_one({"_id": made["id"]})
    assert await again(counter, made) == SAME
