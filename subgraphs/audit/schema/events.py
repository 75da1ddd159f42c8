"""Events, and the timelines that other subgraphs' entities get from them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Self, TypeAlias

import strawberry

from ledger_adapter import envelopes
from ledger_adapter.crypto import sm3
from subgraphs.audit import codec, loaders, policy
from subgraphs.audit.parts import Parts
from subgraphs.audit.records import EventRow
from subgraphs.audit.schema.institution import Institution, institution
from subgraphs.audit.schema.proofs import ChainProof, chain_proof
from subgraphs.audit.schema.words import AuditEventKind
from subgraphs.audit.store import NEWEST, OLDEST, EventFilter
from subgraphs.kit.context import Info
from subgraphs.kit.cursor import CursorScope
from subgraphs.kit.errors import Invalid
from subgraphs.kit.events import KINDS
from subgraphs.kit.fields import resolved
from subgraphs.kit.nodes import Representation, entity
from subgraphs.kit.paging import (
    After,
    Connection,
    Edge,
    First,
    PageInfo,
    Rows,
    Window,
    connection,
    window,
)
from subgraphs.kit.scalars import Cursor, Hash
from subgraphs.kit.types import Node

KNOWN = {kind.value for kind in AuditEventKind}

Last: TypeAlias = Annotated[
    int | None,
    strawberry.argument(description="The last so many instead, 1 to 100 (末尾数量)."),
]
Before: TypeAlias = Annotated[
    Cursor | None, strawberry.argument(description="With `last`: end before this (终止游标).")
]


@entity("AuditEvent", keys=("id", "sequence"))
class AuditEvent(Node):
    row: strawberry.Private[EventRow | None] = None

    sequence: int | None = strawberry.field(default=None, description="Place in the log (序号).")
    kind: AuditEventKind | None = strawberry.field(
        default=None, description="What happened (事件类型)."
    )
    subjects: list[strawberry.ID] | None = strawberry.field(
        default=None, description="Ids of the objects it is about (对象)."
    )
    at: datetime | None = strawberry.field(
        default=None, description="When, by its writer's clock, to the second (时间)."
    )

    @resolved("The institution that acted; null for acts of a holder or the regulator (行为机构).")
    async def actor(self, info: Info[Parts]) -> Institution | None:
        if self.row is None or not self.row.institutions or not KINDS[self.row.kind].acts:
            return None
        return await institution(info, self.row.institutions[0])

    @resolved("Digest of the event's canonical envelope (内容摘要).")
    def payload_hash(self, info: Info[Parts]) -> Hash | None:
        if self.row is None:
            return None
        envelope = self.row.logged(info.context.parts.shard).envelope
        return Hash(sm3.hexdigest(envelopes.encode(envelope)))

    @resolved("Its proof (存证证明).")
    async def chain_proof(self, info: Info[Parts]) -> ChainProof | None:
        return None if self.row is None else await chain_proof(info, self.row)

    @classmethod
    async def resolve_references(
        cls, info: Info[Parts], references: Sequence[Representation], /
    ) -> Sequence[Self | None]:
        ids = [str(one["id"]) for one in references if "id" in one]
        sequences = [s for one in references if isinstance(s := one.get("sequence"), int)]
        by_id, by_index = await loaders.load_events(info, ids, sequences)
        viewer = info.context.viewer
        found: list[EventRow | None] = []
        for one in references:
            sequence = one.get("sequence")
            row = by_id.get(str(one.get("id")))
            found.append(row or (by_index.get(sequence) if isinstance(sequence, int) else None))
        return [cls.of(row) if row and policy.sees(viewer, row) else None for row in found]

    @classmethod
    def of(cls, row: EventRow) -> Self:
        return cls(
            id=strawberry.ID(row.id),
            row=row,
            sequence=row.index,
            kind=AuditEventKind(row.kind) if row.kind in KNOWN else None,
            subjects=[strawberry.ID(subject) for subject in row.subjects],
            at=row.at,
        )


async def timeline(
    info: Info[Parts],
    subject: str,
    *,
    first: First,
    after: After,
    last: Last,
    before: Before,
) -> Connection[AuditEvent]:
    """Events about a subject that the viewer may see, oldest first; `last` counts from the end."""
    if last is None and before is not None:
        raise Invalid("before goes with last", field="before", code="BEFORE_WITHOUT_LAST")
    if last is not None and after is not None:
        raise Invalid("last goes with before, not with after", field="last", code="LAST_WITH_AFTER")
    scope = CursorScope(source="timeline", filter=subject, scope_key=info.context.viewer.scope_key)
    sealer = info.context.parts.sealer
    if last is None:
        asked = window(first, after, sealer, scope)
        page, rows = await _ends(info, subject, asked, backward=False)
        nodes = [AuditEvent.of(row) for row in rows]
        made = connection(page, nodes, order=OLDEST, asked=asked, sealer=sealer, scope=scope)
    else:
        try:
            asked = window(last, before, sealer, scope)
        except Invalid as fault:
            raise Invalid("last is 1 to 100", field="last", code=fault.code) from None
        page, rows = await _ends(info, subject, asked, backward=True)
        nodes = [AuditEvent.of(row) for row in rows]
        made = _turned(
            connection(page, nodes, order=NEWEST, asked=asked, sealer=sealer, scope=scope)
        )
    made.counter = info.context.parts.store.count(info.context.viewer, EventFilter(subject=subject))
    return made


async def _ends(
    info: Info[Parts], subject: str, asked: Window, *, backward: bool
) -> tuple[Rows, list[EventRow]]:
    """From an end of the timeline all subjects share one read; from a cursor each has its own."""
    viewer, order = info.context.viewer, NEWEST if backward else OLDEST
    if asked.after is not None:
        return await info.context.parts.store.page(
            viewer, EventFilter(subject=subject), order, asked
        )
    found = await loaders.timeline_end(info, viewer, subject, order, asked.first + 1)
    page = Rows(rows=found[: asked.first], more=len(found) > asked.first)
    return page, [codec.event(row) for row in page.rows]


def _turned(made: Connection[AuditEvent]) -> Connection[AuditEvent]:
    """A page read from the end, shown in the timeline's own order."""
    edges: list[Edge[AuditEvent]] = made.edges[::-1]
    info = made.page_info
    return Connection[AuditEvent](
        edges=edges,
        page_info=PageInfo(
            has_next_page=info.has_previous_page,
            has_previous_page=info.has_next_page,
            start_cursor=info.end_cursor,
            end_cursor=info.start_cursor,
        ),
        counter=made.counter,
    )
