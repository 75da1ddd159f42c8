"""A consent is what the holder signed, for one institution, until she takes it back."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from ledger_adapter.crypto.sm2 import PrivateKey
from subgraphs.holder.holder import Holder
from subgraphs.kit.ids import new_id
from subgraphs.vc import guard
from subgraphs.vc.consent import LIVE_COUNT, NEW_TOTAL_BAND, consent_digest, read_consent
from subgraphs.vc.did import institution_did
from subgraphs.wallet.steps.consent import GRANT
from tests.subgraphs.kit.gateway import Who
from tests.subgraphs.wallet.purse import (
    ANALYST,
    ISSUER,
    NO_VERIFIER,
    OTHER_VERIFIER,
    REGULATOR,
    TOTAL,
    VERIFIER,
    Purse,
    a_person,
    later,
    sign,
)

CONSENT = (
    "query($id: ID!) { node(id: $id) { ... on Consent { purpose state grantedTo { name } } } }"
)
ARTEFACT = "query($id: ID!) { node(id: $id) { ... on Consent { document } } }"


async def test_a_granted_consent_carries_the_holders_signature_and_is_told_to_the_log(
    purse: Purse,
) -> None:
    ann = await purse.registered()
    done = await purse.grant(ann, await purse.prepare(ann))
    consent = done["consent"]
    assert consent["state"] == "GRANTED"
    assert consent["grantedTo"] == {"id": VERIFIER.institution, "name": "财通基金管理有限公司"}
    assert consent["scope"] == {
        "claims": [TOTAL],
        "totalAtLeast": "3000000.00",
        "credentials": [],
    }
    assert consent["monitoring"]["granted"] is True
    held = ann.software.grant(consent["document"], ann.software.sign(b"x").face_assertion)
    artefact = read_consent(held.document)
    assert artefact.consent_id == consent["id"]
    assert artefact.granted_to == institution_did(str(VERIFIER.institution))
    (told,) = await purse.events("CONSENT_GRANTED")
    assert told.envelope.subjects == (consent["id"], ann.id)
    assert told.envelope.institutions == (VERIFIER.institution,)
    assert told.envelope.body == {
        "monitoring": True,
        "consentDigest": consent_digest(held.document),
    }


async def test_a_withdrawn_consent_is_over_for_good(purse: Purse) -> None:
    ann = await purse.registered()
    consent = await purse.granted(ann)
    done = await purse.withdraw(ann, consent["id"])
    assert done["consent"]["state"] == "WITHDRAWN"
    assert done["consent"]["withdrawnAt"] is not None
    (told,) = await purse.events("CONSENT_WITHDRAWN")
    assert told.envelope.institutions == (VERIFIER.institution,)
    again = await purse.withdraw(ann, consent["id"])
    assert (again["__typename"], again["from"], again["to"], again["allowed"]) == (
        "InvalidTransitionError",
        "WITHDRAWN",
        "WITHDRAWN",
        [],
    )


async def test_a_consent_whose_time_is_over_is_expired_and_cannot_be_withdrawn(
    purse: Purse,
) -> None:
    ann = await purse.registered()
    consent = await purse.granted(ann, monitoringUntil=None)
    consents = purse.world.base.database["consents"]
    now = purse.parts.clock()
    over = {"$set": {"valid_until": now - timedelta(seconds=1)}}
    await consents.update_one({"_id": consent["id"]}, over)
    found = await purse.ask(CONSENT, {"id": consent["id"]}, who=ann.who)
    assert found.only("node")["state"] == "EXPIRED"
    assert (await purse.withdraw(ann, consent["id"]))["from"] == "EXPIRED"


async def test_two_withdrawals_at_once_write_one_event(purse: Purse) -> None:
    ann = await purse.registered()
    consent = await purse.granted(ann)
    done = await asyncio.gather(*(purse.withdraw(ann, consent["id"]) for _ in range(2)))
    kinds = sorted(one["__typename"] for one in done)
    assert kinds in (
        ["InvalidTransitionError", "WithdrawConsentSuccess"],
        ["TryAgain", "WithdrawConsentSuccess"],
    )
    assert len(await purse.events("CONSENT_WITHDRAWN")) == 1


async def test_a_prepared_payload_is_used_once_and_by_its_holder_alone(purse: Purse) -> None:
    ann, ben = await purse.registered("ann"), await purse.registered("ben")
    ready = await purse.prepare(ann)
    stolen = await purse.submit("grantConsent", ben, ready, signature=sign(ann, ready))
    assert (stolen["__typename"], stolen["code"]) == ("NotFound", "NOT_FOUND")
    first = await purse.grant(ann, ready)
    again = await purse.grant(ann, ready)
    assert (first["__typename"], again["__typename"], again["code"]) == (
        "GrantConsentSuccess",
        "NotFound",
        "NOT_FOUND",
    )
    assert len(await purse.events("CONSENT_GRANTED")) == 1


async def test_the_same_grant_with_its_idempotency_key_answers_the_same(purse: Purse) -> None:
    ann = await purse.registered()
    ready = await purse.prepare(ann)
    first = await purse.grant(ann, ready, client_id="once")
    again = await purse.grant(ann, ready, client_id="once")
    assert first["consent"]["id"] == again["consent"]["id"]
    assert len(await purse.events("CONSENT_GRANTED")) == 1


async def test_a_signature_that_does_not_hold_grants_nothing_and_spends_nothing(
    purse: Purse,
) -> None:
    ann = await purse.registered()
    ready = await purse.prepare(ann)
    good = sign(ann, ready)
    other = Holder(PrivateKey.generate()).sign(b"something else")
    liveless = {**good.as_input()["faceAssertion"], "liveness": "FAILED"}  # type: ignore[dict-item]
    bad: list[dict[str, Any]] = [
        {**good.as_input(), "value": other.value},
        {**good.as_input(), "verificationMethod": other.verification_method},
        {**good.as_input(), "faceAssertion": other.face_assertion.as_json()},
        {**good.as_input(), "faceAssertion": liveless},
    ]
    codes = []
    for signature in bad:
        done = await purse.do(
            "grantConsent",
            ann.who,
            preparedId=ready["preparedId"],
            holderSignature=signature,
        )
        assert done["__typename"] == "InvalidSignature"
        codes.append(done["code"])
    assert codes == [
        "SIGNATURE_INVALID",
        "VERIFICATION_METHOD_MISMATCH",
        "FACE_OTHER_PAYLOAD",
        "FACE_NOT_LIVE",
    ]
    assert await purse.events("CONSENT_GRANTED") == []
    assert (await purse.grant(ann, ready))["__typename"] == "GrantConsentSuccess"


async def test_what_a_verifier_can_use_can_be_consented_to(purse: Purse) -> None:
    """The tags of the guard, the count of live proofs, the bands of later endorsements."""
    ann = await purse.registered()
    wanted = {*guard.WITH_AMOUNTS, LIVE_COUNT, NEW_TOTAL_BAND, TOTAL}
    consent = await purse.granted(ann, scope={"claims": sorted(wanted)})
    assert set(read_consent(consent["document"]).claims) == wanted


async def test_terms_that_make_no_consent_are_refused_with_their_field(purse: Purse) -> None:
    ann = await purse.registered()
    cases: list[tuple[dict[str, object], str, str]] = [
        ({"grantedTo": new_id("inst")}, "NOT_FOUND", "grantedTo"),
        ({"grantedTo": NO_VERIFIER}, "NOT_FOUND", "grantedTo"),
        ({"purpose": "for fun"}, "VALIDATION_FAILED", "purpose"),
        ({"purpose": "X" * 65}, "VALIDATION_FAILED", "purpose"),
        ({"scope": {}}, "SCOPE_EMPTY", "scope"),
        ({"scope": {"claims": [TOTAL, "/issuer"]}}, "CLAIM_UNKNOWN", "scope.claims[1]"),
        ({"scope": {"claims": ["/credentialSubject/lowerBound/seed"]}}, "CLAIM_UNKNOWN",
         "scope.claims[0]"),
        ({"scope": {"claims": [TOTAL], "credentials": [new_id("cred")]}}, "NOT_FOUND",
         "scope.credentials[0]"),
        ({"validUntil": later(days=-1)}, "TIME_OUT_OF_RANGE", "validUntil"),
        ({"validUntil": later(days=400)}, "TIME_OUT_OF_RANGE", "validUntil"),
        ({"validUntil": "2027-01-01T00:00:00"}, "TIME_WITHOUT_OFFSET", "validUntil"),
        ({"monitoringUntil": later(days=-1)}, "TIME_OUT_OF_RANGE", "monitoringUntil"),
    ]  # fmt: skip
    for changed, code, field in cases:
        done = await purse.prepare(ann, **changed)
        assert (done.get("code"), done.get("field")) == (code, field), done
    prepared = purse.world.base.database["prepared"]
    assert await prepared.count_documents({"purpose": GRANT}) == 0


@pytest.mark.parametrize(
    "amounts", [["3e6", "3,000,000", "-1", "1.234", "３００００００", "01", "", "1e400"]]
)
async def test_an_amount_is_an_exact_decimal_or_refused(purse: Purse, amounts: list[str]) -> None:
    ann = await purse.registered()
    for amount in amounts:
        done = await purse.prepare(ann, scope={"totalAtLeast": amount})
        assert (done["code"], done["field"]) == ("AMOUNT_INVALID", "scope.totalAtLeast")
    exact = await purse.granted(ann, scope={"totalAtLeast": "2999999.99"})
    assert exact["scope"]["totalAtLeast"] == "2999999.99"


async def test_without_a_root_did_there_is_nothing_to_sign_with(purse: Purse) -> None:
    done = await purse.prepare(a_person())
    assert (done["__typename"], done["code"]) == ("ValidationFailed", "ROOT_DID_MISSING")


async def test_only_holders_grant(purse: Purse) -> None:
    for who in (ISSUER, VERIFIER, REGULATOR, Who()):
        done = await purse.do("prepareConsentWithdrawal", who, consentId=new_id("cons"))
        assert (done["__typename"], done["code"]) == ("Forbidden", "FORBIDDEN")


async def test_a_foreign_consent_answers_like_an_unknown_one(purse: Purse) -> None:
    ann, ben = await purse.registered("ann"), await purse.registered("ben")
    consent = await purse.granted(ann)
    foreign = await purse.withdraw(ben, consent["id"])
    unknown = await purse.withdraw(ben, new_id("cons"))
    assert foreign == unknown
    assert foreign["code"] == "NOT_FOUND"


async def test_a_consent_is_seen_by_its_parties_and_the_regulator_alone(purse: Purse) -> None:
    ann = await purse.registered()
    consent = await purse.granted(ann)
    name = "财通基金管理有限公司"
    for who in (ann.who, VERIFIER, REGULATOR):
        found = (await purse.ask(CONSENT, {"id": consent["id"]}, who=who)).only("node")
        assert found["grantedTo"] == {"name": name}
    for who in (OTHER_VERIFIER, ISSUER, ANALYST, a_person("ben").who, Who()):
        denied = await purse.ask(CONSENT, {"id": consent["id"]}, who=who)
        unknown = await purse.ask(CONSENT, {"id": new_id("cons")}, who=who)
        assert denied == unknown
        assert denied.only("node")["purpose"] is None
    regulator = await purse.ask(ARTEFACT, {"id": consent["id"]}, who=REGULATOR)
    assert (regulator.data["node"]["document"], regulator.codes) == (None, ["FORBIDDEN"])


LISTED = """query($id: ID!, $first: Int!, $after: Cursor) { node(id: $id) {
  ... on Holder { consents(first: $first, after: $after) { ...C } }
  ... on Credential { consents(first: $first, after: $after) { ...C } } } }
fragment C on ConsentConnection { totalCount pageInfo { endCursor hasNextPage }
  edges { node { id } } }"""


async def test_consents_are_listed_newest_first_and_page_by_page(purse: Purse) -> None:
    ann = await purse.registered()
    made = [(await purse.granted(ann))["id"] for _ in range(3)]
    seen: list[str] = []
    after = None
    while True:
        variables = {"id": ann.id, "first": 2, "after": after}
        page = (await purse.ask(LISTED, variables, who=ann.who)).only("node")["consents"]
        assert page["totalCount"] == 3
        seen += [edge["node"]["id"] for edge in page["edges"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert seen == made[::-1]
    foreign = await purse.ask(LISTED, {"id": ann.id, "first": 2, "after": after}, who=VERIFIER)
    assert foreign.codes == ["FORBIDDEN"]
    too_many = await purse.ask(LISTED, {"id": ann.id, "first": 101}, who=ann.who)
    assert too_many.codes == ["FIRST_OUT_OF_RANGE"]


async def test_a_credential_lists_the_consents_it_may_be_shown_under(purse: Purse) -> None:
    ann = await purse.registered()
    one, two = await purse.activate(ann.id), await purse.activate(ann.id)
    scope = {"claims": [TOTAL], "credentials": [one]}
    named = (await purse.granted(ann, scope=scope))["id"]
    for_all = (await purse.granted(ann))["id"]

    async def listed(credential: str, who: Who) -> list[str]:
        found = await purse.ask(LISTED, {"id": credential, "first": 5}, who=who)
        edges = found.only("node")["consents"]["edges"]
        return [edge["node"]["id"] for edge in edges]

    assert await listed(one, ann.who) == [for_all, named]
    assert await listed(two, ann.who) == [for_all]
    assert await listed(one, VERIFIER) == [for_all, named]
    assert await listed(one, OTHER_VERIFIER) == []
    assert await listed(new_id("cred"), VERIFIER) == []
    assert await listed(one, a_person("ben").who) == []
    denied = await purse.ask(LISTED, {"id": one, "first": 5}, who=ISSUER)
    assert denied.codes == ["FORBIDDEN"]
