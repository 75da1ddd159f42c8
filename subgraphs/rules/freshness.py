"""How old an issuer's last look at the assets may be when a proof is decided on: policy as data.

Beside the rule sets and not in them: a published version of a rule never changes, how fresh a proof
has to be may.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from subgraphs.rules.model import RuleSetName


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """For all versions of a rule set, from a day on."""

    rules: RuleSetName
    version: int
    within: timedelta
    effective_from: date


def _from_the_start(name: str, days: int) -> Freshness:
    within = timedelta(days=days)
    start = date(2014, 8, 21)
    return Freshness(rules=RuleSetName(name), version=1, within=within, effective_from=start)


# issuers look every 30 days; a working week more for an institution that was away
FRESHNESS: Final = (
    _from_the_start("PRIVATE_FUND", 37),
    _from_the_start("PRIVATE_AMP", 37),
    _from_the_start("PROFESSIONAL", 37),
    _from_the_start("CONVERTED_PROFESSIONAL", 37),
)


def fresh_within(
    rules: RuleSetName, *, on: date, among: Iterable[Freshness] = FRESHNESS
) -> timedelta | None:
    """The newest policy in force on the day; None where any age is good enough."""
    found = [one for one in among if one.rules == rules and one.effective_from <= on]
    return max(found, key=lambda one: one.version).within if found else None
