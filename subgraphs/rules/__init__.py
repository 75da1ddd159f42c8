"""Who counts as a qualified investor: published rule sets and the pure assessment of facts.

Laws: no clock, no database, no floats; a published version never changes (a test pins its digest);
an outcome always comes with the reasons that led to it.
"""

from subgraphs.rules.aggregate import AssetEvidence, Combined, combine_assets
from subgraphs.rules.assess import Assessment, Outcome, Reason, ReasonCode, assess
from subgraphs.rules.catalogue import RULE_SETS, UnknownRuleSet, current, rule_set
from subgraphs.rules.model import (
    AllOf,
    AnyOf,
    Evidence,
    Fact,
    Metric,
    RuleSet,
    RuleSetName,
    RuleSetStatus,
    Threshold,
)

__all__ = [
    "RULE_SETS",
    "AllOf",
    "AnyOf",
    "Assessment",
    "AssetEvidence",
    "Combined",
    "Evidence",
    "Fact",
    "Metric",
    "Outcome",
    "Reason",
    "ReasonCode",
    "RuleSet",
    "RuleSetName",
    "RuleSetStatus",
    "Threshold",
    "UnknownRuleSet",
    "assess",
    "combine_assets",
    "current",
    "rule_set",
]
