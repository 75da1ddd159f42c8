"""Rule sets and facts as data.

A condition is a tree of thresholds; a fact says how much was shown of one metric and whether that
is the whole of it or only a lower bound.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import NewType, TypeAlias

from ledger_adapter.crypto import sm3

RuleSetName = NewType("RuleSetName", str)


class Metric(StrEnum):
    """What a threshold measures: CNY metrics in fen, experience in whole months."""

    FINANCIAL_ASSETS = "FINANCIAL_ASSETS"
    MEAN_ANNUAL_INCOME_3Y = "MEAN_ANNUAL_INCOME_3Y"
    HOUSEHOLD_FINANCIAL_ASSETS = "HOUSEHOLD_FINANCIAL_ASSETS"
    HOUSEHOLD_NET_FINANCIAL_ASSETS = "HOUSEHOLD_NET_FINANCIAL_ASSETS"
    EXPERIENCE_MONTHS = "EXPERIENCE_MONTHS"

    @property
    def is_money(self) -> bool:
        return self is not Metric.EXPERIENCE_MONTHS


class Evidence(StrEnum):
    """EXACT: the total was disclosed. LOWER_BOUND: at least this much is proved, perhaps more."""

    EXACT = "EXACT"
    LOWER_BOUND = "LOWER_BOUND"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """What the presented proofs show of one metric."""

    metric: Metric
    value: int
    evidence: Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """Met from `at_least` upwards, the value itself included."""

    metric: Metric
    at_least: int


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every part must be met."""

    parts: "tuple[Condition, ...]"


@dataclass(frozen=True, slots=True)
class AnyOf:
    """One part met is enough."""

    parts: "tuple[Condition, ...]"


Condition: TypeAlias = Threshold | AllOf | AnyOf


class RuleSetStatus(StrEnum):
    """OFFERED may be asked for today; PUBLISHED is known, but its evidence is not yet collected."""

    OFFERED = "OFFERED"
    PUBLISHED = "PUBLISHED"


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSet:
    """One immutable version: a decision keeps the version it was made under."""

    name: RuleSetName
    version: int
    title: str
    source: str
    effective_from: date
    status: RuleSetStatus
    condition: Condition

    @property
    def key(self) -> str:
        """`NAME@version`, the form decisions and events carry."""
        return f"{self.name}@{self.version}"

    @property
    def digest(self) -> str:
        """What the version says, as one hash: a decision keeps it beside the key."""
        said = (self.key, self.effective_from.isoformat(), _said(self.condition))
        return f"sm3:{sm3.digest(repr(said).encode()).hex()}"


def _said(condition: "Condition") -> tuple[object, ...]:
    match condition:
        case Threshold():
            return (condition.metric.value, condition.at_least)
        case AllOf(parts):
            return ("ALL", *(_said(part) for part in parts))
        case AnyOf(parts):
            return ("ANY", *(_said(part) for part in parts))


def thresholds(condition: Condition) -> tuple[Threshold, ...]:
    """The leaves in the order the rule text names them."""
    match condition:
        case Threshold():
            return (condition,)
        case AllOf(parts) | AnyOf(parts):
            return tuple(leaf for part in parts for leaf in thresholds(part))
