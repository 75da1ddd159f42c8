"""Rule sets are data; what was published stays as it was."""

import hashlib
from datetime import date

import pytest

from subgraphs.rules import RULE_SETS, RuleSet, RuleSetStatus, UnknownRuleSet, current, rule_set

PUBLISHED = {
    "PRIVATE_FUND@1": "c24bb69d1d6ccfb4",
    "PRIVATE_AMP@1": "6ad6247830ef174f",
    "PROFESSIONAL@1": "899264249afa44c2",
    "CONVERTED_PROFESSIONAL@1": "d81b7cee77f6c44e",
}


@pytest.mark.parametrize("rules", RULE_SETS, ids=lambda rules: rules.key)
def test_a_published_version_never_changes(rules: RuleSet) -> None:
    content = repr((rules.name, rules.version, rules.source, rules.effective_from, rules.condition))
    assert hashlib.sha256(content.encode()).hexdigest()[:16] == PUBLISHED[rules.key]


def test_names_and_versions_are_unique() -> None:
    assert len({rules.key for rules in RULE_SETS}) == len(RULE_SETS) == len(PUBLISHED)


def test_only_the_private_fund_rule_is_offered_in_this_release() -> None:
    offered = [rules.key for rules in RULE_SETS if rules.status is RuleSetStatus.OFFERED]
    assert offered == ["PRIVATE_FUND@1"]


@pytest.mark.parametrize(
    ("name", "day"),
    [
        pytest.param("PRIVATE_FUND", date(2014, 8, 20), id="the day before it took effect"),
        pytest.param("LOTTERY", date(2026, 1, 1), id="a name never published"),
    ],
)
def test_nothing_in_force_is_an_error(name: str, day: date) -> None:
    with pytest.raises(UnknownRuleSet):
        current(name, on=day)


def test_an_unpublished_version_is_an_error() -> None:
    with pytest.raises(UnknownRuleSet):
        rule_set("PRIVATE_FUND@2")
