"""What a fresh look at the books means for a credential that states older ones (R25-R27); pure.

Laws: a change is measured against what was told last (the statement, then each endorsement), so a
slow slide is told as well as a fall, and nothing is told twice; the worker lifts no suspension;
what an institution does about which change is data.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from subgraphs.issuer.band import Band
from subgraphs.kit.vocabulary import CredentialState as State
from subgraphs.kit.vocabulary import EndorsementEffect as Effect
from subgraphs.vc.money import Fen

GONE: Final = "ACCOUNT_GONE"
FELL: Final = "RECHECK_DECREASE"
ROSE: Final = "RECHECK_INCREASE"
MATERIAL: Final = "MATERIAL_DECREASE"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecheckPolicy:
    """Shares in per cent: `told_from` of what was told last, `revoke_from` of what was stated.

    A credential is due `every` so often and looked at `ahead` of that; an institution that gives no
    answer is asked again after `retry`. Bands are `band` wide.
    """

    version: int
    every: timedelta
    ahead: timedelta
    retry: timedelta
    told_from: int
    revoke_from: int
    band: Fen


POLICY: Final = RecheckPolicy(
    version=1,
    every=timedelta(days=30),
    ahead=timedelta(days=1),
    retry=timedelta(minutes=10),
    told_from=10,
    revoke_from=80,
    band=Fen(10_000_000),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A change endorsement to make."""

    effect: Effect
    reason: str
    band: Band | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rechecks:
    """How an issuer keeps up with looking again."""

    watched: int
    overdue: int
    next_due_at: datetime | None


def change(
    policy: RecheckPolicy, *, state: State, stated: Fen, told: Fen, found: Fen | None
) -> Change | None:
    """None: nothing to tell. `found` None: the books know the account no more."""
    if found is None:
        gone = Change(effect=Effect.SUSPEND, reason=GONE)
        return gone if state is State.ACTIVE else None
    if _fell(found, stated, policy.revoke_from):
        return Change(effect=Effect.REVOKE, reason=MATERIAL)
    if _fell(found, told, policy.told_from):
        return Change(effect=Effect.REDUCED, reason=FELL, band=around(found, policy.band))
    recovered = told < stated and found * 100 >= told * (100 + policy.told_from)
    if state is State.ACTIVE and recovered:
        return Change(effect=Effect.RESTORED, reason=ROSE, band=around(found, policy.band))
    return None


def around(total: Fen, width: Fen) -> Band:
    """The step of the grid that a total lies on."""
    low = Fen(total // width * width)
    return Band(low=low, high=Fen(low + width))


def _fell(found: Fen, before: Fen, share: int) -> bool:
    return before > 0 and (before - found) * 100 >= before * share
