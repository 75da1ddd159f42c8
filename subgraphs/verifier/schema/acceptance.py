"""Life after acceptance: what is watched, what is asked for, what the customer may do."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import strawberry

from subgraphs.kit.context import Info
from subgraphs.kit.fields import resolved
from subgraphs.kit.nodes import Representation, entity
from subgraphs.kit.scalars import Hash
from subgraphs.kit.types import Node
from subgraphs.kit.vocabulary import CredentialState
from subgraphs.verifier import records
from subgraphs.verifier.loaders import loaders
from subgraphs.verifier.parts import Parts
from subgraphs.verifier.schema.decision import (
    Qualification,
    Verification,
    find_qualification,
    find_verification,
)
from subgraphs.verifier.schema.institution import Institution, institution
from subgraphs.verifier.schema.presentation import PresentedCredential, on_log, presented
from subgraphs.verifier.schema.references import answered, bare, later
from subgraphs.verifier.schema.words import AcceptanceState, PermissionState, SupplementState


@entity("BusinessPermission")
class BusinessPermission(Node):
    row: strawberry.Private[records.Permission | None] = None
    product: str | None = strawberry.field(
        default=None, description="What it is a permission for (产品)."
    )
    state: PermissionState | None = strawberry.field(default=None, description="State (状态).")
    suspended_reason: str | None = strawberry.field(
        default=None, description="Why it is suspended; null while it is not (暂停原因)."
    )
    changed_at: datetime | None = strawberry.field(
        default=None, description="When its state last changed (变更时间)."
    )

    @resolved(
        "The endorsement that suspended it, if one did (触发签注).",
        graphql_type=later("Endorsement") | None,
    )
    def suspended_by(self, info: Info[Parts]) -> Node | None:
        if self.row is None or self.row.suspended_by is None:
            return None
        return bare(info, "Endorsement", self.row.suspended_by)

    @resolved(
        "Seconds from the endorsement to its suspension here; null while no endorsement suspended "
        "it (反应时长)."
    )
    def reaction_time(self) -> float | None:
        return None if self.row is None else self.row.reaction

    @resolved("The decision it rests on (认定).")
    async def qualification(self, info: Info[Parts]) -> Qualification | None:
        return await find_qualification(info, self.row.qualification if self.row else None)

    @resolved("Who granted it (用证方).")
    async def verifier(self, info: Info[Parts]) -> Institution | None:
        return await institution(info, self.row.verifier if self.row else None)

    @resolved("Whose it is (持证方).", graphql_type=later("Holder") | None)
    def holder(self, info: Info[Parts]) -> Node | None:
        return bare(info, "Holder", self.row.holder) if self.row else None

    @classmethod
    def of(cls, row: records.Permission) -> BusinessPermission:
        return cls(
            id=strawberry.ID(row.id),
            row=row,
            product=row.product,
            state=row.state,
            suspended_reason=row.suspended_reason,
            changed_at=row.changed_at,
        )

    @classmethod
    async def resolve_references(
        cls, info: Info[Parts], references: Sequence[Representation], /
    ) -> list[BusinessPermission | None]:
        return await answered(loaders(info.context).permissions, references, cls.of)


@entity("SupplementRequest")
class SupplementRequest(Node):
    row: strawberry.Private[records.Supplement | None] = None
    state: SupplementState | None = strawberry.field(default=None, description="State (状态).")
    reason: str | None = strawberry.field(
        default=None, description="What made it necessary (原因)."
    )
    requested_at: datetime | None = strawberry.field(
        default=None, description="When it was asked for (请求时间)."
    )
    due_at: datetime | None = strawberry.field(
        default=None, description="By when, before permissions are suspended (截止时间)."
    )

    @resolved("What it is about (采信).", graphql_type=later("Acceptance") | None)
    async def acceptance(self, info: Info[Parts]) -> Node | None:
        return await find_acceptance(info, self.row.acceptance if self.row else None)

    @resolved("The credential that changed (凭证).", graphql_type=later("Credential") | None)
    def credential(self, info: Info[Parts]) -> Node | None:
        return bare(info, "Credential", self.row.credential) if self.row else None

    @resolved("Who asks (用证方).")
    async def verifier(self, info: Info[Parts]) -> Institution | None:
        return await institution(info, self.row.verifier if self.row else None)

    @resolved("Who is asked (持证方).", graphql_type=later("Holder") | None)
    def holder(self, info: Info[Parts]) -> Node | None:
        return bare(info, "Holder", self.row.holder) if self.row else None

    @classmethod
    def of(cls, row: records.Supplement) -> SupplementRequest:
        return cls(
            id=strawberry.ID(row.id),
            row=row,
            state=row.state,
            reason=row.reason,
            requested_at=row.requested_at,
            due_at=row.due_at,
        )

    @classmethod
    async def resolve_references(
        cls, info: Info[Parts], references: Sequence[Representation], /
    ) -> list[SupplementRequest | None]:
        return await answered(loaders(info.context).supplements, references, cls.of)


@entity("Acceptance")
class Acceptance(Node):
    row: strawberry.Private[records.Acceptance | None] = None
    state: AcceptanceState | None = strawberry.field(default=None, description="State (状态).")
    vc_hash: Hash | None = strawberry.field(
        default=None, description="What was accepted, by its hash (凭证摘要)."
    )
    accepted_at: datetime | None = strawberry.field(
        default=None, description="When it was accepted (采信时间)."
    )
    monitoring_until: datetime | None = strawberry.field(
        default=None, description="Until when the holder lets it be watched (监测授权截止)."
    )

    @resolved("What the log says of the credential now (链上状态).")
    async def observed_state(self, info: Info[Parts]) -> CredentialState | None:
        return await on_log(info, self.row.credential) if self.row else None

    @resolved("The credential as it was shown to this verifier (出示的凭证).")
    async def presented_credential(self, info: Info[Parts]) -> PresentedCredential | None:
        if self.row is None:
            return None
        return await presented(info, self.row.presentation, self.row.credential)

    @resolved(
        "The credential itself, for those who may see it at its owner (凭证).",
        graphql_type=later("Credential") | None,
    )
    def credential(self, info: Info[Parts]) -> Node | None:
        return bare(info, "Credential", self.row.credential) if self.row else None

    @resolved("Who accepted it (用证方).")
    async def verifier(self, info: Info[Parts]) -> Institution | None:
        return await institution(info, self.row.verifier if self.row else None)

    @resolved("Whose credential it is (持证方).", graphql_type=later("Holder") | None)
    def holder(self, info: Info[Parts]) -> Node | None:
        return bare(info, "Holder", self.row.holder) if self.row else None

    @resolved("The checks it rests on (核验).")
    async def verification(self, info: Info[Parts]) -> Verification | None:
        return await find_verification(info, self.row.verification if self.row else None)

    @resolved("The decision it was accepted for (认定).")
    async def qualification(self, info: Info[Parts]) -> Qualification | None:
        return await find_qualification(info, self.row.qualification if self.row else None)

    @resolved("The permission that rests on it, if one was granted (业务权限).")
    async def permission(self, info: Info[Parts]) -> BusinessPermission | None:
        row = await loaders(info.context).permission_of.load(self.id)
        return None if row is None else BusinessPermission.of(row)

    @resolved("The open request for further proof, if there is one (补充证明).")
    async def supplement_request(self, info: Info[Parts]) -> SupplementRequest | None:
        row = await loaders(info.context).supplement_of.load(self.id)
        return None if row is None else SupplementRequest.of(row)

    @classmethod
    def of(cls, row: records.Acceptance) -> Acceptance:
        return cls(
            id=strawberry.ID(row.id),
            row=row,
            state=row.state,
            vc_hash=Hash(row.vc_hash),
            accepted_at=row.accepted_at,
            monitoring_until=row.monitoring_until,
        )

    @classmethod
    async def resolve_references(
        cls, info: Info[Parts], references: Sequence[Representation], /
    ) -> list[Acceptance | None]:
        return await answered(loaders(info.context).acceptances, references, cls.of)


async def find_acceptance(info: Info[Parts], id_: str | None) -> Acceptance | None:
    row = None if id_ is None else await loaders(info.context).acceptances.load(id_)
    return None if row is None else Acceptance.of(row)
