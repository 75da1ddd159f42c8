"""Which step may follow which, for root DIDs, consents and custody (domain.md §4.3). Pure.

Laws: a step that no table names is refused with from, to and what would be allowed; a consent whose
time is over counts as EXPIRED from that moment, whatever its row says; whoever let herself be
watched longer than a consent may be used can withdraw it for as long; from DELETION_PENDING on
nobody reads a custody object.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from types import MappingProxyType
from typing import Final, TypeVar

from subgraphs.kit.errors import InvalidTransition
from subgraphs.wallet.states import ConsentState, CustodyState, RootDidState

S = TypeVar("S", bound=Enum)

ROOT_DID: Final[Mapping[RootDidState, frozenset[RootDidState]]] = MappingProxyType(
    {
        RootDidState.PENDING: frozenset({RootDidState.ACTIVE, RootDidState.DEACTIVATED}),
        RootDidState.ACTIVE: frozenset(
            {RootDidState.RECOVERING, RootDidState.COMPROMISED, RootDidState.DEACTIVATED}
        ),
        RootDidState.COMPROMISED: frozenset({RootDidState.RECOVERING, RootDidState.DEACTIVATED}),
        RootDidState.RECOVERING: frozenset(
            {RootDidState.ACTIVE, RootDidState.COMPROMISED, RootDidState.DEACTIVATED}
        ),
        RootDidState.DEACTIVATED: frozenset(),
    }
)
CONSENT: Final[Mapping[ConsentState, frozenset[ConsentState]]] = MappingProxyType(
    {
        ConsentState.GRANTED: frozenset(
            {ConsentState.WITHDRAWN, ConsentState.EXPIRED, ConsentState.EXHAUSTED}
        ),
        ConsentState.WITHDRAWN: frozenset(),
        ConsentState.EXPIRED: frozenset({ConsentState.WITHDRAWN}),
        ConsentState.EXHAUSTED: frozenset({ConsentState.WITHDRAWN}),
    }
)
CUSTODY: Final[Mapping[CustodyState, frozenset[CustodyState]]] = MappingProxyType(
    {
        CustodyState.UPLOADING: frozenset({CustodyState.STORED, CustodyState.DELETION_PENDING}),
        CustodyState.STORED: frozenset({CustodyState.DELETION_PENDING}),
        CustodyState.DELETION_PENDING: frozenset(
            {CustodyState.DELETED, CustodyState.DELETION_FAILED}
        ),
        CustodyState.DELETION_FAILED: frozenset({CustodyState.DELETION_PENDING}),
        CustodyState.DELETED: frozenset(),
    }
)
READABLE: Final = frozenset({CustodyState.UPLOADING, CustodyState.STORED})


def root_did_step(source: RootDidState, target: RootDidState) -> RootDidState:
    """The target, or InvalidTransition."""
    return _step(ROOT_DID, source, target)


def root_did_next(source: RootDidState) -> list[str]:
    """What it can become, for a refusal of something that is no mere step."""
    return [state.value for state in ROOT_DID[source]]


def consent_step(source: ConsentState, target: ConsentState) -> ConsentState:
    """The target, or InvalidTransition."""
    return _step(CONSENT, source, target)


def withdraw(
    source: ConsentState, now: datetime, *, watched_until: datetime | None
) -> ConsentState:
    """WITHDRAWN, or InvalidTransition; from a consent that is over only while it lets watch."""
    over = source is not ConsentState.GRANTED
    if over and (watched_until is None or watched_until <= now):
        raise InvalidTransition(
            source=source.value,
            target=ConsentState.WITHDRAWN.value,
            allowed=(),
            message=f"the consent is {source.value}, and nothing is watched under it",
        )
    return consent_step(source, ConsentState.WITHDRAWN)


def custody_step(source: CustodyState, target: CustodyState) -> CustodyState:
    """The target, or InvalidTransition."""
    return _step(CUSTODY, source, target)


def consent_at(state: ConsentState, now: datetime, *, valid_until: datetime) -> ConsentState:
    """The state the clock says a consent is in."""
    over = state is ConsentState.GRANTED and valid_until <= now
    return ConsentState.EXPIRED if over else state


def _step(table: Mapping[S, frozenset[S]], source: S, target: S) -> S:
    if target not in table[source]:
        allowed = (str(state.value) for state in table[source])
        raise InvalidTransition(source=str(source.value), target=str(target.value), allowed=allowed)
    return target
