"""The log says which version of a holder's DID is the newest; an older one is a rollback."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from secrets import token_bytes
from typing import Any

import pytest
import pytest_asyncio

from ledger_adapter.crypto.multikey import from_multibase58
from ledger_adapter.crypto.sm2 import PrivateKey
from ledger_adapter.port import Envelope
from subgraphs.kit.events import event
from subgraphs.vc import proofs
from subgraphs.vc.did_versions import history_of, next_document, prepare_version, salted_digest
from subgraphs.vc.encoding import to_base64url
from subgraphs.vc.presentation import SaltedVersion
from tests.subgraphs.kit.world import Person
from tests.subgraphs.verifier.counter import Counter, Paper, present

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module")
async def counter(shared_counter: Counter) -> Counter:
    return shared_counter


def next_version(person: Person, key: PrivateKey) -> SaltedVersion:
    """Her next version, as the wallet prepares it and she signs it."""
    latest = history_of(person.receipt, []).latest
    body, ready = prepare_version(
        person.receipt.did,
        next_document(latest, key.public_key),
        after=latest,
        at=latest.at + timedelta(seconds=1),
        method=person.software.method,
    )
    payload = {"document": body, "proofConfig": ready.config}
    to_sign = proofs.payload(body, ready.config)
    signature = person.software.sign_rotation(payload, to_base64url(to_sign), key=key)
    return SaltedVersion(
        salt=token_bytes(32), version=proofs.attach(body, ready, from_multibase58(signature.value))
    )


def did_changed(person: Person, version: SaltedVersion) -> Envelope:
    """What the wallet tells the log."""
    digest = salted_digest(version.salt, version.version)
    return event(
        "ROOT_DID_CHANGED",
        entity=person.id,
        version=2,
        subjects=[person.id],
        institutions=[],
        at=datetime.now(UTC),
        body={"version": 2, "documentDigest": digest, "deactivated": False},
    )


async def told(counter: Counter, person: Person, version: SaltedVersion) -> None:
    """The version is on the log, and applied."""
    await counter.world.tell(did_changed(person, version))
    await counter.settle()


async def binding_check(counter: Counter, person: Person, papers: list[Paper], grant: Any) -> Any:
    request = await counter.request(person)
    done = await counter.verify(
        await counter.submit(person, request, present(person, request, papers, grant))
    )
    checks = done["verification"]["checks"]
    return next(one for one in checks if one["kind"] == "HOLDER_BINDING")


async def test_the_newest_version_is_asked_for(counter: Counter) -> None:
    person = await counter.customer("did-old")
    paper, grant = await counter.paper(person), await counter.grant(person)
    version = next_version(person, PrivateKey.generate())
    await told(counter, person, version)

    check = await binding_check(counter, person, [paper], grant)

    assert (check["outcome"], check["reasonCode"]) == ("FAILED", "DID_NOT_CURRENT")


async def test_a_version_of_another_branch_is_not_the_logs(counter: Counter) -> None:
    person = await counter.customer("did-fork")
    paper, grant = await counter.paper(person), await counter.grant(person)
    await told(counter, person, next_version(person, PrivateKey.generate()))
    key = PrivateKey.generate()
    forked = person.software.rotated(key, next_version(person, key).as_json())

    check = await binding_check(counter, with_software(person, forked), [paper], grant)

    reasons = [one.get("reason") for one in check["evidence"]["findings"]]
    assert "DID_NOT_CURRENT" in reasons


async def test_an_honest_rotation_passes(counter: Counter) -> None:
    person = await counter.customer("did-new")
    paper, grant = await counter.paper(person), await counter.grant(person)
    key = PrivateKey.generate()
    version = next_version(person, key)
    await told(counter, person, version)
    await asyncio.sleep(1.1)  # the version is in force from its second on
    after = with_software(person, person.software.rotated(key, version.as_json()))
    findings = (await binding_check(counter, after, [paper], grant))["evidence"]["findings"]
    assert [one for one in findings if not one["ok"]] == []


def with_software(person: Person, software: Any) -> Person:
    return replace(person, software=software)
