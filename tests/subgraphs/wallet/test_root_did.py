"""One root DID for a person, one for an account, and a crash in between heals."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

from ledger_adapter.crypto.sm2 import PrivateKey
from subgraphs.holder.holder import Holder
from subgraphs.kit.identity import Application
from subgraphs.kit.viewer import Role
from subgraphs.vc.encoding import to_time
from subgraphs.vc.receipt import document_digest, parse_receipt
from tests.subgraphs.kit.gateway import Who
from tests.subgraphs.wallet.purse import (
    ANALYST,
    ISSUER,
    REGULATOR,
    VERIFIER,
    Person,
    Purse,
    a_person,
    registration_of,
)

HOLDER = "query($id: ID!) { node(id: $id) { id ... on Holder { did didState } } }"


async def test_a_registration_is_kept_and_told_to_the_log_as_a_digest(purse: Purse) -> None:
    ann = a_person()
    done = await purse.register(ann)
    assert done["__typename"] == "RegisterRootDidSuccess", done
    assert done["holder"] == {"id": ann.id, "did": ann.software.did, "didState": "ACTIVE"}
    receipt = parse_receipt(done["receipt"])
    (told,) = await purse.events("ROOT_DID_REGISTERED")
    assert told.envelope.subjects == (ann.id,)
    assert told.envelope.body == {"documentDigest": document_digest(receipt)}
    assert told.envelope.institutions == ()


async def test_a_second_registration_returns_the_existing_did(purse: Purse) -> None:
    ann = await purse.registered()
    again = await purse.register(ann)
    assert (again["__typename"], again["code"]) == (
        "RootDidAlreadyExists",
        "ROOT_DID_ALREADY_EXISTS",
    )
    assert again["did"] == ann.software.did
    assert parse_receipt(again["receipt"]).did == ann.software.did


async def test_another_key_of_the_same_person_finds_the_first_did(purse: Purse) -> None:
    ann = await purse.registered()
    second = a_person("ann")
    found = await purse.register(second)
    assert (found["__typename"], found["did"]) == ("RootDidAlreadyExists", ann.software.did)
    assert found["receipt"] is None
    assert len(await purse.events("ROOT_DID_REGISTERED")) == 1


async def test_another_account_with_the_same_key_gets_no_second_row(purse: Purse) -> None:
    ann = await purse.registered()
    found = await purse.register(a_person("ann", like=ann))
    assert (found["__typename"], found["receipt"]) == ("RootDidAlreadyExists", None)


async def test_the_same_call_again_answers_the_same(purse: Purse) -> None:
    ann = a_person()
    first = await purse.register(ann, client_id="once")
    again = await purse.register(ann, client_id="once")
    assert first["__typename"] == again["__typename"] == "RegisterRootDidSuccess"
    assert first["receipt"] == again["receipt"]
    assert len(await purse.events("ROOT_DID_REGISTERED")) == 1


async def test_a_crash_after_the_providers_answer_heals(purse: Purse) -> None:
    ann = a_person()
    asked = registration_of(ann)
    await purse.world.identity.register(
        Application(
            identity_document=asked.identity_document,
            public_key_multibase=asked.public_key_multibase,
            proof_of_possession=asked.proof_of_possession,
            payload=asked.payload,
            face_assertion=asked.face_assertion.as_json(),
        )
    )
    done = await purse.register(ann)
    assert (done["__typename"], done["holder"]["did"]) == (
        "RegisterRootDidSuccess",
        ann.software.did,
    )


async def test_of_two_accounts_at_once_one_gets_the_did(purse: Purse) -> None:
    ann = a_person()
    twin = a_person("ann", like=ann)
    done = await asyncio.gather(purse.register(ann), purse.register(twin))
    assert sorted(one["__typename"] for one in done) == [
        "RegisterRootDidSuccess",
        "RootDidAlreadyExists",
    ]
    assert len(await purse.events("ROOT_DID_REGISTERED")) == 1


FRIEND = Holder(PrivateKey.generate()).registration("TEST-ann")


REFUSED: list[tuple[str, dict[str, Any], str, str]] = [
    ("another person's document", {"identityDocument": "TEST-ben"},
     "ValidationFailed", "VALIDATION_FAILED"),
    ("no key", {"publicKeyMultibase": "zNoKey"}, "ValidationFailed", "KEY_INVALID"),
    ("another key than the payload's", {"publicKeyMultibase": FRIEND.public_key_multibase},
     "ValidationFailed", "VALIDATION_FAILED"),
    ("no payload", {"payload": "AA"}, "ValidationFailed", "JSON_INVALID"),
    ("no base64url", {"payload": "A"}, "ValidationFailed", "VALIDATION_FAILED"),
    ("signed by another key", {"proofOfPossession": FRIEND.proof_of_possession},
     "InvalidSignature", "SIGNATURE_INVALID"),
    ("a face check made for something else", {"faceAssertion": FRIEND.face_assertion.as_json()},
     "InvalidSignature", "FACE_OTHER_PAYLOAD"),
]  # fmt: skip


async def test_a_registration_that_does_not_hold_writes_nothing(purse: Purse) -> None:
    ann = a_person()
    for what, changed, kind, code in REFUSED:
        done = await purse.register(ann, **changed)
        assert (done["__typename"], done["code"]) == (kind, code), what
    assert await purse.events("ROOT_DID_REGISTERED") == []
    assert await purse.parts.store.root_did(ann.id) is None


async def test_what_the_provider_refuses_comes_back_with_its_field(purse: Purse) -> None:
    ann = a_person("ANN BEARS A NAME")
    done = await purse.register(ann)
    assert (done["__typename"], done["code"], done["field"]) == (
        "ValidationFailed",
        "IDENTITY_DOCUMENT_INVALID",
        "identityDocument",
    )


async def test_a_stale_face_check_is_refused(purse: Purse) -> None:
    ann = a_person()
    asked = registration_of(ann)
    old = asked.face_assertion.as_json()
    old["at"] = to_time(asked.face_assertion.at - timedelta(minutes=10))
    done = await purse.register(ann, faceAssertion=old)
    assert done["code"] in {"FACE_TOO_OLD", "FACE_OTHER_PAYLOAD"}


async def test_only_a_holder_registers(purse: Purse) -> None:
    asked = registration_of(a_person())
    for who in (ISSUER, VERIFIER, REGULATOR, Who()):
        done = await purse.do(
            "registerRootDid",
            who,
            identityDocument=asked.identity_document,
            publicKeyMultibase=asked.public_key_multibase,
            payload="AA",
            proofOfPossession=asked.proof_of_possession,
            faceAssertion=asked.face_assertion.as_json(),
        )
        assert (done["__typename"], done["code"]) == ("Forbidden", "FORBIDDEN")


async def seen_did(purse: Purse, person: Person, who: Who) -> Any:
    return (await purse.ask(HOLDER, {"id": person.id}, who=who)).only("node")["did"]


async def test_the_root_did_is_seen_where_a_customer_was_matched_to_it(purse: Purse) -> None:
    ann = await purse.registered()
    did = ann.software.did
    assert await seen_did(purse, ann, ann.who) == did
    assert await seen_did(purse, ann, REGULATOR) == did
    for who in (ISSUER, VERIFIER, ANALYST, a_person("ben").who, Who()):
        assert await seen_did(purse, ann, who) is None
    await purse.bind(ann.id, ISSUER, "ISSUER")
    assert await seen_did(purse, ann, ISSUER) == did
    assert await seen_did(purse, ann, VERIFIER) is None


async def test_a_verifier_sees_it_once_bound_and_presented_to_and_in_that_role_only(
    purse: Purse,
) -> None:
    """One house may be issuer and verifier: what it learnt as the one it has not as the other."""
    ann = await purse.registered()
    as_issuer = replace(VERIFIER, role=Role.ISSUER)
    await purse.bind(ann.id, VERIFIER, "ISSUER")
    assert await seen_did(purse, ann, as_issuer) == ann.software.did
    assert await seen_did(purse, ann, VERIFIER) is None
    await purse.bind(ann.id, VERIFIER, "VERIFIER")
    assert await seen_did(purse, ann, VERIFIER) is None, "nothing was presented to it"
    await purse.present(ann.id, VERIFIER)
    assert await seen_did(purse, ann, VERIFIER) == ann.software.did
    ben = await purse.registered("ben")
    await purse.present(ben.id, VERIFIER)
    assert await seen_did(purse, ben, VERIFIER) is None, "no customer of its own"
    await purse.bind(ben.id, VERIFIER, "VERIFIER")
    assert await seen_did(purse, ben, VERIFIER) == ben.software.did
    assert await seen_did(purse, ben, as_issuer) is None


async def test_a_holder_nobody_knows_answers_like_one_that_may_not_be_seen(purse: Purse) -> None:
    ann = await purse.registered()
    stranger = a_person("ben")
    for who in (ISSUER, ANALYST):
        for document in (HOLDER, HOLDER.replace("did didState", "walletItems { totalCount }")):
            known = await purse.ask(document, {"id": ann.id}, who=who)
            unknown = await purse.ask(document, {"id": stranger.id}, who=who)
            assert known.codes == unknown.codes
            known.data["node"]["id"] = unknown.data["node"]["id"] = ""
            assert known.data == unknown.data


async def test_me_is_the_holder_before_and_after_she_has_a_did(purse: Purse) -> None:
    ann = a_person()
    ask = "{ me { id did receipt walletItems { edges { node { id } } totalCount } } }"
    before = (await purse.ask(ask, who=ann.who)).only("me")
    assert (before["did"], before["walletItems"]["totalCount"]) == (None, 0)
    await purse.register(ann)
    after = (await purse.ask(ask, who=ann.who)).only("me")
    assert after["did"] == ann.software.did
    assert parse_receipt(after["receipt"]).did == ann.software.did
    assert (await purse.ask("{ me { id } }", who=ISSUER)).only("me") is None


async def test_health_is_open_and_everything_else_needs_the_gateway(purse: Purse) -> None:
    assert (await purse.world.gateway.get("/health")).json()["status"] == "up"
    refused = await purse.world.gateway.post({"query": "{ me { id } }"})
    assert (refused.status_code, refused.json()["errors"][0]["extensions"]["code"]) == (
        401,
        "GATEWAY_UNAUTHENTICATED",
    )
