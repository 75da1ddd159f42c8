"""Nothing new begins while a chain has nobody who writes (R57).

Laws: a chain is stopped while none of its nodes is a primary that writes; once it has been for
longer than a deployment bears, calls that begin something others would rely on are refused. What
ends, restricts or tells something goes on, and so do paper and every read: a revocation or a
withdrawn consent never waits.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Final

from ledger_adapter.errors import LedgerError
from ledger_adapter.port import ChainNode
from subgraphs.kit.errors import ServicePaused

LOOK: Final = timedelta(seconds=1)
BEGINS: Final = frozenset(
    {
        *("registerRootDid", "bindCustomerAccount", "bindCustomer", "depositToCustody"),
        *("requestCredential", "compileCredentialDraft", "issueCredential"),
        *("countersignCredential", "grantConsent", "createPresentationRequest"),
        *("submitPresentation", "verifyPresentation", "grantPermission"),
        *("registerInstitution", "licenseInstitution"),
    }
)
"""Mutations that begin something."""


def stopped(nodes: Iterable[tuple[str, str, str]]) -> set[str]:
    """Of (chain, role, health): the chains without a primary that writes. A chain of which nobody
    has seen a node is none: a deployment may do without."""
    seen = set(nodes)
    writes = {
        chain for chain, role, health in seen if role == "PRIMARY" and health in {"UP", "LAGGING"}
    }
    return {chain for chain, _, _ in seen} - writes


class Gate:
    """`after`: seconds that a chain may be stopped; 0 is for ever. Looks once a second at most."""

    def __init__(
        self,
        look: Callable[[], Awaitable[Sequence[ChainNode]]],
        *,
        after: int,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._look, self._after, self._clock = look, timedelta(seconds=after), clock
        self._looked: datetime | None = None
        self._since: dict[str, datetime] = {}

    async def ask(self, mutation: str) -> None:
        """Before a call writes. Raises ServicePaused."""
        if mutation in BEGINS and (late := await self.late()):
            chains = ", ".join(late)
            raise ServicePaused(f"nothing new begins while no node of {chains} writes")

    async def late(self) -> list[str]:
        """The chains that have been stopped for too long, by name."""
        if not self._after:
            return []
        now = self._clock()
        if self._looked is None or now - self._looked >= LOOK:
            self._looked = now
            with suppress(LedgerError):  # a log that is away is told by whoever writes or reads
                self._note(await self._look(), now)
        return sorted(chain for chain, since in self._since.items() if now - since >= self._after)

    def _note(self, nodes: Sequence[ChainNode], now: datetime) -> None:
        """Since when each is stopped: when a node of it was seen last, where none answers; else
        since it was noticed here."""
        self._since = {
            chain: _silent_since(one for one in nodes if one.chain == chain)
            or self._since.get(chain, now)
            for chain in stopped((one.chain, one.role, one.health) for one in nodes)
        }


def _silent_since(nodes: Iterable[ChainNode]) -> datetime | None:
    seen = [one.seen_at if one.health == "DOWN" else None for one in nodes]
    times = [at for at in seen if at is not None]
    return max(times) if len(times) == len(seen) else None
