"""The state machines of root DIDs, consents and custody, step by step."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise, product

import pytest

from subgraphs.kit.errors import InvalidTransition
from subgraphs.wallet import lifecycle
from subgraphs.wallet.states import ConsentState, CustodyState, RootDidState

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def test_the_path_of_a_root_did_through_loss_and_recovery() -> None:
    path = ["PENDING", "ACTIVE", "COMPROMISED", "RECOVERING", "ACTIVE", "DEACTIVATED"]
    for source, target in pairwise(path):
        step = lifecycle.root_did_step(RootDidState(source), RootDidState(target))
        assert step is RootDidState(target)


def test_the_path_of_a_copy_to_its_deletion_past_a_failure() -> None:
    path = ["UPLOADING", "STORED", "DELETION_PENDING", "DELETION_FAILED", "DELETION_PENDING",
            "DELETED"]  # fmt: skip
    for source, target in pairwise(path):
        step = lifecycle.custody_step(CustodyState(source), CustodyState(target))
        assert step is CustodyState(target)


OVER = [state for state in ConsentState if state is not ConsentState.GRANTED]


@pytest.mark.parametrize("target", [s for s in ConsentState if s is not ConsentState.WITHDRAWN])
@pytest.mark.parametrize("source", OVER)
def test_a_consent_that_is_over_serves_nothing_again(
    source: ConsentState, target: ConsentState
) -> None:
    with pytest.raises(InvalidTransition) as refusal:
        lifecycle.consent_step(source, target)
    assert refusal.value.source == source.value


@pytest.mark.parametrize("source", OVER)
def test_what_is_over_is_withdrawn_only_while_it_lets_watch(source: ConsentState) -> None:
    for until in (None, NOW):
        with pytest.raises(InvalidTransition) as refusal:
            lifecycle.withdraw(source, NOW, watched_until=until)
        assert (refusal.value.source, refusal.value.allowed) == (source.value, ())
    watched = NOW + timedelta(seconds=1)
    if source is ConsentState.WITHDRAWN:
        with pytest.raises(InvalidTransition):
            lifecycle.withdraw(source, NOW, watched_until=watched)
    else:
        assert lifecycle.withdraw(source, NOW, watched_until=watched) is ConsentState.WITHDRAWN


def test_a_refused_step_names_what_would_be_allowed() -> None:
    with pytest.raises(InvalidTransition) as refusal:
        lifecycle.custody_step(CustodyState.STORED, CustodyState.DELETED)
    found = refusal.value
    assert (found.source, found.target, found.allowed) == (
        "STORED",
        "DELETED",
        ("DELETION_PENDING",),
    )


def test_no_step_leads_back_from_deleted_or_deactivated() -> None:
    for target in CustodyState:
        with pytest.raises(InvalidTransition):
            lifecycle.custody_step(CustodyState.DELETED, target)
    for did in RootDidState:
        with pytest.raises(InvalidTransition):
            lifecycle.root_did_step(RootDidState.DEACTIVATED, did)


def test_every_state_has_its_row_and_no_row_names_itself() -> None:
    assert set(lifecycle.ROOT_DID) == set(RootDidState)
    assert set(lifecycle.CONSENT) == set(ConsentState)
    assert set(lifecycle.CUSTODY) == set(CustodyState)
    for table in (lifecycle.ROOT_DID, lifecycle.CONSENT, lifecycle.CUSTODY):
        assert not [state for state, after in table.items() if state in after]


@pytest.mark.parametrize(
    ("state", "left"), list(product(ConsentState, (timedelta(0), timedelta(seconds=1))))
)
def test_the_clock_ends_a_consent_in_force_and_no_other(
    state: ConsentState, left: timedelta
) -> None:
    found = lifecycle.consent_at(state, NOW, valid_until=NOW + left)
    over = state is ConsentState.GRANTED and not left
    assert found is (ConsentState.EXPIRED if over else state)


def test_nobody_reads_a_copy_from_the_wish_to_delete_on() -> None:
    assert {CustodyState.UPLOADING, CustodyState.STORED} == lifecycle.READABLE
