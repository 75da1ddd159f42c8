"""The published rule sets. To change a rule, add a version; never edit one that was published."""

from collections.abc import Iterable
from datetime import date
from typing import Final

from subgraphs.rules.model import (
    AllOf,
    AnyOf,
    Metric,
    RuleSet,
    RuleSetName,
    RuleSetStatus,
    Threshold,
)


class UnknownRuleSet(LookupError):
    """No rule set of that name and version was ever published."""

    code = "RULE_SET_UNKNOWN"

    def __init__(self, key: str) -> None:
        super().__init__("no rule set of that name and version")
        self.key = key[:80]


def _yuan(metric: Metric, amount: int) -> Threshold:
    return Threshold(metric=metric, at_least=amount * 100)


def _years(count: int) -> Threshold:
    return Threshold(metric=Metric.EXPERIENCE_MONTHS, at_least=count * 12)


RULE_SETS: Final[tuple[RuleSet, ...]] = (
    RuleSet(
        name=RuleSetName("PRIVATE_FUND"),
        version=1,
        title="Qualified investor, private fund (私募基金合格投资者)",
        source="私募投资基金监督管理暂行办法 第十二条",
        effective_from=date(2014, 8, 21),
        status=RuleSetStatus.OFFERED,
        condition=AnyOf(
            (
                _yuan(Metric.FINANCIAL_ASSETS, 3_000_000),
                _yuan(Metric.MEAN_ANNUAL_INCOME_3Y, 500_000),
            )
        ),
    ),
    RuleSet(
        name=RuleSetName("PRIVATE_AMP"),
        version=1,
        title="Qualified investor, private asset-management plan (私募资产管理计划合格投资者)",
        source="关于规范金融机构资产管理业务的指导意见 第五条",
        effective_from=date(2018, 4, 27),
        status=RuleSetStatus.PUBLISHED,
        condition=AllOf(
            (
                _years(2),
                AnyOf(
                    (
                        _yuan(Metric.HOUSEHOLD_NET_FINANCIAL_ASSETS, 3_000_000),
                        _yuan(Metric.HOUSEHOLD_FINANCIAL_ASSETS, 5_000_000),
                        _yuan(Metric.MEAN_ANNUAL_INCOME_3Y, 400_000),
                    )
                ),
            )
        ),
    ),
    RuleSet(
        name=RuleSetName("PROFESSIONAL"),
        version=1,
        title="Professional investor, natural person (自然人专业投资者)",
        source="证券期货投资者适当性管理办法 第八条",
        effective_from=date(2017, 7, 1),
        status=RuleSetStatus.PUBLISHED,
        condition=AllOf(
            (
                AnyOf(
                    (
                        _yuan(Metric.FINANCIAL_ASSETS, 5_000_000),
                        _yuan(Metric.MEAN_ANNUAL_INCOME_3Y, 500_000),
                    )
                ),
                _years(2),
            )
        ),
    ),
    RuleSet(
        name=RuleSetName("CONVERTED_PROFESSIONAL"),
        version=1,
        title="Ordinary investor converted to professional (普通投资者转化为专业投资者)",
        source="证券期货投资者适当性管理办法 第十一条",
        effective_from=date(2017, 7, 1),
        status=RuleSetStatus.PUBLISHED,
        condition=AllOf(
            (
                AnyOf(
                    (
                        _yuan(Metric.FINANCIAL_ASSETS, 3_000_000),
                        _yuan(Metric.MEAN_ANNUAL_INCOME_3Y, 300_000),
                    )
                ),
                _years(1),
            )
        ),
    ),
)


def rule_set(key: str, *, among: Iterable[RuleSet] = RULE_SETS) -> RuleSet:
    """By `NAME@version`; old decisions are read with the version they name."""
    for rules in among:
        if rules.key == key:
            return rules
    raise UnknownRuleSet(key)


def current(name: str, *, on: date, among: Iterable[RuleSet] = RULE_SETS) -> RuleSet:
    """The latest version of that name in force on the day."""
    in_force = [r for r in among if r.name == name and r.effective_from <= on]
    if not in_force:
        raise UnknownRuleSet(name)
    return max(in_force, key=lambda rules: rules.version)
