"""A root DID gets another key and is given up: each step hers, the log tells only digests."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

from ledger_adapter.crypto.sm2 import PrivateKey
from subgraphs.kit.agreements import AgreementStage
from subgraphs.vc.did_versions import DidHistory, salted_digest, vouched
from subgraphs.vc.presentation import read_salted_versions
from subgraphs.vc.receipt import parse_receipt
from subgraphs.vc.shape import shaped
from subgraphs.vc.strict_json import as_object, check_object
from tests.subgraphs.wallet.purse import PREPARED, Person, Purse

HOLDER = "holder { id did didState didVersions }"


async def prepared(purse: Purse, person: Person, key: PrivateKey, **changed: str) -> dict[str, Any]:
    asked = person.software.new_key(key)
    given = {
        "publicKeyMultibase": asked.public_key_multibase,
        "proofOfPossession": asked.proof_of_possession,
        **changed,
    }
    return await purse.do("prepareHolderKeyRotation", person.who, PREPARED, **given)


async def rotated(purse: Purse, person: Person, key: PrivateKey) -> Person:
    """The same person with another key."""
    await asyncio.sleep(1.1)  # a version a second: the log tells times to the second
    ready = await prepared(purse, person, key)
    assert ready["__typename"] == "PrepareHolderKeyRotationSuccess", ready
    signature = person.software.sign_rotation(ready["payload"], ready["payloadToSign"], key=key)
    done = await purse.do(
        "rotateHolderKey",
        person.who,
        HOLDER,
        preparedId=ready["preparedId"],
        holderSignature=signature.as_input(),
    )
    assert done["__typename"] == "RotateHolderKeySuccess", done
    later = done["holder"]["didVersions"]
    return replace(person, software=person.software.rotated(key, later[-1]))


async def test_the_next_key_signs_and_the_one_before_does_not(purse: Purse) -> None:
    before = await purse.registered()
    after = await rotated(purse, before, PrivateKey.generate())

    ready = await purse.prepare(after)
    refused = await purse.submit(
        "grantConsent", before, ready, signature=before.software.sign(b"x")
    )
    assert refused["code"] == "VERIFICATION_METHOD_MISMATCH"
    assert (await purse.grant(after, ready))["__typename"] == "GrantConsentSuccess"


async def test_the_log_tells_salted_digests_that_the_holder_can_open(purse: Purse) -> None:
    person = await purse.registered()
    person = await rotated(purse, person, PrivateKey.generate())
    person = await rotated(purse, person, PrivateKey.generate())

    shown = "query { me { didVersions receipt did } }"
    me = (await purse.ask(shown, who=person.who)).only("me")
    later = read_salted_versions(shaped(check_object({"didVersions": me["didVersions"]})))
    receipt = parse_receipt(me["receipt"])
    first = vouched(as_object(receipt.raw["didDocument"]), receipt.registered_at)
    history = DidHistory.following(first, [one.version for one in later])
    assert history.latest.number == 3
    assert history.method == f"{me['did']}#key-3"

    told = [one.envelope for one in await purse.events("ROOT_DID_CHANGED")]
    assert [one.body["version"] for one in told] == [2, 3]
    assert [one.body["documentDigest"] for one in told] == [
        salted_digest(one.salt, one.version) for one in later
    ]
    assert all(one.subjects == (person.id,) and me["did"] not in str(one) for one in told)


async def test_a_key_nobody_showed_to_have_is_not_taken(purse: Purse) -> None:
    person = await purse.registered()
    stolen, own = PrivateKey.generate(), PrivateKey.generate()
    proof = person.software.new_key(stolen).proof_of_possession
    refused = await prepared(purse, person, own, proofOfPossession=proof)
    assert refused["code"] == "KEY_NOT_POSSESSED"
    other = await purse.registered("bea")
    foreign = other.software.new_key(own).proof_of_possession
    assert (await prepared(purse, person, own, proofOfPossession=foreign))["code"] == (
        "KEY_NOT_POSSESSED"
    )


async def test_a_key_once_used_is_never_used_again(purse: Purse) -> None:
    first = PrivateKey.generate()
    person = await purse.registered()
    person = await rotated(purse, person, first)
    person = await rotated(purse, person, PrivateKey.generate())
    assert (await prepared(purse, person, first))["code"] == "KEY_INVALID"


async def test_two_changes_at_once_make_one_version(purse: Purse) -> None:
    person = await purse.registered()
    await asyncio.sleep(1.1)
    keys = [PrivateKey.generate() for _ in range(3)]
    ready = [await prepared(purse, person, key) for key in keys]

    async def submitted(key: PrivateKey, asked: dict[str, Any]) -> dict[str, Any]:
        signature = person.software.sign_rotation(asked["payload"], asked["payloadToSign"], key=key)
        return await purse.do(
            "rotateHolderKey",
            person.who,
            HOLDER,
            preparedId=asked["preparedId"],
            holderSignature=signature.as_input(),
        )

    answers = await asyncio.gather(*map(submitted, keys, ready))
    won = [one for one in answers if one["__typename"] == "RotateHolderKeySuccess"]
    lost = [one for one in answers if one not in won]
    assert len(won) == 1
    assert {one["code"] for one in lost} <= {"TRY_AGAIN", "VERIFICATION_METHOD_MISMATCH"}, lost
    (told,) = await purse.events("ROOT_DID_CHANGED")
    (later,) = read_salted_versions(
        shaped(check_object({"didVersions": won[0]["holder"]["didVersions"]}))
    )
    assert told.envelope.body["documentDigest"] == salted_digest(later.salt, later.version)


async def test_a_did_given_up_signs_nothing_more(purse: Purse) -> None:
    person = await purse.registered()
    await purse.agree(person, AgreementStage.USE)
    await asyncio.sleep(1.1)
    ready = await purse.do("prepareRootDidDeactivation", person.who, PREPARED)
    payload = ready["payload"]
    signature = person.software.sign_deactivation(payload, ready["payloadToSign"])
    done = await purse.do(
        "deactivateRootDid",
        person.who,
        HOLDER,
        preparedId=ready["preparedId"],
        holderSignature=signature.as_input(),
    )
    assert done["holder"]["didState"] == "DEACTIVATED"
    (told,) = await purse.events("ROOT_DID_CHANGED")
    assert told.envelope.body["deactivated"] is True
    assert (await purse.prepare(person))["code"] == "ROOT_DID_KEYLESS"
    again = await prepared(purse, person, PrivateKey.generate())
    assert again["__typename"] == "InvalidTransitionError"
