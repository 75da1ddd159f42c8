"""The regulator's feed: every event as it enters the log, resumable, and its query twin."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Final, TypeAlias

import strawberry

from subgraphs.audit import policy
from subgraphs.audit.parts import Parts
from subgraphs.audit.records import EventRow
from subgraphs.audit.schema.events import AuditEvent
from subgraphs.audit.schema.words import AuditEventKind
from subgraphs.kit.context import Info
from subgraphs.kit.cursor import CursorScope, Twins
from subgraphs.kit.errors import Forbidden, Invalid
from subgraphs.kit.feed import BEFORE_FIRST, Frame, Item
from subgraphs.kit.fields import subscription
from subgraphs.kit.paging import MOST, After
from subgraphs.kit.resumable import RESUMABLE
from subgraphs.kit.scalars import Cursor

Kinds: TypeAlias = Annotated[
    list[AuditEventKind] | None,
    strawberry.argument(description="Only events of these kinds, at most 100 (事件类型范围)."),
]
Institutions: TypeAlias = Annotated[
    list[strawberry.ID] | None,
    strawberry.argument(description="Only events that name one of these, at most 100 (机构范围)."),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which events of the feed somebody wants; empty: whatever it is. Sorted, so that equal wishes
    have one text."""

    kinds: tuple[str, ...]
    institutions: tuple[str, ...]

    @classmethod
    def of(cls, kinds: Kinds, institutions: Institutions) -> Asked:
        """Raises Invalid for a list that is empty or too long."""
        for field, values in (("kinds", kinds), ("institutions", institutions)):
            if values is not None and not 1 <= len(values) <= MOST:
                raise Invalid(f"{field} names 1 to {MOST}", field=field, code="LIST_OUT_OF_RANGE")
        return cls(
            kinds=tuple(sorted({kind.value for kind in kinds or ()})),
            institutions=tuple(sorted({str(each) for each in institutions or ()})),
        )

    @property
    def text(self) -> str:
        """What a cursor is bound to; nothing for those who want all."""
        return f"{self.kinds} {self.institutions}" if self.kinds or self.institutions else ""

    def takes(self, row: EventRow) -> bool:
        """Whether an event is wanted."""
        return (not self.kinds or row.kind in self.kinds) and (
            not self.institutions or not set(self.institutions).isdisjoint(row.institutions)
        )


_TWINS: Final = Twins(snapshot="auditEvents", pages="supervisionFeedEvents")


@strawberry.type(description="One event of the regulator's feed (监控帧).")
class SupervisionFrame:
    cursor: Cursor = strawberry.field(description="Resume after this (游标).")
    sequence: int = strawberry.field(description="Position in the log (序号).")
    head_sequence: int = strawberry.field(description="The last position applied here (最新序号).")
    prev_sequence: int | None = strawberry.field(
        default=None, description="Position of the frame before, to notice a gap (前一序号)."
    )
    heartbeat: bool = strawberry.field(description="Nothing happened, the position moved (心跳).")
    event: AuditEvent | None = strawberry.field(
        default=None, description="The event; null in a heartbeat (事件)."
    )


@strawberry.type
class Subscription:
    @subscription(
        "Every business event as it enters the log, for the regulator (全面监控).",
        directives=[RESUMABLE],
    )
    async def supervision_feed(
        self,
        info: Info[Parts],
        after: After = None,
        kinds: Kinds = None,
        institutions: Institutions = None,
    ) -> AsyncIterator[SupervisionFrame]:
        asked = Asked.of(kinds, institutions)
        parts, scope, position = info.context.parts, _scope(info, asked), None
        if after:
            head = parts.feed.head
            position = parts.sealer.replayed(after, scope, head=head, twins=_TWINS)

        async def read(last: int, limit: int) -> Sequence[Item[EventRow]]:
            rows = await parts.store.after(
                last, limit, kinds=asked.kinds, institutions=asked.institutions
            )
            return [Item(position=row.index, value=row) for row in rows]

        async for frame in parts.feed.subscribe(after=position, read=read, wants=asked.takes):
            yield _shown(info, scope, frame)


async def past_frames(
    info: Info[Parts], *, first: int, after: str | None, asked: Asked
) -> list[SupervisionFrame]:
    """The same frames from storage, ascending."""
    scope = _scope(info, asked)
    if not 1 <= first <= MOST:
        raise Invalid(f"first is 1 to {MOST}", field="first", code="FIRST_OUT_OF_RANGE")
    parts, frames = info.context.parts, []
    last = parts.sealer.position(after, scope) if after else BEFORE_FIRST
    wanted = {"kinds": asked.kinds, "institutions": asked.institutions}
    for row in await parts.store.after(last, first, **wanted):
        head = max(parts.feed.head, row.index)
        frames.append(Frame(position=row.index, previous=last, head=head, value=row))
        last = row.index
    return [_shown(info, scope, frame) for frame in frames]


def _scope(info: Info[Parts], asked: Asked) -> CursorScope:
    viewer = info.context.viewer
    if not policy.supervises(viewer):
        raise Forbidden("only the regulator may follow every event")
    return CursorScope(
        source=f"{info.context.parts.log_id}#supervisionFeed",
        filter=asked.text,
        scope_key=viewer.scope_key,
    )


def _shown(info: Info[Parts], scope: CursorScope, frame: Frame[EventRow]) -> SupervisionFrame:
    return SupervisionFrame(
        cursor=info.context.parts.sealer.seal((frame.position,), scope),
        sequence=frame.position,
        head_sequence=frame.head,
        prev_sequence=None if frame.previous == BEFORE_FIRST else frame.previous,
        heartbeat=frame.value is None,
        event=AuditEvent.of(frame.value) if frame.value else None,
    )
