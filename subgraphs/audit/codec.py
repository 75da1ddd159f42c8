"""Rows of the read model to documents and back."""

from __future__ import annotations

from datetime import UTC

from subgraphs.audit.records import Accepted, EventRow
from subgraphs.kit.mongo import Document


def event_document(row: EventRow) -> Document:
    return {
        "_id": row.id,
        "index": row.index,
        "event_id": row.event_id,
        "kind": row.kind,
        "subjects": list(row.subjects),
        "institutions": list(row.institutions),
        "at": row.at,
        "body": dict(row.body),
        "entry": row.entry,
        "leaf_hash": row.leaf_hash,
        "salt": row.salt,
        "viewers": sorted(row.viewers),
    }


def event(found: Document) -> EventRow:
    return EventRow(
        id=found["_id"],
        index=found["index"],
        event_id=found["event_id"],
        kind=found["kind"],
        subjects=tuple(found["subjects"]),
        institutions=tuple(found["institutions"]),
        at=found["at"].replace(tzinfo=UTC),  # a plain command's reply comes without the zone
        body=found["body"],
        entry=bytes(found["entry"]),
        leaf_hash=bytes(found["leaf_hash"]),
        salt=bytes(found["salt"]),
        viewers=frozenset(found["viewers"]),
    )


def accepted_document(one: Accepted) -> Document:
    return {"_id": one.id, "credential": one.credential, "verifier": one.verifier}


def accepted(found: Document) -> Accepted:
    return Accepted(id=found["_id"], credential=found["credential"], verifier=found["verifier"])
