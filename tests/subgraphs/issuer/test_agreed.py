"""No credential is asked for before the texts of its stage are signed, in the version in force."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any

import pytest

from ledger_adapter.port import EntryIndex
from subgraphs.issuer.agreed import Agreed
from subgraphs.kit.agreements import CATALOGUE, AgreementKind, AgreementStage
from subgraphs.rules.calendar import SHANGHAI, day_of
from tests.subgraphs.issuer.desk import OWN, Desk
from tests.subgraphs.kit.world import Person

ASKED = {"issuerId": OWN.institution, "categories": ["STOCK"], "purpose": "QUALIFIED_INVESTOR"}
ASK = """mutation($in: PrepareCredentialRequestInput!) { prepareCredentialRequest(input: $in) {
    __typename ... on DomainError { code message }
    ... on AgreementRequired { missing { stage kind version text digest } } } }"""
ISSUANCE = AgreementStage.ISSUANCE
TEXTS = [one for one in CATALOGUE if one.stage is ISSUANCE]


async def asked(desk: Desk, person: Person) -> dict[str, Any]:
    answer = await desk.ask(ASK, {"in": ASKED}, who=person.who)
    result: dict[str, Any] = answer.only("prepareCredentialRequest")
    return result


async def unsigned(desk: Desk) -> Person:
    """A customer who has agreed to what her root DID asked for, and to nothing since."""
    person = await desk.world.person("new")
    await desk.agree(person, [one for one in CATALOGUE if one.stage is AgreementStage.ROOT_DID])
    assert (await desk.bind(person))["__typename"] == "BindCustomerAccountSuccess"
    return person


async def test_it_names_the_texts_that_are_missing_and_goes_on_when_they_are_signed(
    desk: Desk,
) -> None:
    person = await unsigned(desk)
    refused = await asked(desk, person)
    assert (refused["__typename"], refused["code"]) == ("AgreementRequired", "AGREEMENT_REQUIRED")
    assert [(one["stage"], one["kind"], one["text"]) for one in refused["missing"]] == [
        ("ISSUANCE", one.kind.value, one.text) for one in TEXTS
    ]
    await desk.agree(person, TEXTS[1:])
    refused = await asked(desk, person)
    assert [one["digest"] for one in refused["missing"]] == [TEXTS[0].digest]
    await desk.agree(person, TEXTS[:1])
    assert (await asked(desk, person))["__typename"] == "PrepareCredentialRequestSuccess"


async def test_what_is_heard_of_again_changes_nothing(desk: Desk) -> None:
    person = await desk.customer()
    size = await desk.world.base.ledger.size()
    log = await desk.world.base.ledger.read(EntryIndex(0), size)
    apply = desk.parts.agreed.apply
    await desk.world.base.mongo.transaction(lambda session: apply(log, session))
    assert (await asked(desk, person))["__typename"] == "PrepareCredentialRequestSuccess"


async def test_nobody_signs_for_somebody_else(desk: Desk) -> None:
    person, other = await unsigned(desk), await desk.world.person("other")
    await desk.agree(other)
    assert len((await asked(desk, person))["missing"]) == len(TEXTS)


@pytest.mark.parametrize("stage", [AgreementStage.ROOT_DID, ISSUANCE])
async def test_a_newer_version_asks_again_from_its_day_on(
    desk: Desk, stage: AgreementStage
) -> None:
    person = await desk.customer()
    risk = (stage, AgreementKind.RISK_DISCLOSURE)
    (first,) = [one for one in CATALOGUE if (one.stage, one.kind) == risk]
    tomorrow = day_of(desk.parts.clock()) + timedelta(days=1)
    begins = datetime.combine(tomorrow, time(), SHANGHAI)
    newer = replace(first, version=2, text=first.text + " 2", effective_from=tomorrow)
    texts = (*CATALOGUE, newer)
    desk.use(agreed=Agreed(desk.world.base.database, texts))
    desk.turn_clock(lambda: begins - timedelta(seconds=1))
    assert (await asked(desk, person))["__typename"] == "PrepareCredentialRequestSuccess"
    desk.turn_clock(lambda: begins)
    (missing,) = (await asked(desk, person))["missing"]
    assert (missing["stage"], missing["version"]) == (stage.value, 2)
    await desk.agree(person, [newer])
    assert (await asked(desk, person))["__typename"] == "PrepareCredentialRequestSuccess"


async def test_other_words_under_the_same_version_are_not_what_she_signed(desk: Desk) -> None:
    person = await desk.customer()
    changed = [replace(one, text=one.text + "!") for one in CATALOGUE]
    desk.use(agreed=Agreed(desk.world.base.database, changed))
    assert len((await asked(desk, person))["missing"]) == len(TEXTS)
