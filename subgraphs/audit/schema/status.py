"""What a credential was at a moment, by the log: the last word on it until then, with its proof.

The clock has a say too: a validity that was over at that moment is EXPIRED, told or not.
"""

from __future__ import annotations

from datetime import datetime

import strawberry

from subgraphs.audit import loaders, policy
from subgraphs.audit.parts import Parts
from subgraphs.audit.schema.events import AuditEvent
from subgraphs.audit.schema.proofs import Checkpoint, checkpoint
from subgraphs.kit.context import Info
from subgraphs.kit.errors import Invalid
from subgraphs.kit.statuses import ACTIVATED, told_of
from subgraphs.kit.vocabulary import CredentialState
from subgraphs.vc.encoding import from_time
from subgraphs.vc.errors import VcError

LIVE = (CredentialState.ACTIVE, CredentialState.SUSPENDED)


@strawberry.type(description="What a credential was at a moment (某时状态).")
class CredentialStatusAt:
    state: CredentialState = strawberry.field(description="Its state then (状态).")
    event: AuditEvent = strawberry.field(
        description="The last event before or at that moment that says so, with its proof (依据)."
    )
    checkpoint: Checkpoint | None = strawberry.field(
        description="The newest signed head: no later word stands below it (检查点)."
    )


async def status_at(
    info: Info[Parts], credential: str, time: datetime
) -> CredentialStatusAt | None:
    """None before the first word, and for who may not see it."""
    if time.tzinfo is None:
        raise Invalid("a time needs its zone", field="time", code="TIME_WITHOUT_OFFSET")
    parts, viewer = info.context.parts, info.context.viewer
    head = await parts.ledger.latest_checkpoint()  # read first: what comes later is not below it
    row = await parts.store.last_word(credential, time)
    told = None if row is None else told_of(row.logged(parts.shard).envelope)
    if row is None or told is None or not policy.sees(viewer, row):
        return None
    state = CredentialState(told.state)
    if state in LIVE and await _over(info, credential, time):
        state = CredentialState.EXPIRED
    return CredentialStatusAt(
        state=state,
        event=AuditEvent.of(row),
        checkpoint=checkpoint(head) if head else None,
    )


async def _over(info: Info[Parts], credential: str, time: datetime) -> bool:
    activated = await loaders.anchoring(info, ACTIVATED, credential)
    until = None if activated is None else activated.body.get("validUntil")
    try:
        return until is not None and from_time(str(until)) <= time
    except VcError:
        return False  # an activation that says no time sets no end
