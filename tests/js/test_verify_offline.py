"""Both verifiers without any network: only the proof and the trust file are there."""

import base64
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.graphiql.node import find_node

ROOT = Path(__file__).resolve().parents[2]
VECTORS = Path(__file__).parent / "verify_proof" / "vectors.json"


def cut_off() -> list[str]:
    """The words that run a command without a network; skips where that is not allowed."""
    words = ["unshare", "--net", "--map-root-user"]
    allowed = shutil.which("unshare") and (
        subprocess.run([*words, "true"], capture_output=True, check=False).returncode == 0
    )
    if not allowed:
        pytest.skip("this machine allows no network namespace")
    return words


@pytest.mark.parametrize("language", ["python", "javascript"])
def test_a_proof_holds_where_there_is_no_network(tmp_path: Path, language: str) -> None:
    vectors = json.loads(VECTORS.read_text(encoding="utf-8"))
    proof, trust = tmp_path / "proof.json", tmp_path / "trust.json"
    proof.write_bytes(base64.b64decode(vectors["proofs"][0]["proof"]))
    trust.write_text(json.dumps(vectors["trust"]), encoding="utf-8")
    if language == "python":
        check = [sys.executable, "-m", "ledger_adapter", "verify-proof", proof, "--trust", trust]
    else:
        node = find_node()
        if node is None:
            pytest.skip("no Node.js of 22.15 or newer")
        check = [str(node.executable), ROOT / "ledger_adapter/js/verify.mjs", proof, trust]
    words = [*cut_off(), *map(str, check)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "PROVED: CREDENTIAL_ACTIVATED is entry 257" in done.stdout
    assert "trust WITNESSED" in done.stdout
