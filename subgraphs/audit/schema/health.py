"""How the chains are, as it changes; and what follows for those who rely on them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from enum import Enum

import strawberry

from subgraphs.audit.chains import ChainsSeen, look_at_chains
from subgraphs.audit.parts import Parts
from subgraphs.audit.schema.chains import ChainNode, FailoverEvent, shown_nodes, shown_switch
from subgraphs.audit.schema.feed import Subscription as Feeds
from subgraphs.audit.schema.words import ChainNodeHealth
from subgraphs.kit.context import Info
from subgraphs.kit.fields import subscription
from subgraphs.kit.paused import stopped
from subgraphs.kit.types import worded


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
    return shown_health(await look_at_chains(info.context.parts.ledger))


def shown_health(seen: ChainsSeen) -> ChainHealth:
    nodes = shown_nodes(seen.nodes)
    return ChainHealth(
        nodes=nodes,
        last_failover=None if seen.switch is None else shown_switch(seen.switch),
        service_status=status_of(nodes),
    )


@strawberry.type(name="Subscription")
class Subscription(Feeds):
    @subscription("How the chains are: now, at each change, and every 15 s (链健康).")
    async def chain_health(self, info: Info[Parts]) -> AsyncIterator[ChainHealth]:
        async for seen in info.context.parts.chains.watch():
            yield shown_health(seen)
