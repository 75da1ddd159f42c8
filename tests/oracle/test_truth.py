"""The judge itself: each way to be wrong, told apart."""

import pytest

from tests.oracle.truth import Verdict, judge

RIGHT = Verdict(missing=(), foreign=(), repeated=(), out_of_order=())


@pytest.mark.parametrize(
    ("received", "verdict"),
    [
        pytest.param([1, 3, 4], RIGHT, id="all of it"),
        pytest.param(
            [1, 4], Verdict(missing=(3,), foreign=(), repeated=(), out_of_order=()), id="a gap"
        ),
        pytest.param(
            [1, 3, 3, 4],
            Verdict(missing=(), foreign=(), repeated=(3,), out_of_order=()),
            id="a repeat",
        ),
        pytest.param(
            [1, 4, 3],
            Verdict(missing=(), foreign=(), repeated=(), out_of_order=(3,)),
            id="out of order",
        ),
        pytest.param(
            [1, 2, 3, 4],
            Verdict(missing=(), foreign=(2,), repeated=(), out_of_order=()),
            id="what it may not see",
        ),
    ],
)
def test_a_verdict_says_what_is_wrong(received: list[int], verdict: Verdict) -> None:
    assert judge([1, 3, 4], received) == verdict
    assert bool(verdict) is (verdict != RIGHT)


def test_what_has_not_come_yet_is_told_apart_from_what_is_lost() -> None:
    verdict = judge([1, 3, 4], [1])
    assert verdict.only_behind(2)
    assert not verdict.only_behind(3)
