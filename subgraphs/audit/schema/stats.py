"""`auditStats`: numbers, not persons."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Annotated

import strawberry

from subgraphs.audit import policy
from subgraphs.audit.figures import Bucket, Question, buckets, question
from subgraphs.audit.parts import Parts
from subgraphs.audit.schema.institution import Institution, institution
from subgraphs.audit.tally import K
from subgraphs.kit.context import Info
from subgraphs.kit.errors import Forbidden
from subgraphs.kit.fields import resolved
from subgraphs.kit.types import worded
from subgraphs.kit.viewer import Role


@worded(
    "What figures are grouped by (统计维度).",
    INSTITUTION="The institution that acted (机构).",
    VERIFIER="The verifier, of figures that only verifiers' acts make (用证方).",
    KIND="The kind of event (事件类型).",
    MONTH="The month (月份).",
    OUTCOME="What a check, decision or endorsement said (结果).",
    ASSET_BAND="The band of the new total that an endorsement tells (资产区间).",
)
class AuditStatsDimension(Enum):
    INSTITUTION = "institution"
    VERIFIER = "verifier"
    KIND = "kind"
    MONTH = "month"
    OUTCOME = "outcome"
    ASSET_BAND = "band"


@worded(
    "What is counted or timed (统计指标).",
    EVENTS="Events that concern a person (事件数).",
    ENDORSEMENT_TO_SUSPENSION_SECONDS="From an endorsement to the suspension it led to (暂停时长).",
    REQUEST_TO_OFFER_SECONDS="From a request to the issuer's signature (签发时长).",
    OFFER_TO_ACTIVATION_SECONDS="From there to the holder's signature (签署时长).",
    PRESENTATION_TO_CHECK_SECONDS="From a presentation to its checks (核验时长).",
    ACCEPTANCE_RATE="Share of checked presentations that were accepted (采信率).",
    QUALIFICATION_RATE="Share of decisions that qualified (认定率).",
)
class AuditStatsMetric(Enum):
    EVENTS = "EVENTS"
    ENDORSEMENT_TO_SUSPENSION_SECONDS = "ENDORSEMENT_TO_SUSPENSION_SECONDS"
    REQUEST_TO_OFFER_SECONDS = "REQUEST_TO_OFFER_SECONDS"
    OFFER_TO_ACTIVATION_SECONDS = "OFFER_TO_ACTIVATION_SECONDS"
    PRESENTATION_TO_CHECK_SECONDS = "PRESENTATION_TO_CHECK_SECONDS"
    ACCEPTANCE_RATE = "ACCEPTANCE_RATE"
    QUALIFICATION_RATE = "QUALIFICATION_RATE"


@strawberry.type(description="Which group a figure is of; null where it was not asked (分组).")
class AuditStatsKey:
    institution_id: strawberry.Private[str | None] = None

    month: str | None = strawberry.field(default=None, description="As 2026-11 (月份).")
    kind: str | None = strawberry.field(default=None, description="Kind of event (事件类型).")
    outcome: str | None = strawberry.field(default=None, description="Outcome (结果).")
    asset_band: str | None = strawberry.field(default=None, description="Band (资产区间).")

    @resolved("The institution (机构).")
    async def institution(self, info: Info[Parts]) -> Institution | None:
        return await institution(info, self.institution_id) if self.institution_id else None


@strawberry.type(description="The figures of one group (分组统计).")
class AuditStatsBucket:
    key: AuditStatsKey = strawberry.field(description="Which group (分组).")
    suppressed: bool = strawberry.field(
        description="Nothing is told of it: nobody is behind it, or too few are (已抑制)."
    )
    count: int | None = strawberry.field(description="How many, rounded (数量).")
    rate: float | None = strawberry.field(description="The share, of a metric of shares (比率).")
    p50: int | None = strawberry.field(description="Half took less than so many seconds (中位数).")
    p95: int | None = strawberry.field(
        description="95 of 100 took less than so many seconds; from 20 events on (95 分位)."
    )


@strawberry.type(description="An answer in figures (统计结果).")
class AuditStats:
    buckets: list[AuditStatsBucket] = strawberry.field(description="Group by group (分组).")
    smallest_group: int = strawberry.field(
        description="How many persons are behind each figure at least (最小人数)."
    )
    months: list[str] = strawberry.field(description="The months it covers (月份).")
    questions_left: int | None = strawberry.field(
        description="How many other questions are answered today; null without a limit (余额)."
    )


GroupBy = Annotated[
    list[AuditStatsDimension], strawberry.argument(description="Dimensions (统计维度).")
]
Metric = Annotated[AuditStatsMetric, strawberry.argument(description="Metric (统计指标).")]
From = Annotated[
    datetime,
    strawberry.argument(
        name="from", description="Months of Asia/Shanghai from here on (起始时间)."
    ),
]
To = Annotated[
    datetime, strawberry.argument(description="Months of Asia/Shanghai before this (截止时间).")
]


async def audit_stats(
    info: Info[Parts],
    *,
    since: datetime,
    until: datetime,
    group_by: list[AuditStatsDimension],
    metric: AuditStatsMetric,
) -> AuditStats:
    """Forbidden for all but analysts and the regulator; an analyst spends from her budget."""
    viewer, parts = info.context.viewer, info.context.parts
    if not policy.analyses(viewer):
        raise Forbidden("figures are for analysts and the regulator")
    asked = question(metric.value, [one.value for one in group_by], since, until)
    left = None
    if viewer.role is Role.ANALYST:
        left = await parts.tallies.spend(viewer.subject or "", asked, parts.clock())
    told = await parts.tallies.told(asked)
    return AuditStats(
        buckets=[_shown(asked, one) for one in buckets(asked, told)],
        smallest_group=K,
        months=list(asked.months),
        questions_left=left,
    )


def _shown(asked: Question, one: Bucket) -> AuditStatsBucket:
    values = {name: value or None for name, value in zip(asked.group_by, one.values, strict=True)}
    return AuditStatsBucket(
        key=AuditStatsKey(
            institution_id=values.get("institution"),
            month=values.get("month"),
            kind=values.get("kind"),
            outcome=values.get("outcome"),
            asset_band=values.get("band"),
        ),
        suppressed=one.count is None,
        count=one.count,
        rate=one.rate,
        p50=one.p50,
        p95=one.p95,
    )
