"""A holder takes her data along, and leaves: nothing of hers goes on after it."""

import asyncio
from dataclasses import replace
from typing import Any

from subgraphs.holder.holder import HolderSignature
from subgraphs.kit.ids import InstitutionId
from subgraphs.vc import proofs
from subgraphs.vc.consent import consent_digest
from subgraphs.vc.deletion import parse_deletion
from subgraphs.vc.encoding import sm3_hash
from subgraphs.vc.export_seal import parse_seal, verify_seal
from subgraphs.vc.multikey import decode_key
from subgraphs.vc.proofs import Expectation, Purpose
from subgraphs.vc.strict_json import canonical
from tests.subgraphs.wallet.purse import (
    NO_VERIFIER,
    PREPARED,
    REGULATOR,
    VERIFIER,
    Person,
    Purse,
    sign,
)
from tests.subgraphs.wallet.test_cancellation import cancel
from tests.subgraphs.wallet.test_deletion import deposited, kept, with_copy

EXPORT = "{ exportMyData { digest complete document } }"
CLOSED = "closure { at consents copies document } holder { walletClosure { at } }"


async def exported(purse: Purse, person: Person) -> dict[str, Any]:
    found: dict[str, Any] = (await purse.ask(EXPORT, who=person.who)).only("exportMyData")
    return found


async def test_the_whole_is_sealed_by_the_wallets_provider(purse: Purse) -> None:
    ann, _, _ = await with_copy(purse)
    asked = "{ exportMyData { document digest complete seal sealedBy { id name } } }"
    made = (await purse.ask(asked, who=ann.who)).only("exportMyData")
    seal = parse_seal(made["seal"])
    assert (seal.digest, seal.complete) == (made["digest"], True)
    row = await purse.parts.institutions.get(InstitutionId(made["sealedBy"]["id"]))
    assert row is not None
    assert (row.did, "CLOUD_OPERATOR" in row.roles) == (seal.issuer, True)
    assert verify_seal(seal, decode_key(row.public_key_multibase)).ok
    assert seal.covers(made["document"])
    assert not seal.covers(made["document"] | {"consents": [{}]})


async def test_a_provider_without_a_key_keeps_nobody_from_her_copy(purse: Purse) -> None:
    ann = await purse.registered()
    purse.replace_parts(terms=replace(purse.parts.terms, provider=NO_VERIFIER))
    keys = purse.world.settings.keys / NO_VERIFIER / "key-1.json"
    keys.unlink()
    asked = "{ exportMyData { digest seal sealedBy { id } } }"
    made = (await purse.ask(asked, who=ann.who)).only("exportMyData")
    assert (made["seal"], made["sealedBy"]) == (None, None)
    assert made["digest"]


async def close(
    purse: Purse,
    person: Person,
    *,
    ready: dict[str, Any] | None = None,
    signature: HolderSignature | None = None,
) -> dict[str, Any]:
    prepared = ready or await purse.do("prepareWalletClosure", person.who, PREPARED)
    signed = signature or sign(person, prepared)
    return await purse.do(
        "closeWallet",
        person.who,
        CLOSED,
        preparedId=prepared["preparedId"],
        holderSignature=signed.as_input(),
    )


async def test_an_export_holds_everything_with_its_proofs(purse: Purse) -> None:
    ann, credential, copy = await with_copy(purse)
    consent = await purse.granted(ann)
    ended = await purse.activate(ann.id)
    await cancel(purse, ann, ended)
    await purse.settle()
    made = await exported(purse, ann)
    document = made["document"]
    assert made["digest"] == sm3_hash(canonical(document))
    assert made["complete"] is True
    assert await exported(purse, ann) == made
    assert document["rootDid"]["did"] == ann.software.did
    (held,) = document["consents"]
    assert (held["id"], consent_digest(held["document"])) == (
        consent["id"],
        consent_digest(consent["document"]),
    )
    states = {one["credential"]: one["state"] for one in document["items"]}
    assert states == {credential: "ACTIVE", ended: "CANCELLED"}
    assert [one["id"] for one in document["custody"]] == [copy]
    (word,) = document["cancellations"]
    key, asked = decode_key(ann.software.public_key_multibase), Purpose.ASSERTION
    assert proofs.verify_by(word, ann.software.method, key, Expectation(purpose=asked)).ok


async def test_an_export_is_its_holders_alone(purse: Purse) -> None:
    await with_copy(purse)
    ben = await purse.registered("ben")
    assert (await exported(purse, ben))["document"]["items"] == []
    for who in (VERIFIER, REGULATOR):
        denied = await purse.ask(EXPORT, who=who)
        assert (denied.data, denied.codes) == ({"exportMyData": None}, ["FORBIDDEN"])


async def test_who_leaves_takes_consents_and_copies_with_her(purse: Purse) -> None:
    ann, _, copy = await with_copy(purse)
    for _ in range(2):
        await purse.granted(ann)
    old = await purse.granted(ann)
    await purse.withdraw(ann, old["id"])
    done = await close(purse, ann)
    assert done["__typename"] == "CloseWalletSuccess", done
    assert (done["closure"]["consents"], done["closure"]["copies"]) == (2, 1)
    assert done["holder"]["walletClosure"]["at"] == done["closure"]["at"]
    found = await kept(purse, ann, copy)
    assert found["state"] == "DELETED"
    assert len(await purse.events("CONSENT_WITHDRAWN")) == 3
    (told,) = [one.envelope for one in await purse.events("WALLET_CLOSED")]
    assert told.body == {"closureDigest": sm3_hash(canonical(done["closure"]["document"]))}
    document = (await exported(purse, ann))["document"]
    assert document["closure"] == done["closure"]["document"]
    (receipt,) = document["deletionReceipts"]
    assert parse_deletion(receipt).erased.object_id == copy
    assert {one["state"] for one in document["consents"]} == {"WITHDRAWN"}
    refused = await purse.prepare(ann)
    assert (refused["__typename"], refused["code"]) == ("ValidationFailed", "WALLET_CLOSED")


async def test_nothing_is_deposited_in_a_closed_wallet_but_a_credential_can_be_ended(
    purse: Purse,
) -> None:
    ann = await purse.registered()
    credential = await purse.activate(ann.id)
    await close(purse, ann)
    item = (await purse.item_of(credential, ann))["id"]
    refused = await purse.do("depositToCustody", ann.who, walletItemId=item, ciphertext="c2VhbGVk")
    assert refused["code"] == "WALLET_CLOSED"
    assert (await cancel(purse, ann, credential))["__typename"] == "CancelCredentialSuccess"


async def test_a_wallet_closes_once_also_from_two_devices(purse: Purse) -> None:
    ann = await purse.registered()
    await purse.granted(ann)
    ready = [await purse.do("prepareWalletClosure", ann.who, PREPARED) for _ in range(2)]
    found = await asyncio.gather(*(close(purse, ann, ready=one) for one in ready))
    kinds = [one["__typename"] for one in found]
    assert kinds.count("CloseWalletSuccess") == 1
    assert len(await purse.events("WALLET_CLOSED")) == 1
    assert len(await purse.events("CONSENT_WITHDRAWN")) == 1


async def test_a_consent_granted_while_she_leaves_does_not_outlive_it(purse: Purse) -> None:
    ann = await purse.registered()
    for _ in range(3):
        ready = await purse.prepare(ann)
        prepared = await purse.do("prepareWalletClosure", ann.who, PREPARED)
        await asyncio.gather(purse.grant(ann, ready), close(purse, ann, ready=prepared))
        consents = (await exported(purse, ann))["document"]["consents"]
        assert "GRANTED" not in {one["state"] for one in consents}
        ann = await purse.registered(f"another-{len(ann.id)}-{_}")


async def test_a_deposit_that_was_begun_is_erased_with_the_rest(purse: Purse) -> None:
    ann = await purse.registered()
    credential = await purse.activate(ann.id)
    copy = await deposited(purse, ann, credential)
    rows = purse.world.base.database["custody"]
    await rows.update_one({"_id": copy}, {"$set": {"state": "UPLOADING"}})  # it broke off here
    await close(purse, ann)
    assert (await kept(purse, ann, copy))["state"] == "DELETED"
