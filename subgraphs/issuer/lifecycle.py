"""The life of a credential, and of an institution in the network: which step may follow which, and
nothing else (domain.md §4.3).

Laws: a step that is not in STEPS is refused with from, to and what would be allowed; a final state
has no way out; an offer that was not signed in time counts as LAPSED from that moment, whether or
not the clock's job has written it down yet.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from subgraphs.kit.errors import InvalidTransition
from subgraphs.kit.standing import Participation
from subgraphs.kit.vocabulary import CredentialState as State
from subgraphs.kit.vocabulary import EndorsementEffect as Effect

OFFER_LASTS: Final = timedelta(days=7)
VALID_FOR: Final = timedelta(days=90)

_ENDS: Final = frozenset({State.REVOKED, State.CANCELLED, State.EXPIRED, State.SUPERSEDED})
STEPS: Final[Mapping[State, frozenset[State]]] = MappingProxyType(
    {
        State.REQUESTED: frozenset({State.DRAFT, State.REJECTED, State.WITHDRAWN}),
        State.DRAFT: frozenset({State.OFFERED, State.REJECTED, State.WITHDRAWN}),
        State.OFFERED: frozenset({State.ACTIVE, State.WITHDRAWN, State.LAPSED}),
        State.ACTIVE: frozenset({State.SUSPENDED, *_ENDS}),
        State.SUSPENDED: frozenset({State.ACTIVE, *_ENDS}),
        State.REVOKED: frozenset(),
        State.CANCELLED: frozenset(),
        State.EXPIRED: frozenset(),
        State.SUPERSEDED: frozenset(),
        State.REJECTED: frozenset(),
        State.WITHDRAWN: frozenset(),
        State.LAPSED: frozenset(),
    }
)
PARTICIPATION: Final[Mapping[Participation, frozenset[Participation]]] = MappingProxyType(
    {
        Participation.CANDIDATE: frozenset({Participation.ADMITTED, Participation.EXITED}),
        Participation.ADMITTED: frozenset({Participation.ACTIVE, Participation.EXITED}),
        Participation.ACTIVE: frozenset({Participation.SUSPENDED, Participation.EXITING}),
        Participation.SUSPENDED: frozenset({Participation.ACTIVE, Participation.EXITING}),
        Participation.EXITING: frozenset({Participation.EXITED}),
        Participation.EXITED: frozenset(),
    }
)
FINAL: Final = frozenset(state for state, after in STEPS.items() if not after)
LIVE: Final = frozenset({State.ACTIVE, State.SUSPENDED})
IN_FORCE_ONCE: Final = LIVE | {State.REVOKED, State.EXPIRED}
"""Where a cancellation that was first on the log still takes over."""


def step(source: State, target: State) -> State:
    """The target, or InvalidTransition."""
    if target not in STEPS[source]:
        allowed = (state.value for state in STEPS[source])
        raise InvalidTransition(source=source.value, target=target.value, allowed=allowed)
    return target


def participation_step(source: Participation, target: Participation) -> Participation:
    """The target, or InvalidTransition."""
    if target not in PARTICIPATION[source]:
        raise InvalidTransition(source=source, target=target, allowed=PARTICIPATION[source])
    return target


def state_at(
    state: State,
    now: datetime,
    *,
    offered_until: datetime | None,
    valid_until: datetime | None,
) -> State:
    """The state the clock says it is in."""
    if state is State.OFFERED and offered_until is not None and offered_until <= now:
        return State.LAPSED
    if state in LIVE and valid_until is not None and valid_until <= now:
        return State.EXPIRED
    return state


def endorse(state: State, effect: Effect) -> State:
    """The state after a change endorsement; only a live credential can be endorsed."""
    if state not in LIVE:
        raise InvalidTransition(
            source=state.value,
            target=_moves_to(effect),
            allowed=(),
            message=f"a credential that is {state.value} takes no {effect.value}",
        )
    match effect:
        case Effect.NOTE | Effect.REDUCED:
            return state
        case Effect.SUSPEND:
            return step(state, State.SUSPENDED)
        case Effect.REVOKE:
            return step(state, State.REVOKED)
        case Effect.RESTORED:
            return State.ACTIVE


def _moves_to(effect: Effect) -> str:
    targets = {
        Effect.SUSPEND: State.SUSPENDED,
        Effect.REVOKE: State.REVOKED,
        Effect.RESTORED: State.ACTIVE,
    }
    return targets[effect].value if effect in targets else effect.value
