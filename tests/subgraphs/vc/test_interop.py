"""eddsa-jcs-2022 with a public implementation: ours verifies there, theirs verifies here."""

from datetime import timedelta
from typing import Final, cast

import base58
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway.graphiql.node import Node
from subgraphs.vc import model, proofs
from subgraphs.vc.multikey import encode_key
from subgraphs.vc.proofs import Expectation, ProofOptions, ProofReason, Purpose
from subgraphs.vc.strict_json import JsonObject, JsonValue
from subgraphs.vc.suites import SuiteName
from tests.js.vc_interop import Answer, exchange, partner
from tests.kit.credentials import NOW, World

OURS: Final = Ed25519PrivateKey.from_private_bytes(b"o" * 32)
THEIRS: Final = Ed25519PrivateKey.from_private_bytes(b"t" * 32)
EXPECTED: Final = Expectation(purpose=Purpose.ASSERTION)


def method_of(key: Ed25519PrivateKey) -> JsonObject:
    text = encode_key(key.public_key())
    return {
        "@context": "https://w3id.org/security/multikey/v1",
        "id": f"did:key:{text}#{text}",
        "type": "Multikey",
        "controller": f"did:key:{text}",
        "publicKeyMultibase": text,
    }


def secret_of(key: Ed25519PrivateKey) -> str:
    return "z" + base58.b58encode(b"\x80\x26" + key.private_bytes_raw()).decode()


def bodies() -> list[JsonObject]:
    world = World()
    statement = world.statement(world.anna)
    proof = model.build(statement, seed=world.chance(32), salts=world.chance.salt)
    plain: JsonObject = {
        "id": "urn:uuid:6e1f",
        "name": "Möbius 资产证明 \u2028 €",
        "n": [0, -1, 2**53 - 1, True, None],
    }
    return [proof.document, {"@context": "https://www.w3.org/ns/credentials/v2", **plain}, plain]


def signed_here(document: JsonObject) -> JsonObject:
    options = ProofOptions(
        verification_method=str(method_of(OURS)["id"]),
        purpose=Purpose.ASSERTION,
        created=NOW,
        expires=NOW + timedelta(days=3650),
        suite=SuiteName.EDDSA_JCS_2022,
    )
    prepared = proofs.prepare(document, options)
    return proofs.attach(document, prepared, OURS.sign(prepared.payload))


@pytest.fixture(scope="module")
def answer() -> Answer:
    node = partner()
    if not isinstance(node, Node):
        pytest.skip(node)
    key: JsonValue = {**method_of(THEIRS), "secretKeyMultibase": secret_of(THEIRS)}
    mine = [signed_here(body) for body in bodies()]
    changed = [{**document, "name": "somebody else"} for document in mine]
    method = method_of(OURS)
    return exchange(
        node,
        sign=[
            {"document": body, "created": "2026-11-22T09:00:00Z", "key": key} for body in bodies()
        ],
        verify=[{"document": document, "method": method} for document in mine + changed],
    )


def test_they_accept_what_we_signed_and_refuse_it_changed(answer: Answer) -> None:
    assert answer.verified == (True,) * 3 + (False,) * 3


def test_we_accept_what_they_signed_and_refuse_it_changed(answer: Answer) -> None:
    for document in answer.signed:
        proof = cast("JsonObject", document["proof"])
        key = THEIRS.public_key()
        assert proofs.verify(document, proof, key, EXPECTED).ok
        changed: JsonObject = {**document, "name": "somebody else"}
        refused = proofs.verify(changed, proof, key, EXPECTED)
        assert refused.reason == ProofReason.PROOF_INVALID


def test_both_sign_the_same_bytes(answer: Answer) -> None:
    for document in answer.signed:
        proof = cast("JsonObject", document["proof"])
        config = {name: value for name, value in proof.items() if name != "proofValue"}
        again = THEIRS.sign(proofs.payload(document, config))
        assert proof["proofValue"] == "z" + base58.b58encode(again).decode()
