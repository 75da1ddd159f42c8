"""The frame of every step: find the row for this viewer, change it once, tell the log once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ledger_adapter.port import Envelope
from subgraphs.issuer import lifecycle, outgoing, policy
from subgraphs.issuer.parts import Parts
from subgraphs.issuer.records import Credential
from subgraphs.kit.errors import Busy, NotFound
from subgraphs.kit.mongo import Session
from subgraphs.kit.viewer import Role, Viewer
from subgraphs.kit.vocabulary import CredentialState as State

Mine = Callable[[Viewer, Credential], bool]


async def for_desk(
    parts: Parts, viewer: Viewer, credential: str, session: Session | None = None
) -> Credential:
    """The row, for its issuer's own desk; foreign and unknown ones answer alike."""
    viewer.require_institution(Role.ISSUER)
    return await _found(parts, viewer, credential, policy.works_on, session)


async def for_holder(
    parts: Parts, viewer: Viewer, credential: str, session: Session | None = None
) -> Credential:
    """The row, for its own holder; foreign and unknown ones answer alike."""
    viewer.require_holder()
    return await _found(parts, viewer, credential, policy.sees_disclosures, session)


async def for_clock(parts: Parts, credential: str, session: Session) -> Credential:
    """The row as it is stored, for the institution's own jobs."""
    row = await parts.store.credential(credential, session)
    if row is None:
        raise NotFound("credential")
    return row


async def _found(
    parts: Parts, viewer: Viewer, credential: str, mine: Mine, session: Session | None
) -> Credential:
    row = await parts.store.credential(credential, session)
    if row is None or not mine(viewer, row):
        raise NotFound("credential", field="credentialId")
    return replace(row, state=state_now(parts, row))


def state_now(parts: Parts, row: Credential) -> State:
    """The state the clock says; the clock's own job writes it down later."""
    return lifecycle.state_at(
        row.state,
        parts.clock(),
        offered_until=row.offer.offered_until if row.offer else None,
        valid_until=row.offer.valid_until if row.offer else None,
    )


async def move(
    parts: Parts, row: Credential, target: State, session: Session, **changed: Any
) -> Credential:
    """One step of the life cycle, with its event."""
    after = replace(
        row, state=lifecycle.step(row.state, target), version=row.version + 1, **changed
    )
    await put(parts, after, outgoing.moved(after, parts.clock()), session)
    return after


async def put(parts: Parts, row: Credential, told: Envelope, session: Session) -> None:
    """Write a changed row and its event; a writer that came second is asked to try again."""
    if not await parts.store.replace(row, session):
        raise Busy("the credential changed meanwhile")
    await parts.outbox.put(session, told)
