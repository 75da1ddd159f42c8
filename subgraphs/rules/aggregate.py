"""Several asset proofs become one fact.

Laws: only proofs of the same close add up, for at one close the same money can sit in one place
only; two proofs of one issuer at one close describe the same books and count once, the larger;
whatever had to be left out turns the sum into a lower bound.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from subgraphs.rules.model import Evidence, Fact, Metric
from subgraphs.vc.money import Fen


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetEvidence:
    """What one credential shows of the holder's financial assets at one issuer."""

    credential: str
    issuer: str
    as_of: date
    amount: Fen
    evidence: Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Combined:
    """The fact, which proofs were counted, and why others were not (`ASOF_SKEW`, `SAME_BOOKS`)."""

    fact: Fact
    as_of: date
    counted: tuple[str, ...]
    left_out: tuple[tuple[str, str], ...]


def combine_assets(items: Sequence[AssetEvidence]) -> Combined | None:
    """The best single close; None when nothing was shown. Ties go to the later close."""
    if not items:
        return None
    kept, left_out = _one_per_books(items)
    closes = {item.as_of for item in kept}
    best = max(closes, key=lambda close: (_sum(kept, close), close))
    counted = [item for item in kept if item.as_of == best]
    left_out += [(item.credential, "ASOF_SKEW") for item in kept if item.as_of != best]
    whole = not left_out and all(item.evidence is Evidence.EXACT for item in counted)
    return Combined(
        fact=Fact(
            metric=Metric.FINANCIAL_ASSETS,
            value=_sum(kept, best),
            evidence=Evidence.EXACT if whole else Evidence.LOWER_BOUND,
        ),
        as_of=best,
        counted=tuple(item.credential for item in counted),
        left_out=tuple(left_out),
    )


def _one_per_books(
    items: Sequence[AssetEvidence],
) -> tuple[list[AssetEvidence], list[tuple[str, str]]]:
    kept: dict[tuple[str, date], AssetEvidence] = {}
    left_out: list[tuple[str, str]] = []
    for item in sorted(items, key=lambda item: (-item.amount, item.credential)):
        books = (item.issuer, item.as_of)
        if books not in kept:
            kept[books] = item
        elif kept[books].credential != item.credential:
            left_out.append((item.credential, "SAME_BOOKS"))
    return list(kept.values()), left_out


def _sum(items: Sequence[AssetEvidence], close: date) -> int:
    return sum(item.amount for item in items if item.as_of == close)
