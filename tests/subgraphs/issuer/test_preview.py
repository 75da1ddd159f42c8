"""A holder asks what she would come to: told to her alone, and nothing leaves."""

from __future__ import annotations

from typing import Any

import pytest
import pytest_asyncio

from subgraphs.kit.ids import new_id
from subgraphs.kit.viewer import Role
from tests.subgraphs.issuer.desk import OWN, Desk
from tests.subgraphs.kit.gateway import Who

pytestmark = pytest.mark.asyncio(loop_scope="module")

PREVIEW = """query($id: ID!, $rules: String!) { node(id: $id) { ... on Holder {
  qualificationPreview(ruleSet: $rules) { ruleSet outcome
    missing { metric shortBy { amount } shortByMonths }
    plan { credential { id asOf issuer { name } } discloseLowerBound { amount } discloseTotal } }
} } }"""


@pytest_asyncio.fixture(loop_scope="module")
async def desk(shared_desk: Desk) -> Desk:
    return shared_desk


async def previewed(desk: Desk, holder: str, who: Who, rules: str = "PRIVATE_FUND") -> Any:
    return await desk.ask(PREVIEW, {"id": holder, "rules": rules}, who=who)


async def test_what_is_missing_and_then_the_least_to_show(desk: Desk) -> None:
    person = await desk.customer()
    before = (await previewed(desk, person.id, person.who)).only("node")["qualificationPreview"]
    assert (before["ruleSet"], before["outcome"]) == ("PRIVATE_FUND@1", "INSUFFICIENT_EVIDENCE")
    assert before["missing"][0] == {
        "metric": "FINANCIAL_ASSETS",
        "shortBy": {"amount": "3000000.00"},
        "shortByMonths": None,
    }
    credential = await desk.active(person)
    told = len(await desk.events(credential))
    after = (await previewed(desk, person.id, person.who)).only("node")["qualificationPreview"]
    assert (after["outcome"], after["missing"]) == ("QUALIFIED", [])
    (step,) = after["plan"]
    assert step["credential"]["id"] == credential
    assert step["credential"]["issuer"]["name"]
    assert step["discloseLowerBound"] == {"amount": "3000000.00"}
    assert step["discloseTotal"] is False
    assert len(await desk.events(credential)) == told


async def test_nobody_else_is_told(desk: Desk) -> None:
    person = await desk.customer()
    await desk.active(person)
    others = (
        OWN,
        Who(role=Role.REGULATOR),
        Who(role=Role.HOLDER, holder=new_id("hold")),
        Who(role=Role.VERIFIER, institution=OWN.institution),
    )
    for who in others:
        answer = await previewed(desk, person.id, who)
        assert answer.data["node"]["qualificationPreview"] is None
        assert [one["extensions"]["code"] for one in answer.errors] == ["FORBIDDEN"]


async def test_rules_that_were_never_published(desk: Desk) -> None:
    person = await desk.customer()
    answer = await previewed(desk, person.id, person.who, "LOTTERY")
    assert [one["extensions"]["code"] for one in answer.errors] == ["RULE_SET_UNKNOWN"]
