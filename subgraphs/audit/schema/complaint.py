"""Complaints as GraphQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Self, TypeAlias

import strawberry

from subgraphs.audit import policy
from subgraphs.audit.kept import complaints as records
from subgraphs.audit.parts import Parts
from subgraphs.audit.schema.institution import Institution, institution
from subgraphs.audit.states import ComplaintState
from subgraphs.kit.context import Info
from subgraphs.kit.fields import resolved
from subgraphs.kit.nodes import Representation, entity
from subgraphs.kit.reads import Read
from subgraphs.kit.types import (
    Forbidden,
    InvalidTransitionError,
    MutationInput,
    Node,
    NotFound,
    TryAgain,
    ValidationFailed,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parties:
    """Of a stored row."""

    holder: str
    handlers: tuple[str, ...]


@strawberry.type(description="A way to complain to an institution (投诉渠道).")
class ComplaintChannel:
    kind: str = strawberry.field(description="APP, PHONE, EMAIL, COUNTER or LETTER (渠道).")
    address: str = strawberry.field(description="Where (联系方式).")


@strawberry.type(description="What a complainant was told (处理说明).")
class ComplaintNote:
    at: datetime = strawberry.field(description="When (时间).")
    text: str = strawberry.field(description="What (内容).")


@entity("Complaint")
class Complaint(Node):
    row: strawberry.Private[records.Complaint | None] = None

    state: ComplaintState | None = strawberry.field(default=None, description="State (状态).")
    channel: str | None = strawberry.field(default=None, description="How it came in (渠道).")
    text: str | None = strawberry.field(default=None, description="What it says (内容).")
    received_at: datetime | None = strawberry.field(
        default=None, description="When it came in (受理时间)."
    )
    due_at: datetime | None = strawberry.field(
        default=None, description="The end of the seventh working day (反馈期限)."
    )
    notes: list[ComplaintNote] | None = strawberry.field(
        default=None, description="What the complainant was told (处理说明)."
    )

    @resolved("Whether nobody was told in time how it stands (是否逾期).")
    def overdue(self, info: Info[Parts]) -> bool | None:
        if self.row is None:
            return None
        return self.row.state in records.WAITING and info.context.parts.clock() >= self.row.due_at

    @resolved("The institution that leads and answers (牵头机构).")
    async def assigned_to(self, info: Info[Parts]) -> Institution | None:
        return None if self.row is None else await institution(info, self.row.lead)

    @resolved("Institutions that help (协办机构).")
    async def co_handlers(self, info: Info[Parts]) -> list[Institution] | None:
        if self.row is None:
            return None
        return [await institution(info, one) for one in self.row.co_handlers]

    @classmethod
    async def resolve_references(
        cls, info: Info[Parts], references: Sequence[Representation], /
    ) -> Sequence[Self | None]:
        ids = [str(one.get("id")) for one in references]
        viewer = info.context.viewer

        def may_see(row: Mapping[str, Any]) -> bool:
            parties = _Parties(holder=row["holder"], handlers=tuple(row["handlers"]))
            return policy.sees_complaint(viewer, parties)

        seen = list((await info.context.parts.complaints.find(ids, may_see)).values())
        read = {row.id: shown for row, shown in zip(seen, await cls.read(info, seen), strict=True)}
        return [read.get(one) or cls(id=strawberry.ID(one)) for one in ids]

    @classmethod
    async def read(cls, info: Info[Parts], rows: Sequence[records.Complaint]) -> list[Self]:
        """Once those concerned were told, where they have to be."""
        reads = [
            Read(id=row.id, what="COMPLAINT", concerned=(row.holder,), institutions=row.handlers)
            for row in rows
        ]
        await info.context.parts.reads.tell(info.context, reads)
        return [cls._of(row) for row in rows]

    @classmethod
    def _of(cls, row: records.Complaint) -> Self:
        return cls(
            id=strawberry.ID(row.id),
            row=row,
            state=row.state,
            channel=row.channel,
            text=row.text,
            received_at=row.received_at,
            due_at=row.due_at,
            notes=[ComplaintNote(at=one.at, text=one.text) for one in row.notes],
        )


@strawberry.input(description="A complaint (提出投诉).")
class FileComplaintInput(MutationInput):
    institution_id: strawberry.ID = strawberry.field(description="Who is to answer (机构标识).")
    channel: str = strawberry.field(description="One of the institution's channels (渠道).")
    text: str = strawberry.field(description="What is wrong, 1 to 2000 characters (内容).")


@strawberry.input(description="What the lead does with a complaint (处理投诉).")
class HandleComplaintInput(MutationInput):
    complaint_id: strawberry.ID = strawberry.field(description="The complaint (投诉标识).")
    state: str | None = strawberry.field(
        default=None, description="INVESTIGATING, PROGRESS_REPORTED, RESOLVED or ESCALATED (状态)."
    )
    note: str | None = strawberry.field(
        default=None, description="What the complainant is told (说明)."
    )
    co_handler_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="Institutions that help, all of them (协办机构)."
    )


@strawberry.input(description="A way to complain (投诉渠道).")
class ComplaintChannelInput:
    kind: str = strawberry.field(description="APP, PHONE, EMAIL, COUNTER or LETTER (渠道).")
    address: str = strawberry.field(description="Where (联系方式).")


@strawberry.input(description="How people may complain to the institution that asks (设置渠道).")
class NameComplaintChannelsInput(MutationInput):
    channels: list[ComplaintChannelInput] = strawberry.field(description="All of them (渠道).")


@strawberry.type(description="The complaint is received (投诉已受理).")
class FileComplaintSuccess:
    complaint: Complaint = strawberry.field(description="It (投诉).")


@strawberry.type(description="The complaint is a step further (投诉已处理).")
class HandleComplaintSuccess:
    complaint: Complaint = strawberry.field(description="It (投诉).")


@strawberry.type(description="The channels stand (渠道已设置).")
class NameComplaintChannelsSuccess:
    channels: list[ComplaintChannel] = strawberry.field(description="They (渠道).")


FileComplaintResult: TypeAlias = Annotated[
    FileComplaintSuccess | ValidationFailed | NotFound | Forbidden | TryAgain,
    strawberry.union("FileComplaintResult", description="What complaining led to (投诉结果)."),
]
HandleComplaintResult: TypeAlias = Annotated[
    HandleComplaintSuccess
    | InvalidTransitionError
    | ValidationFailed
    | NotFound
    | Forbidden
    | TryAgain,
    strawberry.union("HandleComplaintResult", description="What handling led to (处理结果)."),
]
NameComplaintChannelsResult: TypeAlias = Annotated[
    NameComplaintChannelsSuccess | ValidationFailed | Forbidden | TryAgain,
    strawberry.union("NameComplaintChannelsResult", description="What naming led to (设置结果)."),
]
