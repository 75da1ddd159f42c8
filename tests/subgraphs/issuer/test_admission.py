"""The scenario's policy is asked by the operation that asks for a credential (R75, R82)."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date
from typing import Any

from subgraphs.rules.scenarios import PILOT, ScenarioName
from subgraphs.vc.asset_proof import ASSET_PROOF_2
from tests.subgraphs.issuer.desk import OWN, PREPARED, Desk
from tests.subgraphs.kit.world import Person

ASKED = {"issuerId": OWN.institution, "categories": ["STOCK"], "purpose": "QUALIFIED_INVESTOR"}


async def prepared(desk: Desk, person: Person) -> dict[str, Any]:
    return await desk.do("prepareCredentialRequest", person.who, PREPARED, **ASKED)


async def submitted(desk: Desk, person: Person, ready: dict[str, Any]) -> dict[str, Any]:
    signature = person.software.sign_prepared(ready["payload"], ready["payloadToSign"], asked={})
    return await desk.do(
        "requestCredential",
        person.who,
        "credential { state }",
        preparedId=ready["preparedId"],
        holderSignature=signature.as_input(),
    )


async def test_one_beyond_the_quota_is_told_so_and_who_has_a_place_keeps_it(desk: Desk) -> None:
    desk.use(scenario=replace(PILOT, quota=1))
    ann, bea = await desk.customer(), await desk.customer("bea")
    await desk.request(ann)

    refused = await prepared(desk, bea)
    await desk.request(ann)

    assert (refused["__typename"], refused["code"]) == ("ValidationFailed", "QUOTA_FULL")
    assert await desk.parts.store.places_taken(PILOT.key) == 1


async def test_the_last_place_is_given_once(desk: Desk) -> None:
    desk.use(scenario=replace(PILOT, quota=1))
    people = [await desk.customer(f"p{number}") for number in range(3)]
    ready = [await prepared(desk, person) for person in people]

    done = await asyncio.gather(
        *(submitted(desk, person, one) for person, one in zip(people, ready, strict=True))
    )

    kinds = [one["__typename"] for one in done]
    assert kinds.count("RequestCredentialSuccess") == 1
    codes = {one["code"] for one in done if one["__typename"] != "RequestCredentialSuccess"}
    assert codes <= {"QUOTA_FULL", "TRY_AGAIN"}
    assert await desk.parts.store.places_taken(PILOT.key) == 1


async def test_a_second_scenario_counts_its_own_places(desk: Desk) -> None:
    person = await desk.customer()
    await desk.request(person)
    other = replace(
        PILOT,
        name=ScenarioName("WEALTH_CONNECT"),
        schema=ASSET_PROOF_2.uri,
        quota=None,
        rule_sets=(),
    )
    desk.use(scenario=other)

    await desk.request(person)

    assert await desk.parts.store.places_taken(PILOT.key) == 1
    assert await desk.parts.store.places_taken(other.key) == 1


async def test_a_scenario_that_is_not_in_force_admits_nobody(desk: Desk) -> None:
    person = await desk.customer()
    desk.use(scenario=replace(PILOT, effective_from=date(2099, 1, 1)))

    refused = await prepared(desk, person)

    assert refused["code"] == "SCENARIO_NOT_IN_FORCE"
