"""What a holder would come to under a rule set, on her own behalf: nothing is disclosed by it.

It is answered here and not by the verifier, which never sees an amount that was not disclosed: an
issuer knows the totals of the credentials it keeps, and tells them to their holder alone. No event,
no row and no request leaves this subgraph for it. Her own software has the same function
(`subgraphs.rules.preview`) for what she keeps elsewhere, with `ruleSets` as its data.
"""

from __future__ import annotations

from enum import Enum
from typing import Any, Final, cast

import strawberry
from strawberry.types.lazy_type import LazyType

from subgraphs.issuer import records
from subgraphs.issuer.parts import Parts
from subgraphs.kit.context import Info
from subgraphs.kit.errors import Invalid
from subgraphs.kit.federation import Schema
from subgraphs.kit.fields import resolved
from subgraphs.kit.ids import HolderId
from subgraphs.kit.scalars import Decimal
from subgraphs.kit.types import Money, Node, worded
from subgraphs.rules import RuleSet, UnknownRuleSet, current, rule_set
from subgraphs.rules.calendar import day_of
from subgraphs.rules.preview import Held, Missing, Step, preview
from subgraphs.vc.money import Fen, format_amount

RULES: Final = strawberry.argument(
    description="`NAME` for the version in force, or `NAME@version` (规则)."
)
_CREDENTIAL: Any = LazyType("Credential", f"{__package__}.types")


@worded(
    "What showing her credentials would lead to (预评估结果).",
    QUALIFIED="She would qualify (合格).",
    NOT_QUALIFIED="She would not (不合格).",
    INSUFFICIENT_EVIDENCE="What she holds shows it neither way (证据不足).",
)
class PreviewOutcome(Enum):
    QUALIFIED = "QUALIFIED"
    NOT_QUALIFIED = "NOT_QUALIFIED"
    INSUFFICIENT_EVIDENCE = "INSUFFICIENT_EVIDENCE"


@worded(
    "What a threshold measures (预评估指标).",
    FINANCIAL_ASSETS="Financial assets (金融资产).",
    MEAN_ANNUAL_INCOME_3Y="Mean annual income of three years (近三年年均收入).",
    HOUSEHOLD_FINANCIAL_ASSETS="Financial assets of the household (家庭金融资产).",
    HOUSEHOLD_NET_FINANCIAL_ASSETS="Net financial assets of the household (家庭金融净资产).",
    EXPERIENCE_MONTHS="Months of trading experience (投资经历).",
)
class PreviewMetric(Enum):
    FINANCIAL_ASSETS = "FINANCIAL_ASSETS"
    MEAN_ANNUAL_INCOME_3Y = "MEAN_ANNUAL_INCOME_3Y"
    HOUSEHOLD_FINANCIAL_ASSETS = "HOUSEHOLD_FINANCIAL_ASSETS"
    HOUSEHOLD_NET_FINANCIAL_ASSETS = "HOUSEHOLD_NET_FINANCIAL_ASSETS"
    EXPERIENCE_MONTHS = "EXPERIENCE_MONTHS"


@strawberry.type(description="What a threshold lacks; one of several may be enough (缺口).")
class PreviewMissing:
    metric: PreviewMetric = strawberry.field(description="What is measured (指标).")
    short_by: Money | None = strawberry.field(
        description="The missing amount; null for experience (差额)."
    )
    short_by_months: int | None = strawberry.field(
        description="The missing months; null for amounts (差额月数)."
    )

    @classmethod
    def of(cls, missing: Missing) -> PreviewMissing:
        is_money = missing.metric.is_money
        return cls(
            metric=PreviewMetric(missing.metric.value),
            short_by=money(Fen(missing.short_by)) if is_money else None,
            short_by_months=None if is_money else missing.short_by,
        )


@strawberry.type(description="What to show of one credential (出示方案).")
class PreviewStep:
    row: strawberry.Private[records.Credential]
    disclose_lower_bound: Money | None = strawberry.field(
        description="The bound to prove; null where none is needed or it falls short (下限)."
    )
    disclose_total: bool = strawberry.field(
        description="Whether the total has to be shown, as whole units fall short (披露总额)."
    )
    disclose_experience: bool = strawberry.field(
        description="Whether the trading experience is to be shown (披露交易经验)."
    )

    @resolved("The credential (凭证).", graphql_type=_CREDENTIAL | None)
    def credential(self, info: Info[Parts]) -> Node | None:
        cls: Any = cast("Schema", info.schema).nodes["Credential"]
        return cast("Node", cls.of(self.row))

    @classmethod
    def of(cls, step: Step, row: records.Credential) -> PreviewStep:
        return cls(
            row=row,
            disclose_lower_bound=None if step.lower_bound is None else money(step.lower_bound),
            disclose_total=step.total,
            disclose_experience=step.experience,
        )


@strawberry.type(description="A preview for the holder alone; nothing is disclosed (预评估).")
class QualificationPreview:
    rule_set: str = strawberry.field(description="The rules, `NAME@version` (规则).")
    outcome: PreviewOutcome = strawberry.field(description="What it would lead to (结果).")
    missing: list[PreviewMissing] = strawberry.field(description="What is missing (缺口).")
    plan: list[PreviewStep] = strawberry.field(description="The least to show (出示方案).")


async def previewed(info: Info[Parts], holder: HolderId, named: str) -> QualificationPreview:
    """From the credentials in force now."""
    parts, now = info.context.parts, info.context.parts.clock()
    rules = _rules(named, parts)
    rows = {row.id: row for row in await parts.store.in_force_of(holder, now)}
    found = preview([held for row in rows.values() if (held := _held(row))], rules)
    by_id = {str(id_): row for id_, row in rows.items()}
    return QualificationPreview(
        rule_set=rules.key,
        outcome=PreviewOutcome(found.outcome.value),
        missing=[PreviewMissing.of(one) for one in found.missing],
        plan=[PreviewStep.of(step, by_id[step.credential]) for step in found.plan],
    )


def _rules(named: str, parts: Parts) -> RuleSet:
    try:
        return rule_set(named) if "@" in named else current(named, on=day_of(parts.clock()))
    except UnknownRuleSet as fault:
        raise Invalid(str(fault), field="ruleSet", code=fault.code) from fault


def _held(row: records.Credential) -> Held | None:
    draft = row.draft
    if draft is None:
        return None
    experience = draft.trading_experience
    total = draft.total if row.told_total is None else min(draft.total, row.told_total)
    return Held(
        credential=row.id,
        issuer=row.issuer,
        as_of=draft.as_of,
        total=total,
        trading_since=None if experience is None else experience.first_trade_date,
    )


def money(amount: Fen) -> Money:
    return Money(amount=Decimal(format_amount(amount)))
