"""Two verifiers, one verdict: the same vectors, and more than two thousand mutants each refused."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from gateway.graphiql.node import find_node
from ledger_adapter.errors import BadProof
from ledger_adapter.evidence.trust import parse_trust
from ledger_adapter.verify import verify_bundle
from tests.js.proofs import FIELDS, in_javascript, mutants

FOLDER = Path(__file__).parent / "verify_proof"
VECTORS: dict[str, Any] = json.loads((FOLDER / "vectors.json").read_text(encoding="utf-8"))
ANCHORED: dict[str, Any] = json.loads((FOLDER / "anchored.json").read_text(encoding="utf-8"))
EACH = 125

pytestmark = pytest.mark.skipif(find_node() is None, reason="no Node.js of 22.15 or newer")


def in_python(proof: bytes, trust: str) -> str:
    try:
        return f"ok {verify_bundle(proof, parse_trust(trust.encode())).trust}"
    except BadProof:
        return "refused"


@pytest.mark.parametrize("vectors", [VECTORS, ANCHORED], ids=["log", "chain"])
def test_both_agree_with_every_vector(vectors: dict[str, Any]) -> None:
    proofs = [base64.b64decode(vector["proof"]) for vector in vectors["proofs"]]
    trust = json.dumps(vectors["trust"])
    pythons = [in_python(proof, trust) for proof in proofs]
    for vector, python, javascript in zip(
        vectors["proofs"], pythons, in_javascript(proofs, trust), strict=True
    ):
        assert python == vector["verdict"], vector["name"]
        assert javascript.split()[0] == python.split()[0], (vector["name"], javascript)
        if python != "refused":
            assert javascript == python, vector["name"]


def test_every_mutant_is_refused_by_both() -> None:
    good, trust = base64.b64decode(ANCHORED["proofs"][0]["proof"]), json.dumps(ANCHORED["trust"])
    assert in_python(good, trust) == "ok WITNESSED"
    named = [(field, mutant) for field in FIELDS for mutant in mutants(good, field, EACH)]
    for field in FIELDS:
        assert sum(name == field for name, _ in named) >= 100, field
    assert len(named) >= 2000
    survivors = {field for field, mutant in named if in_python(mutant, trust) != "refused"}
    assert survivors == set()
    verdicts = in_javascript([mutant for _, mutant in named], trust)
    odd = {
        (field, verdict)
        for (field, _), verdict in zip(named, verdicts, strict=True)
        if not verdict.startswith("refused")
    }
    assert odd == set()


def test_every_flipped_bit_of_the_file_is_refused_by_javascript_too() -> None:
    good = base64.b64decode(ANCHORED["proofs"][0]["proof"])
    flipped = []
    for spot in range(len(good)):
        mutant = bytearray(good)
        mutant[spot] ^= 1 << spot % 8
        flipped.append(bytes(mutant))
    verdicts = in_javascript(flipped, json.dumps(ANCHORED["trust"]))
    assert {verdict.split()[0] for verdict in verdicts} == {"refused"}
