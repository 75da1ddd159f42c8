"""The events disputes put on the log: ids, codes and digests."""

from __future__ import annotations

from datetime import datetime

from ledger_adapter.port import Envelope
from subgraphs.audit.kept.disputes import Dispute, Package, Part
from subgraphs.kit.events import event
from subgraphs.kit.ids import InstitutionId


def opened(row: Dispute) -> Envelope:
    return event(
        "DISPUTE_OPENED",
        entity=row.id,
        version=1,
        subjects=(row.id, row.holder, row.subject),
        institutions=(InstitutionId(row.institution),),
        at=row.opened_at,
        body={"ground": row.ground},
    )


def closed(row: Dispute, at: datetime) -> Envelope:
    return event(
        "DISPUTE_CLOSED",
        entity=row.id,
        version=row.version,
        subjects=(row.id, row.holder, row.subject),
        institutions=(InstitutionId(row.institution),),
        at=at,
        body={"state": row.state.value},
    )


def given(row: Part, dispute: Dispute) -> Envelope:
    return event(
        "EVIDENCE_SUBMITTED",
        entity=row.id,
        version=1,
        subjects=(row.dispute, dispute.holder),
        institutions=(InstitutionId(row.institution),),
        at=row.given_at,
        body={"part": row.kind, "documentDigest": row.digest},
    )


def sealed(row: Package, dispute: Dispute) -> Envelope:
    return event(
        "EVIDENCE_SEALED",
        entity=row.id,
        version=1,
        subjects=(row.id, row.dispute, dispute.holder),
        institutions=(InstitutionId(dispute.institution),),
        at=row.sealed_at,
        body={"manifestHash": row.manifest_hash},
    )
