"""Assessment: what is proved decides, what is missing is said to the fen."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subgraphs.rules import (
    Evidence,
    Fact,
    Metric,
    Outcome,
    ReasonCode,
    assess,
    current,
    rule_set,
)
from subgraphs.vc.money import parse_amount

ASSETS, INCOME = Metric.FINANCIAL_ASSETS, Metric.MEAN_ANNUAL_INCOME_3Y
EXPERIENCE = Metric.EXPERIENCE_MONTHS
EXACT, BOUND = Evidence.EXACT, Evidence.LOWER_BOUND


def money(metric: Metric, amount: str, evidence: Evidence = EXACT) -> Fact:
    return Fact(metric=metric, value=parse_amount(amount), evidence=evidence)


def experience(months: int) -> Fact:
    return Fact(metric=EXPERIENCE, value=months, evidence=EXACT)


@pytest.mark.parametrize(
    ("facts", "outcome"),
    [
        pytest.param([money(ASSETS, "3200000.00")], Outcome.QUALIFIED, id="above"),
        pytest.param([money(ASSETS, "3000000.00")], Outcome.QUALIFIED, id="exactly at it"),
        pytest.param([money(ASSETS, "2999999.99")], Outcome.NOT_QUALIFIED, id="one fen short"),
        pytest.param(
            [money(ASSETS, "2999999.99", BOUND)],
            Outcome.INSUFFICIENT_EVIDENCE,
            id="a bound below it decides nothing",
        ),
        pytest.param([money(ASSETS, "3000000", BOUND)], Outcome.QUALIFIED, id="a bound at it"),
        pytest.param([money(INCOME, "500000")], Outcome.QUALIFIED, id="by income alone"),
        pytest.param(
            [money(ASSETS, "120000"), money(INCOME, "500000")],
            Outcome.QUALIFIED,
            id="income mends short assets",
        ),
        pytest.param(
            [money(ASSETS, "120000"), money(INCOME, "1", BOUND)],
            Outcome.INSUFFICIENT_EVIDENCE,
            id="an open bound keeps the question open",
        ),
        pytest.param([], Outcome.INSUFFICIENT_EVIDENCE, id="nothing shown"),
    ],
)
def test_private_fund(facts: list[Fact], outcome: Outcome) -> None:
    assert assess(facts, rule_set("PRIVATE_FUND@1")).outcome is outcome


@pytest.mark.parametrize(
    ("facts", "outcome"),
    [
        pytest.param([money(ASSETS, "5000000"), experience(24)], Outcome.QUALIFIED, id="both"),
        pytest.param(
            [money(ASSETS, "5000000")], Outcome.INSUFFICIENT_EVIDENCE, id="experience not shown"
        ),
        pytest.param(
            [money(ASSETS, "5000000"), experience(23)],
            Outcome.NOT_QUALIFIED,
            id="a month short of two years",
        ),
        pytest.param(
            [money(ASSETS, "4999999.99"), experience(24)],
            Outcome.NOT_QUALIFIED,
            id="one fen short",
        ),
    ],
)
def test_professional(facts: list[Fact], outcome: Outcome) -> None:
    assert assess(facts, rule_set("PROFESSIONAL@1")).outcome is outcome


def test_every_threshold_is_reported_and_says_what_is_missing() -> None:
    found = assess([money(ASSETS, "2999999.99")], rule_set("PRIVATE_FUND@1"))
    assert [(r.code, r.metric, r.short_by) for r in found.reasons] == [
        (ReasonCode.THRESHOLD_SHORT, ASSETS, 1),
        (ReasonCode.NO_EVIDENCE, INCOME, 50_000_000),
    ]


def test_the_decision_names_its_rule_version() -> None:
    rules = current("PRIVATE_FUND", on=date(2026, 11, 22))
    assert assess([], rules).rule_set == "PRIVATE_FUND@1"


@given(
    st.integers(min_value=0, max_value=10**9),
    st.integers(min_value=0, max_value=10**9),
    st.sampled_from(Evidence),
)
def test_showing_more_never_makes_it_worse(less: int, extra: int, evidence: Evidence) -> None:
    rules = rule_set("PRIVATE_FUND@1")
    low = Fact(metric=ASSETS, value=less, evidence=evidence)
    high = Fact(metric=ASSETS, value=less + extra, evidence=evidence)
    if assess([low], rules).outcome is Outcome.QUALIFIED:
        assert assess([high], rules).outcome is Outcome.QUALIFIED


@given(st.integers(min_value=0, max_value=10**12))
def test_a_lower_bound_never_refuses(value: int) -> None:
    fact = Fact(metric=ASSETS, value=value, evidence=BOUND)
    assert assess([fact], rule_set("PRIVATE_FUND@1")).outcome is not Outcome.NOT_QUALIFIED
