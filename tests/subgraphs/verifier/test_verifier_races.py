"""Races of the issue that concern a verifier: at once, too late, and by clocks that are off."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio

from subgraphs.demo.pilot import CAITONG_FUND, GUOTAI_JUNAN_FUTURES
from tests.subgraphs.kit.world import Person
from tests.subgraphs.verifier.counter import OTHER, OWN, Counter, present

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module")
async def counter(shared_counter: Counter) -> Counter:
    return shared_counter


def reasons(verification: dict[str, Any]) -> dict[str, str]:
    return {one["kind"]: one["reasonCode"] for one in verification["checks"] if one["reasonCode"]}


async def at(counter: Counter, person: Person, paper: Any, who: Any, to: Any) -> dict[str, Any]:
    """Asked, shown and verified at one verifier."""
    grant = await counter.grant(person, to=to)
    await counter.settle()
    request = await counter.request(person, who=who)
    submitted = await counter.submit(person, request, present(person, request, [paper], grant))
    verification: dict[str, Any] = (await counter.verify(submitted, who=who))["verification"]
    return verification


async def test_two_verifiers_at_once_decide_each_for_itself(counter: Counter) -> None:
    person = await counter.customer("twice")
    await counter.bind(person, who=OTHER)
    paper = await counter.paper(person)
    await counter.settle()
    found = await asyncio.gather(
        at(counter, person, paper, OWN, CAITONG_FUND),
        at(counter, person, paper, OTHER, GUOTAI_JUNAN_FUTURES),
    )
    assert [one["result"] for one in found] == ["ACCEPTED", "ACCEPTED"], found
    await counter.settle()
    rows = await counter.parts.store.acceptances.where({"credential": paper.id})
    assert {row.verifier for row in rows} == {OWN.institution, OTHER.institution}
    verdicts = await counter.parts.store.verifications.where({"holder": person.id})
    # showing one proof to several verifiers is lawful, and neither sees the other's
    assert [row.double_count.verdict for row in verdicts if row.double_count] == ["CLEAR"] * 2


async def test_two_devices_and_two_desks_at_once_leave_one_decision(counter: Counter) -> None:
    person = await counter.customer("devices")
    paper, grant = await counter.paper(person), await counter.grant(person)
    await counter.settle()
    requests = [await counter.request(person) for _ in range(2)]
    sent = await asyncio.gather(
        *(
            counter.submit(person, one, present(person, one, [paper], grant))
            for one in requests
            for _ in range(2)
        )
    )
    kept = [one for one in sent if one["__typename"] == "SubmitPresentationSuccess"]
    assert len(kept) == 2
    done = await asyncio.gather(*(counter.verify(one) for one in kept for _ in range(2)))
    kinds = sorted(one["__typename"] for one in done)
    assert set(kinds) <= {"InvalidTransitionError", "TryAgain", "VerifyPresentationSuccess"}
    await counter.settle()
    decided = await counter.events("PRESENTATION_VERIFIED", about=person.id)
    assert len(decided) == kinds.count("VerifyPresentationSuccess") >= 1


async def test_shown_after_the_consent_was_withdrawn(counter: Counter) -> None:
    person = await counter.customer("withdrawn")
    paper, grant = await counter.paper(person), await counter.grant(person)
    await counter.settle()
    request = await counter.request(person)
    made = present(person, request, [paper], grant)
    submitted = await counter.submit(person, request, made)
    await counter.consent_event(person, grant, "CONSENT_WITHDRAWN")
    await counter.settle()
    verification = (await counter.verify(submitted))["verification"]
    assert reasons(verification) == {"HOLDER_AUTHORISATION": "CONSENT_WITHDRAWN"}


async def test_a_clock_ten_minutes_slow_is_no_fraud(counter: Counter) -> None:
    person = await counter.customer("slow")
    paper, grant = await counter.paper(person), await counter.grant(person)
    await counter.settle()
    counter.shift[0] = -timedelta(minutes=10)
    try:
        verification = await counter.shown(person, paper, grant)
    finally:
        counter.shift[0] = timedelta()
    assert verification["result"] == "REJECTED"
    assert reasons(verification) == {
        "HOLDER_AUTHORISATION": "CLOCK_SKEW",
        "TIMELINESS": "CLOCK_SKEW",
    }
    assert await counter.events("FRAUD_SIGNAL", about=person.id) == []


async def test_a_clock_within_what_clocks_may_differ(counter: Counter) -> None:
    person = await counter.customer("nearly")
    paper, grant = await counter.paper(person), await counter.grant(person)
    await counter.settle()
    counter.shift[0] = -timedelta(minutes=4)
    try:
        verification = await counter.shown(person, paper, grant)
    finally:
        counter.shift[0] = timedelta()
    assert verification["result"] == "ACCEPTED", verification["checks"]


async def test_a_clock_ten_minutes_fast_is_no_fraud(counter: Counter) -> None:
    person = await counter.customer("hasty")
    paper, grant = await counter.paper(person), await counter.grant(person)
    await counter.settle()
    request = await counter.request(person)
    submitted = await counter.submit(person, request, present(person, request, [paper], grant))
    counter.shift[0] = timedelta(minutes=10)
    try:
        verification = (await counter.verify(submitted))["verification"]
    finally:
        counter.shift[0] = timedelta()
    await counter.settle()
    assert reasons(verification) == {"TIMELINESS": "EXPIRED"}
    assert await counter.events("FRAUD_SIGNAL", about=person.id) == []
