"""The state machine of a credential, walked."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subgraphs.issuer.lifecycle import FINAL, LIVE, STEPS, endorse, state_at, step
from subgraphs.kit.errors import InvalidTransition
from subgraphs.kit.vocabulary import CredentialState as State
from subgraphs.kit.vocabulary import EndorsementEffect as Effect

NOW = datetime(2026, 11, 22, tzinfo=UTC)
states, effects = st.sampled_from(State), st.sampled_from(Effect)


def test_the_states_that_end_a_life() -> None:
    assert {state.value for state in FINAL} == {
        "REVOKED",
        "CANCELLED",
        "EXPIRED",
        "SUPERSEDED",
        "REJECTED",
        "WITHDRAWN",
        "LAPSED",
    }
    assert set(STEPS) == set(State)


@given(states, states)
def test_a_step_is_made_exactly_when_it_is_drawn(source: State, target: State) -> None:
    if target in STEPS[source]:
        assert step(source, target) is target
        return
    with pytest.raises(InvalidTransition) as refused:
        step(source, target)
    assert refused.value.extensions == {
        "code": "TRANSITION_INVALID",
        "from": source.value,
        "to": target.value,
        "allowed": sorted(state.value for state in STEPS[source]),
    }


@given(st.lists(states, max_size=12))
def test_no_walk_leaves_a_final_state_or_skips_a_signature(walk: list[State]) -> None:
    here, seen = State.REQUESTED, [State.REQUESTED]
    for target in walk:
        try:
            here = step(here, target)
        except InvalidTransition:
            continue
        seen.append(here)
    assert all(state not in FINAL for state in seen[:-1])
    if State.ACTIVE in seen:
        assert seen[:4] == [State.REQUESTED, State.DRAFT, State.OFFERED, State.ACTIVE]


@given(states, effects)
def test_only_a_live_credential_is_endorsed(state: State, effect: Effect) -> None:
    try:
        after = endorse(state, effect)
    except InvalidTransition:
        assert state not in LIVE or (state, effect) == (State.SUSPENDED, Effect.SUSPEND)
        return
    assert state in LIVE
    assert after is state or after in STEPS[state]


@pytest.mark.parametrize(
    ("effect", "active", "suspended"),
    [
        pytest.param(Effect.NOTE, State.ACTIVE, State.SUSPENDED, id="a note moves nothing"),
        pytest.param(Effect.REDUCED, State.ACTIVE, State.SUSPENDED, id="nor does a reduction"),
        pytest.param(Effect.RESTORED, State.ACTIVE, State.ACTIVE, id="restored is active"),
        pytest.param(Effect.SUSPEND, State.SUSPENDED, None, id="suspended once"),
        pytest.param(Effect.REVOKE, State.REVOKED, State.REVOKED, id="revoked from either"),
    ],
)
def test_what_an_endorsement_does(effect: Effect, active: State, suspended: State | None) -> None:
    assert endorse(State.ACTIVE, effect) is active
    if suspended is not None:
        assert endorse(State.SUSPENDED, effect) is suspended


@pytest.mark.parametrize(
    ("state", "offered", "valid", "want"),
    [
        pytest.param(State.OFFERED, 1, None, State.OFFERED, id="an offer that still stands"),
        pytest.param(State.OFFERED, 0, None, State.LAPSED, id="an offer's last moment is over"),
        pytest.param(State.ACTIVE, -1, 1, State.ACTIVE, id="in force"),
        pytest.param(State.ACTIVE, -1, 0, State.EXPIRED, id="its validity is over"),
        pytest.param(State.SUSPENDED, -1, -1, State.EXPIRED, id="suspended and over"),
        pytest.param(State.REVOKED, -1, -1, State.REVOKED, id="revoked stays revoked"),
        pytest.param(State.DRAFT, None, None, State.DRAFT, id="a draft has no clock"),
    ],
)
def test_what_the_clock_says(
    state: State, offered: int | None, valid: int | None, want: State
) -> None:
    ends = {
        "offered_until": None if offered is None else NOW + timedelta(seconds=offered),
        "valid_until": None if valid is None else NOW + timedelta(seconds=valid),
    }

    assert state_at(state, NOW, **ends) is want


@pytest.mark.parametrize("effect", list(Effect), ids=lambda one: one.value)
def test_what_is_over_takes_no_endorsement_and_the_refusal_says_so(effect: Effect) -> None:
    with pytest.raises(InvalidTransition) as refusal:
        endorse(State.REVOKED, effect)

    assert str(refusal.value) == f"a credential that is REVOKED takes no {effect.value}"
    assert refusal.value.allowed == ()


def test_a_second_suspension_is_told_as_one() -> None:
    with pytest.raises(InvalidTransition) as refusal:
        endorse(State.SUSPENDED, Effect.SUSPEND)

    assert str(refusal.value) == "it is SUSPENDED already"
