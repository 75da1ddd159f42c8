"""The two feeds of this subgraph: what happened to accepted credentials, and a holder's tasks.

A feed is a position in the log: `after` replays what was missed and goes live without gap or
repeat; a heartbeat says that nothing happened up to its position.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from enum import Enum
from typing import Annotated, Any, Final, TypeAlias

import strawberry

from subgraphs.kit.context import Info
from subgraphs.kit.cursor import CursorScope, Twins
from subgraphs.kit.errors import Invalid
from subgraphs.kit.feed import BEFORE_FIRST, Frame, Item
from subgraphs.kit.fields import listed, resolved, subscription
from subgraphs.kit.paging import MOST, After, Connection, First
from subgraphs.kit.resumable import RESUMABLE
from subgraphs.kit.scalars import Cursor
from subgraphs.kit.types import worded
from subgraphs.kit.viewer import Role
from subgraphs.kit.vocabulary import CredentialState, EndorsementEffect
from subgraphs.verifier.loaders import forget, loaders
from subgraphs.verifier.parts import Parts
from subgraphs.verifier.policy import own_rows
from subgraphs.verifier.records import Change, Wanted
from subgraphs.verifier.schema.acceptance import (
    Acceptance,
    BusinessPermission,
    SupplementRequest,
    find_acceptance,
)
from subgraphs.verifier.schema.contributions import Endorsement, Holder, accepted

CredentialIds: TypeAlias = Annotated[
    list[strawberry.ID] | None,
    strawberry.argument(description="Only changes of these credentials, at most 100 (凭证范围)."),
]


@worded(
    "What a verifier's feed tells of (侦听事件类型).",
    CREDENTIAL_ENDORSED="The issuer endorsed an accepted credential (签注).",
    CREDENTIAL_EXPIRED="An accepted credential has run out (到期).",
    CREDENTIAL_CANCELLED="Its holder ended an accepted credential (取消).",
    SUPPLEMENT_REQUESTED="Further proof was asked for (提示补充证明).",
    PERMISSION_SUSPENDED="A permission was suspended (暂停权限).",
    PERMISSION_REINSTATED="A permission counts again (恢复权限).",
    ACCEPTANCE_ENDED="An acceptance has lapsed or ended (采信终止).",
)
class AcceptedChangeKind(Enum):
    CREDENTIAL_ENDORSED = "CREDENTIAL_ENDORSED"
    CREDENTIAL_EXPIRED = "CREDENTIAL_EXPIRED"
    CREDENTIAL_CANCELLED = "CREDENTIAL_CANCELLED"
    SUPPLEMENT_REQUESTED = "SUPPLEMENT_REQUESTED"
    PERMISSION_SUSPENDED = "PERMISSION_SUSPENDED"
    PERMISSION_REINSTATED = "PERMISSION_REINSTATED"
    ACCEPTANCE_ENDED = "ACCEPTANCE_ENDED"


Kinds: TypeAlias = Annotated[
    list[AcceptedChangeKind] | None,
    strawberry.argument(description="Only events of these kinds, at most 100 (事件类型范围)."),
]
CHANGES = "acceptedCredentialChanges"
TASKS = "myTasks"


EVERYTHING: Final = Wanted()
_TWINS: Final = {
    CHANGES: Twins(snapshot="acceptances", pages="acceptedCredentialChangeEvents"),
    TASKS: Twins(snapshot="me", pages="myTaskEvents"),
}


def wanted(credential_ids: CredentialIds, kinds: Kinds) -> Wanted:
    """What somebody wants of the feed. Raises Invalid for a list that is empty or too long."""
    for field, values in (("credentialIds", credential_ids), ("kinds", kinds)):
        if values is not None and not 1 <= len(values) <= MOST:
            raise Invalid(f"{field} names 1 to {MOST}", field=field, code="LIST_OUT_OF_RANGE")
    return Wanted(
        credentials=tuple(sorted({str(each) for each in credential_ids or ()})),
        kinds=tuple(sorted({kind.value for kind in kinds or ()})),
    )


@strawberry.type
class FeedFrame:
    """What every frame carries; without a kind it is a heartbeat."""

    change: strawberry.Private[Change | None] = None
    begins: strawberry.Private[bool] = False
    cursor: Cursor = strawberry.field(description="Resume after this (游标).")
    sequence: int = strawberry.field(description="Position in the log (序号).")
    head_sequence: int = strawberry.field(description="The last position applied here (最新序号).")
    prev_sequence: int | None = strawberry.field(
        default=None, description="Position of the frame before, to notice a gap (前一序号)."
    )
    heartbeat: bool = strawberry.field(description="Nothing happened, the position moved (心跳).")
    kind: str | None = strawberry.field(default=None, description="Kind of event (事件类型).")
    at: datetime | None = strawberry.field(default=None, description="When it was (时间).")

    @resolved("The permission it concerns, as it stands now (业务权限).")
    async def permission(self, info: Info[Parts]) -> BusinessPermission | None:
        id_ = self.change.permission if self.change else None
        row = None if id_ is None else await loaders(info.context).permissions.load(id_)
        return None if row is None else BusinessPermission.of(row)

    @resolved("The request for further proof it concerns (补充证明).")
    async def supplement_request(self, info: Info[Parts]) -> SupplementRequest | None:
        id_ = self.change.supplement if self.change else None
        row = None if id_ is None else await loaders(info.context).supplements.load(id_)
        return None if row is None else SupplementRequest.of(row)


@strawberry.type(description="A change of something this verifier relies on (已采信凭证变更).")
class AcceptedCredentialChange(FeedFrame):
    effect: EndorsementEffect | None = strawberry.field(
        default=None, description="What the endorsement does, by the log (签注效力)."
    )
    state: CredentialState | None = strawberry.field(
        default=None, description="The credential's state on the log after it (凭证状态)."
    )
    credential_id: strawberry.ID | None = strawberry.field(
        default=None, description="The credential (凭证标识)."
    )

    @resolved("The endorsement, if it is one (签注).")
    def endorsement(self) -> Endorsement | None:
        id_ = self.change.endorsement if self.change else None
        return None if id_ is None else Endorsement(id=strawberry.ID(id_))

    @resolved("The acceptance it concerns, as it stands now (采信).")
    async def acceptance(self, info: Info[Parts]) -> Acceptance | None:
        return await find_acceptance(info, self.change.acceptance if self.change else None)

    @listed("What is accepted, at least as new as this frame; only where a stream begins (快照).")
    async def snapshot(
        self, info: Info[Parts], first: First = 20, after: After = None
    ) -> Connection[Acceptance] | None:
        if not self.begins:
            return None
        return await accepted(info, own_rows(info.context.viewer), first, after)


@strawberry.type(description="Something a holder has to do or to know (待办变更).")
class TaskChange(FeedFrame):
    @resolved(
        "Herself, whose tasks and permissions are at least as new as this frame; only where a "
        "stream begins (快照)."
    )
    def snapshot(self, info: Info[Parts]) -> Holder | None:
        if not self.begins:
            return None
        return Holder(id=strawberry.ID(info.context.viewer.require_holder()))


def changed(info: Info[Parts], frame: Frame[Change], asked: Wanted) -> AcceptedCredentialChange:
    """A frame of the verifier's feed."""
    row = frame.value
    return AcceptedCredentialChange(
        **_common(info, CHANGES, frame, asked),
        effect=EndorsementEffect(row.effect) if row and row.effect else None,
        state=CredentialState(row.state) if row and row.state else None,
        credential_id=strawberry.ID(row.credential) if row and row.credential else None,
    )


def task(info: Info[Parts], frame: Frame[Change]) -> TaskChange:
    """A frame of the holder's feed."""
    return TaskChange(**_common(info, TASKS, frame, EVERYTHING))


def _common(info: Info[Parts], source: str, frame: Frame[Change], asked: Wanted) -> dict[str, Any]:
    row, scope = frame.value, _scope(info, source, asked)
    return {
        "change": row,
        "begins": row is None and frame.previous is None,
        "cursor": info.context.parts.sealer.seal((frame.position,), scope),
        "sequence": frame.position,
        "head_sequence": frame.head,
        "prev_sequence": frame.previous if frame.previous != BEFORE_FIRST else None,
        "heartbeat": row is None,
        "kind": row.kind if row else None,
        "at": row.at if row else None,
    }


@strawberry.type
class Subscription:
    @subscription(
        "Changes of credentials this verifier accepted, and what followed (侦听).",
        directives=[RESUMABLE],
    )
    async def accepted_credential_changes(
        self,
        info: Info[Parts],
        after: After = None,
        credential_ids: CredentialIds = None,
        kinds: Kinds = None,
    ) -> AsyncIterator[AcceptedCredentialChange]:
        audience = info.context.viewer.require_institution(Role.VERIFIER)
        asked = wanted(credential_ids, kinds)
        async for frame in _frames(info, CHANGES, audience, after, asked):
            yield changed(info, frame, asked)

    @subscription(
        "What verifiers ask of this holder, and what became of her permissions (待办).",
        directives=[RESUMABLE],
    )
    async def my_tasks(self, info: Info[Parts], after: After = None) -> AsyncIterator[TaskChange]:
        audience = info.context.viewer.require_holder()
        async for frame in _frames(info, TASKS, audience, after, EVERYTHING):
            yield task(info, frame)


async def _frames(
    info: Info[Parts], source: str, audience: str, after: str | None, asked: Wanted
) -> AsyncIterator[Frame[Change]]:
    parts, position = info.context.parts, None
    if after:
        scope, head = _scope(info, source, asked), parts.feed.head
        position = parts.sealer.replayed(after, scope, head=head, twins=_TWINS[source])

    async def read(last: int, limit: int) -> Sequence[Item[Change]]:
        rows = await parts.store.told(audience, asked, last, limit)
        return [Item(position=row.index, value=row) for row in rows]

    def wants(row: Change) -> bool:
        return row.audience == audience and asked.takes(row)

    async for frame in parts.feed.subscribe(after=position, read=read, wants=wants):
        forget(info.context)
        yield frame


async def past(
    info: Info[Parts],
    source: str,
    audience: str,
    *,
    first: int,
    after: str | None,
    asked: Wanted = EVERYTHING,
) -> list[Frame[Change]]:
    """The same frames from storage, ascending."""
    if not 1 <= first <= MOST:
        raise Invalid(f"first is 1 to {MOST}", field="first", code="FIRST_OUT_OF_RANGE")
    parts = info.context.parts
    last = parts.sealer.position(after, _scope(info, source, asked)) if after else BEFORE_FIRST
    frames: list[Frame[Change]] = []
    for row in await parts.store.told(audience, asked, last, first):
        head = max(parts.feed.head, row.index)
        frames.append(Frame(position=row.index, previous=last, head=head, value=row))
        last = row.index
    return frames


def _scope(info: Info[Parts], source: str, asked: Wanted) -> CursorScope:
    context = info.context
    return CursorScope(
        source=f"{context.parts.log_id}#{source}",
        filter=asked.text,
        scope_key=context.viewer.scope_key,
    )
