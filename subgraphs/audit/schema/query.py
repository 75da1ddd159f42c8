"""Audit's root fields for reading."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import strawberry

from subgraphs.audit import policy
from subgraphs.audit.kept.complaint_store import BY_DUE
from subgraphs.audit.kept.dispute_store import BY_ID
from subgraphs.audit.parts import Parts
from subgraphs.audit.schema.chains import (
    ChainNode,
    ChainScan,
    FailoverEvent,
    HeadAnchor,
    head_anchor,
    nodes_of,
    scans_of,
    switches_of,
)
from subgraphs.audit.schema.complaint import Complaint, ComplaintChannel
from subgraphs.audit.schema.denials import AccessDenial, denied
from subgraphs.audit.schema.dispute import Dispute
from subgraphs.audit.schema.events import AuditEvent
from subgraphs.audit.schema.feed import (
    Asked,
    Institutions,
    Kinds,
    SupervisionFrame,
    past_frames,
)
from subgraphs.audit.schema.health import ChainHealth, health_of
from subgraphs.audit.schema.institution import TrustRegistration
from subgraphs.audit.schema.proofs import Checkpoint, checkpoint
from subgraphs.audit.schema.stats import AuditStats, From, GroupBy, Metric, To, audit_stats
from subgraphs.audit.schema.words import AuditEventKind
from subgraphs.audit.store import NEWEST, EventFilter
from subgraphs.kit.context import Info
from subgraphs.kit.cursor import CursorScope
from subgraphs.kit.errors import Invalid, NotFound
from subgraphs.kit.fields import listed, resolved
from subgraphs.kit.ids import type_of
from subgraphs.kit.institutions import BY_CODE
from subgraphs.kit.paging import MOST, After, Connection, First, connection, window
from subgraphs.kit.vocabulary import member

MOST_KINDS = 24


@strawberry.input(description="Which events are asked for; a side left out stays open (筛选).")
class AuditEventFilter:
    kinds: list[str] | None = strawberry.field(
        default=None, description="Only these kinds, words of AuditEventKind (事件类型)."
    )
    subject: strawberry.ID | None = strawberry.field(
        default=None, description="Only events about this object (对象)."
    )
    institution: strawberry.ID | None = strawberry.field(
        default=None, description="Only events that name this institution (机构)."
    )
    since: datetime | None = strawberry.field(
        default=None, description="Not before this time (起始时间)."
    )
    until: datetime | None = strawberry.field(
        default=None, description="Before this time (截止时间)."
    )
    from_sequence: int | None = strawberry.field(
        default=None, description="Not before this place in the log (起始序号)."
    )
    to_sequence: int | None = strawberry.field(
        default=None, description="Not after this place in the log (截止序号)."
    )


Filter = Annotated[
    AuditEventFilter | None,
    strawberry.argument(name="filter", description="Which events (筛选)."),
]


@strawberry.type
class Query:
    @listed("Events that the viewer may see, newest first (存证事件).")
    async def audit_events(
        self,
        info: Info[Parts],
        filter_: Filter = None,
        first: First = 20,
        after: After = None,
    ) -> Connection[AuditEvent] | None:
        parts, viewer = info.context.parts, info.context.viewer
        wanted = _checked(filter_ or AuditEventFilter())
        scope = CursorScope(source="auditEvents", filter=repr(wanted), scope_key=viewer.scope_key)
        asked = window(first, after, parts.sealer, scope)
        placed = await parts.store.placed(wanted)
        page, rows = await parts.store.page(viewer, placed, NEWEST, asked)
        return connection(
            page,
            [AuditEvent.of(row) for row in rows],
            order=NEWEST,
            asked=asked,
            sealer=parts.sealer,
            scope=scope,
            counter=parts.store.count(viewer, placed),
        )

    @resolved("One event (存证事件).")
    async def audit_event(
        self,
        info: Info[Parts],
        id_: Annotated[
            strawberry.ID, strawberry.argument(name="id", description="Its id (事件标识).")
        ],
    ) -> AuditEvent | None:
        (found,) = await AuditEvent.resolve_references(info, [{"id": id_}])
        if found is None:
            raise NotFound("event")
        return found

    @resolved("The newest signed head of the log; null while nothing is signed (最新检查点).")
    async def tree_head(self, info: Info[Parts]) -> Checkpoint | None:
        head = await info.context.parts.ledger.latest_checkpoint()
        return checkpoint(head) if head else None

    @resolved("The nodes of the chains that hold the log's heads; the primary first (链节点).")
    async def chain_nodes(self, info: Info[Parts]) -> list[ChainNode] | None:
        return await nodes_of(info)

    @resolved("How the chains are, and what follows from it (链健康).")
    async def chain_health(self, info: Info[Parts]) -> ChainHealth | None:
        return await health_of(info)

    @resolved("When a standby took a primary's place, newest first (主备切换).")
    async def failover_events(
        self, info: Info[Parts], first: First = 20
    ) -> list[FailoverEvent] | None:
        return await switches_of(info, _count(first))

    @resolved("What the last look at each chain found of the ledger's payloads (上链内容扫描).")
    async def chain_scans(self, info: Info[Parts]) -> list[ChainScan] | None:
        return await scans_of(info)

    @resolved("Heads on their way to chains, or there, above a tree size (锚定进度).")
    async def head_anchors(
        self,
        info: Info[Parts],
        first: First = 20,
        above: Annotated[
            str, strawberry.argument(description="Only heads of a greater size (起始树大小).")
        ] = "0",
    ) -> list[HeadAnchor] | None:
        if not above.isdecimal() or len(above) > 18:
            raise Invalid("not a tree size", field="above", code="TREE_SIZE_INVALID")
        rows = await info.context.parts.ledger.anchors(int(above), _count(first))
        return [head_anchor(row) for row in rows]

    @listed("The public trust register: institutions, their DIDs and keys (信任登记簿).")
    async def trust_register(
        self, info: Info[Parts], first: First = 20, after: After = None
    ) -> Connection[TrustRegistration] | None:
        parts, scope = info.context.parts, CursorScope(source="trustRegister")
        asked = window(first, after, parts.sealer, scope)
        page, rows = await parts.institutions.page(asked)
        return connection(
            page,
            [TrustRegistration.of(row) for row in rows],
            order=BY_CODE,
            asked=asked,
            sealer=parts.sealer,
            scope=scope,
            counter=parts.institutions.count(),
        )

    @resolved("A dispute, for who has to do with it (争议).")
    async def dispute(
        self,
        info: Info[Parts],
        id_: Annotated[
            strawberry.ID, strawberry.argument(name="id", description="Its id (争议标识).")
        ],
    ) -> Dispute | None:
        (found,) = await Dispute.resolve_references(info, [{"id": id_}])
        if found is None or found.row is None:
            raise NotFound("dispute")
        return found

    @listed("Disputes that the viewer has to do with (争议列表).")
    async def disputes(
        self, info: Info[Parts], first: First = 20, after: After = None
    ) -> Connection[Dispute] | None:
        parts, viewer = info.context.parts, info.context.viewer
        scope = CursorScope(source="disputes", scope_key=viewer.scope_key)
        asked = window(first, after, parts.sealer, scope)
        page, rows = await parts.disputes.page(policy.own_disputes(viewer), asked)
        nodes = await Dispute.read(info, rows)
        return connection(page, nodes, order=BY_ID, asked=asked, sealer=parts.sealer, scope=scope)

    @listed("Complaints that the viewer has to do with, by when they are due (投诉列表).")
    async def complaints(
        self, info: Info[Parts], first: First = 20, after: After = None
    ) -> Connection[Complaint] | None:
        return await _complaints(info, "complaints", {}, first, after)

    @listed("Those of them whose progress nobody was told in time (逾期投诉).")
    async def overdue_complaints(
        self, info: Info[Parts], first: First = 20, after: After = None
    ) -> Connection[Complaint] | None:
        late = {"waits": True, "due_at": {"$lte": info.context.parts.clock()}}
        return await _complaints(info, "overdueComplaints", late, first, after)

    @resolved("How people may complain to an institution (投诉渠道).")
    async def complaint_channels(
        self,
        info: Info[Parts],
        institution_id: Annotated[
            strawberry.ID, strawberry.argument(description="The institution (机构标识).")
        ],
    ) -> list[ComplaintChannel] | None:
        found = await info.context.parts.complaints.channels(institution_id)
        return [ComplaintChannel(kind=kind, address=at) for kind, at in sorted(found.items())]

    @resolved("Figures on the log by group, none of fewer than five persons (统计分析).")
    async def audit_stats(
        self, info: Info[Parts], from_: From, to: To, group_by: GroupBy, metric: Metric
    ) -> AuditStats | None:
        return await audit_stats(info, since=from_, until=to, group_by=group_by, metric=metric)

    @listed("What callers were refused, newest minute first, for the regulator (访问拒绝).")
    async def access_denials(
        self, info: Info[Parts], first: First = 20, after: After = None
    ) -> Connection[AccessDenial] | None:
        return await denied(info, first, after)

    @resolved("What `supervisionFeed` has told so far, for the regulator (监控记录).")
    async def supervision_feed_events(
        self,
        info: Info[Parts],
        first: First = 20,
        after: After = None,
        kinds: Kinds = None,
        institutions: Institutions = None,
    ) -> list[SupervisionFrame] | None:
        asked = Asked.of(kinds, institutions)
        return await past_frames(info, first=first, after=after, asked=asked)


async def _complaints(
    info: Info[Parts], source: str, which: dict[str, object], first: int, after: str | None
) -> Connection[Complaint]:
    parts, viewer = info.context.parts, info.context.viewer
    scope = CursorScope(source=source, scope_key=viewer.scope_key)
    asked = window(first, after, parts.sealer, scope)
    where = {**policy.own_complaints(viewer), **which}
    page, rows = await parts.complaints.page(where, asked)
    nodes = await Complaint.read(info, rows)
    return connection(page, nodes, order=BY_DUE, asked=asked, sealer=parts.sealer, scope=scope)


def _count(first: int) -> int:
    if not 1 <= first <= MOST:
        raise Invalid(f"first is 1 to {MOST}", field="first", code="FIRST_OUT_OF_RANGE")
    return first


def _checked(given: AuditEventFilter) -> EventFilter:
    return EventFilter(
        kinds=None if given.kinds is None else _kinds(given.kinds),
        subject=_id(given.subject, "filter.subject"),
        institution=_id(given.institution, "filter.institution"),
        since=_time(given.since, "filter.since"),
        until=_time(given.until, "filter.until"),
        first=given.from_sequence,
        last=given.to_sequence,
    )


def _kinds(given: list[str]) -> tuple[str, ...]:
    if len(given) > MOST_KINDS:
        raise Invalid("too many kinds", field="filter.kinds", code="KINDS_TOO_MANY")
    known = [
        member(AuditEventKind, kind, field=f"filter.kinds[{place}]", code="EVENT_KIND_UNKNOWN")
        for place, kind in enumerate(given)
    ]
    return tuple(sorted({kind.value for kind in known}))


def _id(given: str | None, field: str) -> str | None:
    if given is not None and type_of(given) is None:
        raise Invalid("not a global id", field=field, code="ID_INVALID")
    return given


def _time(given: datetime | None, field: str) -> datetime | None:
    if given is not None and given.tzinfo is None:
        raise Invalid("a time needs its zone", field=field, code="TIME_WITHOUT_OFFSET")
    return given
