"""What goes into a package: the case as its institution and the holder may see it, with proofs."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, replace
from typing import Any, Final

from ledger_adapter.evidence_file import digest_of
from ledger_adapter.port import ChainProof
from subgraphs.audit.dispute.keys import ShownKey, keys_for
from subgraphs.audit.dispute.rests import rests_on
from subgraphs.audit.kept.disputes import Dispute, Package, Part
from subgraphs.audit.parts import Parts
from subgraphs.audit.records import EventRow
from subgraphs.kit.errors import Busy
from subgraphs.kit.ids import new_id
from subgraphs.kit.mongo import Session
from subgraphs.vc.encoding import to_time

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
    keys = await keys_for(parts, dispute.institution, given)
    rows = await _case(parts, dispute, given, keys)
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
        "keys": [one.listed for one in keys],
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


def light(proof: ChainProof) -> bytes:
    """Without chains' evidence: the seal carries it, and covers all events before it."""
    cosigned = proof.checkpoint is not None and bool(proof.checkpoint.cosigners)
    bare = replace(proof, anchors=(), trust="WITNESSED" if cosigned else "SELF")
    return bare.bundle(opening=True)


async def _case(
    parts: Parts, dispute: Dispute, given: list[Part], keys: list[ShownKey]
) -> list[EventRow]:
    """In order of the log."""
    rows = await parts.store.case(dispute.subject, dispute.holder, dispute.institution, MOST_EVENTS)
    kinds = [row.kind for row in rows if dispute.id in row.subjects]
    if "DISPUTE_OPENED" not in kinds or kinds.count("EVIDENCE_SUBMITTED") < len(given):
        raise Busy("an event of the case waits for its place on the log")
    told = await parts.store.by_index([one.sequence for one in keys])
    whole = [*rows, *told.values(), *await rests_on(parts, dispute, rows)]
    return sorted({row.index: row for row in whole}.values(), key=_place)


def _place(row: EventRow) -> int:
    return row.index


def _listed(one: Proved) -> dict[str, Any]:
    return {
        "sequence": one.row.index,
        "kind": one.row.kind,
        "at": to_time(one.row.at),
        "digest": digest_of(json.loads(one.bundle)),
    }
