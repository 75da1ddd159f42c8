"""Data Integrity proofs: our SM2 suite, proof sets, and each way a proof can fail."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from subgraphs.vc import proofs
from subgraphs.vc.did import method_id
from subgraphs.vc.errors import MalformedDocument, UnsupportedSuite
from subgraphs.vc.proofs import Expectation, ProofOptions, ProofReason, Purpose
from subgraphs.vc.strict_json import JsonObject
from tests.kit.credentials import ISSUER, NOW, OTHER_ISSUER, scalar

KEY = scalar("signer")
METHOD = method_id(ISSUER)
DOCUMENT: JsonObject = {"@context": ["https://a.example", "https://b.example"], "amount": "1.00"}
EXPECTED = Expectation(
    purpose=Purpose.AUTHENTICATION,
    verification_method=METHOD,
    challenge="nonce-1",
    domain="did:credgraph:audience",
    now=NOW,
)


def signed(document: JsonObject = DOCUMENT) -> JsonObject:
    options = ProofOptions(
        verification_method=METHOD,
        purpose=Purpose.AUTHENTICATION,
        created=NOW,
        expires=NOW + timedelta(minutes=5),
        challenge="nonce-1",
        domain="did:credgraph:audience",
    )
    prepared = proofs.prepare(document, options)
    return proofs.attach(document, prepared, KEY.sign(prepared.payload))


def outcome(document: JsonObject, expected: Expectation = EXPECTED) -> ProofReason | None:
    (proof,) = proofs.proofs_of(document)
    return proofs.verify(document, proof, KEY.public_key, expected).reason


def with_proof(**changes: object) -> JsonObject:
    document = signed()
    (proof,) = proofs.proofs_of(document)
    return {**document, "proof": {**proof, **changes}}  # type: ignore[dict-item]


def test_what_was_signed_verifies() -> None:
    assert outcome(signed()) is None


def test_the_payload_is_two_sm3_digests_that_the_signer_can_compute_again() -> None:
    document = signed()
    (proof,) = proofs.proofs_of(document)
    config = {name: value for name, value in proof.items() if name != "proofValue"}
    payload = proofs.payload(document, config)
    assert len(payload) == 64
    assert config["@context"] == DOCUMENT["@context"]


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        pytest.param({"amount": "2.00"}, ProofReason.PROOF_INVALID, id="a member changed"),
        pytest.param({"more": None}, ProofReason.PROOF_INVALID, id="a member added"),
        pytest.param({"@context": ["https://b.example"]}, ProofReason.CONTEXT_MISMATCH,
                     id="another context"),
    ],
)  # fmt: skip
def test_a_changed_document(changed: JsonObject, reason: ProofReason) -> None:
    assert outcome({**signed(), **changed}) == reason


def test_a_context_added_after_signing_changes_no_meaning_of_what_was_signed() -> None:
    contexts = ["https://a.example", "https://b.example", "https://c.example"]
    assert outcome({**signed(), "@context": list(contexts)}) is None


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        pytest.param({"created": "2026-11-22T09:00:01Z"}, ProofReason.PROOF_INVALID, id="created"),
        pytest.param({"nonce": "x"}, ProofReason.PROOF_INVALID, id="a member more"),
        pytest.param({"type": "Ed25519Signature2020"}, ProofReason.PROOF_MALFORMED, id="type"),
        pytest.param({"previousProof": "urn:x"}, ProofReason.PROOF_MALFORMED, id="a chain"),
        pytest.param({"cryptosuite": "none"}, ProofReason.SUITE_UNSUPPORTED, id="no suite"),
        pytest.param({"cryptosuite": ["sm2-sm3-jcs-2026"]}, ProofReason.SUITE_UNSUPPORTED,
                     id="a list of suites"),
        pytest.param({"cryptosuite": "eddsa-jcs-2022"}, ProofReason.SUITE_KEY_MISMATCH,
                     id="downgrade to another suite"),
        pytest.param({"proofPurpose": "assertionMethod"}, ProofReason.PURPOSE_MISMATCH,
                     id="purpose"),
        pytest.param({"verificationMethod": f"{OTHER_ISSUER}#key-1"}, ProofReason.METHOD_MISMATCH,
                     id="another's method"),
        pytest.param({"challenge": "nonce-2"}, ProofReason.CHALLENGE_MISMATCH, id="challenge"),
        pytest.param({"domain": ["did:credgraph:audience"]}, ProofReason.DOMAIN_MISMATCH,
                     id="a list of domains"),
        pytest.param({"proofValue": "z"}, ProofReason.PROOF_MALFORMED, id="no signature"),
        pytest.param({"proofValue": "z" + "1" * 64}, ProofReason.PROOF_INVALID, id="r = s = 0"),
        pytest.param({"proofValue": 7}, ProofReason.PROOF_MALFORMED, id="a number"),
        pytest.param({"expires": "soon"}, ProofReason.PROOF_MALFORMED, id="no time"),
    ],
)  # fmt: skip
def test_a_changed_proof(changes: dict[str, object], reason: ProofReason) -> None:
    assert outcome(with_proof(**changes)) == reason


@pytest.mark.parametrize(
    "respell",
    [
        pytest.param(lambda text: text + " ", id="a blank after it"),
        pytest.param(lambda text: "u" + text[1:], id="another base"),
        pytest.param(lambda text: "z1" + text[1:], id="a zero byte before it"),
    ],
)
def test_a_signature_has_one_spelling(respell: Callable[[str], str]) -> None:
    (proof,) = proofs.proofs_of(signed())
    assert outcome(with_proof(proofValue=respell(str(proof["proofValue"])))) is not None


def test_time_bounds() -> None:
    late = Expectation(purpose=Purpose.AUTHENTICATION, now=NOW + timedelta(minutes=5))
    early = Expectation(purpose=Purpose.AUTHENTICATION, now=NOW - timedelta(minutes=6))
    assert outcome(signed(), late) == ProofReason.PROOF_EXPIRED
    assert outcome(signed(), early) == ProofReason.PROOF_FROM_FUTURE


def test_the_proofs_of_a_set_do_not_depend_on_each_other() -> None:
    first, second = scalar("first"), scalar("second")
    document = DOCUMENT
    for name, key in (("did:credgraph:one", first), ("did:credgraph:two", second)):
        options = ProofOptions(
            verification_method=f"{name}#key-1", purpose=Purpose.ASSERTION, created=NOW
        )
        prepared = proofs.prepare(document, options)
        document = proofs.attach(document, prepared, key.sign(prepared.payload))
    expected = Expectation(purpose=Purpose.ASSERTION)
    both = list(proofs.proofs_of(document))
    for proof_set in (both, both[::-1], both[:1]):
        shuffled: JsonObject = {**document, "proof": list(proof_set)}
        found = proofs.verify_by(shuffled, "did:credgraph:one#key-1", first.public_key, expected)
        assert found.ok
    alone: JsonObject = {**document, "proof": both[0]}
    missing = proofs.verify_by(alone, "did:credgraph:two#key-1", second.public_key, expected)
    assert missing.reason == ProofReason.PROOF_MISSING
    twice: JsonObject = {**document, "proof": [both[0], both[0]]}
    doubled = proofs.verify_by(twice, "did:credgraph:one#key-1", first.public_key, expected)
    assert doubled.reason == ProofReason.PROOF_MISSING


def test_a_flood_of_proofs_is_refused_before_any_is_checked() -> None:
    document: JsonObject = {**DOCUMENT, "proof": [{}] * 9}
    with pytest.raises(MalformedDocument):
        proofs.proofs_of(document)
    found = proofs.verify_by(document, METHOD, KEY.public_key, EXPECTED)
    assert found.reason == ProofReason.PROOF_MALFORMED


def test_nothing_is_prepared_for_a_suite_we_do_not_speak() -> None:
    with pytest.raises(UnsupportedSuite):
        proofs.payload(DOCUMENT, {"cryptosuite": "ecdsa-rdfc-2019"})


def test_a_signature_of_another_length_is_not_attached() -> None:
    options = ProofOptions(verification_method=METHOD, purpose=Purpose.ASSERTION, created=NOW)
    with pytest.raises(MalformedDocument):
        proofs.attach(DOCUMENT, proofs.prepare(DOCUMENT, options), b"\0" * 63)
