"""The event an exit puts on the log with every step: states and digests."""

from __future__ import annotations

from datetime import datetime

from ledger_adapter.port import Envelope, JsonValue
from subgraphs.audit.kept.exits import ExitCase
from subgraphs.kit.events import event
from subgraphs.kit.ids import InstitutionId, is_id


def moved(row: ExitCase, at: datetime, evidence: str | None = None) -> Envelope:
    body: dict[str, JsonValue] = {"scope": row.scope.value, "state": row.state.value}
    body |= {} if row.business is None else {"business": row.business}
    body |= {} if evidence is None else {"evidenceDigest": evidence}
    return event(
        "EXIT_MOVED",
        entity=row.id,
        version=row.version,
        subjects=(row.id, row.owner) if row.of_person else (row.id,),
        institutions=[InstitutionId(row.owner)] if is_id(row.owner, "inst") else [],
        at=at,
        body=body,
    )
