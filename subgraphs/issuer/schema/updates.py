"""The feed of a credential's steps: resumable, and its query twin."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Final

import strawberry

from subgraphs.issuer import policy
from subgraphs.issuer.parts import Parts
from subgraphs.issuer.records import Update
from subgraphs.issuer.schema.types import Credential, held, issued
from subgraphs.kit.context import Info
from subgraphs.kit.cursor import CursorScope, Twins
from subgraphs.kit.errors import Forbidden, Invalid
from subgraphs.kit.feed import BEFORE_FIRST, Frame, Item
from subgraphs.kit.fields import listed, resolved, subscription
from subgraphs.kit.paging import MOST, After, Connection, First
from subgraphs.kit.resumable import RESUMABLE
from subgraphs.kit.scalars import Cursor
from subgraphs.kit.viewer import Role
from subgraphs.kit.vocabulary import CredentialState

_PAGES: Final = "credentialRequestUpdateEvents"


@strawberry.type(description="One step of a credential, in the log's order (申请进展).")
class CredentialRequestUpdate:
    begins: strawberry.Private[bool] = False
    cursor: Cursor = strawberry.field(description="Resume after this (游标).")
    sequence: int = strawberry.field(description="Position in the log (序号).")
    head_sequence: int = strawberry.field(description="The last position applied here (最新序号).")
    prev_sequence: int | None = strawberry.field(
        default=None, description="Position of the frame before, to notice a gap (前一序号)."
    )
    heartbeat: bool = strawberry.field(description="Nothing happened, the position moved (心跳).")
    kind: str | None = strawberry.field(default=None, description="Kind of event (事件类型).")
    state: CredentialState | None = strawberry.field(
        default=None, description="The state it led to (状态)."
    )
    credential_id: strawberry.ID | None = strawberry.field(
        default=None, description="The credential (凭证标识)."
    )

    @resolved("The credential as it stands now (凭证).")
    async def credential(self, info: Info[Parts]) -> Credential | None:
        if self.credential_id is None:
            return None
        (found,) = await Credential.resolve_references(info, [{"id": self.credential_id}])
        return found

    @listed("The own credentials, at least as new as this frame; only at a stream's start (快照).")
    async def snapshot(
        self, info: Info[Parts], first: First = 20, after: After = None
    ) -> Connection[Credential] | None:
        if not self.begins:
            return None
        viewer = info.context.viewer
        if viewer.role is Role.HOLDER:
            return await held(info, viewer.require_holder(), first, after)
        return await issued(info, None, first, after)


@strawberry.type
class Subscription:
    @subscription(
        "Steps of the own credentials, for a holder or an issuer's desk (申请进展).",
        directives=[RESUMABLE],
    )
    async def credential_request_updates(
        self, info: Info[Parts], after: After = None
    ) -> AsyncIterator[CredentialRequestUpdate]:
        parts, own = info.context.parts, _own(info)
        scope, position = _scope(info), None
        if after:
            head = parts.feed.head
            position = parts.sealer.replayed(after, scope, head=head, twins=_twins(info))

        async def read(last: int, limit: int) -> Sequence[Item[Update]]:
            rows = await parts.store.updates(own, last, limit)
            return [Item(position=row.position, value=row) for row in rows]

        def wants(row: Update) -> bool:
            return policy.scope_of(info.context.viewer) is not None and policy.sees(
                info.context.viewer, row
            )

        async for frame in parts.feed.subscribe(after=position, read=read, wants=wants):
            yield _shown(info, frame)


async def past_updates(
    info: Info[Parts], *, first: int, after: str | None
) -> list[CredentialRequestUpdate]:
    """The same frames from storage, ascending."""
    if not 1 <= first <= MOST:
        raise Invalid(f"first is 1 to {MOST}", field="first", code="FIRST_OUT_OF_RANGE")
    parts, own = info.context.parts, _own(info)
    last = parts.sealer.position(after, _scope(info)) if after else BEFORE_FIRST
    frames = []
    for row in await parts.store.updates(own, last, first):
        head = max(parts.feed.head, row.position)
        frames.append(Frame(position=row.position, previous=last, head=head, value=row))
        last = row.position
    return [_shown(info, frame) for frame in frames]


def _own(info: Info[Parts]) -> dict[str, str]:
    own = policy.scope_of(info.context.viewer)
    if own is None:
        raise Forbidden
    return own


def _twins(info: Info[Parts]) -> Twins:
    hers = info.context.viewer.role is Role.HOLDER
    return Twins(snapshot="me" if hers else "issuedCredentials", pages=_PAGES)


def _scope(info: Info[Parts]) -> CursorScope:
    source = f"{info.context.parts.log_id}#credentialRequestUpdates"
    return CursorScope(source=source, scope_key=info.context.viewer.scope_key)


def _shown(info: Info[Parts], frame: Frame[Update]) -> CredentialRequestUpdate:
    row = frame.value
    cursor = info.context.parts.sealer.seal((frame.position,), _scope(info))
    previous = frame.previous if frame.previous != BEFORE_FIRST else None
    return CredentialRequestUpdate(
        begins=row is None and frame.previous is None,
        cursor=cursor,
        sequence=frame.position,
        head_sequence=frame.head,
        prev_sequence=previous,
        heartbeat=row is None,
        kind=row.kind if row else None,
        state=row.state if row else None,
        credential_id=strawberry.ID(row.credential) if row else None,
    )
