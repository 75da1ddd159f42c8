"""A verifier asks the list it makes from the log, and lets no credential name another."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import pytest_asyncio

from subgraphs.demo.pilot import GUOTAI_JUNAN, HUAAN_FUND
from subgraphs.kit.ids import institution_id
from subgraphs.kit.settings import DEFAULT_STATUS_BASE
from subgraphs.kit.statuses import Place
from subgraphs.vc.status_list import StatusEntry, StatusPurpose
from tests.subgraphs.kit.world import Person
from tests.subgraphs.verifier.counter import Counter, Paper, present

pytestmark = pytest.mark.asyncio(loop_scope="module")

OURS, OTHERS = institution_id(GUOTAI_JUNAN.uscc), institution_id(HUAAN_FUND.uscc)


@pytest_asyncio.fixture(loop_scope="module")
async def counter(shared_counter: Counter) -> Counter:
    """Each test has people of its own, so one counter serves them all."""
    return shared_counter


async def checked(counter: Counter, person: Person, paper: Paper) -> dict[str, Any]:
    """The timeliness check of a presentation of this paper."""
    grant = await counter.grant(person)
    await counter.settle()
    request = await counter.request(person)
    submitted = await counter.submit(person, request, present(person, request, [paper], grant))
    done = await counter.verify(submitted)
    checks = done["verification"]["checks"]
    found: dict[str, Any] = next(one for one in checks if one["kind"] == "TIMELINESS")
    return found


def listed(check: dict[str, Any]) -> dict[str, str]:
    """Topic to reason, of the findings about lists."""
    findings = check["evidence"]["findings"]
    return {
        one["topic"]: one.get("reason", "")
        for one in findings
        if one["topic"].startswith("status-list")
    }


async def test_both_lists_are_asked_and_reported(counter: Counter) -> None:
    person = await counter.customer("list-ann")
    paper = await counter.paper(person)

    check = await checked(counter, person, paper)

    assert check["outcome"] == "PASSED"
    assert listed(check) == {"status-list-revocation": "", "status-list-suspension": ""}
    details = [one["detail"] for one in check["evidence"]["findings"] if "list" in one["topic"]]
    uri = f"{DEFAULT_STATUS_BASE}/{OURS}/1/revocation#{paper.place.index}=False@"
    assert details[0].startswith(uri)


@pytest.mark.parametrize(
    ("effect", "state", "topic"),
    [
        pytest.param("SUSPEND", "SUSPENDED", "status-list-suspension", id="suspended"),
        pytest.param("REVOKE", "REVOKED", "status-list-revocation", id="revoked"),
    ],
)
async def test_what_the_feed_tells_sets_the_bit(
    counter: Counter, effect: str, state: str, topic: str
) -> None:
    person = await counter.customer(f"list-{state.lower()}")
    paper = await counter.paper(person)
    await counter.endorse(person, paper, effect, state)

    check = await checked(counter, person, paper)

    assert (check["outcome"], check["reasonCode"]) == ("FAILED", "NOT_ACTIVE")
    assert listed(check)[topic] == "STATUS_BIT_SET"


async def test_a_suspension_taken_back_clears_the_bit(counter: Counter) -> None:
    person = await counter.customer("list-back")
    paper = await counter.paper(person)
    await counter.endorse(person, paper, "SUSPEND", "SUSPENDED")
    await counter.endorse(person, paper, "RESTORED", "ACTIVE", version=6)
    assert (await checked(counter, person, paper))["outcome"] == "PASSED"


def elsewhere(place: Place, **changed: object) -> list[StatusEntry]:
    return list(replace(place, **changed).entries(DEFAULT_STATUS_BASE, OURS))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "entries", "reason"),
    [
        pytest.param("none", [], "STATUS_LIST_MISSING", id="no entry at all"),
        pytest.param(
            "index",
            elsewhere(Place(number=1, index=7)),
            "STATUS_PLACE_MISMATCH",
            id="another's place on the list",
        ),
        pytest.param(
            "number",
            elsewhere(Place(number=9, index=7)),
            "STATUS_LIST_MISSING",
            id="a list the log knows nothing of",
        ),
        pytest.param(
            "issuer",
            list(Place(number=1, index=7).entries(DEFAULT_STATUS_BASE, OTHERS)),
            "STATUS_LIST_OF_ANOTHER_ISSUER",
            id="the list of another issuer",
        ),
        pytest.param(
            "swapped",
            [
                StatusEntry(
                    uri=f"{DEFAULT_STATUS_BASE}/{OURS}/1/suspension",
                    purpose=StatusPurpose.REVOCATION,
                    index=7,
                ),
                StatusEntry(
                    uri=f"{DEFAULT_STATUS_BASE}/{OURS}/1/revocation",
                    purpose=StatusPurpose.SUSPENSION,
                    index=7,
                ),
            ],
            "STATUS_LIST_OF_ANOTHER_PURPOSE",
            id="the two lists swapped",
        ),
    ],
)
async def test_a_credential_cannot_choose_where_it_is_looked_up(
    counter: Counter, name: str, entries: list[StatusEntry], reason: str
) -> None:
    person = await counter.customer(f"list-{name}")
    stranger = await counter.world.person(f"list-{name}-other")
    await counter.paper(stranger, issuer=HUAAN_FUND)  # that issuer has a list too
    paper = await counter.paper(person, status=entries)

    check = await checked(counter, person, paper)

    assert (check["outcome"], check["reasonCode"]) == ("FAILED", reason)
