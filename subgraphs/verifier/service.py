"""What of the verifier's service runs, and the way that stays open when it does not (R48, R57).

Laws: read at the moment it is asked; what the log says is never guessed, so checks pause while the
log is away, and while nothing new may begin; paper, which staff take in without a log, is named as
the way left.
"""

from dataclasses import dataclass
from typing import Final, Protocol

from ledger_adapter.errors import LedgerError
from subgraphs.kit.mongo import PyMongoError
from subgraphs.kit.paused import Gate
from subgraphs.verifier.states import ServiceFunction, ServiceMode

PAPER: Final = "recordPaperEvidence"
FAR_BEHIND: Final = 200
"""So many events behind the log: every check has to wait for a while."""


class Follows(Protocol):
    """Whoever follows the log."""

    async def lag(self) -> int:
        """Events on the log that are not applied yet."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionState:
    """One function; `fallback` is the operation that stays open beside it."""

    function: ServiceFunction
    mode: ServiceMode
    reason: str | None
    fallback: str | None


async def service_state(follower: Follows, gate: Gate) -> tuple[FunctionState, ...]:
    """Each function as it is now."""
    mode, reason = await _log(follower)
    watching = FunctionState(
        function=ServiceFunction.MONITORING, mode=mode, reason=reason, fallback=None
    )
    if mode is not ServiceMode.PAUSED and await gate.late():
        mode, reason = ServiceMode.PAUSED, "CHAIN_STOPPED"
    fallback = None if mode is ServiceMode.NORMAL else PAPER
    checks = FunctionState(
        function=ServiceFunction.VERIFICATION, mode=mode, reason=reason, fallback=fallback
    )
    paper = FunctionState(
        function=ServiceFunction.PAPER, mode=ServiceMode.NORMAL, reason=None, fallback=None
    )
    return checks, watching, paper


async def _log(follower: Follows) -> tuple[ServiceMode, str | None]:
    try:
        lag = await follower.lag()
    except (LedgerError, PyMongoError):
        return ServiceMode.PAUSED, "LOG_AWAY"
    if lag > FAR_BEHIND:
        return ServiceMode.DEGRADED, "LISTENER_LAGGING"
    return ServiceMode.NORMAL, None
