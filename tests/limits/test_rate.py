"""Token buckets: what a caller may spend, and when it may come back."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.limits.rate import RateRules, TokenBuckets

RULES = RateRules(refill=10.0, burst=100, callers=2)


def test_a_rested_caller_may_spend_a_burst_and_then_waits_for_the_refill() -> None:
    buckets = TokenBuckets(RULES)
    assert buckets.spend("a", 100, 0.0) == 0.0
    assert buckets.spend("a", 50, 0.0) == 5.0
    assert buckets.spend("a", 50, 5.0) == 0.0


def test_callers_do_not_pay_for_one_another() -> None:
    buckets = TokenBuckets(RULES)
    assert buckets.spend("a", 100, 0.0) == 0.0
    assert buckets.spend("b", 100, 0.0) == 0.0


def test_what_is_larger_than_the_bucket_passes_once_it_is_full_and_is_owed() -> None:
    buckets = TokenBuckets(RULES)
    assert buckets.spend("a", 300, 0.0) == 0.0
    assert buckets.spend("a", 1, 0.0) > 20


def test_only_so_many_callers_are_remembered() -> None:
    buckets = TokenBuckets(RULES)
    for caller in ("a", "b", "c"):
        assert buckets.spend(caller, 100, 0.0) == 0.0
    assert buckets.spend("a", 100, 0.0) == 0.0


@given(st.lists(st.tuples(st.floats(0, 5), st.integers(1, 100)), max_size=60))
def test_over_time_nobody_spends_more_than_burst_and_refill(
    steps: list[tuple[float, int]],
) -> None:
    buckets, now, spent = TokenBuckets(RULES), 0.0, 0
    for pause, cost in steps:
        now += pause
        if buckets.spend("a", cost, now) == 0.0:
            spent += cost
    assert spent <= RULES.burst + RULES.refill * now + 1e-6
