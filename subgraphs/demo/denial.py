"""A customer denies a use; the verifier answers with signed parts; a court gets one file.

The verifier's desk is played whole: its own software signs with its own key store what it gives.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import httpx

from ledger_adapter.crypto.multikey import multibase58
from ledger_adapter.evidence_file import digest_of, part_message
from subgraphs.demo.answers import at, mutate, settled, text
from subgraphs.demo.attacks import NotRefused
from subgraphs.demo.client import Json
from subgraphs.demo.deployment import ROOT, DemoError, Deployment
from subgraphs.demo.journey import Journey
from subgraphs.demo.operations import operation
from subgraphs.kit.ids import InstitutionId
from subgraphs.kit.keystore import InstitutionKeys, file_keys, key_id
from subgraphs.kit.main import load
from subgraphs.vc.did import institution_did

PATIENCE_SECONDS = 40.0
_CHECKED = """query Checked($id: ID!) { presentation(id: $id) { audience { id } verification {
  id result reproduce { sameResult } checkedAtIndex checks { kind outcome reasonCode evidence }
  qualification { outcome ruleSet reasons { code metric required } } } } }"""

_TEXTS = "query Texts { agreements(stage: USE) { stage kind version text digest } }"


@dataclass(frozen=True, slots=True)
class Used:
    """A use that is denied later: what was accepted, and what had asked for it."""

    presentation_id: str
    presentation: object
    request: Json


@dataclass(frozen=True, slots=True)
class Denied:
    """What came of the denial."""

    dispute: str
    same_result: bool
    parts: tuple[str, ...]
    file: Path
    page: Path


def use_of(journey: Journey) -> Used:
    """Keep what the journey has shown, before anything else is shown."""
    return Used(journey.presentation_id, journey.presentation, dict(journey.request))


async def deny(journey: Journey, used: Used, deployment: Deployment, folder: Path) -> Denied:
    """From the denial to the sealed file and its page in `folder`."""
    actors = journey.actors
    opened = await settled(
        actors.holder, "open-dispute", subjectId=used.presentation_id, ground="USE_DENIED"
    )
    dispute = text(opened, "dispute", "id")
    found = await actors.verifier.ask(_CHECKED, {"id": used.presentation_id})
    verification = cast("Json", at(found, "presentation", "verification"))
    documents: dict[str, object] = {
        "REQUEST": used.request,
        "AGREEMENTS": await actors.verifier.ask(_TEXTS),
        "PRESENTATION": used.presentation,
        "CHECKS": {name: verification[name] for name in ("id", "result", "checks")},
        "RULE_SET": verification["qualification"],
    }
    institution = text(found, "presentation", "audience", "id")
    keys = file_keys(load(deployment.environment()))  # the desk's own software, started by hand
    for kind, document in documents.items():
        signed = await _signed(keys, institution, dispute, kind, document)
        await mutate(actors.verifier, "submit-evidence", **signed)
    await mutate(actors.holder, "export-evidence", disputeId=dispute)
    file, page = folder / "evidence.json", folder / "evidence.html"
    file.write_bytes(await _read(await _ready(journey, dispute)))
    same = at(verification, "reproduce", "sameResult") is True
    return Denied(dispute, same, tuple(documents), file, page)


async def _signed(
    keys: InstitutionKeys, institution: str, dispute: str, kind: str, document: object
) -> dict[str, object]:
    owner = InstitutionId(institution)
    message = part_message(
        dispute=dispute, kind=kind, institution=institution, digest=digest_of(document)
    )
    signature = await keys.sign(owner, key_id(1), message)
    return {
        "disputeId": dispute,
        "kind": kind,
        "document": document,
        "method": f"{institution_did(owner)}#key-1",
        "signature": multibase58(signature),
    }


async def _ready(journey: Journey, dispute: str) -> str:
    """Where the file is read, once the log has signed the seal."""
    deadline = asyncio.get_running_loop().time() + PATIENCE_SECONDS
    variables = {"id": dispute, "time": "2026-01-01T00:00:00Z"}
    while True:
        told = await journey.actors.holder.ask(operation("case"), variables)
        if at(told, "dispute", "evidencePackage", "state") == "READY":
            return text(told, "dispute", "evidencePackage", "downloadUrl")
        if asyncio.get_running_loop().time() > deadline:
            raise DemoError("the log did not sign the seal in time")
        await asyncio.sleep(0.25)


async def _read(address: str) -> bytes:
    """As a court does: with the address alone."""
    async with httpx.AsyncClient(timeout=30) as http:
        return (await http.get(address)).raise_for_status().content


def verify_evidence(
    file: Path, trust: Path, page: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """The offline check as anybody would run it."""
    command = [sys.executable, "-m", "ledger_adapter", "verify-evidence", str(file)]
    command += ["--trust", str(trust), *(["--html", str(page)] if page else [])]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def altered(denied: Denied, trust: Path) -> str:
    """What the check says to a file in which the verifier's decision was changed."""
    forged = denied.file.with_name(".forged-evidence.json")
    whole = denied.file.read_text(encoding="utf-8")
    forged.write_text(whole.replace('"outcome":"PASSED"', '"outcome":"FAILED"', 1), "utf-8")
    try:
        answer = verify_evidence(forged, trust)
    finally:
        forged.unlink()
    if answer.returncode == 0:
        raise NotRefused("an altered evidence file was accepted")
    return answer.stdout.strip()
