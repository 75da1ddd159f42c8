"""The value types of this subgraph: checks, reasons, rule sets, disclosed lines."""

from __future__ import annotations

from datetime import date

import strawberry

from subgraphs.kit.scalars import JSON, Decimal, json_value
from subgraphs.kit.types import Money
from subgraphs.kit.vocabulary import AssetCategory
from subgraphs.rules import RuleSet, Threshold
from subgraphs.rules.model import thresholds
from subgraphs.vc.money import Fen, format_amount
from subgraphs.verifier import records
from subgraphs.verifier.schema.words import (
    CheckKind,
    CheckOutcome,
    Metric,
    ReasonCode,
    RuleSetStatus,
    ServiceFunction,
    ServiceMode,
)
from subgraphs.verifier.service import FunctionState


def money(fen: int | None) -> Money | None:
    """An amount as the schema says it."""
    return None if fen is None else Money(amount=Decimal(format_amount(Fen(fen))))


def measured(metric: Metric, value: int | None) -> Decimal | None:
    """CNY to the fen, or whole months."""
    if value is None:
        return None
    return Decimal(format_amount(Fen(value)) if metric.is_money else str(value))


@strawberry.type(description="The answer to one of the five checks (单项核验).")
class Check:
    kind: CheckKind = strawberry.field(description="Which question (核验项).")
    outcome: CheckOutcome = strawberry.field(description="Its answer (结果).")
    reason_code: str | None = strawberry.field(
        description="Stable code of the first thing against it; null when it passed (原因代码)."
    )
    evidence: JSON = strawberry.field(
        description="Everything that was looked at, and the log position (依据)."
    )

    @classmethod
    def of(cls, row: records.Check) -> Check:
        return cls(
            kind=row.kind,
            outcome=row.outcome,
            reason_code=row.reason,
            evidence=json_value(row.evidence),
        )


@strawberry.type(description="One threshold and what the proofs showed against it (认定理由).")
class QualificationReason:
    code: ReasonCode = strawberry.field(description="What it came to (结果).")
    metric: Metric = strawberry.field(description="What is measured (指标).")
    required: Decimal = strawberry.field(description="CNY to the fen, or months (门槛).")
    shown: Decimal | None = strawberry.field(
        description="What was shown; null where nothing was, or not for this viewer (已证明)."
    )
    short_by: Decimal | None = strawberry.field(
        description="What is missing; null where it is not for this viewer (差额)."
    )

    @classmethod
    def of(cls, row: records.DecisionReason, *, content: bool) -> QualificationReason:
        metric = Metric(row.metric)
        return cls(
            code=row.code,
            metric=metric,
            required=Decimal(measured(metric, row.required) or "0"),
            shown=measured(metric, row.shown) if content else None,
            short_by=measured(metric, row.short_by) if content else None,
        )


@strawberry.type(description="A line of a credential, as far as it was disclosed (资产明细).")
class PresentedLine:
    category: AssetCategory = strawberry.field(description="Asset category (资产类别).")
    amount: Money | None = strawberry.field(description="Amount, null when withheld (金额).")

    @classmethod
    def of(cls, row: records.ShownLine) -> PresentedLine:
        return cls(category=AssetCategory(row.category), amount=money(row.amount))


@strawberry.type(description="A threshold of a rule set (门槛).")
class RuleThreshold:
    metric: Metric = strawberry.field(description="What is measured (指标).")
    at_least: Decimal = strawberry.field(description="CNY to the fen, or months (不低于).")

    @classmethod
    def of(cls, leaf: Threshold) -> RuleThreshold:
        value = measured(leaf.metric, leaf.at_least)
        return cls(metric=leaf.metric, at_least=Decimal(value or "0"))


@strawberry.type(description="One immutable version of qualification rules (认定规则).")
class QualificationRuleSet:
    key: str = strawberry.field(description="`NAME@version`, as decisions carry it (规则标识).")
    name: str = strawberry.field(description="Name (名称代码).")
    version: int = strawberry.field(description="Version (版本).")
    title: str = strawberry.field(description="Title (标题).")
    source: str = strawberry.field(description="The text it comes from (依据条文).")
    effective_from: date = strawberry.field(description="In force from this day (生效日).")
    status: RuleSetStatus = strawberry.field(description="Whether it may be asked for (状态).")
    thresholds: list[RuleThreshold] = strawberry.field(description="Its thresholds (门槛).")

    @classmethod
    def of(cls, rules: RuleSet) -> QualificationRuleSet:
        return cls(
            key=rules.key,
            name=rules.name,
            version=rules.version,
            title=rules.title,
            source=rules.source,
            effective_from=rules.effective_from,
            status=rules.status,
            thresholds=[RuleThreshold.of(leaf) for leaf in thresholds(rules.condition)],
        )


@strawberry.type(description="How far one function of the verifier runs (服务状态).")
class ServiceFunctionState:
    function: ServiceFunction = strawberry.field(description="Which function (功能).")
    mode: ServiceMode = strawberry.field(description="How far it runs (状态).")
    reason_code: str | None = strawberry.field(description="Why not as always (原因代码).")
    fallback_entry: str | None = strawberry.field(
        description="The operation that stays open beside it (替代入口)."
    )

    @classmethod
    def of(cls, row: FunctionState) -> ServiceFunctionState:
        return cls(
            function=row.function,
            mode=row.mode,
            reason_code=row.reason,
            fallback_entry=row.fallback,
        )


@strawberry.type(description="What of the verifier's service runs at a moment (服务状态变更).")
class ServiceStatusChange:
    functions: list[ServiceFunctionState] = strawberry.field(
        description="Each function as it is (各功能)."
    )


@strawberry.type(description="How closely a verifier listens to the log (侦听状态).")
class ListenerStatus:
    lag: int = strawberry.field(description="Events on the log not yet acted on (滞后事件数).")
    last_acked_sequence: int = strawberry.field(
        description="The last log position whose effects are written (已处理序号)."
    )
    reaction_time: float | None = strawberry.field(
        default=None,
        description="Seconds from an endorsement to the suspension, the middle of the last 100; "
        "null before the first (反应时长中位数).",
    )
