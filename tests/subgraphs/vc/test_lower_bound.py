"""At least k, and no more learnt than that."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from subgraphs.vc.errors import BadLowerBound
from subgraphs.vc.lower_bound import (
    CAP,
    Steps,
    amount_of,
    check,
    commit,
    reveal,
    steps_for,
    steps_of,
)
from subgraphs.vc.money import Fen

SEED = bytes(range(32))


@pytest.mark.parametrize(
    ("fen", "steps"),
    [
        pytest.param(0, 0, id="nothing"),
        pytest.param(999_999, 0, id="one fen short of a unit"),
        pytest.param(1_000_000, 1, id="one unit"),
        pytest.param(299_999_999, 299, id="one fen short of three million"),
        pytest.param(300_000_000, 300, id="three million"),
        pytest.param(10**12, 1000, id="beyond the cap"),
    ],
)
def test_a_total_in_whole_units(fen: int, steps: int) -> None:
    assert steps_of(Fen(fen)) == steps


@settings(max_examples=25, deadline=None)
@given(length=st.integers(1, 300), data=st.data())
def test_every_bound_up_to_the_total_can_be_shown(length: int, data: st.DataObject) -> None:
    shown = Steps(data.draw(st.integers(1, length)))
    commitment = commit(SEED, Steps(length))
    link = reveal(SEED, Steps(length), shown)
    assert check(commitment, shown, link)
    assert not check(commitment, Steps(shown + 1), link)
    assert not check(commitment, Steps(max(1, shown - 1)), link) or shown == 1


def test_one_step_beyond_the_total_cannot_be_made() -> None:
    with pytest.raises(BadLowerBound):
        reveal(SEED, Steps(299), Steps(300))
    for guess in (SEED, commit(SEED, Steps(1)), b"\0" * 32):
        assert not check(commit(SEED, Steps(299)), Steps(300), guess)


@pytest.mark.parametrize(
    ("shown", "link"),
    [
        pytest.param(0, commit(SEED, Steps(10)), id="nothing is shown by the commitment itself"),
        pytest.param(-1, SEED, id="less than nothing"),
        pytest.param(CAP + 1, SEED, id="beyond the cap"),
        pytest.param(2**50, SEED, id="a chain that would never end"),
        pytest.param(1, SEED[:31], id="a short link"),
        pytest.param(1, SEED + b"\0", id="a long link"),
    ],
)
def test_refused_without_work(shown: int, link: bytes) -> None:
    assert not check(commit(SEED, Steps(10)), Steps(shown), link)


def test_a_chain_is_made_of_a_full_seed_and_no_longer_than_the_cap() -> None:
    for seed, length in ((SEED[:31], 1), (SEED, CAP + 1), (SEED, -1)):
        with pytest.raises(BadLowerBound):
            commit(seed, Steps(length))


@given(st.integers(0, 10**10))
def test_steps_for_an_amount_prove_it_and_one_less_does_not(fen: int) -> None:
    steps = steps_for(Fen(fen))
    assert amount_of(steps) >= fen
    assert steps == 0 or amount_of(Steps(steps - 1)) < fen
