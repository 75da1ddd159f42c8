"""What goes into a package: the case as its institution and the holder may see it, with proofs."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, replace
from typing import Any, Final

from ledger_adapter.evidence_file import digest_of
from ledger_adapter.port import ChainProof
from subgraphs.audit.kept.disputes import Dispute, Package, Part
from subgraphs.audit.parts import Parts
from subgraphs.audit.records import EventRow
from subgraphs.kit.errors import Busy, NotFound
from subgraphs.kit.ids import InstitutionId, new_id
from subgraphs.kit.institutions import InstitutionRow
from subgraphs.kit.mongo import Session
from subgraphs.vc.encoding import to_time
from subgraphs.vc.multikey import encode_key

MOST_EVENTS: Final = 32
_PART: Final = ("kind", "institution", "method", "digest", "signature")


@dataclass(frozen=True, slots=True)
class Proved:
    """An event of the case with its proof, as canonical JSON."""

    row: EventRow
    bundle: bytes


async def pack(parts: Parts, dispute: Dispute, session: Session) -> Package:
    """Busy while an event of the case is not below a signed head: a second or two."""
    given = await parts.disputes.parts(dispute.id, session)
    signer = await registered(parts, dispute.institution) if given else None
    rows = await _case(parts, dispute, given, signer)
    proofs = await parts.ledger.attest([row.logged(parts.shard) for row in rows])
    if any(proof.checkpoint is None for proof in proofs):
        raise Busy("an event of the case waits for the log's signature")
    id_, now = new_id("evid"), parts.clock().replace(microsecond=0)
    case = [Proved(row, light(proof)) for row, proof in zip(rows, proofs, strict=True)]
    manifest = {
        "package": id_,
        "dispute": dispute.id,
        "subject": dispute.subject,
        "ground": dispute.ground,
        "holder": dispute.holder,
        "openedAt": to_time(dispute.opened_at),
        "sealedAt": to_time(now),
        "parts": [{name: getattr(one, name) for name in _PART} for one in given],
        "events": [_listed(one) for one in case],
        "keys": [_key(signer)] if signer else [],
    }
    return Package(
        id=id_,
        dispute=dispute.id,
        holder=dispute.holder,
        token=secrets.token_urlsafe(24),
        manifest=manifest,
        manifest_hash=digest_of(manifest),
        documents=[one.document for one in given],
        proofs=[one.bundle.decode() for one in case],
        sealed_at=now,
    )


async def registered(parts: Parts, institution: str) -> InstitutionRow:
    """An institution that has a key to sign with."""
    found = await parts.institutions.find([InstitutionId(institution)])
    row = found.get(InstitutionId(institution))
    if row is None or row.method is None:
        raise NotFound("institution")
    return row


def key_of(row: InstitutionRow) -> str:
    """Its key of today, as Multikey text."""
    document = row.history.latest.document
    if document is None or row.method is None:
        raise NotFound("key")
    return encode_key(document.keys[row.method])


def light(proof: ChainProof) -> bytes:
    """Without chains' evidence: the seal carries it, and covers all events before it."""
    cosigned = proof.checkpoint is not None and bool(proof.checkpoint.cosigners)
    bare = replace(proof, anchors=(), trust="WITNESSED" if cosigned else "SELF")
    return bare.bundle(opening=True)


async def _case(
    parts: Parts, dispute: Dispute, given: list[Part], signer: InstitutionRow | None
) -> list[EventRow]:
    """In order of the log."""
    rows = await parts.store.case(dispute.subject, dispute.holder, dispute.institution, MOST_EVENTS)
    kinds = [row.kind for row in rows if dispute.id in row.subjects]
    if "DISPUTE_OPENED" not in kinds or kinds.count("EVIDENCE_SUBMITTED") < len(given):
        raise Busy("an event of the case waits for its place on the log")
    keys = await parts.store.by_index([_told(signer)] if signer else [])
    return sorted({row.index: row for row in [*rows, *keys.values()]}.values(), key=_place)


def _place(row: EventRow) -> int:
    return row.index


def _told(row: InstitutionRow) -> int:
    """Where the log tells the institution's key of today."""
    return row.versions[-1].index if row.versions else row.index


def _listed(one: Proved) -> dict[str, Any]:
    return {
        "sequence": one.row.index,
        "kind": one.row.kind,
        "at": to_time(one.row.at),
        "digest": digest_of(json.loads(one.bundle)),
    }


def _key(row: InstitutionRow) -> dict[str, Any]:
    return {
        "institution": row.id,
        "name": row.name,
        "method": str(row.method),
        "publicKeyMultibase": key_of(row),
        "sequence": _told(row),
    }
