"""Texts are agreed to before the step they belong to, each version once, and told as digests."""

import asyncio
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any

import pytest

from subgraphs.holder.errors import NotAsAsked
from subgraphs.kit.agreements import CATALOGUE, AgreementKind, AgreementStage, in_force
from subgraphs.rules.calendar import SHANGHAI, day_of
from subgraphs.vc.encoding import from_base64url, sm3_hash, to_base64url
from subgraphs.vc.strict_json import canonical
from tests.subgraphs.wallet.purse import (
    PREPARED,
    REGULATOR,
    VERIFIER,
    Purse,
    a_copy,
    a_person,
    later,
    sign,
)

TERMS: dict[str, object] = {
    "grantedTo": VERIFIER.institution,
    "purpose": "PRIVATE_FUND",
    "scope": {"totalAtLeast": "3000000.00"},
}
PUBLISHED = {
    AgreementStage.ROOT_DID: "sm3:b15139f1242dfe729b2a39051148aa706bcad97d3f63b4775e14ae9903e99953",
    AgreementStage.ISSUANCE: "sm3:2f38891120266d2e63e79b973655fc12ae08f1edc44b798db4c4a9caca4edac6",
    AgreementStage.CUSTODY: "sm3:eefe92a95930a6db5aa29ba564ef53ef95ba3d704ebcb79c9913126a340fba2a",
    AgreementStage.USE: "sm3:9c7224b9220b7a00e234fe065d6e3688f47a22e9177783e26a8d31ad1c382316",
}
"""SM3 of the digests of each stage's first texts: an edited text is another version."""
HERS = "query($id: ID!) { node(id: $id) { ... on Holder { agreements { stage kind } } } }"


def consent_terms() -> dict[str, object]:
    return {**TERMS, "validUntil": later(days=30)}


def named(missing: list[dict[str, Any]]) -> set[tuple[str, str, int]]:
    return {(one["stage"], one["kind"], one["version"]) for one in missing}


def of(stage: AgreementStage) -> set[tuple[str, str, int]]:
    return {
        (one.stage.value, one.kind.value, one.version) for one in CATALOGUE if one.stage is stage
    }


async def with_texts(purse: Purse, *more: Any) -> None:
    """The same wallet, with more texts published."""
    terms = purse.parts.terms
    purse.replace_parts(terms=replace(terms, agreements=(*terms.agreements, *more)))


async def test_no_root_did_without_the_texts_of_its_stage(purse: Purse) -> None:
    ann = a_person()
    bare = ann.software.registration("TEST-ann")
    refused = await purse.register(
        ann,
        payload=to_base64url(bare.payload),
        proofOfPossession=bare.proof_of_possession,
        faceAssertion=bare.face_assertion.as_json(),
    )
    assert (refused["__typename"], refused["code"]) == ("AgreementRequired", "AGREEMENT_REQUIRED")
    own_will = ("ROOT_DID", "OWN_WILL", 1)
    assert named(refused["missing"]) == of(AgreementStage.ROOT_DID) - {own_will}
    assert await purse.parts.store.root_did(ann.id) is None
    assert await purse.events("AGREEMENT_SIGNED") == []


async def test_what_the_registration_binds_is_kept_and_told_as_digests(purse: Purse) -> None:
    ann = await purse.registered()
    rows = await purse.parts.store.agreements(ann.id)
    told = [one.envelope.body for one in await purse.events("AGREEMENT_SIGNED")]
    assert {(row.stage.value, row.kind.value, row.version) for row in rows} == of(
        AgreementStage.ROOT_DID
    )
    assert {body["textDigest"] for body in told} == {row.text_digest for row in rows}
    for row in rows:
        payload = from_base64url(str(row.document["payload"]))
        assert row.text_digest.encode() in payload  # the bytes her key signed
    assert {body["documentDigest"] for body in told} == {
        sm3_hash(canonical(row.document)) for row in rows
    }
    written = " ".join(str(body) for body in told)
    assert all(one.text not in written for one in CATALOGUE)


async def test_a_consent_asks_first_and_goes_through_afterwards(purse: Purse) -> None:
    ann = await purse.registered()
    refused = await purse.do("prepareConsent", ann.who, PREPARED, **consent_terms())
    assert refused["__typename"] == "AgreementRequired"
    assert named(refused["missing"]) == of(AgreementStage.USE)
    done = await purse.agree(ann, AgreementStage.USE)
    assert done["__typename"] == "SignAgreementsSuccess", done
    ready = await purse.do("prepareConsent", ann.who, PREPARED, **consent_terms())
    assert ready["__typename"] == "PrepareConsentSuccess"
    again = await purse.agree(ann, AgreementStage.USE)
    assert (again["__typename"], again["code"]) == ("ValidationFailed", "AGREEMENTS_ALREADY_SIGNED")


async def test_custody_asks_for_its_own_texts(purse: Purse) -> None:
    ann = await purse.registered()
    await purse.agree(ann, AgreementStage.USE)
    item = await purse.item_of(await purse.activate(ann.id), ann)
    given = {"walletItemId": item["id"], "ciphertext": a_copy(b"sealed")}
    refused = await purse.do("depositToCustody", ann.who, **given)
    assert named(refused["missing"]) == of(AgreementStage.CUSTODY)
    await purse.agree(ann, AgreementStage.CUSTODY)
    done = await purse.do("depositToCustody", ann.who, **given)
    assert done["__typename"] == "DepositToCustodySuccess", done


@pytest.mark.parametrize("stage", [AgreementStage.ROOT_DID, AgreementStage.USE])
async def test_a_new_version_asks_again_from_its_day_on(
    purse: Purse, stage: AgreementStage
) -> None:
    ann = await purse.registered()
    await purse.agree(ann, AgreementStage.USE)
    risk = AgreementKind.RISK_DISCLOSURE
    (first,) = [one for one in CATALOGUE if (one.stage, one.kind) == (stage, risk)]
    today = day_of(purse.parts.clock())
    newer = replace(first, version=2, text=first.text + " 2", effective_from=today)
    later_still = replace(newer, version=3, effective_from=today + timedelta(days=2))
    await with_texts(purse, newer, later_still)
    refused = await purse.do("prepareConsent", ann.who, PREPARED, **consent_terms())
    assert named(refused["missing"]) == {(stage.value, "RISK_DISCLOSURE", 2)}
    await purse.agree(ann, AgreementStage.USE)
    ready = await purse.do("prepareConsent", ann.who, PREPARED, **consent_terms())
    assert ready["__typename"] == "PrepareConsentSuccess"
    kept = [row.version for row in await purse.parts.store.agreements(ann.id) if row.kind is risk]
    assert sorted(kept) == [1, 1, 2]


async def test_its_day_begins_at_midnight_in_shanghai(purse: Purse) -> None:
    ann = await purse.registered()
    await purse.agree(ann, AgreementStage.USE)
    first = next(one for one in CATALOGUE if one.stage is AgreementStage.USE)
    tomorrow = day_of(purse.parts.clock()) + timedelta(days=1)
    begins = datetime.combine(tomorrow, time(), SHANGHAI)
    newer = replace(first, version=2, text=first.text + " 2", effective_from=tomorrow)
    await with_texts(purse, newer)
    asked = "query($stage: AgreementStage) { agreements(stage: $stage) { version } }"
    for at, kind, version in (
        (begins - timedelta(seconds=1), "PrepareConsentSuccess", 1),
        (begins, "AgreementRequired", 2),
    ):
        purse.replace_parts(clock=lambda at=at: at)
        ready = await purse.do("prepareConsent", ann.who, PREPARED, **consent_terms())
        assert ready["__typename"] == kind
        texts = await purse.ask(asked, {"stage": "USE"}, who=ann.who)
        assert max(one["version"] for one in texts.only("agreements")) == version


async def test_a_text_of_the_same_version_with_other_words_is_not_what_she_signed(
    purse: Purse,
) -> None:
    ann = await purse.registered()
    await purse.agree(ann, AgreementStage.USE)
    terms = purse.parts.terms
    changed = [replace(one, text=one.text + "!") for one in terms.agreements]
    purse.replace_parts(terms=replace(terms, agreements=tuple(changed)))
    refused = await purse.do("prepareConsent", ann.who, PREPARED, **consent_terms())
    assert refused["__typename"] == "AgreementRequired"


async def test_two_devices_sign_the_same_texts_once(purse: Purse) -> None:
    ann = await purse.registered()
    ready = [await purse.do("prepareAgreements", ann.who, PREPARED, stage="USE") for _ in range(2)]
    done = await asyncio.gather(
        *[
            purse.do(
                "signAgreements",
                ann.who,
                "agreements { kind }",
                preparedId=one["preparedId"],
                holderSignature=sign(ann, one).as_input(),
            )
            for one in ready
        ]
    )
    assert {one["__typename"] for one in done} <= {"SignAgreementsSuccess", "TryAgain"}
    told = [one.envelope.body["agreementStage"] for one in await purse.events("AGREEMENT_SIGNED")]
    assert told.count("USE") == len(of(AgreementStage.USE))


async def test_nobody_else_signs_or_reads_them(purse: Purse) -> None:
    ann, ben = await purse.registered(), await purse.registered("ben")
    ready = await purse.do("prepareAgreements", ann.who, PREPARED, stage="USE")
    for person, signer in ((ben, ben), (ann, ben)):
        refused = await purse.do(
            "signAgreements",
            person.who,
            preparedId=ready["preparedId"],
            holderSignature=signer.software.sign(from_base64url(ready["payloadToSign"])).as_input(),
        )
        assert refused["__typename"] in {"NotFound", "InvalidSignature"}
    for who in (ben.who, VERIFIER, REGULATOR):
        found = await purse.ask(HERS, {"id": ann.id}, who=who)
        assert (found.data or {"node": None})["node"] in (None, {"agreements": None})


async def test_her_software_signs_no_text_that_was_not_read(purse: Purse) -> None:
    ann = await purse.registered()
    ready = await purse.do("prepareAgreements", ann.who, PREPARED, stage="USE")
    texts = [one.text for one in CATALOGUE if one.stage is AgreementStage.USE]
    with pytest.raises(NotAsAsked):
        ann.software.sign_agreements(ready["payload"], ready["payloadToSign"], read=texts[1:])
    ann.software.sign_agreements(ready["payload"], ready["payloadToSign"], read=texts)


def test_every_stage_has_its_texts_and_a_published_one_never_changes() -> None:
    day = max(one.effective_from for one in CATALOGUE)
    assert all(in_force(stage, on=day) for stage in AgreementStage)
    assert len({one.key for one in CATALOGUE}) == len(CATALOGUE)
    assert {stage: _first_texts(stage) for stage in AgreementStage} == PUBLISHED


def _first_texts(stage: AgreementStage) -> str:
    digests = [one.digest for one in CATALOGUE if (one.stage, one.version) == (stage, 1)]
    return sm3_hash("".join(digests).encode())
