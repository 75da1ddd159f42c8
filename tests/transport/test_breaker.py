"""When a breaker opens, and how it closes again; time is a number the test turns."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.transport.breaker import Breaker, BreakerRules
from gateway.transport.retry import RetryBudget, RetryRules

RULES = BreakerRules(least=4, share=0.5, window=10, rest=2.0)


@dataclass
class Clock:
    seconds: float = 100.0

    def __call__(self) -> float:
        return self.seconds


def after(breaker: Breaker, outcomes: str) -> Breaker:
    """`+` a request that went well, `-` one that failed."""
    for outcome in outcomes:
        ticket = breaker.admit()
        if ticket is not None:
            breaker.record(ticket, good=outcome == "+")
    return breaker


@pytest.mark.parametrize(
    ("outcomes", "state"),
    [
        pytest.param("", "closed", id="nothing yet"),
        pytest.param("---", "closed", id="too few to judge"),
        pytest.param("----", "open", id="all of the least number"),
        pytest.param("++--", "open", id="half of them"),
        pytest.param("+++--", "closed", id="less than half"),
        pytest.param("--++++++", "closed", id="a bad start forgiven"),
    ],
)
def test_it_opens_at_its_share_of_failures(outcomes: str, state: str) -> None:
    assert after(Breaker(RULES, Clock()), outcomes).state == state


def test_switched_off_it_never_opens() -> None:
    assert after(Breaker(BreakerRules(least=0), Clock()), "-" * 100).state == "closed"


def test_old_failures_are_forgotten() -> None:
    clock = Clock()
    breaker = after(Breaker(RULES, clock), "---")
    clock.seconds += RULES.window
    assert after(breaker, "-").state == "closed"


def test_one_probe_at_a_time_after_the_rest() -> None:
    clock = Clock()
    breaker = after(Breaker(RULES, clock), "----")
    assert breaker.admit() is None
    clock.seconds += RULES.rest
    probe = breaker.admit()
    assert probe is not None
    assert (breaker.state, breaker.admit()) == ("half-open", None)
    breaker.record(probe, good=True)
    assert breaker.state == "closed"
    assert after(breaker, "---").state == "closed", "it starts counting anew"


def test_a_failed_probe_opens_it_for_another_rest() -> None:
    clock = Clock()
    breaker = after(Breaker(RULES, clock), "----")
    clock.seconds += RULES.rest
    after(breaker, "-")
    assert (breaker.state, breaker.admit()) == ("open", None)


def test_a_probe_that_says_nothing_is_given_back() -> None:
    clock = Clock()
    breaker = after(Breaker(RULES, clock), "----")
    clock.seconds += RULES.rest
    probe = breaker.admit()
    assert probe is not None
    breaker.forget(probe)
    assert breaker.admit() is not None


@pytest.mark.parametrize("good", [True, False])
def test_what_was_sent_before_it_opened_changes_nothing(good: bool) -> None:
    clock = Clock()
    breaker = Breaker(RULES, clock)
    early, later = breaker.admit(), breaker.admit()
    assert early is not None
    assert later is not None
    after(breaker, "----")
    clock.seconds += RULES.rest
    assert breaker.admit() is not None
    breaker.record(early, good=good)
    breaker.forget(later)
    assert (breaker.state, breaker.admit()) == ("half-open", None)


def test_a_budget_allows_a_share_of_the_traffic() -> None:
    clock = Clock()
    budget = RetryBudget(RetryRules(share=0.1, least=2.0, most=5.0), clock)
    assert [budget.spend() for _ in range(3)] == [True, True, False]
    for _ in range(30):
        budget.earn()
    assert [budget.spend() for _ in range(4)] == [True, True, True, False]
    clock.seconds += 60
    assert [budget.spend() for _ in range(6)] == [*[True] * 5, False], "no more than can be saved"


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 3)), max_size=200))
def test_retries_never_exceed_what_was_earned(steps: list[tuple[bool, int]]) -> None:
    clock = Clock()
    rules = RetryRules(share=0.2, least=1.0, most=10.0)
    budget, requests, retries = RetryBudget(rules, clock), 0, 0
    for retry, seconds in steps:
        clock.seconds += seconds
        if retry:
            retries += budget.spend()
        else:
            budget.earn()
            requests += 1
    assert retries <= rules.least + requests * rules.share + (clock.seconds - 100) * rules.least
