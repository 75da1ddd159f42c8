"""What the issuer takes from the log: trust register, root DIDs, status lists, agreements,
its own steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from ledger_adapter.port import LoggedEvent
from subgraphs.issuer import lifecycle
from subgraphs.issuer.agreed import Agreed
from subgraphs.issuer.parts import Parts
from subgraphs.issuer.records import Update
from subgraphs.kit.feed import Item
from subgraphs.kit.ids import CredentialId, HolderId, InstitutionId, type_of
from subgraphs.kit.institutions import Institutions
from subgraphs.kit.mongo import Contended, Session
from subgraphs.kit.roots import Roots
from subgraphs.kit.statuses import CANCELLED, ENDORSED, STATE_OF, Statuses
from subgraphs.kit.vocabulary import CredentialState

HEEDED: Final = (
    Institutions.heeds | Roots.heeds | Statuses.heeds | Agreed.heeds | {ENDORSED, *STATE_OF}
)
"""The kinds that `apply` makes anything of."""


async def apply(
    parts: Parts, events: Sequence[LoggedEvent], session: Session
) -> Sequence[Item[Update]]:
    """All effects of a batch; what subscribers get of it."""
    await parts.institutions.apply(events, session)
    await parts.roots.apply(events, session)
    await parts.statuses.apply(events, session)
    await parts.agreed.apply(events, session)
    await _cancelled(parts, events, session)
    rows = [row for event in events if (row := update_of(event)) is not None]
    await parts.store.add_updates(rows, session)
    return [Item(position=row.position, value=row) for row in rows]


async def _cancelled(parts: Parts, events: Sequence[LoggedEvent], session: Session) -> None:
    """The holder's own end of a credential; by the log it came first, or it changes nothing.

    A revocation that was written here and has its place on the log after the cancellation gives way
    to it: the issuer's row ends where everybody else's does.
    """
    told = [one.envelope.subjects for one in events if one.envelope.kind == CANCELLED]
    ids = [CredentialId(s) for subjects in told for s in subjects if type_of(s) == "Credential"]
    if not ids:
        return
    states = await parts.statuses.states(ids, session)
    for id_ in ids:
        row = await parts.store.credential(id_, session)
        first = states.get(id_, CredentialState.CANCELLED.value) == CredentialState.CANCELLED.value
        if row is None or not first or row.state not in lifecycle.IN_FORCE_ONCE:
            continue
        after = replace(row, state=CredentialState.CANCELLED, version=row.version + 1)
        if not await parts.store.replace(after, session):
            raise Contended("the credential changed meanwhile")


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
