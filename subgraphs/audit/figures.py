"""Questions of analysts and their answers, from what cells tell. Pure.

Only whole months can be asked for. An answer lists every combination of the values that it tells
anything about: where it tells nothing, nobody may be behind it or up to four persons, and the two
look alike. Counts are rounded to K; a 95th percentile needs FOR_P95 events.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate, product
from typing import Final

from subgraphs.audit.tally import BOUNDS, SPANS, K
from subgraphs.kit.errors import Invalid
from subgraphs.rules.calendar import SHANGHAI

MOST_MONTHS: Final = 36
MOST_BUCKETS: Final = 1_000
FOR_P95: Final = 20
DIMENSIONS: Final = ("institution", "kind", "month", "outcome", "band")
RATES: Final[Mapping[str, tuple[str, str]]] = {
    "ACCEPTANCE_RATE": ("PRESENTATION_VERIFIED", "ACCEPTED"),
    "QUALIFICATION_RATE": ("QUALIFICATION_DECIDED", "QUALIFIED"),
}
"""The kind that is counted, and which of its outcomes the rate is of."""
METRICS: Final = ("EVENTS", *SPANS, *RATES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """`group_by` are names of DIMENSIONS, in a fixed order; `months` in order, without gaps."""

    metric: str
    group_by: tuple[str, ...]
    months: tuple[str, ...]

    @property
    def digestible(self) -> list[object]:
        """What makes two questions the same."""
        return [self.metric, list(self.group_by), list(self.months)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A group as the cells tell it: values in the order of `group_by`, exact sums."""

    values: tuple[str, ...]
    count: int
    good: int = 0
    steps: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """What an analyst gets: nothing but `values` where it is suppressed."""

    values: tuple[str, ...]
    count: int | None = None
    rate: float | None = None
    p50: int | None = None
    p95: int | None = None


def question(metric: str, group_by: Iterable[str], since: datetime, until: datetime) -> Question:
    """Every month that begins in the range; Invalid for none, or for too many."""
    for name, time in (("from", since), ("to", until)):
        if time.tzinfo is None:
            raise Invalid("a time needs its zone", field=name, code="TIME_WITHOUT_OFFSET")
    wanted = set(group_by)
    if metric in RATES and wanted & {"outcome", "kind"}:
        raise Invalid(
            "a rate is over all outcomes of one kind", field="groupBy", code="GROUPING_UNSUPPORTED"
        )
    return Question(
        metric=metric,
        group_by=tuple(name for name in DIMENSIONS if name in wanted),
        months=_months(since, until),
    )


def _months(since: datetime, until: datetime) -> tuple[str, ...]:
    first, last = since.astimezone(SHANGHAI), until.astimezone(SHANGHAI)
    whole = first == first.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    start = first.year * 12 + first.month - (1 if whole else 0)
    on_edge = last == last.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    end = last.year * 12 + last.month - (1 if on_edge else 0)
    if end <= start:
        raise Invalid("no month begins in this range", field="from", code="PERIOD_TOO_SHORT")
    if end - start > MOST_MONTHS:
        raise Invalid(f"at most {MOST_MONTHS} months", field="to", code="MONTHS_TOO_MANY")
    return tuple(f"{number // 12:04}-{number % 12 + 1:02}" for number in range(start, end))


def buckets(asked: Question, told: Sequence[Told]) -> list[Bucket]:
    """One for each combination of values; Invalid when they are too many."""
    known = {one.values: one for one in told if one.count >= K}
    axes = [
        list(asked.months) if name == "month" else sorted({values[place] for values in known})
        for place, name in enumerate(asked.group_by)
    ]
    size = 1
    for axis in axes:
        size *= len(axis)
    if size > MOST_BUCKETS:
        raise Invalid(
            f"more than {MOST_BUCKETS} groups; ask for fewer months or dimensions",
            field="groupBy",
            code="GROUPS_TOO_MANY",
        )
    return [_bucket(asked, values, known.get(values)) for values in product(*axes)]


def _bucket(asked: Question, values: tuple[str, ...], told: Told | None) -> Bucket:
    if told is None:
        return Bucket(values=values)
    return Bucket(
        values=values,
        count=rounded(told.count),
        rate=round(told.good / told.count, 2) if asked.metric in RATES else None,
        p50=percentile(told.steps, 50) if asked.metric in SPANS else None,
        p95=percentile(told.steps, 95) if told.count >= FOR_P95 else None,
    )


def rounded(count: int) -> int:
    """To the nearest multiple of K."""
    return (count + K // 2) // K * K


def percentile(steps: Sequence[int], percent: int) -> int | None:
    """The step, in seconds, that so many of a hundred lie under; None past the last one."""
    total = sum(steps)
    need = -(-total * percent // 100)
    if total:
        for place, reached in enumerate(accumulate(steps)):
            if reached >= need:
                return BOUNDS[place] if place < len(BOUNDS) else None
    return None
