"""A reduction with a band and without, due dates by working days, how fast a verifier reacts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from secrets import token_hex
from typing import Any

import pytest
import pytest_asyncio

from subgraphs.demo.pilot import GUOTAI_JUNAN, HUAAN_FUND
from subgraphs.vc.asset_proof import AssetCategory
from subgraphs.vc.consent import NEW_TOTAL_BAND
from subgraphs.verifier.parts import Terms
from tests.subgraphs.kit.world import Person
from tests.subgraphs.verifier.counter import (
    CLAIMS,
    OTHER,
    OWN,
    REGULATOR,
    RICH,
    Counter,
    Paper,
    present,
    state_of,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

BANDED = (*CLAIMS, NEW_TOTAL_BAND)
HALF = {AssetCategory.BANK_DEPOSIT: "1600000.00"}
REACTION = """query($id: ID!) { node(id: $id) { ... on BusinessPermission { reactionTime }
  ... on Institution { listener { lag reactionTime } } } }"""


@pytest_asyncio.fixture(loop_scope="module")
async def counter(shared_counter: Counter) -> Counter:
    return shared_counter


async def relied_on(
    counter: Counter, name: str, *papers: tuple[Any, ...], banded: bool = True
) -> tuple[Person, list[Paper], dict[str, Any]]:
    """Proofs that one permission rests on."""
    person = await counter.customer(name)
    made = [await counter.paper(person, *lines, issuer=issuer) for *lines, issuer in papers]
    grant = await counter.grant(person, claims=BANDED if banded else CLAIMS)
    await counter.settle()
    request = await counter.request(person)
    submitted = await counter.submit(person, request, present(person, request, made, grant))
    verification = (await counter.verify(submitted))["verification"]
    assert verification["qualification"]["outcome"] == "QUALIFIED"
    await counter.settle()
    granted = await counter.permitted(verification)
    return person, made, granted["permission"]


async def reason(counter: Counter, person: Person) -> str | None:
    rows = await counter.parts.store.supplements.where({"holder": person.id})
    return rows[0].reason if rows else None


@pytest.mark.parametrize(
    ("band", "banded", "state", "why"),
    [
        pytest.param("3000000.00..3200000.00", True, "MONITORED", None, id="the band suffices"),
        pytest.param(
            "2990000.00..3200000.00",
            True,
            "SUPPLEMENT_REQUESTED",
            "REDUCED_BELOW_THRESHOLD",
            id="the band may not",
        ),
        pytest.param(None, True, "SUPPLEMENT_REQUESTED", "REDUCED", id="no band: prove it again"),
        pytest.param(
            "3000000.00..3200000.00",
            False,
            "SUPPLEMENT_REQUESTED",
            "REDUCED",
            id="a band that the consent does not let be read",
        ),
    ],
)
async def test_a_reduction_is_assessed_by_its_band(
    counter: Counter, band: str | None, banded: bool, state: str, why: str | None
) -> None:
    name = f"band-{token_hex(4)}"
    person, (paper,), _ = await relied_on(counter, name, (RICH, HUAAN_FUND), banded=banded)
    await counter.endorse(person, paper, "REDUCED", band=band)
    await counter.settle()
    assert (await state_of(counter, paper))[:2] == (state, "GRANTED")
    assert await reason(counter, person) == why


async def test_reductions_of_one_decision_count_together(counter: Counter) -> None:
    more = {AssetCategory.STOCK: "1700000.00"}
    person, papers, _ = await relied_on(
        counter, "together", (HALF, HUAAN_FUND), (more, GUOTAI_JUNAN)
    )
    await counter.endorse(person, papers[1], "REDUCED", band="1500000.00..1600000.00")
    await counter.settle()
    assert (await state_of(counter, papers[1]))[0] == "MONITORED"
    await counter.endorse(person, papers[0], "REDUCED", band="1400000.00..1500000.00")
    await counter.settle()
    assert (await state_of(counter, papers[0]))[0] == "SUPPLEMENT_REQUESTED"
    await counter.endorse(person, papers[0], "RESTORED", version=6)
    await counter.settle()
    assert (await state_of(counter, papers[0]))[0] == "MONITORED"


@pytest.mark.parametrize(
    ("asked", "due"),
    [
        pytest.param(
            datetime(2026, 9, 30, 2, tzinfo=UTC),
            datetime(2026, 10, 15, 16, tzinfo=UTC),
            id="over the National Day, with a Saturday worked",
        ),
        pytest.param(
            datetime(2026, 11, 20, 15, 59, tzinfo=UTC),
            datetime(2026, 12, 1, 16, tzinfo=UTC),
            id="on a Friday just before midnight",
        ),
        pytest.param(
            datetime(2026, 11, 20, 16, tzinfo=UTC),
            datetime(2026, 12, 1, 16, tzinfo=UTC),
            id="on a Saturday, which is none",
        ),
        pytest.param(
            datetime(2031, 5, 1, tzinfo=UTC),
            datetime(2031, 5, 11, tzinfo=UTC),
            id="in a year whose holidays nobody knows",
        ),
    ],
)
async def test_supplements_are_due_by_working_days(asked: datetime, due: datetime) -> None:
    assert Terms().due(asked) == due


async def test_how_fast_a_verifier_reacts_is_told(counter: Counter) -> None:
    person, (paper,), permission = await relied_on(counter, "fast", (RICH, HUAAN_FUND))
    institution = {"id": OWN.institution}
    before = (await counter.ask(REACTION, {"id": permission["id"]}, who=OWN)).only("node")
    assert before["reactionTime"] is None
    await counter.endorse(person, paper, "REVOKE", "REVOKED")
    await counter.settle()
    told = (await counter.ask(REACTION, {"id": permission["id"]}, who=person.who)).only("node")
    assert 0 <= told["reactionTime"] < timedelta(minutes=10).total_seconds()
    listener = (await counter.ask(REACTION, institution, who=REGULATOR)).only("node")["listener"]
    assert listener["lag"] == 0
    assert listener["reactionTime"] is not None
    other = await counter.ask(REACTION, {"id": OTHER.institution}, who=REGULATOR)
    assert other.only("node")["listener"]["reactionTime"] is None
    await counter.accepted(person)
    back = await counter.accepted(person)
    await counter.permitted(back[1])
    again = (await counter.ask(REACTION, {"id": permission["id"]}, who=OWN)).only("node")
    assert again["reactionTime"] is None
