"""States follow the tables and nothing else; reactions walk only along them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subgraphs.kit.errors import InvalidTransition
from subgraphs.kit.ids import HolderId, derived_id, institution_id
from subgraphs.verifier.lifecycle import (
    ACCEPTANCE,
    PERMISSION,
    PRESENTATION,
    SUPPLEMENT,
    move,
    sources_of,
    walk,
)
from subgraphs.verifier.outgoing import permission_changed
from subgraphs.verifier.reactions import IDLE, Cause, Prompt, react
from subgraphs.verifier.records import Permission, PermissionId, QualificationId
from subgraphs.verifier.states import (
    AcceptanceState,
    Effect,
    PermissionState,
    PresentationState,
)

TABLES = [
    pytest.param(PRESENTATION, id="presentation"),
    pytest.param(ACCEPTANCE, id="acceptance"),
    pytest.param(PERMISSION, id="permission"),
    pytest.param(SUPPLEMENT, id="supplement"),
]


@pytest.mark.parametrize("table", TABLES)
def test_every_pair_of_states_is_allowed_or_refused_with_what_would_be(
    table: Mapping[StrEnum, frozenset[StrEnum]],
) -> None:
    for source, target in product(table, table):
        if target in table[source]:
            assert move(table, source, target) is target
            assert source in sources_of(table, target)
            continue
        with pytest.raises(InvalidTransition) as refusal:
            move(table, source, target)
        fault = refusal.value
        assert (fault.source, fault.target) == (source, target)
        assert set(fault.allowed) == table[source]


@pytest.mark.parametrize("table", TABLES)
def test_every_state_of_the_vocabulary_has_a_row(
    table: Mapping[StrEnum, frozenset[StrEnum]],
) -> None:
    vocabulary = set(type(next(iter(table))))
    assert set(table) == vocabulary
    assert frozenset().union(*table.values()) <= vocabulary


def test_a_presentation_is_decided_once() -> None:
    states = PresentationState
    assert walk(PRESENTATION, states.SUBMITTED, states.VERIFYING, states.ACCEPTED)
    with pytest.raises(InvalidTransition):
        walk(PRESENTATION, states.ACCEPTED, states.VERIFYING)


def test_a_suspended_permission_can_come_back_and_a_terminated_one_cannot() -> None:
    states = PermissionState
    assert walk(PERMISSION, states.PENDING, states.GRANTED, states.SUSPENDED, states.GRANTED)
    with pytest.raises(InvalidTransition):
        move(PERMISSION, states.TERMINATED, states.GRANTED)


@pytest.mark.parametrize(
    ("state", "cause", "ends", "prompt", "suspends"),
    [
        pytest.param("MONITORED", Effect.NOTE, "MONITORED", Prompt.NONE, False, id="a note"),
        pytest.param(
            "MONITORED",
            Effect.REDUCED,
            "SUPPLEMENT_REQUESTED",
            Prompt.OPEN,
            False,
            id="a reduction prompts first",
        ),
        pytest.param(
            "MONITORED",
            Effect.REVOKE,
            "LAPSED",
            Prompt.NONE,
            True,
            id="revocation suspends",
        ),
        pytest.param(
            "MONITORED", Effect.SUSPEND, "LAPSED", Prompt.NONE, True, id="so does suspension"
        ),
        pytest.param(
            "SUPPLEMENT_REQUESTED",
            Effect.REDUCED,
            "SUPPLEMENT_REQUESTED",
            Prompt.NONE,
            False,
            id="a second reduction adds no second request",
        ),
        pytest.param(
            "SUPPLEMENT_REQUESTED",
            Effect.RESTORED,
            "MONITORED",
            Prompt.FULFIL,
            False,
            id="restored cures",
        ),
        pytest.param(
            "SUPPLEMENT_REQUESTED",
            Effect.REVOKE,
            "LAPSED",
            Prompt.VOID,
            True,
            id="revoked while a supplement is out",
        ),
        pytest.param(
            "SUPPLEMENT_REQUESTED",
            Cause.SUPPLEMENT_OVERDUE,
            "LAPSED",
            Prompt.OVERDUE,
            True,
            id="overdue suspends by rule",
        ),
        pytest.param(
            "MONITORED",
            Cause.CONSENT_WITHDRAWN,
            "ENDED",
            Prompt.OPEN,
            False,
            id="withdrawn consent ends it visibly and asks for another proof",
        ),
        pytest.param(
            "LAPSED", Effect.RESTORED, "LAPSED", Prompt.NONE, False, id="a lapsed proof stays so"
        ),
    ],
)
def test_reactions(
    state: str, cause: Effect | Cause, ends: str, prompt: Prompt, suspends: bool
) -> None:
    reaction = react(AcceptanceState(state), cause)
    assert reaction.ends_in(AcceptanceState(state)) == ends
    assert (reaction.prompt, reaction.suspend) == (prompt, suspends)


@given(
    st.lists(st.sampled_from([*Effect, *Cause]), max_size=12),
)
def test_no_history_leaves_the_tables(history: list[Effect | Cause]) -> None:
    state = AcceptanceState.MONITORED
    for cause in history:
        before = state
        state = react(state, cause).ends_in(state)
        assert state in (
            AcceptanceState.MONITORED,
            AcceptanceState.SUPPLEMENT_REQUESTED,
            AcceptanceState.LAPSED,
            AcceptanceState.ENDED,
        )
        if before is AcceptanceState.LAPSED:
            assert state in (AcceptanceState.LAPSED, AcceptanceState.ENDED)


@given(st.sampled_from(AcceptanceState), st.sampled_from([*Effect, *Cause]))
def test_the_same_change_twice_does_nothing_twice(
    state: AcceptanceState, cause: Effect | Cause
) -> None:
    first = react(state, cause)
    second = react(first.ends_in(state), cause)
    if first.prompt is Prompt.OPEN or (first.steps and first.suspend):
        assert second is IDLE


def test_the_end_of_a_permission_is_never_told_as_its_return() -> None:
    over = Permission(
        id=PermissionId(derived_id("perm", "1")),
        verifier=institution_id("91310000577433812A"),
        holder=HolderId(derived_id("hold", "1")),
        product="PRIVATE_FUND",
        qualification=QualificationId(derived_id("qual", "1")),
        acceptances=(),
        state=PermissionState.TERMINATED,
        suspended_by=None,
        suspended_reason=None,
        changed_at=datetime(2026, 11, 20, tzinfo=UTC),
        version=3,
    )

    with pytest.raises(ValueError, match="TERMINATED"):
        permission_changed(over)
