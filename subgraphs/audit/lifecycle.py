"""Which step may follow which, for disputes, complaints and exits (domain.md §4.3). Pure.

A step that no table names is refused with from, to and what would be allowed.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType
from typing import Final, TypeVar

from subgraphs.audit.states import ComplaintState, DisputeState, ExitState
from subgraphs.kit.errors import InvalidTransition

S = TypeVar("S", bound=Enum)

DISPUTE: Final[Mapping[DisputeState, frozenset[DisputeState]]] = MappingProxyType(
    {
        DisputeState.OPEN: frozenset({DisputeState.SEALED, DisputeState.WITHDRAWN}),
        DisputeState.SEALED: frozenset(
            {DisputeState.UPHELD, DisputeState.DISMISSED, DisputeState.WITHDRAWN}
        ),
        DisputeState.UPHELD: frozenset(),
        DisputeState.DISMISSED: frozenset(),
        DisputeState.WITHDRAWN: frozenset(),
    }
)
COMPLAINT: Final[Mapping[ComplaintState, frozenset[ComplaintState]]] = MappingProxyType(
    {
        ComplaintState.RECEIVED: frozenset({ComplaintState.INVESTIGATING}),
        ComplaintState.INVESTIGATING: frozenset({ComplaintState.PROGRESS_REPORTED}),
        ComplaintState.PROGRESS_REPORTED: frozenset(
            {ComplaintState.RESOLVED, ComplaintState.ESCALATED}
        ),
        ComplaintState.RESOLVED: frozenset(),
        ComplaintState.ESCALATED: frozenset(),
    }
)
EXIT: Final[Mapping[ExitState, frozenset[ExitState]]] = MappingProxyType(
    {
        ExitState.INITIATED: frozenset({ExitState.NOTIFIED}),
        ExitState.NOTIFIED: frozenset({ExitState.FROZEN}),
        ExitState.FROZEN: frozenset({ExitState.BACKED_UP}),
        ExitState.BACKED_UP: frozenset({ExitState.BACKUP_VERIFIED}),
        ExitState.BACKUP_VERIFIED: frozenset({ExitState.CLEANED}),
        ExitState.CLEANED: frozenset({ExitState.CLOSED}),
        ExitState.CLOSED: frozenset(),
    }
)


def dispute_step(source: DisputeState, target: DisputeState) -> DisputeState:
    """The target, or InvalidTransition."""
    return _step(DISPUTE, source, target)


def complaint_step(source: ComplaintState, target: ComplaintState) -> ComplaintState:
    """The target, or InvalidTransition."""
    return _step(COMPLAINT, source, target)


def exit_step(source: ExitState, target: ExitState) -> ExitState:
    """The target, or InvalidTransition."""
    return _step(EXIT, source, target)


def _step(table: Mapping[S, frozenset[S]], source: S, target: S) -> S:
    if target not in table[source]:
        allowed = (str(state.value) for state in table[source])
        raise InvalidTransition(source=str(source.value), target=str(target.value), allowed=allowed)
    return target
