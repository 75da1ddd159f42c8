"""A consent for one presentation serves one: the next is refused, whoever comes first."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from subgraphs.vc.consent import read_consent
from tests.subgraphs.kit.world import Person
from tests.subgraphs.verifier.counter import Counter, Paper, present

pytestmark = pytest.mark.asyncio(loop_scope="module")
EXHAUSTED = ("PresentationRefused", "CONSENT_EXHAUSTED")


async def somebody(counter: Counter, name: str) -> tuple[Person, Paper]:
    person = await counter.customer(name)
    return person, await counter.paper(person)


def outcome(done: dict[str, Any]) -> tuple[str, str | None]:
    return done["__typename"], done.get("code")


async def test_the_second_is_refused_and_a_new_consent_serves_the_same_request(
    shared_counter: Counter,
) -> None:
    counter = shared_counter
    person, paper = await somebody(counter, "once")
    grant = await counter.grant(person, uses=1)
    await counter.settle()
    first = await counter.shown(person, paper, grant)
    assert first["result"] == "ACCEPTED"

    asked = await counter.request(person)
    done = await counter.submit(person, asked, present(person, asked, [paper], grant))
    assert outcome(done) == EXHAUSTED
    again = await counter.grant(person, uses=1)
    await counter.settle()
    done = await counter.submit(person, asked, present(person, asked, [paper], again))
    assert done["__typename"] == "SubmitPresentationSuccess", done

    await counter.settle()
    told = await counter.events("PRESENTATION_SUBMITTED", about=person.id)
    named = [[one for one in event.envelope.subjects if one[:5] == "cons_"] for event in told]
    assert named == [[read_consent(one.document).consent_id] for one in (grant, again)]


async def test_of_two_at_once_one_is_taken(shared_counter: Counter) -> None:
    counter = shared_counter
    person, paper = await somebody(counter, "race")
    grant = await counter.grant(person, uses=1)
    await counter.settle()
    asked = [await counter.request(person) for _ in range(3)]
    done = await asyncio.gather(
        *[counter.submit(person, one, present(person, one, [paper], grant)) for one in asked]
    )
    kinds = [one["__typename"] for one in done]
    assert kinds.count("SubmitPresentationSuccess") == 1, done
    assert {outcome(one) for one in done} <= {
        ("SubmitPresentationSuccess", None),
        EXHAUSTED,
        ("TryAgain", "TRY_AGAIN"),
    }


async def test_nobody_uses_up_what_is_anothers(shared_counter: Counter) -> None:
    counter = shared_counter
    person, paper = await somebody(counter, "owner")
    other, others = await somebody(counter, "other")
    grant = await counter.grant(person, uses=1)
    await counter.settle()
    asked = await counter.request(other)
    done = await counter.submit(other, asked, present(other, asked, [others], grant))
    assert done["__typename"] == "SubmitPresentationSuccess", done
    assert (await counter.verify(done))["verification"]["result"] == "REJECTED"
    assert (await counter.shown(person, paper, grant))["result"] == "ACCEPTED"
    told = await counter.events("PRESENTATION_SUBMITTED", about=other.id)
    assert not [one for event in told for one in event.envelope.subjects if one[:5] == "cons_"]


async def test_a_consent_with_another_number_than_she_signed_does_not_hold(
    shared_counter: Counter,
) -> None:
    counter = shared_counter
    person, paper = await somebody(counter, "more")
    grant = await counter.grant(person, uses=1)
    await counter.settle()
    await counter.shown(person, paper, grant)
    grant.document["uses"] = 9
    asked = await counter.request(person)
    done = await counter.submit(person, asked, present(person, asked, [paper], grant))
    found = (await counter.verify(done))["verification"]
    assert found["result"] == "REJECTED"
    assert "HOLDER_AUTHORISATION" in {
        one["kind"] for one in found["checks"] if one["outcome"] == "FAILED"
    }
