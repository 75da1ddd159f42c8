"""Which state may follow which: presentations, acceptances, permissions, supplements.

Laws: a state moves only along these tables; every other move is an InvalidTransition that says
what would have been allowed. LAPSED is left only by ENDED: a customer whose proof lapsed shows a
new one.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, TypeVar

from subgraphs.kit.errors import InvalidTransition
from subgraphs.verifier.states import (
    AcceptanceState,
    PermissionState,
    PresentationState,
    SupplementState,
)

S = TypeVar("S", bound=StrEnum)

P, A, G, U = PresentationState, AcceptanceState, PermissionState, SupplementState

PRESENTATION: Final[Mapping[PresentationState, frozenset[PresentationState]]] = {
    P.REQUESTED: frozenset({P.CONSENTED, P.DECLINED, P.EXPIRED}),
    P.CONSENTED: frozenset({P.SUBMITTED, P.DECLINED, P.EXPIRED}),
    P.SUBMITTED: frozenset({P.VERIFYING}),
    P.VERIFYING: frozenset({P.ACCEPTED, P.REJECTED, P.NEEDS_REVIEW}),
    P.ACCEPTED: frozenset({P.WITHDRAWN}),
    P.REJECTED: frozenset(),
    P.NEEDS_REVIEW: frozenset({P.ACCEPTED, P.REJECTED}),
    P.DECLINED: frozenset(),
    P.EXPIRED: frozenset(),
    P.WITHDRAWN: frozenset(),
}

ACCEPTANCE: Final[Mapping[AcceptanceState, frozenset[AcceptanceState]]] = {
    A.MONITORED: frozenset({A.CHANGE_DETECTED, A.ENDED}),
    A.CHANGE_DETECTED: frozenset({A.UNAFFECTED, A.SUPPLEMENT_REQUESTED, A.LAPSED, A.ENDED}),
    A.UNAFFECTED: frozenset({A.MONITORED, A.ENDED}),
    A.SUPPLEMENT_REQUESTED: frozenset({A.CURED, A.LAPSED, A.ENDED}),
    A.CURED: frozenset({A.MONITORED, A.ENDED}),
    A.LAPSED: frozenset({A.ENDED}),
    A.ENDED: frozenset(),
}

PERMISSION: Final[Mapping[PermissionState, frozenset[PermissionState]]] = {
    G.PENDING: frozenset({G.GRANTED}),
    G.GRANTED: frozenset({G.SUSPENDED}),
    G.SUSPENDED: frozenset({G.GRANTED, G.TERMINATED}),
    G.TERMINATED: frozenset(),
}

SUPPLEMENT: Final[Mapping[SupplementState, frozenset[SupplementState]]] = {
    U.OPEN: frozenset({U.FULFILLED, U.OVERDUE, U.VOID}),
    U.FULFILLED: frozenset(),
    U.OVERDUE: frozenset(),
    U.VOID: frozenset(),
}


def move(table: Mapping[S, frozenset[S]], source: S, target: S) -> S:
    """The target if the table allows the step."""
    if target not in table[source]:
        raise InvalidTransition(source=source, target=target, allowed=table[source])
    return target


def walk(table: Mapping[S, frozenset[S]], source: S, *steps: S) -> S:
    """Several steps of one write, each of them checked."""
    for step in steps:
        source = move(table, source, step)
    return source


def sources_of(table: Mapping[S, frozenset[S]], target: S) -> tuple[S, ...]:
    """The states from which the target is one allowed step: the guard of a conditional write."""
    return tuple(state for state, following in table.items() if target in following)
