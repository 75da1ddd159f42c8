"""/metrics, for the networks that may read it."""

import asyncio
from collections.abc import Sequence
from ipaddress import ip_address, ip_network

from gateway.server.exchange import Exchange
from gateway.server.siblings import Siblings
from gateway.telemetry.metrics import CONTENT_TYPE, Metrics
from gateway.telemetry.together import together


class MetricsDoor:
    """Everybody else is told that there is no such page. With siblings, the page is the same
    whichever worker is asked: all of them, told apart by the label `worker`."""

    def __init__(
        self, metrics: Metrics, allow: Sequence[str], siblings: Siblings | None = None
    ) -> None:
        self._metrics, self._siblings = metrics, siblings
        if siblings is not None:
            siblings.tell("metrics", metrics.text)
        self._allow = [ip_network(network) for network in allow]

    async def answer(self, exchange: Exchange) -> None:
        """All metrics as text."""
        if not self._may_read(exchange.address):
            await exchange.answer(404, "text/plain; charset=utf-8", b"there is no such page\n")
            return
        no_store = ((b"cache-control", b"no-store"),)
        await exchange.answer(200, CONTENT_TYPE, await self._page(), no_store)

    async def _page(self) -> bytes:
        own, siblings = self._metrics.text(), self._siblings
        if siblings is None:
            return own
        pages = {siblings.crew.number: own, **await siblings.ask("metrics")}
        return await asyncio.to_thread(together, dict(sorted(pages.items())))

    def _may_read(self, address: str) -> bool:
        try:
            caller = ip_address(address)
        except ValueError:
            return False
        return any(caller in network for network in self._allow)
