"""Facts against a rule set, with every reason.

Laws: a threshold nobody offered evidence for decides nothing; a lower bound can meet a threshold
but never miss one; one exact figure that is short, with nothing else open, is a refusal. All
thresholds are reported, none is hidden by the first that decides.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from subgraphs.rules.model import (
    AllOf,
    AnyOf,
    Condition,
    Evidence,
    Fact,
    Metric,
    RuleSet,
    Threshold,
    thresholds,
)


class Outcome(StrEnum):
    """REVIEW, a person has to decide, is never this module's answer."""

    QUALIFIED = "QUALIFIED"
    NOT_QUALIFIED = "NOT_QUALIFIED"
    INSUFFICIENT_EVIDENCE = "INSUFFICIENT_EVIDENCE"
    REVIEW = "REVIEW"


class ReasonCode(StrEnum):
    """What one threshold came to; the last two are the double-count guard's word on it."""

    THRESHOLD_MET = "THRESHOLD_MET"
    THRESHOLD_SHORT = "THRESHOLD_SHORT"
    BOUND_TOO_LOW = "BOUND_TOO_LOW"
    NO_EVIDENCE = "NO_EVIDENCE"
    DOUBLE_COUNT = "DOUBLE_COUNT"
    MAY_COUNT_TWICE = "MAY_COUNT_TWICE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """`short_by` is what is missing to the threshold; 0 when it is met."""

    code: ReasonCode
    metric: Metric
    required: int
    shown: int | None
    short_by: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """An outcome under one version of the rules."""

    rule_set: str
    outcome: Outcome
    reasons: tuple[Reason, ...]


_OUTCOME: Final = {
    ReasonCode.THRESHOLD_MET: Outcome.QUALIFIED,
    ReasonCode.THRESHOLD_SHORT: Outcome.NOT_QUALIFIED,
    ReasonCode.BOUND_TOO_LOW: Outcome.INSUFFICIENT_EVIDENCE,
    ReasonCode.NO_EVIDENCE: Outcome.INSUFFICIENT_EVIDENCE,
}
_ANY_ORDER: Final = (
    ReasonCode.THRESHOLD_MET,
    ReasonCode.BOUND_TOO_LOW,
    ReasonCode.THRESHOLD_SHORT,
    ReasonCode.NO_EVIDENCE,
)
_ALL_ORDER: Final = (
    ReasonCode.THRESHOLD_SHORT,
    ReasonCode.BOUND_TOO_LOW,
    ReasonCode.NO_EVIDENCE,
    ReasonCode.THRESHOLD_MET,
)


def assess(facts: Iterable[Fact], rules: RuleSet) -> Assessment:
    """At most one fact a metric is used: of several, the one that shows most."""
    shown = _strongest(facts)
    reasons = tuple(_measure(leaf, shown.get(leaf.metric)) for leaf in thresholds(rules.condition))
    outcome = _OUTCOME[_decide(rules.condition, shown)]
    return Assessment(rule_set=rules.key, outcome=outcome, reasons=reasons)


def _strongest(facts: Iterable[Fact]) -> dict[Metric, Fact]:
    best: dict[Metric, Fact] = {}
    for fact in facts:
        held = best.get(fact.metric)
        if held is None or fact.value > held.value:
            best[fact.metric] = fact
    return best


def _measure(leaf: Threshold, fact: Fact | None) -> Reason:
    value = None if fact is None else fact.value
    return Reason(
        code=_leaf_code(leaf, fact),
        metric=leaf.metric,
        required=leaf.at_least,
        shown=value,
        short_by=max(0, leaf.at_least - (value or 0)),
    )


def _leaf_code(leaf: Threshold, fact: Fact | None) -> ReasonCode:
    if fact is None:
        return ReasonCode.NO_EVIDENCE
    if fact.value >= leaf.at_least:
        return ReasonCode.THRESHOLD_MET
    if fact.evidence is Evidence.EXACT:
        return ReasonCode.THRESHOLD_SHORT
    return ReasonCode.BOUND_TOO_LOW


def _decide(condition: Condition, shown: dict[Metric, Fact]) -> ReasonCode:
    match condition:
        case Threshold():
            return _leaf_code(condition, shown.get(condition.metric))
        case AnyOf(parts):
            return _first_of(_ANY_ORDER, parts, shown)
        case AllOf(parts):
            return _first_of(_ALL_ORDER, parts, shown)


def _first_of(
    order: tuple[ReasonCode, ...], parts: tuple[Condition, ...], shown: dict[Metric, Fact]
) -> ReasonCode:
    return min((_decide(part, shown) for part in parts), key=order.index)
