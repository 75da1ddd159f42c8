"""How the chains are, as it changes; and what follows for those who rely on them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from enum import Enum
from typing import Final

import strawberry

from subgraphs.audit.parts import Parts
from subgraphs.audit.schema.chains import ChainNode, FailoverEvent, nodes_of, switches_of
from subgraphs.audit.schema.feed import Subscription as Feeds
from subgraphs.audit.schema.words import ChainNodeHealth
from subgraphs.kit.context import Info
from subgraphs.kit.fields import subscription
from subgraphs.kit.paused import stopped
from subgraphs.kit.types import worded

LOOK_SECONDS: Final = 1.0
SILENCE_LOOKS: Final = 15


@worded(
    "How far the service holds (服务模式).",
    NORMAL="Every node of every chain is well (正常).",
    DEGRADED="Each chain has a primary that writes, and some node is not well (降级).",
    PAUSED="Some chain has no primary that writes: heads wait, nothing is lost (暂停).",
)
class ServiceMode(Enum):
    NORMAL = "NORMAL"
    DEGRADED = "DEGRADED"
    PAUSED = "PAUSED"


@strawberry.type(description="How far the service holds, and why (服务状态).")
class ServiceStatus:
    mode: ServiceMode = strawberry.field(description="The mode (服务模式).")
    unwell: list[str] = strawberry.field(description="Chain and name of nodes not UP (异常节点).")


@strawberry.type(description="How the chains are (链健康).")
class ChainHealth:
    nodes: list[ChainNode] = strawberry.field(description="Every node as last seen (节点).")
    last_failover: FailoverEvent | None = strawberry.field(
        description="The last switch; null where there was none (最近切换)."
    )
    service_status: ServiceStatus = strawberry.field(description="What follows (服务状态).")


def status_of(nodes: Iterable[ChainNode]) -> ServiceStatus:
    """Chains that nobody has seen a node of are none: a deployment may do without."""
    seen = list(nodes)
    unwell = [f"{one.chain}: {one.name}" for one in seen if one.health is not ChainNodeHealth.UP]
    if stopped((one.chain, one.role.value, one.health.value) for one in seen):
        return ServiceStatus(mode=ServiceMode.PAUSED, unwell=unwell)
    return ServiceStatus(mode=ServiceMode.DEGRADED if unwell else ServiceMode.NORMAL, unwell=unwell)


async def health_of(info: Info[Parts]) -> ChainHealth:
    nodes, switches = await nodes_of(info), await switches_of(info, 1)
    return ChainHealth(
        nodes=nodes,
        last_failover=switches[0] if switches else None,
        service_status=status_of(nodes),
    )


def _told(health: ChainHealth) -> object:
    """What a change is seen by: heights and times go on all the while."""
    nodes = [(one.chain, one.name, one.role, one.health, one.epoch) for one in health.nodes]
    last = health.last_failover
    return nodes, None if last is None else (last.chain, last.epoch)


@strawberry.type(name="Subscription")
class Subscription(Feeds):
    @subscription("How the chains are: now, at each change, and every 15 s (链健康).")
    async def chain_health(self, info: Info[Parts]) -> AsyncIterator[ChainHealth]:
        before: object = None
        looks = 0
        while True:
            health = await health_of(info)
            if (told := _told(health)) != before or looks >= SILENCE_LOOKS:
                before, looks = told, 0
                yield health
            looks += 1
            await asyncio.sleep(LOOK_SECONDS)
