"""How the chains stand, as one look finds it for all who watch."""

from __future__ import annotations

from dataclasses import dataclass

from ledger_adapter.port import ChainNode, Ledger, NodeSwitch


@dataclass(frozen=True, slots=True, eq=False)
class ChainsSeen:
    """Equal where nobody has to be told: heights and times go on all the while."""

    nodes: tuple[ChainNode, ...]
    switch: NodeSwitch | None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ChainsSeen) and self._told() == other._told()

    def __hash__(self) -> int:
        return hash(self._told())

    def _told(self) -> object:
        nodes = frozenset((n.chain, n.node, n.role, n.health, n.epoch) for n in self.nodes)
        return nodes, None if self.switch is None else (self.switch.chain, self.switch.epoch)


async def look_at_chains(ledger: Ledger) -> ChainsSeen:
    """Every node as last seen, and the newest switch."""
    nodes, switches = await ledger.chain_nodes(), await ledger.failovers(1)
    return ChainsSeen(tuple(nodes), switches[0] if switches else None)
