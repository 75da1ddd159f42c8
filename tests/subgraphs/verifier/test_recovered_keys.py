"""What a reported key signed from the stated time on is refused; a recovered key speaks again."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio

from subgraphs.holder.holder import DidLife, Holder
from tests.subgraphs.kit.recovering import Recovered, recovered
from tests.subgraphs.verifier.counter import Counter, Paper, present

pytestmark = pytest.mark.asyncio(loop_scope="module")
SECONDS = 3.2  # what she signed, the version that stops her key, the next: a second each


@pytest_asyncio.fixture(loop_scope="module")
async def counter(shared_counter: Counter) -> Counter:
    return shared_counter


def a_second_ago() -> datetime:
    return datetime.now(UTC) - timedelta(seconds=1.1)


async def told(counter: Counter, new: Recovered) -> None:
    await counter.world.tell(*new.told())
    await counter.settle()


async def reasons(
    counter: Counter, person: Any, papers: list[Paper], grant: Any
) -> dict[str, set[str]]:
    """What is found against it, by kind of check."""
    request = await counter.request(person)
    done = await counter.verify(
        await counter.submit(person, request, present(person, request, papers, grant))
    )
    return {
        check["kind"]: {one["topic"] for one in check["evidence"]["findings"] if not one["ok"]}
        for check in done["verification"]["checks"]
    }


async def test_what_was_signed_before_the_stated_time_holds_with_the_new_key(
    counter: Counter,
) -> None:
    person = await counter.customer("lost-before")
    paper, grant = await counter.paper(person), await counter.grant(person)
    await asyncio.sleep(SECONDS)
    new = await recovered(counter.world, person, since=a_second_ago())
    await told(counter, new)
    found = await reasons(counter, new.person, [paper], grant)
    assert set().union(*found.values()) == set(), found


async def test_what_was_signed_after_it_is_refused(counter: Counter) -> None:
    since = datetime.now(UTC)
    person = await counter.customer("lost-after")
    await asyncio.sleep(SECONDS)
    paper, grant = await counter.paper(person), await counter.grant(person)
    new = await recovered(counter.world, person, since=since)
    await told(counter, new)

    found = await reasons(counter, new.person, [paper], grant)

    assert "holder-countersignature" in found["INTEGRITY"]
    assert "consent" in found["HOLDER_AUTHORISATION"]


async def test_the_thief_shows_nothing(counter: Counter) -> None:
    person = await counter.customer("lost-thief")
    paper, grant = await counter.paper(person), await counter.grant(person)
    await asyncio.sleep(SECONDS)
    new = await recovered(counter.world, person, since=a_second_ago())
    await told(counter, new)

    found = await reasons(counter, person, [paper], grant)
    assert "did-current" in found["HOLDER_BINDING"], "without the newest versions"

    life = DidLife(did=person.software.did, number=1, later=(new.stopped, new.given))
    knowing = Holder(person.software._key, life=life)  # the thief has it
    found = await reasons(counter, replace(person, software=knowing), [paper], grant)
    assert "holder-proof" in found["HOLDER_BINDING"], "with them"
