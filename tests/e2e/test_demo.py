"""`make demo` as a person runs it, and the proof it leaves, checked with nothing running.

It runs as a deployment outside demo mode has to: every SM2 key file is sealed.
"""

import asyncio
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from subgraphs.demo.ceremony import hold_ceremony
from subgraphs.demo.deployment import CONFIG, ROOT
from subgraphs.demo.pilot import INSTITUTIONS
from subgraphs.demo.play import verify_proof
from tests.e2e.browser import CHROMIUM, chromium
from tests.e2e.conftest import started
from tests.kit.stack import Stack

pytestmark = pytest.mark.e2e

PASSPHRASE = "a passphrase of the operator"
MODULES = {
    "ledger": ("ledger_adapter", "run"),
    "identity": ("subgraphs.simulators.identity",),
    "issuer": ("subgraphs.issuer",),
}
SIGNING = tuple(MODULES)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A system that takes no plain key; the gateway alone stays in demo mode, for its tokens."""
    folder = tmp_path_factory.mktemp("sealed")
    gateway, rest = (ROOT / CONFIG).read_text(encoding="utf-8").split("\nledger:\n")
    config, secret = folder / "credgraph.yaml", folder / "passphrase"
    config.write_text(f"{gateway}\nledger:\n{rest.replace('demo: true', 'demo: false')}")
    secret.write_text(f"{PASSPHRASE}\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CREDGRAPH_CONFIG", str(config))
        patch.setenv("CREDGRAPH_KEY_PASSPHRASE_FILE", str(secret))
        with started(folder / "data") as running:
            yield running


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
    "the customer denies the use",
    "the decision made again with that day's rules and log: the same result",
    "the evidence is sealed on the log",
    "the evidence holds by itself",
    "AGREEMENTS, CHECKS, PRESENTATION, REQUEST, RULE_SET",
    "USE.RISK_DISCLOSURE@1, USE.SERVICE_AGREEMENT@1, USE.UNDERTAKING@1",
    "an altered decision in it is named",
    "part CHECKS",
    "one customer, three institutions, no counter",
    "国泰君安证券股份有限公司, STOCK 1620000.00",
    "华安基金管理有限公司, FUND_UNIT 980000.00",
    "国泰君安期货有限公司, FUTURES_EQUITY 550000.00",
    "财通基金管理有限公司 asks for 3 000 000",
    "QUALIFIED, without one balance",
    "total not shown",
    "the same money twice: CLEAR",
    "requests to the issuers since issuance, by their own count: 0",
    "a friend's genuine proof for her request is refused",
    "NOT_OUR_CUSTOMER",
    "requests to the issuers since issuance, by their own count: 0",
    "raw bytes on the log and on the chain",
    "nothing but log id, size, root, time and signatures",
    "2 999 999.99 is a genuine proof, and NOT_QUALIFIED",
    "short by 0.01",
    "1 300 000 goes through three institutions in ten days",
    "STOCK 1300000.00",
    "FUND_UNIT 1300000.00",
    "FUTURES_EQUITY 1300000.00",
    "three genuine proofs, all five checks passed on each",
    "HOLDER_BINDING PASSED, INTEGRITY PASSED, TRUSTED_ISSUER PASSED",
    "verdict DOUBLE_COUNT: claimed 3900000.00, proven 1300000.00, NOT_QUALIFIED",
    "FLOW_TAG",
    "a permission that rests on three proofs",
    "REDUCED, RECHECK_DECREASE",
    "the verifier is told",
    "after the endorsement was written",
    "further proof is asked for",
    "by working days",
    "suspended by rule",
    "permission SUSPENDED",
    "a new proof, from another institution",
    "reinstated",
    "permission GRANTED",
    "she keeps a copy in the cloud",
    "STORED, 3 replicas",
    "she takes her consent back",
    "the listening ends visibly",
    "ACCEPTANCE_ENDED",
    "is told nothing",
    "the copy in custody goes in step",
    "DELETED: key destroyed",
    "the deletion receipt holds by files alone",
    "a receipt that was altered is refused",
    "a dump of the database holds nothing of her",
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
        timeout=300,
    )


def test_no_private_key_lies_open_and_the_log_says_who_signs(stack: Stack) -> None:
    files = list((stack.deployment.data / "keys").rglob("*.json"))
    keys = [json.loads(file.read_text()) for file in files if "jwks" not in file.name]
    assert len(keys) >= 1 + len(INSTITUTIONS)
    assert all("sealed" in key and "d" not in key for key in keys)
    for name in (*SIGNING, "wallet", "verifier", "audit"):
        said = (stack.deployment.data / "logs" / f"{name}.log").read_text(encoding="utf-8")
        assert "SM2 signatures by " in said
        assert PASSPHRASE not in said


@pytest.mark.parametrize("name", SIGNING)
def test_a_process_that_signs_takes_no_plain_key_outside_demo_mode(
    stack: Stack, tmp_path: Path, name: str
) -> None:
    alone = Stack(tmp_path)
    hold_ceremony(alone.deployment.data)  # without a passphrase
    environment = alone.deployment.environment() | {"MONGODB_URI": stack.deployment.uri}
    command = [sys.executable, "-m", *MODULES[name]]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 1
    assert "is not sealed; outside demo mode it has to be" in done.stderr


async def prints_every_path(folder: Path) -> None:
    """On paper, or as PDF, the page shows the path of each event and of the seal."""
    events = json.loads((folder / "evidence.json").read_bytes())["proofs"]
    async with chromium() as browser:
        page = await browser.new_page()
        await page.goto((folder / "evidence.html").as_uri())
        await page.emulate_media(media="print")
        shown = "all => all.map(one => one.checkVisibility())"
        assert await page.locator("svg").evaluate_all(shown) == [True] * (1 + len(events))
        assert (await page.pdf()).startswith(b"%PDF")


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

    alone = ["unshare", "-rn"] if shutil.which("unshare") else []
    court = [sys.executable, "-m", "ledger_adapter", "verify-evidence", "evidence.json"]
    court = [*alone, *court, "--trust", "trust.json"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}  # the test's own
    heard = subprocess.run(
        court, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert "EVIDENCE HOLDS" in heard.stdout, heard.stdout + heard.stderr
    assert (tmp_path / "evidence.json").stat().st_size <= 200_000
    gone = ["deletion.json", "deletion-proof.json", "custodian.json", "--trust", "trust.json"]
    receipt = [*alone, sys.executable, "-m", "subgraphs.holder", "verify-deletion", *gone]
    said = subprocess.run(
        receipt, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert "3 replicas erased" in said.stdout, said.stdout + said.stderr
    if CHROMIUM is not None:
        asyncio.run(prints_every_path(tmp_path))

    stranger = json.loads(trust.read_text())
    stranger["logs"][0]["origin"] = "somebody.example/log/2026"
    trust.write_text(json.dumps(stranger))
    assert verify_proof(proof, trust).returncode == 1
