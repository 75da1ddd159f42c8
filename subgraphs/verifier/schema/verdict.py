"""The double-count verdict with its signals, and a decision made again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import strawberry

from subgraphs.kit.types import Money
from subgraphs.rules.overlap import OverlapVerdict, Signal
from subgraphs.verifier.reproduce import Difference
from subgraphs.verifier.schema.values import money
from subgraphs.verifier.schema.words import DoubleCountVerdict, SignalKind


@strawberry.type(description="A finding of the double-count guard (重复计算信号).")
class DoubleCountSignal:
    kind: SignalKind = strawberry.field(description="Why money may stand in two proofs (类型).")
    weight: int = strawberry.field(description="How much it weighs (权重).")
    explanation: str = strawberry.field(description="The finding in one sentence (说明).")
    credential_ids: list[strawberry.ID] = strawberry.field(
        description="The credentials it rests on (凭证标识)."
    )
    tags: list[str] = strawberry.field(description="The blinded tags it rests on (标签).")
    amount: Money | None = strawberry.field(
        description="The money it touches; null where it is not for this viewer (涉及金额)."
    )

    @classmethod
    def of(cls, signal: Signal, *, content: bool) -> DoubleCountSignal:
        return cls(
            kind=signal.kind,
            weight=signal.weight,
            explanation=signal.explanation,
            credential_ids=[strawberry.ID(one) for one in signal.credentials],
            tags=list(signal.tags),
            amount=money(signal.amount) if content else None,
        )


@strawberry.type(description="Whether the same money stands in several proofs (重复计算评估).")
class DoubleCountAssessment:
    verdict: DoubleCountVerdict = strawberry.field(description="The verdict (结论).")
    score: int = strawberry.field(description="The weights of its signals together (得分).")
    decisive: bool = strawberry.field(
        description="Whether it decides if the threshold is reached (是否影响认定)."
    )
    close: date | None = strawberry.field(description="The close that is proven best (截止日).")
    claimed: Money | None = strawberry.field(
        description="The proofs simply added; null where it is not for this viewer (申报合计)."
    )
    proven: Money | None = strawberry.field(
        description="What they prove together; null where it is not for this viewer (证明合计)."
    )
    signals: list[DoubleCountSignal] = strawberry.field(description="What was found (信号).")

    @classmethod
    def of(cls, found: OverlapVerdict, *, content: bool) -> DoubleCountAssessment:
        return cls(
            verdict=found.verdict,
            score=found.score,
            decisive=found.decisive,
            close=found.close,
            claimed=money(found.claimed) if content else None,
            proven=money(found.proven) if content else None,
            signals=[DoubleCountSignal.of(one, content=content) for one in found.signals],
        )


@strawberry.type(description="A point on which a decision made again differs (差异).")
class ReproductionDifference:
    check: str = strawberry.field(
        description="A check, RESULT, QUALIFICATION, DOUBLE_COUNT, or what was kept (项目)."
    )
    then: str = strawberry.field(description="What was decided or kept (当时).")
    now: str = strawberry.field(description="What it comes to again (重现).")


@strawberry.type(description="A decision made again from what was kept (重现结果).")
class Reproduction:
    same_result: bool = strawberry.field(description="Whether nothing differs (结果一致).")
    differences: list[ReproductionDifference] = strawberry.field(
        description="Where it differs (差异)."
    )

    @classmethod
    def of(cls, found: Sequence[Difference]) -> Reproduction:
        told = [ReproductionDifference(check=d.check, then=d.then, now=d.now) for d in found]
        return cls(same_result=not told, differences=told)
