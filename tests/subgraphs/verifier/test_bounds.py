"""Bounds of several institutions prove a sum together, and leave no balance behind them."""

from __future__ import annotations

import json
from typing import Any

import pytest
import pytest_asyncio

from subgraphs.demo.pilot import HUAAN_FUND
from subgraphs.holder.choose import show_at_least
from subgraphs.vc.asset_proof import AssetCategory
from subgraphs.vc.money import Fen
from tests.subgraphs.verifier.counter import OWN, Counter, present

pytestmark = pytest.mark.asyncio(loop_scope="module")

HERE = {AssetCategory.BANK_DEPOSIT: "2123456.78"}
THERE = {AssetCategory.FUND_UNIT: "1987654.32"}
THRESHOLD = Fen(300_000_000)
SHOWN = """query($id: ID!) { node(id: $id) { ... on Presentation {
  items { total { amount } lines { category } lowerBound { amount } issuer { name } } } } }"""


@pytest_asyncio.fixture(loop_scope="module")
async def counter(shared_counter: Counter) -> Counter:
    return shared_counter


async def kept_by(counter: Counter) -> str:
    """What the verifier keeps of presentations and decisions, and the whole log, as one text."""
    store = counter.parts.store
    tables = (
        *(store.presentations, store.verifications, store.qualifications, store.acceptances),
        *(store.requests, store.credentials, store.consents, store.feed),
    )
    rows = [row for table in tables for row in await table.rows.find({}).to_list(None)]
    told = [event.envelope for event in await counter.events()]
    return json.dumps([rows, told], default=str)


async def test_two_issuers_prove_three_million_together_and_show_no_balance(
    counter: Counter,
) -> None:
    person = await counter.customer("sum")
    papers = [
        await counter.paper(person, HERE),
        await counter.paper(person, THERE, issuer=HUAAN_FUND),
    ]
    grant = await counter.grant(person, claims=())
    await counter.settle()
    request = await counter.request(person)
    chosen = show_at_least([paper.held for paper in papers], THRESHOLD)
    made = present(person, request, papers, grant, shown=chosen)

    submitted = await counter.submit(person, request, made)
    done = await counter.verify(submitted)

    verification = done["verification"]
    assert verification["result"] == "ACCEPTED", verification["checks"]
    assert verification["qualification"]["outcome"] == "QUALIFIED"
    id_ = submitted["presentation"]["id"]
    items: list[dict[str, Any]] = (await counter.ask(SHOWN, {"id": id_}, who=OWN)).only("node")[
        "items"
    ]
    amounts = [item["lowerBound"]["amount"] for item in items]
    assert sum(map(float, amounts)) == 3_000_000
    assert all(item["total"] is None and not item["lines"] for item in items)
    assert len({item["issuer"]["name"] for item in items}) == 2

    await counter.settle()
    kept = await kept_by(counter)
    assert id_ in kept
    for amount in ("2123456", "1987654", "212345678", "198765432"):
        assert amount not in kept
    for paper in papers:
        secret = [one for one in paper.held.disclosures if one not in json.dumps(made)]
        assert len(secret) == len(paper.held.disclosures)
        assert not any(one in kept for one in secret)
