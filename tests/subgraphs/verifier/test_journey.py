"""From a customer's root DID to a permission that follows the log."""

from __future__ import annotations

import pytest

from tests.subgraphs.verifier.counter import EDGE, Counter, present, state_of

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_an_accepted_proof_becomes_a_permission(shared_counter: Counter) -> None:
    counter = shared_counter
    person = await counter.customer("ann")
    paper, verification = await counter.accepted(person)
    assert verification["result"] == "ACCEPTED", verification
    assert [(c["kind"], c["outcome"], c["reasonCode"]) for c in verification["checks"]] == [
        ("HOLDER_BINDING", "PASSED", None),
        ("INTEGRITY", "PASSED", None),
        ("TRUSTED_ISSUER", "PASSED", None),
        ("HOLDER_AUTHORISATION", "PASSED", None),
        ("TIMELINESS", "PASSED", None),
    ]
    assert verification["qualification"]["outcome"] == "QUALIFIED"
    assert verification["acceptances"][0]["state"] == "MONITORED"
    assert verification["acceptances"][0]["observedState"] == "ACTIVE"
    assert verification["acceptances"][0]["credential"]["id"] == paper.id
    permitted = await counter.permitted(verification)
    assert permitted["permission"]["state"] == "GRANTED"
    await counter.settle()
    assert [event.envelope.kind for event in await counter.events()][-5:] == [
        "PRESENTATION_SUBMITTED",
        "PRESENTATION_VERIFIED",
        "CREDENTIAL_ACCEPTED",
        "QUALIFICATION_DECIDED",
        "PERMISSION_GRANTED",
    ]


async def test_one_fen_short_is_accepted_as_proof_and_does_not_qualify(
    shared_counter: Counter,
) -> None:
    counter = shared_counter
    person = await counter.customer("bea")
    _, verification = await counter.accepted(person, EDGE)
    assert verification["result"] == "ACCEPTED"
    qualification = verification["qualification"]
    assert qualification["outcome"] == "NOT_QUALIFIED"
    assert qualification["reasons"][0]["shortBy"] == "0.01"
    refused = await counter.permitted(verification)
    assert (refused["__typename"], refused["code"]) == ("ValidationFailed", "NOT_QUALIFIED")


async def test_a_reduction_prompts_and_a_revocation_suspends(shared_counter: Counter) -> None:
    counter = shared_counter
    person = await counter.customer("cleo")
    paper, verification = await counter.accepted(person)
    await counter.permitted(verification)
    await counter.endorse(person, paper, "REDUCED")
    await counter.settle()
    assert await state_of(counter, paper) == ("SUPPLEMENT_REQUESTED", "GRANTED", "OPEN")
    await counter.endorse(person, paper, "REVOKE", "REVOKED", version=6)
    await counter.settle()
    assert await state_of(counter, paper) == ("LAPSED", "SUSPENDED", None)
    kinds = [event.envelope.kind for event in await counter.events(about=paper.id)]
    assert kinds == [
        "CREDENTIAL_ACTIVATED",
        "PRESENTATION_SUBMITTED",
        "PRESENTATION_VERIFIED",
        "CREDENTIAL_ACCEPTED",
        "PERMISSION_GRANTED",
        "CREDENTIAL_ENDORSED",
        "SUPPLEMENT_REQUESTED",
        "CREDENTIAL_ENDORSED",
        "ACCEPTANCE_ENDED",
        "PERMISSION_SUSPENDED",
    ]


async def test_a_new_proof_cures_and_gives_a_suspended_permission_back(
    shared_counter: Counter,
) -> None:
    counter = shared_counter
    person = await counter.customer("dora")
    paper, verification = await counter.accepted(person)
    granted = await counter.permitted(verification)
    await counter.endorse(person, paper, "REVOKE", "REVOKED")
    await counter.settle()
    again = await counter.permitted(verification)
    assert again["code"] == "PROOF_NO_LONGER_STANDS"
    _, renewed = await counter.accepted(person)
    back = await counter.permitted(renewed)
    assert back["permission"] == {**granted["permission"], "state": "GRANTED"}
    await counter.settle()
    assert [e.envelope.kind for e in await counter.events()][-1] == "PERMISSION_REINSTATED"


async def test_several_proofs_of_one_close_add_up(shared_counter: Counter) -> None:
    counter = shared_counter
    person = await counter.customer("eve")
    papers = [await counter.paper(person, EDGE), await counter.paper(person, EDGE)]
    grant = await counter.grant(person)
    await counter.settle()
    request = await counter.request(person)
    submitted = await counter.submit(person, request, present(person, request, papers, grant))
    done = await counter.verify(submitted)
    # both are of one issuer and one close: the same books count once
    assert done["verification"]["qualification"]["outcome"] == "INSUFFICIENT_EVIDENCE"
    assert len(done["verification"]["acceptances"]) == 2
