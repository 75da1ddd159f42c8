"""How the deployment does against what it is to reach, and where business waits."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final, Self

import strawberry

from subgraphs.audit import policy
from subgraphs.audit.figures import FOR_P95, latest, percentile
from subgraphs.audit.flow import Stage
from subgraphs.audit.flows import Queued
from subgraphs.audit.parts import Parts
from subgraphs.audit.schema.chains import nodes_of
from subgraphs.audit.schema.words import ChainNodeHealth
from subgraphs.audit.tally import BOUNDS
from subgraphs.audit.targets import TARGETS, Target
from subgraphs.kit.context import Info
from subgraphs.kit.errors import Forbidden
from subgraphs.kit.fields import resolved


@strawberry.type(description="What is to be reached, and what was found (目标达成).")
class TargetReached:
    name: str = strawberry.field(description="Which target (目标).")
    meaning: str = strawberry.field(description="What is measured (含义).")
    unit: str = strawberry.field(description="In what (单位).")
    goal: int = strawberry.field(description="The most it is to be (目标值).")
    actual: int | None = strawberry.field(
        description="What was found; null where too little is known to tell (实际值)."
    )
    met: bool | None = strawberry.field(description="Whether it is reached (是否达成).")


@strawberry.type(description="A step that business waits for, and how much of it (业务阻塞点).")
class BusinessStage:
    stage: Stage = strawberry.field(description="The step (环节).")
    waiting: int = strawberry.field(description="How many wait, at most 10 000 (等待数量).")
    oldest_since: datetime | None = strawberry.field(
        description="Since when the first of them waits (最早等待时间)."
    )

    @classmethod
    def of(cls, found: Queued) -> Self:
        return cls(stage=found.stage, waiting=found.waiting, oldest_since=found.oldest)


@strawberry.type(description="How the deployment does (系统运行情况).")
class SystemHealth:
    @resolved("Every target beside what was found now (目标达成).")
    async def targets(self, info: Info[Parts]) -> list[TargetReached]:
        return [_reached(one, await _actual(info, one)) for one in TARGETS]

    @resolved("Where business waits, step by step (业务阻塞点).")
    async def business_flow(self, info: Info[Parts]) -> list[BusinessStage]:
        return [BusinessStage.of(one) for one in await info.context.parts.flows.queued()]


@strawberry.type
class Targets:
    @resolved("How the deployment does against its targets, for the regulator (系统运行情况).")
    def system_health(self, info: Info[Parts]) -> SystemHealth | None:
        if not policy.supervises(info.context.viewer):
            raise Forbidden("only the regulator may see this")
        return SystemHealth()


def _reached(one: Target, actual: int | None) -> TargetReached:
    return TargetReached(
        name=one.name,
        meaning=one.meaning,
        unit=one.unit,
        goal=one.goal,
        actual=actual,
        met=None if actual is None else actual <= one.goal,
    )


async def _actual(info: Info[Parts], one: Target) -> int | None:
    if one.span is not None:
        return await _slowest(info.context.parts, one.span)
    return await _MEASURES[one.name](info)


async def _slowest(parts: Parts, span: str) -> int | None:
    """Under how many seconds 95 of 100 stayed, from the rollup; None below 20 of them."""
    told = await parts.tallies.told(latest(span, parts.clock()))
    if not told or told[0].count < FOR_P95:
        return None
    under = percentile(told[0].steps, 95)
    return BOUNDS[-1] if under is None else under


async def _lag(info: Info[Parts]) -> int:
    parts = info.context.parts
    return max(0, await parts.ledger.size() - parts.feed.head - 1)


async def _head_age(info: Info[Parts]) -> int | None:
    parts = info.context.parts
    head = await parts.ledger.latest_checkpoint()
    if head is None:
        return None
    if head.tree_size >= await parts.ledger.size():
        return 0
    return max(0, int((parts.clock() - head.time).total_seconds()))


async def _not_up(info: Info[Parts]) -> int:
    return sum(one.health is not ChainNodeHealth.UP for one in await nodes_of(info))


async def _complaints(info: Info[Parts]) -> int:
    return await info.context.parts.complaints.late(info.context.parts.clock())


async def _reports(info: Info[Parts]) -> int:
    return await info.context.parts.operation.reports_late(info.context.parts.clock())


async def _drills(info: Info[Parts]) -> int:
    return await info.context.parts.operation.drills_late(info.context.parts.clock())


_MEASURES: Final[Mapping[str, Callable[[Info[Parts]], Awaitable[int | None]]]] = MappingProxyType(
    {
        "READ_MODEL_LAG": _lag,
        "HEAD_AGE": _head_age,
        "NODES_NOT_UP": _not_up,
        "COMPLAINTS_OVERDUE": _complaints,
        "REPORTS_OVERDUE": _reports,
        "DRILLS_OVERDUE": _drills,
    }
)
