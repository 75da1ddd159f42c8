"""Signals of fraud over all institutions, for the regulator."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Self

import strawberry

from subgraphs.audit import policy
from subgraphs.audit.parts import Parts
from subgraphs.audit.records import EventRow
from subgraphs.audit.schema.events import AuditEvent
from subgraphs.audit.schema.institution import Institution, institution
from subgraphs.audit.signals import SignalKind, kind_of, reason_of
from subgraphs.audit.store import NEWEST
from subgraphs.kit.context import Info
from subgraphs.kit.cursor import CursorScope
from subgraphs.kit.errors import Forbidden, Invalid
from subgraphs.kit.fields import listed, resolved
from subgraphs.kit.ids import type_of
from subgraphs.kit.paging import After, Connection, First, connection, window


@strawberry.type(description="A sign of fraud, as the log has it (风险信号).")
class Signal:
    row: strawberry.Private[EventRow]

    kind: SignalKind = strawberry.field(description="What kind of trouble (信号类型).")
    reason_code: str = strawberry.field(description="Why it was told (原因代码).")
    at: datetime = strawberry.field(description="When it was noticed (时间).")
    sequence: int = strawberry.field(description="Place in the log (序号).")

    @resolved("The institution that noticed it, or answers for what is denied (机构).")
    async def institution(self, info: Info[Parts]) -> Institution | None:
        return await institution(info, self.row.institutions[0]) if self.row.institutions else None

    @resolved("The event, with what it is about and its proof (存证事件).")
    def event(self) -> AuditEvent | None:
        return AuditEvent.of(self.row)

    @classmethod
    def of(cls, row: EventRow) -> Self:
        return cls(
            row=row, kind=kind_of(row), reason_code=reason_of(row), at=row.at, sequence=row.index
        )


@strawberry.type
class Signals:
    @listed("Signs of fraud at all institutions, newest first, for the regulator (风险信号).")
    async def signals(
        self,
        info: Info[Parts],
        first: First = 20,
        after: After = None,
        kinds: Annotated[
            list[SignalKind] | None,
            strawberry.argument(description="Only these; left out, all (信号类型)."),
        ] = None,
        institution_id: Annotated[
            strawberry.ID | None,
            strawberry.argument(description="Only those of this institution (机构标识)."),
        ] = None,
    ) -> Connection[Signal] | None:
        parts, viewer = info.context.parts, info.context.viewer
        if not policy.supervises(viewer):
            raise Forbidden("only the regulator may see this")
        if institution_id is not None and type_of(institution_id) != "Institution":
            raise Invalid("not an institution", field="institutionId", code="ID_INVALID")
        wanted = tuple(kind for kind in SignalKind if kinds is None or kind in kinds)
        if not wanted:
            raise Invalid("name a kind, or none at all", field="kinds", code="LIST_OUT_OF_RANGE")
        named = f"{[kind.value for kind in wanted]} {institution_id}"
        scope = CursorScope(source="signals", filter=named, scope_key=viewer.scope_key)
        asked = window(first, after, parts.sealer, scope)
        page, rows = await parts.store.signals(wanted, institution_id, asked)
        return connection(
            page,
            [Signal.of(row) for row in rows],
            order=NEWEST,
            asked=asked,
            sealer=parts.sealer,
            scope=scope,
            counter=parts.store.count_signals(wanted, institution_id),
        )
