"""What people add to a decision: a review with its reasons, documents on paper by their hashes."""

from __future__ import annotations

from datetime import date, datetime

import strawberry

from subgraphs.kit.scalars import Decimal, Hash
from subgraphs.verifier import records
from subgraphs.verifier.schema.values import measured
from subgraphs.verifier.schema.words import Metric


@strawberry.type(description="A person's decision (人工复核).")
class QualificationReview:
    at: datetime = strawberry.field(description="When it was made (复核时间).")
    reasons: list[str] = strawberry.field(description="Why, as codes (原因代码).")
    by: str | None = strawberry.field(
        description="Who made it, for the verifier's own staff (复核人)."
    )
    note: str | None = strawberry.field(
        description="What she noted, for the verifier's own staff (备注)."
    )

    @classmethod
    def of(cls, row: records.Review, *, staff: bool) -> QualificationReview:
        return cls(
            at=row.at,
            reasons=list(row.reasons),
            by=row.by if staff else None,
            note=row.note if staff else None,
        )


@strawberry.type(description="A document on paper: its hash, and what staff read in it (纸质材料).")
class PaperEvidence:
    kind: str = strawberry.field(description="What kind of document, as a code (材料类型).")
    document_digest: Hash = strawberry.field(description="The hash of its scan (材料摘要).")
    metric: Metric = strawberry.field(description="What it shows (指标).")
    as_of: date = strawberry.field(description="The day it speaks of (截止日).")
    value: Decimal | None = strawberry.field(
        description="CNY to the fen, or months; null where it is not for this viewer (数值)."
    )

    @classmethod
    def of(cls, row: records.PaperProof, *, content: bool) -> PaperEvidence:
        metric = Metric(row.metric)
        return cls(
            kind=row.kind,
            document_digest=Hash(row.digest),
            metric=metric,
            as_of=row.as_of,
            value=measured(metric, row.value) if content else None,
        )
