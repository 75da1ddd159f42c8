"""A preview: what would be missing, and the least that has to be shown."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subgraphs.rules import Metric, Outcome, rule_set
from subgraphs.rules.preview import Held, Missing, Step, preview
from subgraphs.vc.money import Fen, parse_amount

DAY, BEFORE = date(2026, 11, 20), date(2026, 11, 19)
FUND, PROFESSIONAL = rule_set("PRIVATE_FUND@1"), rule_set("PROFESSIONAL@1")


def held(name: str, total: str, as_of: date = DAY, since: date | None = None) -> Held:
    amount = parse_amount(total)
    return Held(
        credential=name, issuer=f"issuer-{name}", as_of=as_of, total=amount, trading_since=since
    )


def yuan(amount: int) -> Fen:
    return Fen(amount * 100)


def test_the_pilots_three_institutions_show_bounds_of_three_million() -> None:
    found = preview([held("b", "980000.00"), held("a", "1620000.00"), held("c", "550000.00")], FUND)
    assert (found.outcome, found.missing) == (Outcome.QUALIFIED, ())
    assert found.plan == (
        Step(credential="a", lower_bound=yuan(1_620_000)),
        Step(credential="b", lower_bound=yuan(980_000)),
        Step(credential="c", lower_bound=yuan(400_000)),
    )


@pytest.mark.parametrize(
    ("amounts", "outcome", "short"),
    [
        pytest.param(["2999999.99"], Outcome.NOT_QUALIFIED, 1, id="one fen short"),
        pytest.param([], Outcome.INSUFFICIENT_EVIDENCE, 300_000_000, id="nothing held"),
    ],
)
def test_what_is_missing(amounts: list[str], outcome: Outcome, short: int) -> None:
    found = preview([held(str(place), one) for place, one in enumerate(amounts)], FUND)
    assert (found.outcome, found.plan) == (outcome, ())
    assert found.missing == (
        Missing(metric=Metric.FINANCIAL_ASSETS, short_by=short),
        Missing(metric=Metric.MEAN_ANNUAL_INCOME_3Y, short_by=50_000_000),
    )


def test_totals_are_shown_only_where_units_fall_short() -> None:
    found = preview([held("a", "1500005.00"), held("b", "1499995.00")], FUND)
    assert [step.total for step in found.plan] == [True, True]


def test_two_closes_do_not_add_up() -> None:
    found = preview([held("a", "2000000.00"), held("b", "2000000.00", BEFORE)], FUND)
    assert found.outcome is Outcome.INSUFFICIENT_EVIDENCE
    assert found.missing[0].short_by == 100_000_000


def test_experience_is_planned_where_the_rule_asks_for_it() -> None:
    rich = held("a", "6000000.00")
    old = held("b", "10000.00", since=date(2020, 1, 1))
    found = preview([rich, old], PROFESSIONAL)
    assert found.plan == (
        Step(credential="a", lower_bound=yuan(5_000_000)),
        Step(credential="b", experience=True),
    )
    young = preview([rich, held("b", "10000.00", since=date(2025, 11, 21))], PROFESSIONAL)
    assert Missing(metric=Metric.EXPERIENCE_MONTHS, short_by=13) in young.missing


@given(st.lists(st.integers(min_value=0, max_value=10**9), max_size=8))
def test_a_plan_reaches_the_threshold_and_never_shows_more_than_there_is(totals: list[int]) -> None:
    held_by = {
        str(place): Held(credential=str(place), issuer=str(place), as_of=DAY, total=Fen(total))
        for place, total in enumerate(totals)
    }
    found = preview(list(held_by.values()), FUND)
    shown = [
        held_by[step.credential].total if step.lower_bound is None else step.lower_bound
        for step in found.plan
    ]
    assert (found.outcome is Outcome.QUALIFIED) == (sum(totals) >= 300_000_000) == bool(shown)
    assert not shown or sum(shown) >= 300_000_000
    assert all(
        step.lower_bound is None or step.lower_bound <= held_by[step.credential].total
        for step in found.plan
    )
