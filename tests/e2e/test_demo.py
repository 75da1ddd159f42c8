"""`make demo` as a person runs it, and the proof it leaves, checked with nothing running."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from subgraphs.demo.deployment import ROOT
from subgraphs.demo.play import verify_proof
from tests.kit.stack import Stack

pytestmark = pytest.mark.e2e

STEPS = (
    "root DID registered",
    "a second registration answers the existing DID",
    "bound its customer account",
    "requested and signed by the holder",
    "compiled by the issuer",
    "signed by the issuer with SM2",
    "countersigned on the holder's side",
    "asked for a presentation",
    "the holder consented",
    "presented",
    "five checks: ACCEPTED, QUALIFIED",
    "permission granted",
    "a tampered credential is refused",
    "INTEGRITY PROOF_INVALID",
    "a replayed presentation is refused",
    "PRESENTATION_REPLAYED",
    "a wrong audience is refused",
    "AUDIENCE_MISMATCH",
    "a friend's genuine proof is refused",
    "NOT_OUR_CUSTOMER",
    "endorsed a reduction",
    "prompt, supplement asked for",
    "revoked",
    "permission SUSPENDED",
    "audit timeline",
    "checked offline",
    "a flipped byte in the proof is refused",
    "The whole journey went as it must.",
)


def run_demo(stack: Stack, folder: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "subgraphs.demo", "play", "--out", str(folder)],
        cwd=ROOT,
        env=stack.deployment.environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_the_demo_plays_every_step_and_its_proof_outlives_the_system(
    stack: Stack, tmp_path: Path
) -> None:
    answer = run_demo(stack, tmp_path)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    place = 0
    for step in STEPS:
        place = answer.stdout.find(step, place)
        assert place >= 0, f"{step!r} is missing in its place:\n{answer.stdout}"

    stack.stop()
    proof, trust = tmp_path / "proof.json", tmp_path / "trust.json"
    checked = verify_proof(proof, trust)
    assert checked.returncode == 0, checked.stdout + checked.stderr

    stranger = json.loads(trust.read_text())
    stranger["logs"][0]["origin"] = "somebody.example/log/2026"
    trust.write_text(json.dumps(stranger))
    assert verify_proof(proof, trust).returncode == 1
