"""Questions of analysts and their answers, from what cells tell. Pure.

Only whole months of Asia/Shanghai can be asked for. An answer lists every combination of the values
that it tells anything about: where it tells nothing, nobody may be behind it or up to four persons,
and the two look alike. Counts are rounded to K; a 95th percentile needs FOR_P95 events.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import MAXYEAR, datetime
from itertools import accumulate, product
from typing import Final

from subgraphs.audit.tally import BOUNDS, SPANS, K
from subgraphs.kit.errors import Invalid
from subgraphs.rules.calendar import SHANGHAI

MOST_MONTHS: Final = 36
MOST_BUCKETS: Final = 1_000
MIDDLE: Final = 16
"""Of a month: a bound after this day is nearer to the next one."""
FOR_P95: Final = 20
DIMENSIONS: Final = ("institution", "kind", "month", "outcome", "band")
RATES: Final[Mapping[str, tuple[str, str]]] = {
    "ACCEPTANCE_RATE": ("PRESENTATION_VERIFIED", "ACCEPTED"),
    "QUALIFICATION_RATE": ("QUALIFICATION_DECIDED", "QUALIFIED"),
}
"""The kind that is counted, and which of its outcomes the rate is of."""
METRICS: Final = ("EVENTS", *SPANS, *RATES)
OF_VERIFIERS: Final = (
    *("ENDORSEMENT_TO_SUSPENSION_SECONDS", "PRESENTATION_TO_CHECK_SECONDS"),
    *RATES,
)
"""What only verifiers' events make: whoever acted in them acted as a verifier."""
VERIFIER: Final = "verifier"


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
    """Every month of the range, `group_by` of DIMENSIONS or VERIFIER; Invalid for none, for too
    many, for a bound that no month begins with, and for a metric that is not told by a group."""
    wanted = {_dimension(metric, name) for name in group_by}
    if metric in RATES and wanted & {"outcome", "kind"}:
        raise Invalid(
            "a rate is over all outcomes of one kind", field="groupBy", code="GROUPING_UNSUPPORTED"
        )
    start, end = _month("from", since), _month("to", until)
    if end <= start:
        raise Invalid("no month begins in this range", field="from", code="PERIOD_TOO_SHORT")
    if end - start > MOST_MONTHS:
        raise Invalid(f"at most {MOST_MONTHS} months", field="to", code="MONTHS_TOO_MANY")
    return Question(
        metric=metric,
        group_by=tuple(name for name in DIMENSIONS if name in wanted),
        months=_named(start, end),
    )


def latest(metric: str, now: datetime) -> Question:
    """Over the month of `now` and the eleven before it, in one group."""
    at = now.astimezone(SHANGHAI)
    end = at.year * 12 + at.month
    return Question(metric=metric, group_by=(), months=_named(end - 12, end))


def _dimension(metric: str, name: str) -> str:
    """Verifiers are a dimension of what they alone do: a cell tells who acted, not as what."""
    if name != VERIFIER:
        return name
    if metric not in OF_VERIFIERS:
        raise Invalid(
            f"VERIFIER goes with {', '.join(OF_VERIFIERS)}; group {metric} by INSTITUTION",
            field="groupBy",
            code="GROUPING_UNSUPPORTED",
        )
    return "institution"


def _month(name: str, time: datetime) -> int:
    """Months since the year 0 of the one that begins then."""
    if time.tzinfo is None:
        raise Invalid("a time needs its zone", field=name, code="TIME_WITHOUT_OFFSET")
    count = time.year * 12 + time.month - 1
    for number in (count, count + 1):  # west of Shanghai it is still the day before
        if _begins(number) == time:
            return number
    meant = _begins(count + (time.day > MIDDLE))
    raise Invalid(
        f"no month of Asia/Shanghai begins then; {name}: {meant.isoformat()} is meant?",
        field=name,
        code="MONTH_INVALID",
    )


def _begins(number: int) -> datetime:
    return datetime(min(number // 12, MAXYEAR), number % 12 + 1, 1, tzinfo=SHANGHAI)


def _named(start: int, end: int) -> tuple[str, ...]:
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
