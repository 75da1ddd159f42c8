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

VECTORS: dict[str, Any] = json.loads(
    (Path(__file__).parent / "verify_proof" / "vectors.json").read_text(encoding="utf-8")
)
TRUST = json.dumps(VECTORS["trust"])
EACH = 125

pytestmark = pytest.mark.skipif(find_node() is None, reason="no Node.js of 22.15 or newer")


def in_python(proof: bytes) -> str:
    try:
        return f"ok {verify_bundle(proof, parse_trust(TRUST.encode())).trust}"
    except BadProof:
        return "refused"


def test_both_agree_with_every_vector() -> None:
    proofs = [base64.b64decode(vector["proof"]) for vector in VECTORS["proofs"]]
    for vector, python, javascript in zip(
        VECTORS["proofs"], map(in_python, proofs), in_javascript(proofs, TRUST), strict=True
    ):
        assert python == vector["verdict"], vector["name"]
        assert javascript.split()[0] == python.split()[0], (vector["name"], javascript)
        if python != "refused":
            assert javascript == python, vector["name"]


def test_every_mutant_is_refused_by_both() -> None:
    good = base64.b64decode(VECTORS["proofs"][0]["proof"])
    assert in_python(good) == "ok WITNESSED"
    named = [(field, mutant) for field in FIELDS for mutant in mutants(good, field, EACH)]
    for field in FIELDS:
        assert sum(name == field for name, _ in named) >= 100, field
    assert len(named) >= 2000
    survivors = {field for field, mutant in named if in_python(mutant) != "refused"}
    assert survivors == set()
    verdicts = in_javascript([mutant for _, mutant in named], TRUST)
    odd = {
        (field, verdict)
        for (field, _), verdict in zip(named, verdicts, strict=True)
        if not verdict.startswith("refused")
    }
    assert odd == set()


def test_every_flipped_bit_of_the_file_is_refused_by_javascript_too() -> None:
    good = base64.b64decode(VECTORS["proofs"][0]["proof"])
    flipped = []
    for spot in range(len(good)):
        mutant = bytearray(good)
        mutant[spot] ^= 1 << spot % 8
        flipped.append(bytes(mutant))
    verdicts = in_javascript(flipped, TRUST)
    assert {verdict.split()[0] for verdict in verdicts} == {"refused"}
