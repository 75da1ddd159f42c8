"""A second scenario is data alone; the quota holds to the last place (R75, R82)."""

from dataclasses import replace
from datetime import date

import pytest

from subgraphs.rules import AllOf, Metric, Outcome, RuleSet, RuleSetName, Threshold, assess
from subgraphs.rules.assess import Reason
from subgraphs.rules.catalogue import rule_set
from subgraphs.rules.model import Evidence, Fact, RuleSetStatus
from subgraphs.rules.scenarios import (
    PILOT,
    SCENARIOS,
    AdmissionReason,
    Scenario,
    ScenarioName,
    UnknownScenario,
    admit,
    scenario_on,
)
from subgraphs.vc.asset_proof import ASSET_PROOF_1

TODAY = date(2026, 11, 20)
CONNECT_RULES = RuleSet(
    name=RuleSetName("WEALTH_CONNECT"),
    version=1,
    title="Southbound investor of Wealth Management Connect (跨境理财通)",
    source="a test's rule, after the public scheme",
    effective_from=date(2026, 1, 1),
    status=RuleSetStatus.PUBLISHED,
    condition=AllOf(
        (
            Threshold(metric=Metric.EXPERIENCE_MONTHS, at_least=24),
            Threshold(metric=Metric.HOUSEHOLD_NET_FINANCIAL_ASSETS, at_least=100_000_000),
        )
    ),
)
CONNECT = Scenario(
    name=ScenarioName("WEALTH_CONNECT"),
    version=1,
    title="Wealth Management Connect (跨境理财通)",
    source="pilot form 2.5",
    schema="https://credgraph.example/schemas/household-proof/1",
    rule_sets=(CONNECT_RULES.key,),
    quota=None,
    effective_from=date(2026, 1, 1),
)


def reasons_of(scenario: Scenario, *, taking_part: int, already: bool = False) -> tuple[str, ...]:
    found = admit(scenario, bound=True, taking_part=taking_part, already=already, on=TODAY)
    return found.reasons


def test_a_second_scenario_with_a_rule_of_its_own_needs_no_code() -> None:
    found = scenario_on("WEALTH_CONNECT", on=TODAY, among=(*SCENARIOS, CONNECT))
    assert found.rule_sets == (CONNECT_RULES.key,)
    shown = [
        Fact(metric=Metric.EXPERIENCE_MONTHS, value=30, evidence=Evidence.EXACT),
        Fact(
            metric=Metric.HOUSEHOLD_NET_FINANCIAL_ASSETS,
            value=100_000_000,
            evidence=Evidence.LOWER_BOUND,
        ),
    ]
    decided = assess(shown, CONNECT_RULES)
    assert (decided.outcome, decided.rule_set) == (Outcome.QUALIFIED, "WEALTH_CONNECT@1")
    assert all(isinstance(reason, Reason) for reason in decided.reasons)


def test_the_thousandth_customer_takes_part_and_the_next_does_not() -> None:
    assert reasons_of(PILOT, taking_part=999) == ()
    assert reasons_of(PILOT, taking_part=1_000) == (AdmissionReason.QUOTA_FULL,)
    assert reasons_of(PILOT, taking_part=1_000, already=True) == ()
    assert reasons_of(CONNECT, taking_part=10**6) == ()


def test_a_wider_quota_is_a_new_version_and_the_old_one_stays() -> None:
    wider = replace(PILOT, version=2, quota=50_000, effective_from=date(2026, 6, 1))
    both = (PILOT, wider)
    assert scenario_on(PILOT.name, on=date(2026, 5, 31), among=both).quota == 1_000
    assert scenario_on(PILOT.name, on=date(2026, 6, 1), among=both).quota == 50_000


def test_every_reason_is_told_at_once() -> None:
    early = date(2020, 1, 1)
    found = admit(PILOT, bound=False, taking_part=5_000, already=False, on=early)
    assert set(found.reasons) == set(AdmissionReason)
    assert not found.admitted


def test_a_scenario_that_is_not_in_force_is_unknown() -> None:
    with pytest.raises(UnknownScenario):
        scenario_on("WEALTH_CONNECT", on=TODAY)


def test_the_scenarios_name_rule_sets_and_schemas_that_exist() -> None:
    for scenario in SCENARIOS:
        assert [rule_set(key).key for key in scenario.rule_sets] == list(scenario.rule_sets)
        assert scenario.schema == ASSET_PROOF_1.uri
