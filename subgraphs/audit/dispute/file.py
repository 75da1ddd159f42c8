"""The evidence file of a sealed package, and where whoever was given its address reads it."""

from __future__ import annotations

import json
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from ledger_adapter.errors import BadProof
from ledger_adapter.evidence_file import TYPE, VERSION, verify_evidence
from ledger_adapter.evidence_page import draw_page
from ledger_adapter.log.commitment import canonical
from ledger_adapter.port import ChainProof
from subgraphs.audit.kept.disputes import Package
from subgraphs.audit.parts import Parts
from subgraphs.kit.offload import offload
from subgraphs.vc.enclosed import judge

SEALED: Final = "EVIDENCE_SEALED"
PATH: Final = "/evidence/{name}"
_CLOSED: Final = {
    "cache-control": "private, no-store",
    "content-security-policy": (
        "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox"
    ),
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


async def seal_of(parts: Parts, package: Package) -> ChainProof | None:
    """None until a signed head covers the seal, a second or two after sealing, and from the day
    on that the holder has left: what was sealed cannot be read any more."""
    if not package.proofs:
        return None
    row = (await parts.store.anchoring(SEALED, [package.id])).get(package.id)
    if row is None:
        return None
    (proof,) = await parts.ledger.attest([row.logged(parts.shard)])
    return proof if proof.checkpoint is not None else None


def evidence_file(package: Package, seal: ChainProof) -> bytes:
    """One canonical JSON file, for `verify-evidence`."""
    return canonical(
        {
            "type": TYPE,
            "version": VERSION,
            "manifest": package.manifest,
            "parts": list(package.documents),
            "proofs": [json.loads(proof) for proof in package.proofs],
            "seal": json.loads(seal.bundle(opening=True)),
        }
    )


async def answer(parts: Parts, request: Request) -> Response:
    """`TOKEN.json` is the file, `TOKEN.html` the page; who knows the token was given it."""
    token, _, form = str(request.path_params["name"]).rpartition(".")
    package = await parts.disputes.package_of(token)
    seal = None if package is None else await seal_of(parts, package)
    if package is None or seal is None or form not in {"json", "html"}:
        return Response("no such evidence\n", status_code=404, media_type="text/plain")
    raw = evidence_file(package, seal)
    if form == "json":
        headers = {**_CLOSED, "content-disposition": f'attachment; filename="{package.id}.json"'}
        return Response(raw, media_type="application/json", headers=headers)
    try:
        page = await offload(lambda: draw_page(verify_evidence(raw, parts.trust, judge)))
    except BadProof as fault:
        return Response(f"{fault.step}: {fault.reason}\n", status_code=500, media_type="text/plain")
    return Response(page, media_type="text/html", headers=_CLOSED)
