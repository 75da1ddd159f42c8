"""Attacks on credentials that no other file tells: guessing, moving down, replaying, mixing."""

from typing import cast

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from ledger_adapter.crypto import sm3
from subgraphs.vc import model, proofs
from subgraphs.vc.asset_proof import AssetCategory
from subgraphs.vc.disclosure import canonical_list, conceal, reveal
from subgraphs.vc.encoding import to_base64url
from subgraphs.vc.errors import BadDisclosure
from subgraphs.vc.multikey import VerificationKey
from subgraphs.vc.proofs import Expectation, ProofReason, Purpose
from subgraphs.vc.strict_json import JsonObject, JsonValue
from subgraphs.vc.suites import SUITES
from tests.kit.credentials import ISSUER, NOW, World

EXPECTED = Expectation(purpose=Purpose.ASSERTION)


def digests(value: JsonValue) -> set[str]:
    match value:
        case dict():
            own = {str(value["..."])} if "..." in value else set()
            listed = value.get("_sd", [])
            own |= {str(d) for d in listed} if isinstance(listed, list) else set()
            return own.union(*(digests(item) for item in value.values()))
        case list():
            return set[str]().union(*(digests(item) for item in value))
        case _:
            return set()


def test_a_claim_of_few_values_cannot_be_guessed_from_its_digest() -> None:
    world = World()
    concealed = model.build(
        world.statement(world.anna), seed=world.chance(32), salts=world.chance.salt
    )
    written = digests(concealed.document)
    assert len(written) >= len(concealed.disclosures) - 3  # amounts stand inside their lines
    for salt in ("", to_base64url(bytes(16)), ISSUER, "cred_1"):
        for category in AssetCategory:
            for amount in ("0.00", "1200000.00", "3200000.00"):
                lines: list[list[JsonValue]] = [
                    [salt, {"category": category.value, "amount": amount}],
                    [salt, "amount", amount],
                    [salt, "total", amount],
                ]
                guesses = {to_base64url(sm3.digest(encoded(line))) for line in lines}
                assert not guesses & written


def encoded(content: list[JsonValue]) -> bytes:
    return to_base64url(canonical_list(content)).encode("ascii")


def test_one_value_in_two_credentials_has_two_digests() -> None:
    world = World()
    statement = world.statement(world.anna)
    one, two = (
        digests(model.build(statement, seed=world.chance(32), salts=world.chance.salt).document)
        for _ in range(2)
    )
    assert not one & two


def test_a_salt_that_could_be_guessed_is_refused() -> None:
    hidden = conceal({"total": "1.00"}, ["/total"], salts=lambda: b"short")
    with pytest.raises(BadDisclosure, match="128 bits"):
        reveal(hidden.document, [hidden.disclosures[0].encoded])


WEAKER: dict[str, VerificationKey] = {
    "eddsa-jcs-2022": ed25519.Ed25519PrivateKey.from_private_bytes(b"e" * 32).public_key(),
    "ecdsa-jcs-2019": ec.derive_private_key(7, ec.SECP256R1()).public_key(),
}


@pytest.mark.parametrize("suite", SUITES)
@pytest.mark.parametrize("kind", WEAKER)
def test_no_suite_takes_the_key_of_another(suite: str, kind: str) -> None:
    world = World()
    held = world.credential(world.anna)
    (issued, _) = proofs.proofs_of(held.document)
    moved: JsonObject = {**issued, "cryptosuite": suite}
    document: JsonObject = {**held.document, "proof": moved}
    right = world.issuers[ISSUER].public_key
    outcome = proofs.verify(document, moved, right, EXPECTED)
    assert outcome.ok == (suite == "sm2-sm3-jcs-2026")
    assert outcome.reason in (None, ProofReason.SUITE_KEY_MISMATCH)
    other = proofs.verify(document, moved, WEAKER[kind], EXPECTED)
    wanted = ProofReason.PROOF_INVALID if suite == kind else ProofReason.SUITE_KEY_MISMATCH
    assert other.reason == wanted


def test_the_proof_of_one_credential_secures_no_other() -> None:
    world = World()
    one, two = (world.credential(world.anna, number=number) for number in (1, 2))
    (issued, _) = proofs.proofs_of(one.document)
    mixed: JsonObject = {**two.document, "proof": issued}
    key = world.issuers[ISSUER].public_key
    assert proofs.verify(mixed, issued, key, EXPECTED).reason == ProofReason.PROOF_INVALID


def test_an_assertion_is_no_presentation_and_the_other_way_round() -> None:
    world = World()
    held = world.credential(world.anna)
    for proof in proofs.proofs_of(held.document):
        as_presented = Expectation(purpose=Purpose.AUTHENTICATION, now=NOW)
        outcome = proofs.verify(
            held.document, proof, world.issuers[ISSUER].public_key, as_presented
        )
        assert outcome.reason == ProofReason.PURPOSE_MISMATCH
    presented = world.anna.present(
        [], grant=None, receipt=world.receipt(world.anna), nonce="n", audience=ISSUER
    )
    proof = cast("JsonObject", presented["proof"])
    outcome = proofs.verify(presented, proof, world.issuers[ISSUER].public_key, EXPECTED)
    assert outcome.reason == ProofReason.PURPOSE_MISMATCH
