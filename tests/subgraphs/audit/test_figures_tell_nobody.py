"""No two answers isolate a group under five: random towns, questions and moments; planted attacks.

The judge knows nothing of cells: it counts by itself, from the log alone, which events stand behind
a figure, and asks who is in one answer and not in the other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import combinations, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger_adapter.port import LoggedEvent
from subgraphs.audit.figures import METRICS, RATES, Question, Told, buckets, rounded
from subgraphs.audit.tally import BOUNDS, SPANS, Cell, CellKey, facts_of, fold
from subgraphs.demo.pilot import CAITONG_FUND, GUOTAI_JUNAN
from subgraphs.kit.ids import institution_id
from tests.subgraphs.audit.town import Happening, logged, told

FEWEST = 5  # the figure, not the code's
HOUSES = (institution_id(GUOTAI_JUNAN.uscc), institution_id(CAITONG_FUND.uscc))
MONTHS = ("2026-06", "2026-07")
KINDS = {
    "CREDENTIAL_REQUESTED": [""],
    "PRESENTATION_VERIFIED": ["ACCEPTED", "REJECTED"],
    "PERMISSION_SUSPENDED": [""],
}
MOSTLY_THE_FIRST = st.sampled_from([0] * 7 + [1])  # so that cells fill, by few persons often
HAPPENINGS = st.builds(
    lambda kind, person, house, month, pick, seconds: Happening(
        person=person,
        institution=HOUSES[house],
        kind=kind,
        month=month,
        outcome=KINDS[kind][pick % len(KINDS[kind])],
        seconds=seconds if kind == "PERMISSION_SUSPENDED" else None,
    ),
    kind=st.sampled_from(sorted(KINDS)),
    person=st.integers(0, 7),
    house=MOSTLY_THE_FIRST,
    month=MOSTLY_THE_FIRST,
    pick=st.integers(0, 1),
    seconds=st.none() | st.integers(0, 90_000),
)
QUESTIONS = [
    Question(metric=metric, group_by=group_by, months=months)
    for metric in METRICS
    for group_by in (
        *((), ("institution",), ("month",), ("institution", "month")),
        *((("kind",), ("kind", "month"), ("kind", "outcome")) if metric not in RATES else ()),
    )
    for months in (MONTHS, MONTHS[:1], MONTHS[1:])
]
Crowd = frozenset[int]
Groups = Mapping[tuple[str, ...], Crowd]


def cells_of(events: Sequence[LoggedEvent], *, batch: int = 7) -> dict[CellKey, Cell]:
    """As the follower makes them, batch by batch; beginnings are those of all events before."""
    cells = dict[CellKey, Cell]()
    for start in range(0, len(events), batch):
        began = {
            (event.envelope.kind, subject): event.envelope.at
            for event in events[:start]
            for subject in event.envelope.subjects
        }
        facts = facts_of(events[start : start + batch], began)  # type: ignore[arg-type]
        cells |= fold(cells, facts)
    return cells


def answered(cells: Mapping[CellKey, Cell], asked: Question) -> list[Told]:
    """What the aggregation over these cells answers (`test_stats.py` runs it on the database)."""
    groups = defaultdict[tuple[str, ...], list[Cell]](list)
    for key, cell in cells.items():
        kind_is_meant = asked.metric not in RATES or key.kind == RATES[asked.metric][0]
        span_is_meant = asked.metric not in SPANS or key.span == asked.metric
        if cell.count and key.month in asked.months and kind_is_meant and span_is_meant:
            groups[tuple(getattr(key, name) for name in asked.group_by)].append(cell)
    return [
        Told(
            values=values,
            count=sum(cell.count for cell in some),
            good=sum(cell.count for cell in some if cell.key.outcome == "ACCEPTED"),
            steps=tuple(map(sum, zip(*(cell.steps for cell in some), strict=True)))
            if asked.metric in SPANS
            else (),
        )
        for values, some in groups.items()
    ]


def behind(events: Sequence[LoggedEvent], asked: Question) -> Groups:
    """Which events stand behind each figure, worked out anew: whoever waits is not counted."""
    waiting = defaultdict[tuple[str, ...], list[int]](list)
    groups = defaultdict[tuple[str, ...], set[int]](set)
    for place, event in enumerate(events):
        told_as = _told_as(events, place)
        waiting[told_as].append(place)
        if len({_person(events[one]) for one in waiting[told_as]}) < FEWEST:
            continue
        crowd = waiting.pop(told_as)
        if _is_meant(told_as, asked):
            groups[tuple(told_as[_SIDES.index(name)] for name in asked.group_by)] |= set(crowd)
        assert event.envelope.kind == told_as[1]
    return {values: frozenset(crowd) for values, crowd in groups.items()}


_SIDES = ("institution", "kind", "month", "outcome", "span")


def _told_as(events: Sequence[LoggedEvent], place: int) -> tuple[str, ...]:
    envelope = events[place].envelope
    month = "2026-06" if envelope.at.month == 6 else "2026-07"
    outcome = envelope.body.get("result") or envelope.body.get("effect") or ""
    spans = envelope.kind == "PERMISSION_SUSPENDED" and any(
        one.envelope.kind == "CREDENTIAL_ENDORSED"
        and set(one.envelope.subjects) & {s for s in envelope.subjects if s.startswith("cred_")}
        for one in events[:place]
    )
    span = "ENDORSEMENT_TO_SUSPENSION_SECONDS" if spans else ""
    return (envelope.institutions[0], envelope.kind, month, str(outcome), span)


def _is_meant(told_as: tuple[str, ...], asked: Question) -> bool:
    _, kind, month, _, span = told_as
    if asked.metric in SPANS and span != asked.metric:
        return False
    if asked.metric in RATES and kind != RATES[asked.metric][0]:
        return False
    return month in asked.months


def _person(event: LoggedEvent) -> str:
    return next(s for s in event.envelope.subjects if s.startswith("hold_"))


def persons(events: Sequence[LoggedEvent], crowd: Crowd) -> int:
    return len({_person(events[place]) for place in crowd})


@given(
    town=st.lists(HAPPENINGS, min_size=30, max_size=60),  # fewer fill no cell
    moments=st.tuples(st.integers(0, 30), st.integers(0, 30)),  # so many events before the end
    data=st.data(),
)
@settings(deadline=None, max_examples=100)
def test_no_two_answers_isolate_fewer_than_five(
    town: list[Happening], moments: tuple[int, int], data: st.DataObject
) -> None:
    events = logged(told(town))
    crowds: list[Crowd] = []
    for moment in moments:
        asked = data.draw(st.sampled_from(QUESTIONS))
        seen = events[: len(events) - moment]
        groups = behind(seen, asked)
        cells = cells_of(seen, batch=data.draw(st.integers(1, 9)))
        sums = {one.values: one.count for one in answered(cells, asked)}
        assert sums == {values: len(crowd) for values, crowd in groups.items()}
        shown = buckets(asked, answered(cells, asked))
        for one in shown:
            crowd = groups.get(one.values, frozenset())
            assert one.count == (rounded(len(crowd)) if crowd else None)
        crowds += [*groups.values(), *_unions(list(groups.values()))]
    for crowd, other in combinations(crowds, 2):
        for left in (crowd - other, other - crowd):
            assert not 0 < persons(events, left) < FEWEST, "a difference isolates a few"


def _unions(crowds: Sequence[Crowd]) -> list[Crowd]:
    """Sums of figures are figures too: of each pair, and of all."""
    pairs = [a | b for a, b in list(combinations(crowds, 2))[:20]]
    return [*pairs, frozenset().union(*crowds)] if crowds else []


@given(town=st.lists(HAPPENINGS, max_size=40), cut=st.integers(0, 40))
@settings(deadline=None, max_examples=60)
def test_batches_and_repeats_change_no_cell(town: list[Happening], cut: int) -> None:
    events = logged(told(town))
    whole = cells_of(events, batch=1_000)
    assert cells_of(events, batch=1) == whole
    again = fold(whole, facts_of(events[:cut], {}))
    repeated = {key: cell for key, cell in again.items() if key in whole}
    assert repeated == {key: whole[key] for key in repeated}


def crowd_at(house: int, count: int, *, first: int = 0, **more: object) -> list[Happening]:
    return [
        Happening(
            person=first + n,
            institution=HOUSES[house],
            kind=str(more.get("kind", "PRESENTATION_VERIFIED")),
            outcome=str(more.get("outcome", "ACCEPTED")),
            month=int(str(more.get("month", 0))),
            seconds=30,
        )
        for n in range(count)
    ]


def counts(
    town: Sequence[Happening], *group_by: str, metric: str = "EVENTS"
) -> dict[tuple[str, ...], int | None]:
    asked = Question(metric=metric, group_by=group_by, months=MONTHS)
    cells = cells_of(logged(told(town)))
    return {one.values: one.count for one in buckets(asked, answered(cells, asked))}


@pytest.mark.parametrize("few", [1, 2, 4])
def test_attack_total_minus_the_others(few: int) -> None:
    """The total of a house less its accepted ones would be its few rejected ones."""
    town = crowd_at(0, 20) + crowd_at(0, few, first=50, outcome="REJECTED")
    assert counts(town, "institution") == counts(crowd_at(0, 20), "institution")
    assert counts(town) == counts(crowd_at(0, 20))
    assert counts(town, "outcome") == {("ACCEPTED",): 20}


def test_attack_before_and_after_one_person() -> None:
    """Who asks again after each event learns of no event by itself."""
    town = crowd_at(0, 40)
    told_of = [counts(town[:n]).get(()) or 0 for n in range(41)]
    steps = {b - a for a, b in pairwise(told_of)}
    assert steps == {0, 5}


def test_attack_with_a_person_the_attacker_knows() -> None:
    """Four of her own accounts in a cell do not open it for the one beside them, told or not."""
    own = crowd_at(0, 4)
    assert counts(own) == counts([*own, *own]) == {(): None}
    victim = crowd_at(0, 1, first=99, outcome="REJECTED")
    assert counts([*own, *victim]) == {(): None}


def test_attack_by_the_metric() -> None:
    """Suspensions less timed suspensions would be those few that nothing was endorsed before."""
    timed = crowd_at(0, 10, kind="PERMISSION_SUSPENDED", outcome="")
    loose = [
        Happening(person=70 + n, institution=HOUSES[0], kind="PERMISSION_SUSPENDED")
        for n in range(3)
    ]
    metric = "ENDORSEMENT_TO_SUSPENSION_SECONDS"
    all_of_them = counts([*timed, *loose], "kind")[("PERMISSION_SUSPENDED",)]
    assert all_of_them == counts([*timed, *loose], metric=metric)[()] == 10


def test_attack_by_what_is_missing() -> None:
    """A group of nobody and a group of four look alike."""
    told_twice = crowd_at(0, 10) + crowd_at(1, 10, month=1)
    with_four = told_twice + crowd_at(1, 4, first=60, month=0)
    assert counts(with_four, "institution", "month") == counts(told_twice, "institution", "month")
    assert list(counts(told_twice, "institution", "month").values()).count(None) == 2


@pytest.mark.parametrize(("often", "told_as"), [(1, 5), (2, 5), (3, 5), (4, 10), (6, 10)])
def test_a_count_is_told_in_fives(often: int, told_as: int) -> None:
    """Five persons, one of them so many times: how often exactly is nobody's to know."""
    assert counts(crowd_at(0, 1) * often + crowd_at(0, 4, first=1)) == {(): told_as}


def test_a_percentile_is_a_step_and_no_persons_own_time() -> None:
    town = crowd_at(0, 24, kind="PERMISSION_SUSPENDED")
    asked = Question(metric="ENDORSEMENT_TO_SUSPENSION_SECONDS", group_by=(), months=MONTHS)
    (one,) = buckets(asked, answered(cells_of(logged(told(town))), asked))
    assert (one.p50, one.p95) == (60, 60)
    assert one.p50 in BOUNDS
    few = crowd_at(0, 9, kind="PERMISSION_SUSPENDED")
    (one,) = buckets(asked, answered(cells_of(logged(told(few))), asked))
    assert (one.count, one.p50, one.p95) == (5, 60, None)
