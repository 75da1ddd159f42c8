"""/metrics, for the networks that may read it."""

from collections.abc import Sequence
from ipaddress import ip_address, ip_network

from gateway.server.exchange import Exchange
from gateway.telemetry.metrics import CONTENT_TYPE, Metrics


class MetricsDoor:
    """Everybody else is told that there is no such page."""

    def __init__(self, metrics: Metrics, allow: Sequence[str]) -> None:
        self._metrics = metrics
        self._allow = [ip_network(network) for network in allow]

    async def answer(self, exchange: Exchange) -> None:
        """All metrics as text."""
        if not self._may_read(exchange.address):
            await exchange.answer(404, "text/plain; charset=utf-8", b"there is no such page\n")
            return
        no_store = ((b"cache-control", b"no-store"),)
        await exchange.answer(200, CONTENT_TYPE, self._metrics.text(), no_store)

    def _may_read(self, address: str) -> bool:
        try:
            caller = ip_address(address)
        except ValueError:
            return False
        return any(caller in network for network in self._allow)
