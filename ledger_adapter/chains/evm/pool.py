"""The nodes of one chain: which one is asked, and which one is not believed.

Laws: no node is asked before it passed its probes (chain, genesis, code of the registry, age and
seals of its head); the first node keeps the lead until it fails, and gets it back only after it
was well for a while; a read that takes long is asked of the next node as well; a node whose answer
does not verify is told on and left alone for longer than one that is merely away.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, TypeVar

from ledger_adapter.chains.evm import wire
from ledger_adapter.chains.evm.rpc import NodeFault, NodeRefusal, Rpc
from ledger_adapter.chains.port import Failover, NodeHealth, NodeReport
from ledger_adapter.errors import BadProof, ChainUnavailable
from ledger_adapter.evidence import qbft
from ledger_adapter.evidence.ethereum import read_header
from ledger_adapter.evidence.evm import TrustedEvm
from ledger_adapter.evidence.keccak import keccak256

logger = logging.getLogger("credgraph.ledger")

T = TypeVar("T")
Work = Callable[[Rpc], Awaitable[T]]
MAX_FAILOVERS: Final = 1000
_LONGEST_BREAK: Final = 60.0
_LIE_BREAK: Final = 30.0
_RANK: Final[dict[NodeHealth, int]] = {"UP": 0, "LAGGING": 1}


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolOptions:
    """Seconds, but for `max_lag`: blocks behind the highest node."""

    hedge: float = 0.5
    probe_every: float = 5.0
    fail_back_after: float = 60.0
    first_break: float = 1.0
    max_head_age: float = 120.0
    max_lag: int = 8


@dataclass(slots=True)
class Node:
    """A node and what is known of it."""

    rpc: Rpc
    health: NodeHealth = "DOWN"
    height: int | None = None
    seen_at: datetime | None = None
    probed: float = float("-inf")
    resting_until: float = float("-inf")
    good_since: float | None = None
    faults: int = 0
    complaint: str = ""


class NodePool:
    """The nodes in their order of preference; `now` and `clock` are the caller's."""

    def __init__(
        self,
        chain: str,
        trusted: TrustedEvm,
        nodes: Sequence[Rpc],
        options: PoolOptions,
        *,
        clock: Callable[[], float],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._chain, self._trusted, self._options = chain, trusted, options
        self._nodes = [Node(rpc) for rpc in nodes]
        self._lead = self._nodes[0]
        self._clock, self._now = clock, now
        self._failovers: list[Failover] = []
        self._probing = asyncio.Lock()

    @property
    def failovers(self) -> Sequence[Failover]:
        return self._failovers

    async def ask(self, work: Work[T]) -> T:
        """What one node answers: the leading one, another when it is slow, fails or lies.

        A NodeRefusal is an answer. ChainUnavailable when no node gives any.
        """
        running: set[asyncio.Task[tuple[bool, T | None]]] = set()
        try:
            for node in await self._ready():
                running.add(asyncio.create_task(self._attempt(node, work)))
                done, running = await asyncio.wait(
                    running, timeout=self._options.hedge, return_when=asyncio.FIRST_COMPLETED
                )
                for task in done:
                    answered, value = task.result()
                    if answered:
                        return value  # type: ignore[return-value]  # T itself may be optional
            for next_done in asyncio.as_completed(running):
                answered, value = await next_done
                if answered:
                    return value  # type: ignore[return-value]
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)
        raise ChainUnavailable(f"no node of chain {self._chain} answers: {self._complaints()}")

    async def ask_all(self, work: Work[T]) -> Sequence[T]:
        """What each node answers that can be asked now; ChainUnavailable when none does."""
        nodes = await self._ready()
        answers = await asyncio.gather(*(self._attempt(node, work) for node in nodes))
        found = [value for answered, value in answers if answered]
        if not found:
            raise ChainUnavailable(f"no node of chain {self._chain} answers: {self._complaints()}")
        return found  # type: ignore[return-value]

    async def _attempt(self, node: Node, work: Work[T]) -> tuple[bool, T | None]:
        try:
            value = await work(node.rpc)
        except NodeFault as fault:
            self._rest(node, str(fault))
        except BadProof as fault:
            self._distrust(node, str(fault))
        else:
            node.faults, node.complaint = 0, ""
            return True, value
        return False, None

    async def _ready(self) -> Sequence[Node]:
        """The nodes that may be asked, the leading one first."""
        async with self._probing:
            clock = self._clock()
            due = [n for n in self._nodes if n.probed + self._options.probe_every <= clock]
            await asyncio.gather(*(self._probe(n) for n in due if n.resting_until <= clock))
            self._compare()
            self._elect()
        usable = [node for node in self._nodes if node.health in _RANK]
        return sorted(usable, key=lambda node: (_RANK[node.health], node is not self._lead))

    async def _probe(self, node: Node) -> None:
        answered, head = await self._attempt(node, self._facts)
        node.probed = self._clock()
        if not answered or head is None:
            return
        node.height, node.seen_at = head.number, self._now()
        age = (node.seen_at - head.time).total_seconds()
        node.health = "UP" if age <= self._options.max_head_age else "LAGGING"
        node.good_since = self._clock() if node.good_since is None else node.good_since

    async def _facts(self, rpc: Rpc) -> wire.Block:
        """The head of a node that is on this chain; BadProof for any other."""
        try:
            chain_id, first, code, latest = await asyncio.gather(
                rpc.call("eth_chainId"),
                rpc.call("eth_getBlockByNumber", "0x0", False),  # noqa: FBT003
                rpc.call("eth_getCode", "0x" + self._trusted.registry.hex(), "latest"),
                rpc.call("eth_getBlockByNumber", "latest", False),  # noqa: FBT003
            )
        except NodeRefusal as fault:
            raise NodeFault(str(fault)) from None
        if f"eip155:{wire.quantity(chain_id)}" != self._trusted.chain_id:
            raise BadProof("chain", f"is on eip155:{wire.quantity(chain_id)}")
        if wire.block(first).hash != self._trusted.genesis:
            raise BadProof("chain", "has another first block")
        if keccak256(wire.data(code)) != self._trusted.code_hash:
            raise BadProof("chain", "has other code, or none, where the registry should be")
        head = wire.block(latest)
        if self._trusted.validators and head.number:
            qbft.check_seals(read_header(head.header), self._trusted.sealers(head.number))
        return head

    def _compare(self) -> None:
        """Who is far behind the others."""
        highest = max((n.height or 0 for n in self._nodes if n.health in _RANK), default=0)
        for node in self._nodes:
            if node.health == "UP" and highest - (node.height or 0) > self._options.max_lag:
                node.health = "LAGGING"

    def _elect(self) -> None:
        """Keep the leader while it is as well as any; give the lead back after a while."""
        best = min((_RANK[n.health] for n in self._nodes if n.health in _RANK), default=None)
        if best is None:
            return
        fit = [n for n in self._nodes if _RANK.get(n.health) == best]
        if self._lead not in fit:
            self._switch(fit[0], self._lead.complaint or "lags behind")
            return
        since = self._clock() - self._options.fail_back_after
        for node in fit[: fit.index(self._lead)]:
            if node.good_since is not None and node.good_since <= since:
                self._switch(node, "well again")
                return

    def _switch(self, node: Node, reason: str) -> None:
        event = Failover(
            chain=self._chain,
            epoch=(self._failovers[-1].epoch if self._failovers else 0) + 1,
            from_node=self._lead.rpc.name,
            to_node=node.rpc.name,
            reason=reason[:200],
            at=self._now(),
        )
        names = (self._chain, event.to_node, event.from_node)
        logger.warning("chain %s: %s leads instead of %s: %s", *names, event.reason)
        self._failovers = [*self._failovers, event][-MAX_FAILOVERS:]
        self._lead = node

    def _rest(self, node: Node, reason: str) -> None:
        """The breaker: each fault in a row doubles the time before the node is probed again."""
        pause = min(self._options.first_break * 2**node.faults, _LONGEST_BREAK)
        self._down(node, reason, pause)
        node.faults = min(node.faults + 1, 10)

    def _distrust(self, node: Node, reason: str) -> None:
        logger.error("chain %s: node %s is not believed: %s", self._chain, node.rpc.name, reason)
        self._down(node, f"not believed: {reason}", max(_LIE_BREAK, self._options.first_break))

    def _down(self, node: Node, reason: str, pause: float) -> None:
        if reason != node.complaint:
            logger.warning("chain %s: node %s is left: %s", self._chain, node.rpc.name, reason)
        node.health, node.complaint, node.good_since = "DOWN", reason, None
        node.resting_until = self._clock() + pause
        node.probed = float("-inf")

    def _complaints(self) -> str:
        return "; ".join(f"{n.rpc.name} {n.complaint}".strip() for n in self._nodes)

    async def reports(self) -> Sequence[NodeReport]:
        """All nodes as last probed, the leading one first."""
        await self._ready()
        highest = max((n.height or 0 for n in self._nodes), default=0)
        ordered = sorted(self._nodes, key=lambda node: node is not self._lead)
        return [
            NodeReport(
                node=node.rpc.name,
                role="PRIMARY" if node is self._lead else "STANDBY",
                health=node.health,
                height=node.height,
                lag=None if node.health == "DOWN" else highest - (node.height or 0),
                epoch=self._failovers[-1].epoch if self._failovers else 0,
                seen_at=node.seen_at,
            )
            for node in ordered
        ]
