"""What of the service runs, told as it changes: to customers too, with the way that stays open."""

from __future__ import annotations

from collections.abc import AsyncIterator

import strawberry

from subgraphs.kit.context import Info
from subgraphs.kit.fields import subscription
from subgraphs.verifier.parts import Parts
from subgraphs.verifier.schema.frames import Subscription as Feeds
from subgraphs.verifier.schema.values import ServiceFunctionState, ServiceStatusChange


@strawberry.type(name="Subscription")
class Subscription(Feeds):
    @subscription(
        "What of the verifier's service runs: now, at each change, and every 15 s (服务状态变更)."
    )
    async def service_status_changed(self, info: Info[Parts]) -> AsyncIterator[ServiceStatusChange]:
        async for functions in info.context.parts.board.watch():
            yield ServiceStatusChange(functions=[ServiceFunctionState.of(one) for one in functions])
