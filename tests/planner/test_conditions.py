"""Conditions mean what their guards say, however they were put together."""

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from gateway.plan.shape import ALWAYS, Guard, When
from gateway.planner.conditions import NEVER, any_of, both, either, implies, variables_of, within

_NAMES = "abc"
_guards = st.builds(Guard, st.sampled_from(_NAMES), st.booleans())
_plain = st.lists(st.lists(_guards, max_size=3), max_size=4).map(
    lambda terms: any_of(_all(term) for term in terms)
)


def _all(term: list[Guard]) -> When:
    total = ALWAYS
    for guard in term:
        total = both(total, ((guard,),))
    return total


def holds(when: When, values: dict[str, bool]) -> bool:
    return any(all(values[guard.variable] is guard.value for guard in term) for term in when)


def worlds() -> list[dict[str, bool]]:
    return [dict(zip(_NAMES, values, strict=True)) for values in product([True, False], repeat=3)]


@given(_plain, _plain)
def test_both_and_either_are_and_and_or(left: When, right: When) -> None:
    for values in worlds():
        mine, yours = holds(left, values), holds(right, values)
        assert holds(both(left, right), values) is (mine and yours)
        assert holds(either(left, right), values) is (mine or yours)


@given(_plain, _plain)
def test_implies_never_claims_too_much(left: When, right: When) -> None:
    if implies(left, right):
        assert all(holds(right, values) for values in worlds() if holds(left, values))


@given(_plain, _plain)
def test_what_is_left_within_a_context_is_enough(condition: When, context: When) -> None:
    for values in worlds():
        if holds(context, values):
            rest = within(both(condition, context), context)
            assert holds(rest, values) is holds(condition, values)


@given(_plain, _plain)
def test_the_order_of_putting_together_does_not_matter(left: When, right: When) -> None:
    assert either(left, right) == either(right, left)
    assert both(left, right) == both(right, left)


def test_a_guard_and_its_opposite_are_always_together_and_never_at_once() -> None:
    yes: When = ((Guard("a", value=True),),)
    no: When = ((Guard("a", value=False),),)
    assert either(yes, no) == ALWAYS
    assert both(yes, no) == NEVER
    assert variables_of(either(yes, NEVER)) == {"a"}
