"""The read model's rows: events of the log, and who has a credential accepted right now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from ledger_adapter.port import (
    EntryIndex,
    Envelope,
    EventId,
    JsonValue,
    LoggedEvent,
    Position,
    Shard,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRow:
    """One event as logged; `viewers` are the ids that may see it, `*` is everybody."""

    id: str
    index: int
    event_id: str
    kind: str
    subjects: tuple[str, ...]
    institutions: tuple[str, ...]
    at: datetime
    body: Mapping[str, JsonValue]
    entry: bytes
    leaf_hash: bytes
    salt: bytes
    viewers: frozenset[str]

    def logged(self, shard: Shard) -> LoggedEvent:
        """What the ledger needs to prove it, without reading the log again."""
        return LoggedEvent(
            position=Position(shard, EntryIndex(self.index)),
            envelope=Envelope(
                event_id=EventId(self.event_id),
                kind=self.kind,
                subjects=self.subjects,
                institutions=self.institutions,
                at=self.at,
                body=self.body,
            ),
            entry=self.entry,
            leaf_hash=self.leaf_hash,
            salt=self.salt,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """A live acceptance: the verifier may see how its credential changes."""

    id: str
    credential: str
    verifier: str
