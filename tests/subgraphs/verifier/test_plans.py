"""No query of the journey walks a collection, and `_entities` asks once a table."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.subgraphs.verifier.counter import OWN, REGULATOR, Counter, Paper
from tests.subgraphs.verifier.test_feeds import EVENTS
from tests.subgraphs.verifier.test_isolation import USES

pytestmark = pytest.mark.asyncio(loop_scope="module")

LISTS = """{ acceptances { totalCount edges { node { id state observedState
  presentedCredential { total { amount } issuer { name } } permission { state }
  supplementRequest { dueAt } verification { result } qualification { outcome } } } } }"""


@contextlib.asynccontextmanager
async def profiled(counter: Counter) -> AsyncIterator[list[dict[str, Any]]]:
    """What the verifier's database did meanwhile, as the server's profiler saw it."""
    database = counter.parts.store.database
    found: list[dict[str, Any]] = []
    begun = datetime.now(UTC)
    await database.command({"profile": 2})
    try:
        yield found
    finally:
        await database.command({"profile": 0})
    asked = {"ns": {"$not": {"$regex": r"system\."}}, "ts": {"$gte": begun}}
    rows = database["system.profile"].find(asked)
    found += await rows.to_list(None)


def walks(row: dict[str, Any]) -> bool:
    return "COLLSCAN" in str(row.get("planSummary", "")) or "COLLSCAN" in str(
        row.get("execStats", "")
    )


async def journey(counter: Counter, name: str) -> Paper:
    """Every operation once, reactions, overdue work and all lists included."""
    person = await counter.customer(name)
    paper, verification = await counter.accepted(person)
    await counter.permitted(verification)
    endorsement = await counter.endorse(person, paper, "REDUCED")
    await counter.settle()
    for who in (OWN, person.who, REGULATOR):
        variables = {"c": paper.id, "e": endorsement, "h": person.id}
        (await counter.ask(USES, variables, who=who)).only("credential")
        listed = await counter.ask(LISTS, who=who)
        assert listed.data["acceptances"]["edges"]
    (await counter.ask(EVENTS, who=OWN)).only("acceptedCredentialChangeEvents")
    await counter.accepted(person)
    await counter.overdue.act(counter.parts.clock() + timedelta(days=11))
    return paper


async def test_every_query_has_its_index(shared_counter: Counter) -> None:
    await journey(shared_counter, "warm")  # so that no plan is of an empty collection
    async with profiled(shared_counter) as found:
        await journey(shared_counter, "ann")
    assert len(found) > 50
    walking = [(row["ns"], row["op"], row.get("command")) for row in found if walks(row)]
    assert walking == []


async def test_entities_are_read_once_a_table(shared_counter: Counter) -> None:
    counter = shared_counter
    person = await counter.customer("batch")
    ids: dict[str, list[str]] = {"Acceptance": [], "Qualification": [], "Verification": []}
    for _ in range(4):
        _, verification = await counter.accepted(person)
        ids["Acceptance"].append(verification["acceptances"][0]["id"])
        ids["Qualification"].append(verification["qualification"]["id"])
        ids["Verification"].append(verification["id"])
    asked = [{"__typename": kind, "id": id_} for kind in ids for id_ in ids[kind]]
    document = """query($r: [_Any!]!) { _entities(representations: $r) {
      ... on Acceptance { state permission { state } observedState verification { result } }
      ... on Qualification { outcome } ... on Verification { result } } }"""
    await counter.settle()
    async with profiled(counter) as found:
        answer = await counter.ask(document, {"r": asked}, who=OWN)
    assert None not in answer.only("_entities")
    read = sorted(
        row["ns"].split(".", 1)[1]
        for row in found
        if row["op"] == "query" and row["ns"].split(".", 1)[1] != "positions"
    )
    assert read == [
        "acceptances",
        "log_credentials",
        "permissions",
        "qualifications",
        "verifications",
    ]


async def test_each_part_of_what_is_asked_together_has_its_index(shared_counter: Counter) -> None:
    counter = shared_counter
    await journey(counter, "together")
    async with profiled(counter) as found:
        person = await counter.customer("together-again")
        await counter.accepted(person)
    asked = [row["command"] for row in found if "$unionWith" in str(row["command"])]
    assert asked
    parts = {"aggregate": asked[0]["aggregate"], "pipeline": asked[0]["pipeline"], "cursor": {}}
    told = str(await counter.parts.store.database.command({"explain": parts}))
    assert told.count("IXSCAN") + told.count("IDHACK") >= len(asked[0]["pipeline"]) // 3
    assert "COLLSCAN" not in told
