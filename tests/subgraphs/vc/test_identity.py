"""DIDs, their documents, receipts, registrations and face checks."""

from dataclasses import replace
from datetime import timedelta

import pytest

from subgraphs.vc.did import (
    build_did_document,
    institution_did,
    method_id,
    parse_did,
    parse_did_document,
    person_did,
)
from subgraphs.vc.errors import VcError
from subgraphs.vc.face import (
    FaceReason,
    face_refusal,
    read_face_assertion,
    simulate_face_assertion,
)
from subgraphs.vc.proofs import ProofReason, Purpose
from subgraphs.vc.receipt import document_digest, parse_receipt, verify_receipt
from subgraphs.vc.registration import check_registration
from subgraphs.vc.strict_json import JsonObject
from tests.kit.credentials import NOW, PROVIDER, World, scalar


def test_a_root_did_follows_from_its_first_key_alone() -> None:
    key = scalar("anna").public_key
    assert person_did(key) == person_did(key) != person_did(scalar("friend").public_key)
    assert person_did(key).startswith("did:credgraph:")
    assert institution_did("inst_ABC") == "did:credgraph:inst_abc"


@pytest.mark.parametrize(
    "text", ["", "did:x", "did:credgraph:", "did:credgraph:a#b", "did:credgraph:a b", "x" * 300]
)
def test_what_is_no_did(text: str) -> None:
    with pytest.raises(VcError):
        parse_did(text)


def test_a_document_grants_each_key_its_purposes() -> None:
    world = World()
    document = build_did_document(world.anna.did, [world.anna.public_key_multibase])
    read = parse_did_document(document)
    assert read.key_for(world.anna.method, Purpose.ASSERTION) is not None
    without = parse_did_document({**document, "authentication": []})
    assert without.key_for(world.anna.method, Purpose.AUTHENTICATION) is None
    assert without.key_for(method_id(world.anna.did, 2), Purpose.ASSERTION) is None


def foreign_key(world: World) -> JsonObject:
    document = build_did_document(world.anna.did, [world.anna.public_key_multibase])
    other = build_did_document(world.friend.did, [world.friend.public_key_multibase])
    return {**document, "verificationMethod": other["verificationMethod"]}


def test_a_document_with_somebody_elses_key_is_refused() -> None:
    with pytest.raises(VcError):
        parse_did_document(foreign_key(World()))


def test_a_document_with_one_key_id_twice_is_refused() -> None:
    world = World()
    document = build_did_document(world.anna.did, [world.anna.public_key_multibase])
    methods = document["verificationMethod"]
    assert isinstance(methods, list)
    with pytest.raises(VcError):
        parse_did_document({**document, "verificationMethod": methods * 2})


def test_a_receipt_holds_under_the_providers_key_only() -> None:
    world = World()
    receipt = parse_receipt(world.receipt(world.anna))
    provider, method = world.provider.public_key, method_id(PROVIDER)
    assert verify_receipt(receipt, method=method, key=provider).ok
    other = verify_receipt(receipt, method=method, key=scalar("other").public_key)
    assert other.reason == ProofReason.PROOF_INVALID
    assert document_digest(receipt).startswith("sm3:")


def test_the_documents_digest_depends_on_the_salt() -> None:
    world = World()
    first, second = (parse_receipt(world.receipt(world.anna)) for _ in range(2))
    assert document_digest(first) != document_digest(second)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"did": "did:credgraph:other"}, id="about another DID"),
        pytest.param({"salt": "AA"}, id="a short salt"),
        pytest.param({"type": "Receipt"}, id="another type"),
        pytest.param({"note": "x"}, id="a member that does not belong"),
        pytest.param({"didDocument": None}, id="no document"),
    ],
)
def test_an_ill_formed_receipt_is_refused(change: JsonObject) -> None:
    world = World()
    with pytest.raises(VcError):
        parse_receipt({**world.receipt(world.anna), **change})


def test_a_registration_proves_the_key_for_this_identity() -> None:
    world = World()
    asked = world.anna.registration("TEST-anna")
    found = check_registration(
        asked.payload,
        public_key_multibase=asked.public_key_multibase,
        proof_of_possession=asked.proof_of_possession,
        identity_document="TEST-anna",
        now=NOW,
    )
    assert found.did == world.anna.did


@pytest.mark.parametrize(
    ("change", "place"),
    [
        pytest.param({"identity_document": "TEST-friend"}, "/payload/identityDigest",
                     id="for another person"),
        pytest.param({"public_key_multibase": World().friend.public_key_multibase}, "/payload",
                     id="for another key"),
        pytest.param({"proof_of_possession": World().friend.sign(b"x").value},
                     "/proofOfPossession", id="signed by another key"),
        pytest.param({"proof_of_possession": "z0"}, "/proofOfPossession", id="no signature"),
        pytest.param({"public_key_multibase": "zzz"}, "/publicKeyMultibase", id="no key"),
        pytest.param({"now": NOW + timedelta(minutes=11)}, "/payload/createdAt", id="too late"),
        pytest.param({"now": NOW - timedelta(minutes=6)}, "/payload/createdAt", id="too early"),
    ],
)  # fmt: skip
def test_a_registration_of_something_else_is_refused(change: dict[str, object], place: str) -> None:
    asked = World().anna.registration("TEST-anna")
    given: dict[str, object] = {
        "public_key_multibase": asked.public_key_multibase,
        "proof_of_possession": asked.proof_of_possession,
        "identity_document": "TEST-anna",
        "now": NOW,
    }
    with pytest.raises(VcError) as refusal:
        check_registration(asked.payload, **{**given, **change})  # type: ignore[arg-type]
    assert refusal.value.place == place


def test_a_face_assertion_stands_for_one_payload_for_a_short_time() -> None:
    assertion = simulate_face_assertion("face-1", b"payload", NOW)
    assert read_face_assertion(assertion.as_json()) == assertion
    assert face_refusal(assertion, b"payload", NOW) is None
    assert face_refusal(assertion, b"other", NOW) == FaceReason.FACE_OTHER_PAYLOAD
    late = NOW + timedelta(minutes=6)
    assert face_refusal(assertion, b"payload", late) == FaceReason.FACE_TOO_OLD
    early = NOW - timedelta(minutes=2)
    assert face_refusal(assertion, b"payload", early) == FaceReason.FACE_TOO_OLD
    dead = replace(assertion, liveness="FAILED")
    assert face_refusal(dead, b"payload", NOW) == FaceReason.FACE_NOT_LIVE
