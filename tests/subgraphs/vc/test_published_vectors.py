"""The W3C test vectors for the two international suites and their proof sets.

Vectors: w3c/vc-di-eddsa and w3c/vc-di-ecdsa, TestVectors (see tests/vectors/README.md); the CID 1.0
example is written out here.
"""

import json
from pathlib import Path
from typing import cast

import pytest

from ledger_adapter.crypto import sm2
from subgraphs.vc import proofs
from subgraphs.vc.errors import BadKey
from subgraphs.vc.multikey import decode_key, encode_key
from subgraphs.vc.proofs import Expectation, ProofReason, Purpose
from subgraphs.vc.strict_json import JsonObject

VECTORS = Path(__file__).parents[2] / "vectors"
EXPECTED = Expectation(purpose=Purpose.ASSERTION)
EDDSA = ("vc-di-eddsa/eddsa-jcs-2022", "JCS", "vc-di-eddsa/keyPair.json")
ECDSA = ("vc-di-ecdsa/ecdsa-jcs-2019-p256", "JCSECDSAP256", "vc-di-ecdsa/p256KeyPair.json")
suites = pytest.mark.parametrize(
    ("folder", "suffix", "keys"),
    [pytest.param(*EDDSA, id="eddsa-jcs-2022"), pytest.param(*ECDSA, id="ecdsa-jcs-2019")],
)


def read(path: str) -> JsonObject:
    return cast("JsonObject", json.loads((VECTORS / path).read_text("utf-8")))


@suites
def test_the_signed_vector_verifies_and_its_hashes_are_ours(
    folder: str, suffix: str, keys: str
) -> None:
    document = read(f"{folder}/signed{suffix}.json")
    key = decode_key(str(read(keys)["publicKeyMultibase"]))
    (proof,) = proofs.proofs_of(document)
    assert proofs.verify(document, proof, key, EXPECTED).ok
    config = {name: value for name, value in proof.items() if name != "proofValue"}
    combined = (VECTORS / folder / f"combinedHash{suffix}.txt").read_text().strip()
    assert proofs.payload(document, config).hex() == combined


@suites
def test_one_changed_letter_of_the_vector_is_found(folder: str, suffix: str, keys: str) -> None:
    document = {**read(f"{folder}/signed{suffix}.json"), "name": "Alumni credential"}
    key = decode_key(str(read(keys)["publicKeyMultibase"]))
    (proof,) = proofs.proofs_of(document)
    assert proofs.verify(document, proof, key, EXPECTED).reason == ProofReason.PROOF_INVALID


def test_the_published_proof_set_of_a_suite_over_rdf_is_told_apart_from_a_bad_one() -> None:
    folder = "vc-di-eddsa/proof-set-chain"
    document, keys = read(f"{folder}/signedProofSet2.json"), read(f"{folder}/multiKeyPairs.json")
    pair = keys["keyPair1"]
    assert isinstance(pair, dict)
    key = decode_key(str(pair["publicKeyMultibase"]))
    made = proofs.proofs_of(document)
    reasons = {proofs.verify(document, proof, key, EXPECTED).reason for proof in made}
    assert (len(made), reasons) == (2, {ProofReason.SUITE_UNSUPPORTED})


def test_the_sm2_multikey_of_the_controlled_identifiers_recommendation() -> None:
    text = "zEPJc1vCfbG2aoZn8f3U8ggYRL4ZFfF63ZA3qFSk81WJxnCQr"
    key = decode_key(text)
    assert isinstance(key, sm2.PublicKey)
    assert encode_key(key) == text


@suites
def test_multikeys_of_the_vectors_round_trip(folder: str, suffix: str, keys: str) -> None:
    text = str(read(keys)["publicKeyMultibase"])
    assert encode_key(decode_key(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("z", id="no bytes"),
        pytest.param("EPJc1vCfbG2aoZn8f3U8ggYRL4ZFfF63ZA3qFSk81WJxnCQr", id="no base letter"),
        pytest.param("zEPJc1vCfbG2aoZn8f3U8ggYRL4ZFfF63ZA3qFSk81WJxnCQs", id="off the curve"),
        pytest.param("z42twTcNeSYcnqg1FLuSFs2bsGH3ZqbRHFmvS9XMsYhjxvHN", id="a secret key"),
        pytest.param("z" + "2" * 10_000, id="ten thousand letters"),
    ],
)
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(BadKey):
        decode_key(text)
