"""What the issuer takes from the log: trust register, root DIDs, status lists, its own steps."""

from __future__ import annotations

from collections.abc import Sequence

from ledger_adapter.port import LoggedEvent
from subgraphs.issuer.parts import Parts
from subgraphs.issuer.records import Update
from subgraphs.kit.feed import Item
from subgraphs.kit.ids import CredentialId, HolderId, InstitutionId, type_of
from subgraphs.kit.mongo import Session
from subgraphs.kit.statuses import ENDORSED, STATE_OF
from subgraphs.kit.vocabulary import CredentialState


async def apply(
    parts: Parts, events: Sequence[LoggedEvent], session: Session
) -> Sequence[Item[Update]]:
    """All effects of a batch; what subscribers get of it."""
    await parts.institutions.apply(events, session)
    await parts.roots.apply(events, session)
    await parts.statuses.apply(events, session)
    rows = [row for event in events if (row := update_of(event)) is not None]
    await parts.store.add_updates(rows, session)
    return [Item(position=row.position, value=row) for row in rows]


def update_of(event: LoggedEvent) -> Update | None:
    """The step an event tells of, None for events of other subgraphs."""
    envelope = event.envelope
    state = _state(envelope.kind, envelope.body.get("state"))
    if state is None:
        return None
    by_type = {type_of(subject): subject for subject in envelope.subjects}
    return Update(
        position=event.position.index,
        credential=CredentialId(by_type["Credential"]),
        issuer=InstitutionId(str(envelope.body["issuer"])),
        holder=HolderId(by_type["Holder"]),
        kind=envelope.kind,
        state=state,
        at=envelope.at,
    )


def _state(kind: str, told: object) -> CredentialState | None:
    return CredentialState(told) if kind == ENDORSED else STATE_OF.get(kind)
