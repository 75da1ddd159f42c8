"""A customer changes the key of her root DID: her issuer asks for the versions, then goes on."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from ledger_adapter.crypto.sm2 import PrivateKey
from tests.subgraphs.issuer.desk import OWN, PREPARED, Desk
from tests.subgraphs.kit.world import Person
from tests.subgraphs.verifier.test_did_versions import did_changed, next_version

ASKED = {"issuerId": OWN.institution, "categories": ["STOCK"], "purpose": "QUALIFIED_INVESTOR"}


async def rotated(desk: Desk, person: Person) -> tuple[Person, list[Any]]:
    """The person with her next key, and the versions she shows."""
    await asyncio.sleep(1.1)  # a version a second: the log tells times to the second
    key = PrivateKey.generate()
    version = next_version(person, key)
    await desk.world.tell(did_changed(person, version))
    await desk.settle()
    await asyncio.sleep(1.1)  # it is in force from its second on
    shown = version.as_json()
    return replace(person, software=person.software.rotated(key, shown)), [shown]


async def prepare(desk: Desk, person: Person, **more: object) -> dict[str, Any]:
    return await desk.do("prepareCredentialRequest", person.who, PREPARED, **ASKED, **more)


async def submit(desk: Desk, person: Person, ready: dict[str, Any]) -> dict[str, Any]:
    signature = person.software.sign_prepared(
        ready["payload"], ready["payloadToSign"], asked={"purpose": str(ASKED["purpose"])}
    )
    return await desk.do(
        "requestCredential",
        person.who,
        "credential { id }",
        preparedId=ready["preparedId"],
        holderSignature=signature.as_input(),
    )


async def test_she_shows_her_versions_once_and_gets_a_credential(desk: Desk) -> None:
    before = await desk.customer()
    after, versions = await rotated(desk, before)
    refused = await prepare(desk, after)
    assert (refused["code"], refused["field"]) == ("DID_VERSIONS_NEEDED", "didVersions")

    ready = await prepare(desk, after, didVersions=versions)
    assert (await submit(desk, after, ready))["__typename"] == "RequestCredentialSuccess"
    again = await prepare(desk, after)  # they were kept
    assert again["payload"]["proofConfig"]["verificationMethod"] == f"{after.did}#key-2"

    credential = await desk.offer(after)
    assert (await desk.countersign(after, credential))["__typename"] == (
        "CountersignCredentialSuccess"
    )


async def test_what_was_prepared_for_the_key_before_is_not_taken(desk: Desk) -> None:
    person = await desk.customer()
    ready = await prepare(desk, person)
    await rotated(desk, person)
    refused = await submit(desk, person, ready)
    assert refused["code"] == "DID_VERSIONS_NEEDED"


@pytest.mark.parametrize("kind", ["none of them", "another branch", "a stranger's", "no version"])
async def test_other_versions_than_the_logs_are_refused(desk: Desk, kind: str) -> None:
    person = await desk.customer()
    after, _ = await rotated(desk, person)
    shown: dict[str, Any] = {
        "none of them": [],
        "another branch": [next_version(person, PrivateKey.generate()).as_json()],
        "a stranger's": [next_version(await desk.customer("bea"), PrivateKey.generate()).as_json()],
        "no version": [{"salt": "AA", "version": {}}],
    }
    refused = await prepare(desk, after, didVersions=shown[kind])
    assert (
        refused["code"]
        in {
            "none of them": {"DID_VERSIONS_NEEDED"},
            "another branch": {"DID_NOT_CURRENT"},
            "a stranger's": {"DID_HISTORY_INVALID"},
            "no version": {"VALIDATION_FAILED"},
        }[kind]
    )
    assert refused["field"] == "didVersions"
    row = await desk.parts.store.binding_of_holder(OWN.institution, person.id)  # type: ignore[arg-type]
    assert row is not None
    assert row.later == ()
