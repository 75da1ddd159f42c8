"""Verifications and qualifications: what was checked, and what was decided on it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

import strawberry

from subgraphs.kit.context import Info
from subgraphs.kit.fields import resolved
from subgraphs.kit.nodes import Representation, entity
from subgraphs.kit.types import Node
from subgraphs.kit.viewer import Role
from subgraphs.verifier import records
from subgraphs.verifier.loaders import loaders
from subgraphs.verifier.parts import Parts
from subgraphs.verifier.policy import may_see, may_see_content
from subgraphs.verifier.reproduce import reproduce
from subgraphs.verifier.schema.institution import Institution, institution
from subgraphs.verifier.schema.paper import PaperEvidence, QualificationReview
from subgraphs.verifier.schema.presentation import Presentation
from subgraphs.verifier.schema.references import answered, bare, later, listed_later, made
from subgraphs.verifier.schema.values import Check, QualificationReason
from subgraphs.verifier.schema.verdict import DoubleCountAssessment, Reproduction
from subgraphs.verifier.schema.words import (
    Evidence,
    Outcome,
    QualificationBasis,
    VerificationResult,
)


@entity("Verification")
class Verification(Node):
    row: strawberry.Private[records.Verification | None] = None
    result: VerificationResult | None = strawberry.field(
        default=None, description="All checks together (结论)."
    )
    checks: list[Check] | None = strawberry.field(
        default=None, description="All five, none hidden by the first that fails (核验项)."
    )
    checked_at: datetime | None = strawberry.field(
        default=None, description="When they were made (核验时间)."
    )
    checked_at_index: int | None = strawberry.field(
        default=None, description="The log position they rest on (核验时日志序号)."
    )

    @resolved(
        "Whether the same money may stand in several proofs; null when a check failed (重复计算)."
    )
    def double_count(self, info: Info[Parts]) -> DoubleCountAssessment | None:
        if self.row is None or self.row.double_count is None:
            return None
        row, viewer = self.row, info.context.viewer
        content = may_see_content(viewer, verifier=row.verifier, holder=row.holder)
        return DoubleCountAssessment.of(self.row.double_count, content=content)

    @resolved(
        "The decision made again with the rules, the register and the log of that day; null when "
        "its evidence was not kept (重现认定)."
    )
    async def reproduce(self, info: Info[Parts]) -> Reproduction | None:
        found = None if self.row is None else await reproduce(info.context.parts, self.row)
        return None if found is None else Reproduction.of(found)

    @resolved("What was checked (出示).")
    async def presentation(self, info: Info[Parts]) -> Presentation | None:
        if self.row is None:
            return None
        row = await loaders(info.context).presentations.load(self.row.presentation)
        return None if row is None else Presentation.of(row)

    @resolved("The decision it led to, null when it was rejected (认定).")
    async def qualification(self, info: Info[Parts]) -> Qualification | None:
        return await find_qualification(info, self.row.qualification if self.row else None)

    @resolved(
        "The credentials accepted by it (采信).", graphql_type=listed_later("Acceptance") | None
    )
    async def acceptances(self, info: Info[Parts]) -> list[Node] | None:
        if self.row is None:
            return None
        rows = await loaders(info.context).acceptances.load_many(list(self.row.acceptances))
        return [made(info, "Acceptance", row) for row in rows if row is not None]

    @classmethod
    def of(cls, row: records.Verification) -> Verification:
        return cls(
            id=strawberry.ID(row.id),
            row=row,
            result=row.result,
            checks=[Check.of(check) for check in row.checks],
            checked_at=row.checked_at,
            checked_at_index=row.checked_at_index,
        )

    @classmethod
    async def resolve_references(
        cls, info: Info[Parts], references: Sequence[Representation], /
    ) -> list[Verification | None]:
        return await answered(loaders(info.context).verifications, references, cls.of)


async def find_verification(info: Info[Parts], id_: str | None) -> Verification | None:
    row = None if id_ is None else await loaders(info.context).verifications.load(id_)
    return None if row is None else Verification.of(row)


@entity("Qualification")
class Qualification(Node):
    row: strawberry.Private[records.Qualification | None] = None
    outcome: Outcome | None = strawberry.field(default=None, description="Outcome (结果).")
    rule_set: str | None = strawberry.field(
        default=None, description="The rules it was made under, `NAME@version` (规则)."
    )
    basis: QualificationBasis | None = strawberry.field(
        default=None, description="What it rests on (依据渠道)."
    )
    evidence: Evidence | None = strawberry.field(
        default=None, description="How the assets were shown (证据形式)."
    )
    as_of: date | None = strawberry.field(
        default=None, description="The close the assets are of (截止日)."
    )
    decided_at: datetime | None = strawberry.field(
        default=None, description="When it was decided (认定时间)."
    )
    valid_until: datetime | None = strawberry.field(
        default=None, description="Until when it can be used (有效期至)."
    )

    @resolved("Whether she may bring paper instead (可走传统渠道).")
    def fallback_offered(self) -> bool | None:
        return None if self.row is None else self.row.outcome is not Outcome.QUALIFIED

    @resolved("The person's decision, where one was asked for (人工复核).")
    def review(self, info: Info[Parts]) -> QualificationReview | None:
        if self.row is None or self.row.review is None:
            return None
        row, viewer = self.row, info.context.viewer
        staff = viewer.role is Role.VERIFIER and may_see(
            viewer, verifier=row.verifier, holder=row.holder
        )
        return QualificationReview.of(self.row.review, staff=staff)

    @resolved("The documents on paper it rests on, by their hashes (纸质材料).")
    def paper(self, info: Info[Parts]) -> list[PaperEvidence] | None:
        if self.row is None:
            return None
        row, viewer = self.row, info.context.viewer
        content = may_see_content(viewer, verifier=row.verifier, holder=row.holder)
        return [PaperEvidence.of(one, content=content) for one in row.paper]

    @resolved("Every threshold and what was shown against it (理由).")
    def reasons(self, info: Info[Parts]) -> list[QualificationReason] | None:
        if self.row is None:
            return None
        row, viewer = self.row, info.context.viewer
        content = may_see_content(viewer, verifier=row.verifier, holder=row.holder)
        return [QualificationReason.of(reason, content=content) for reason in row.reasons]

    @resolved("Who decided (用证方).")
    async def verifier(self, info: Info[Parts]) -> Institution | None:
        return await institution(info, self.row.verifier if self.row else None)

    @resolved("Whom it is about (持证方).", graphql_type=later("Holder") | None)
    def holder(self, info: Info[Parts]) -> Node | None:
        return bare(info, "Holder", self.row.holder) if self.row else None

    @resolved("The checks it rests on (核验).")
    async def verification(self, info: Info[Parts]) -> Verification | None:
        return await find_verification(info, self.row.verification if self.row else None)

    @classmethod
    def of(cls, row: records.Qualification) -> Qualification:
        return cls(
            id=strawberry.ID(row.id),
            row=row,
            outcome=row.outcome,
            rule_set=row.rule_set,
            basis=QualificationBasis(row.basis),
            evidence=row.evidence,
            as_of=row.as_of,
            decided_at=row.decided_at,
            valid_until=row.valid_until,
        )

    @classmethod
    async def resolve_references(
        cls, info: Info[Parts], references: Sequence[Representation], /
    ) -> list[Qualification | None]:
        return await answered(loaders(info.context).qualifications, references, cls.of)


async def find_qualification(info: Info[Parts], id_: str | None) -> Qualification | None:
    row = None if id_ is None else await loaders(info.context).qualifications.load(id_)
    return None if row is None else Qualification.of(row)
