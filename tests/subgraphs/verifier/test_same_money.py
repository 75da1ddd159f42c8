"""The same money in several proofs: what the verifier sees of it, and what it then decides."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest
import pytest_asyncio

from subgraphs.demo.pilot import (
    GUOTAI_JUNAN,
    GUOTAI_JUNAN_FUTURES,
    HUAAN_FUND,
    PilotInstitution,
)
from subgraphs.holder.choose import show
from subgraphs.vc import guard, model
from subgraphs.vc.asset_proof import AssetCategory
from subgraphs.vc.consent import LIVE_COUNT
from subgraphs.vc.disclosure import ClaimPath, read_disclosures
from subgraphs.vc.guard import Direction, GuardFacts, TaggedFlow, TaggedLine
from subgraphs.vc.lower_bound import Steps
from subgraphs.vc.money import parse_amount
from subgraphs.vc.presentation import Shown
from subgraphs.vc.tags import account_tag, flow_tag, position_tag, tag_key
from tests.subgraphs.kit.world import Person
from tests.subgraphs.verifier.counter import CLAIMS, OWN, REGULATOR, Counter, Paper, present

pytestmark = pytest.mark.asyncio(loop_scope="module")

DEPOSIT = AssetCategory.BANK_DEPOSIT
SUM = "1300000.00"
HOUSES = (GUOTAI_JUNAN, HUAAN_FUND, GUOTAI_JUNAN_FUTURES)
CLOSES = (date(2026, 11, 9), date(2026, 11, 16), date(2026, 11, 20))
ALL = (*CLAIMS, *guard.WITH_AMOUNTS)
VERDICT = """query($id: ID!) { node(id: $id) { ... on Verification { result
  doubleCount { verdict decisive claimed { amount } proven { amount }
    signals { kind explanation credentialIds tags amount { amount } } }
  qualification { outcome reasons { code } } reproduce { sameResult }
  presentation { state } } } }"""


@pytest_asyncio.fixture(loop_scope="module")
async def counter(shared_counter: Counter) -> Counter:
    return shared_counter


async def round_trip(counter: Counter, person: Person) -> list[Paper]:
    """1 300 000 at one house, sent on to the next after each close."""
    key = tag_key(b"provider", person.did)
    accounts = [account_tag(key, institution=one.uscc, account="1") for one in HOUSES]
    papers = []
    for place, (issuer, close) in enumerate(zip(HOUSES, CLOSES, strict=True)):
        arrived = TaggedFlow(
            tag=flow_tag(key, f"transfer {place}"),
            direction=Direction.IN,
            amount=parse_amount(SUM),
            settled=close,
            other_end=accounts[place - 1],
        )
        facts = GuardFacts(account=accounts[place], flows=(arrived,) if place else ())
        papers.append(
            await counter.paper(person, {DEPOSIT: SUM}, issuer=issuer, as_of=close, guard=facts)
        )
    return papers


async def units(
    counter: Counter, person: Person, issuer: PilotInstitution, amount: str, product: str
) -> Paper:
    """Fund units that distributor and manager can both attest."""
    key = tag_key(b"provider", person.did)
    tag = position_tag(key, registrar_account="R-1", product=product)
    facts = GuardFacts(
        account=account_tag(key, institution=issuer.uscc, account="1"),
        positions=(TaggedLine(tag=tag, amount=parse_amount(amount)),),
    )
    return await counter.paper(
        person, {AssetCategory.FUND_UNIT: amount}, issuer=issuer, guard=facts
    )


def there(paper: Paper, claims: Sequence[ClaimPath]) -> list[ClaimPath]:
    """Those claims that the paper has."""
    offered = read_disclosures(paper.held.document, paper.held.disclosures)
    return [path for path in claims if path in model.concealed_paths(offered)]


async def shown(
    counter: Counter,
    person: Person,
    papers: Sequence[Paper],
    *,
    claims: Sequence[ClaimPath] = ALL,
    more: Sequence[ClaimPath] = (),
    chosen: Sequence[Shown] | None = None,
) -> dict[str, Any]:
    """The verification of one presentation, as the verifier reads it."""
    grant = await counter.grant(person, claims=[*claims, *more])
    await counter.settle()
    request = await counter.request(person)
    each = chosen or [show(paper.held, claims=there(paper, claims)) for paper in papers]
    made = present(person, request, papers, grant, shown=each)
    done = await counter.verify(await counter.submit(person, request, made))
    await counter.settle()
    found: dict[str, Any] = (
        await counter.ask(VERDICT, {"id": done["verification"]["id"]}, who=OWN)
    ).only("node")
    assert found["reproduce"] == {"sameResult": True}
    return {**found, "id": done["verification"]["id"], "checks": done["verification"]["checks"]}


async def test_1_300_000_through_three_institutions_in_ten_days(counter: Counter) -> None:
    person = await counter.customer("round")
    found = await shown(counter, person, await round_trip(counter, person))
    assert found["result"] == "ACCEPTED", found["checks"]  # three genuine proofs
    verdict = found["doubleCount"]
    assert (verdict["verdict"], verdict["decisive"]) == ("DOUBLE_COUNT", True)
    assert verdict["claimed"]["amount"] == "3900000.00"
    assert verdict["proven"]["amount"] == SUM
    flows = [one for one in verdict["signals"] if one["kind"] == "FLOW_TAG"]
    assert len(flows) == 2
    assert all(one["tags"] and "came from the account" in one["explanation"] for one in flows)
    assert found["qualification"]["outcome"] == "NOT_QUALIFIED"
    assert found["qualification"]["reasons"][-1] == {"code": "DOUBLE_COUNT"}
    seen = (await counter.ask(VERDICT, {"id": found["id"]}, who=REGULATOR)).only("node")
    hidden = seen["doubleCount"]
    assert hidden["verdict"] == "DOUBLE_COUNT"
    (signal,) = await counter.events("FRAUD_SIGNAL", about=person.id)
    assert signal.envelope.body == {"check": "DOUBLE_COUNT", "reasonCode": "DOUBLE_COUNT"}
    assert hidden["claimed"] is hidden["proven"] is hidden["signals"][0]["amount"] is None


async def test_the_tags_speak_without_one_balance(counter: Counter) -> None:
    person = await counter.customer("bounds")
    papers = await round_trip(counter, person)
    claims = guard.WITHOUT_AMOUNTS
    chosen = [show(paper.held, claims=there(paper, claims), steps=Steps(130)) for paper in papers]
    found = await shown(counter, person, papers, claims=claims, chosen=chosen)
    assert found["doubleCount"]["verdict"] == "DOUBLE_COUNT"
    assert found["qualification"]["outcome"] == "NOT_QUALIFIED"


async def test_shown_one_after_the_other_it_is_the_same_money_still(counter: Counter) -> None:
    person = await counter.customer("slowly")
    verdicts = [
        (await shown(counter, person, [paper]))["doubleCount"]
        for paper in await round_trip(counter, person)
    ]
    assert [one["verdict"] for one in verdicts] == ["CLEAR", "CLEAR", "DOUBLE_COUNT"]
    assert len(await counter.events("FRAUD_SIGNAL", about=person.id)) == 1
    assert verdicts[-1]["claimed"]["amount"] == "3900000.00"


async def test_units_attested_by_distributor_and_manager_count_once(counter: Counter) -> None:
    person = await counter.customer("units")
    papers = [
        await units(counter, person, GUOTAI_JUNAN, "1700000.00", "F1"),
        await units(counter, person, HUAAN_FUND, "1500000.00", "F1"),
    ]
    found = await shown(counter, person, papers)
    assert found["doubleCount"]["proven"]["amount"] == "1700000.00"
    assert [one["kind"] for one in found["doubleCount"]["signals"]] == ["POSITION_TAG"]
    assert found["qualification"]["outcome"] == "NOT_QUALIFIED"


async def test_two_positions_of_one_close_add_up(counter: Counter) -> None:
    person = await counter.customer("honest")
    papers = [
        await units(counter, person, GUOTAI_JUNAN, "1700000.00", "F1"),
        await units(counter, person, HUAAN_FUND, "1500000.00", "F2"),
    ]
    found = await shown(counter, person, papers)
    assert (found["doubleCount"]["verdict"], found["doubleCount"]["signals"]) == ("CLEAR", [])
    assert found["qualification"]["outcome"] == "QUALIFIED"


async def doubtful(counter: Counter, name: str) -> tuple[Person, dict[str, Any]]:
    """Two closes, no tags, no seasoning: nothing is shown either way."""
    person = await counter.customer(name)
    half = {DEPOSIT: "1600000.00"}
    papers = [
        await counter.paper(person, half, as_of=CLOSES[0]),
        await counter.paper(person, half, issuer=HUAAN_FUND, as_of=CLOSES[2]),
    ]
    return person, await shown(counter, person, papers, claims=CLAIMS)


async def test_what_is_doubtful_waits_for_a_person(counter: Counter) -> None:
    _, found = await doubtful(counter, "doubt")
    assert found["result"] == found["presentation"]["state"] == "NEEDS_REVIEW"
    assert found["doubleCount"]["verdict"] == found["qualification"]["outcome"] == "REVIEW"
    assert found["qualification"]["reasons"][-1] == {"code": "MAY_COUNT_TWICE"}


@pytest.mark.parametrize("counted", [True, False], ids=["in the scope", "not in the scope"])
async def test_live_proofs_are_counted_only_by_consent(counter: Counter, counted: bool) -> None:
    person = await counter.customer(f"live-{int(counted)}")
    await counter.paper(person, {DEPOSIT: SUM}, issuer=HUAAN_FUND, as_of=date(2026, 11, 12))
    paper = await counter.paper(person, {DEPOSIT: SUM})
    more = [LIVE_COUNT] if counted else []
    found = await shown(counter, person, [paper], claims=CLAIMS, more=more)
    signals = found["doubleCount"]["signals"]
    assert [one["kind"] for one in signals] == (["LIVE_COUNT"] if counted else [])
    if counted:
        assert "2026-11-12" in signals[0]["explanation"]
    (kept,) = await counter.parts.store.grounds.where({"holder": person.id})
    assert kept.live == ((date(2026, 11, 12), date(2026, 11, 20)) if counted else None)
