"""What a holder would come to under a rule set, and what she would have to show. Pure.

Laws: it is asked with what she holds, so it runs where that is known (her software, or the issuer
side on her own behalf) and never at a verifier; the plan shows as little as reaches the threshold:
bounds in whole units, of the fewest credentials, and a total only where units fall short of it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from subgraphs.rules.aggregate import AssetEvidence, Combined, combine_assets
from subgraphs.rules.assess import Outcome, assess
from subgraphs.rules.model import Evidence, Fact, Metric, RuleSet, thresholds
from subgraphs.vc.lower_bound import UNIT, Steps, amount_of, steps_of
from subgraphs.vc.money import Fen


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A credential in force, as its holder knows it. `trading_since` is her first trade."""

    credential: str
    issuer: str
    as_of: date
    total: Fen
    trading_since: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """What a threshold lacks, in fen or months."""

    metric: Metric
    short_by: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What to show of one credential: a lower bound, the total where units fall short of it, the
    first trade."""

    credential: str
    lower_bound: Fen | None = None
    total: bool = False
    experience: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """`missing` is empty and there is a plan where she qualifies; else the other way round."""

    outcome: Outcome
    missing: tuple[Missing, ...]
    plan: tuple[Step, ...]


def preview(held: Sequence[Held], rules: RuleSet) -> Preview:
    """The outcome if she showed all of the best close."""
    assets = combine_assets([_evidence(one) for one in held])
    facts = ([] if assets is None else [assets.fact]) + [
        Fact(metric=Metric.EXPERIENCE_MONTHS, value=months, evidence=Evidence.EXACT)
        for _, months in _experience(held)
    ]
    found = assess(facts, rules)
    if found.outcome is not Outcome.QUALIFIED:
        missing = tuple(
            Missing(metric=reason.metric, short_by=reason.short_by)
            for reason in found.reasons
            if reason.short_by
        )
        return Preview(outcome=found.outcome, missing=missing, plan=())
    return Preview(outcome=found.outcome, missing=(), plan=tuple(_plan(held, assets, rules)))


def _evidence(one: Held) -> AssetEvidence:
    return AssetEvidence(
        credential=one.credential,
        issuer=one.issuer,
        as_of=one.as_of,
        amount=one.total,
        evidence=Evidence.EXACT,
    )


def _experience(held: Iterable[Held]) -> Iterator[tuple[str, int]]:
    for one in held:
        if one.trading_since is not None:
            yield one.credential, months_between(one.trading_since, one.as_of)


def months_between(first: date, last: date) -> int:
    """Whole months, none below zero."""
    months = (last.year - first.year) * 12 + last.month - first.month
    return max(0, months - (1 if last.day < first.day else 0))


def _plan(held: Sequence[Held], assets: Combined | None, rules: RuleSet) -> Iterator[Step]:
    asked = [leaf for leaf in thresholds(rules.condition) if leaf.metric is Metric.FINANCIAL_ASSETS]
    months = [leaf for leaf in thresholds(rules.condition) if not leaf.metric.is_money]
    longest = max(_experience(held), key=lambda one: one[1], default=None)
    experienced = longest[0] if months and longest else None
    reached: dict[str, Fen | None] = {}
    if asked and assets is not None:
        needed = Fen(min(leaf.at_least for leaf in asked))
        counted = [one for one in held if one.credential in assets.counted]
        reached = _bounds(counted, needed) or _totals(counted, needed)
    for credential, bound in reached.items():
        yield Step(
            credential=credential,
            lower_bound=bound,
            total=bound is None,
            experience=credential == experienced,
        )
    if experienced is not None and experienced not in reached:
        yield Step(credential=experienced, experience=True)


def _greatest_first(counted: Iterable[Held]) -> list[Held]:
    return sorted(counted, key=lambda one: (-one.total, one.credential))


def _bounds(counted: Sequence[Held], needed: Fen) -> dict[str, Fen | None]:
    """Whole units that come to the amount; nothing where they do not."""
    missing, chosen = -(-needed // UNIT), dict[str, Fen | None]()
    for one in _greatest_first(counted):
        take = min(missing, steps_of(one.total))
        if take > 0:
            chosen[one.credential] = amount_of(Steps(take))
            missing -= take
    return chosen if missing <= 0 else {}


def _totals(counted: Sequence[Held], needed: Fen) -> dict[str, Fen | None]:
    """The greatest totals that come to the amount."""
    missing, chosen = int(needed), dict[str, Fen | None]()
    for one in _greatest_first(counted):
        if missing > 0:
            chosen[one.credential] = None
            missing -= one.total
    return chosen
