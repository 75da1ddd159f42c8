"""`auditStats` on a database: equal to the direct aggregation, who may ask, and how often."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from subgraphs.audit.figures import METRICS, RATES, Question
from subgraphs.audit.tallies import BUDGET, CELLS
from subgraphs.audit.tally import BOUNDS, SPANS
from subgraphs.demo.operations import operation
from subgraphs.kit.viewer import Role
from tests.subgraphs.audit.desk import (
    ANALYST,
    ISSUER,
    ISSUER_DESK,
    REGULATOR,
    VERIFIER,
    VERIFIER_DESK,
    Case,
    Desk,
    desk_of,
)
from tests.subgraphs.audit.town import Happening, told
from tests.subgraphs.kit.gateway import NOBODY, Who

pytestmark = pytest.mark.asyncio(loop_scope="module")

OUTCOMES = {"PRESENTATION_VERIFIED": "result", "CREDENTIAL_ENDORSED": "effect"}
MONTHS = ("2026-06", "2026-07", "2026-08")
RANGE: dict[str, object] = {"from": "2026-05-31T16:00:00Z", "to": "2026-08-31T16:00:00Z"}
STATS = """query($from: DateTime!, $to: DateTime!, $by: [AuditStatsDimension!]!,
  $metric: AuditStatsMetric!) { auditStats(from: $from, to: $to, groupBy: $by, metric: $metric) {
  smallestGroup months questionsLeft buckets { suppressed count rate p50 p95
  key { month kind outcome assetBand institution { id name } } } } }"""


def a_town(seed: int = 7, size: int = 900) -> list[Happening]:
    chance = random.Random(seed)  # the same town each time
    return [
        Happening(
            person=chance.randrange(200),
            institution=chance.choice([ISSUER, VERIFIER]),
            kind=kind,
            month=chance.randrange(3),
            outcome=chance.choice(["ACCEPTED", "ACCEPTED", "REJECTED"]),
            seconds=chance.choice([None, 3, 45, 4_000, 90_000]),
        )
        for kind in chance.choices(
            ["CREDENTIAL_REQUESTED", "PRESENTATION_VERIFIED", "PERMISSION_SUSPENDED"], k=size
        )
    ]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def town(tmp_path_factory: pytest.TempPathFactory, mongo_uri: str) -> AsyncIterator[Desk]:
    folder = tmp_path_factory.mktemp("town")
    async with desk_of(folder, mongo_uri, "town") as opened:
        await opened.tell(*told(a_town()))
        yield opened


async def stats(desk: Desk, metric: str, *by: str, who: Who = REGULATOR, **other: object) -> Any:
    variables = {**RANGE, "by": list(by), "metric": metric, **other}
    return await desk.ask(STATS, variables, who=who)


def direct(asked: Question) -> list[dict[str, Any]]:
    """From the events themselves: those that their cell tells, each with its own duration."""
    at = {"$dateToString": {"date": "$at", "format": "%Y-%m", "timezone": "+08:00"}}
    outcomes = [
        {"case": {"$eq": ["$kind", kind]}, "then": f"$body.{name}"}
        for kind, name in {
            "PRESENTATION_VERIFIED": "result",
            "CREDENTIAL_ENDORSED": "effect",
        }.items()
    ]
    metric = "ENDORSEMENT_TO_SUSPENSION_SECONDS"
    span = SPANS[metric]
    sides = {
        "institution": {"$first": "$institutions"},
        "month": at,
        "outcome": {"$switch": {"branches": outcomes, "default": ""}},
        "band": "",
        "began": {"$max": "$before.at"},
    }
    timed = {"$and": [{"$eq": ["$kind", span.end]}, {"$ne": ["$began", None]}]}
    seconds = {"$dateDiff": {"startDate": "$began", "endDate": "$at", "unit": "second"}}
    reached = {"$filter": {"input": list(BOUNDS), "cond": {"$gte": [seconds, "$$this"]}}}
    key = ["$institution", "|", "$kind", "|", "$month", "|", "$outcome", "|", "$band", "|", "$span"]
    good = RATES.get(asked.metric, ("", "-"))[1]
    return [
        {"$match": {"subjects": {"$regex": "^hold_"}}},
        {
            "$lookup": {
                "from": "events",
                "let": {"index": "$index"},
                "localField": "subjects",
                "foreignField": "subjects",
                "pipeline": [
                    {"$match": {"kind": span.start, "$expr": {"$lt": ["$index", "$$index"]},
                                "subjects": {"$regex": "^cred_"}}},
                ],
                "as": "before",
            }
        },
        {"$set": {"before": {"$filter": {"input": "$before", "cond": {"$gt": [{"$size": {
            "$filter": {"input": {"$setIntersection": ["$subjects", "$$this.subjects"]},
                        "as": "one", "cond": {"$regexMatch": {"input": "$$one", "regex": "^cred_"}}}
        }}, 0]}}}}},
        {"$set": sides},
        {"$set": {"span": {"$cond": [timed, metric, ""]}}},
        {"$set": {"cell": {"$concat": key}, "step": {"$cond": [timed, {"$size": reached}, None]}}},
        {"$lookup": {"from": CELLS, "localField": "cell", "foreignField": "_id", "as": "of"}},
        {"$match": {"$expr": {"$lte": ["$index", {"$first": "$of.told_to"}]},
                    "month": {"$in": list(asked.months)},
                    **({"span": asked.metric} if asked.metric in SPANS else {}),
                    **({"kind": RATES[asked.metric][0]} if asked.metric in RATES else {})}},
        {"$group": {"_id": {name: f"${name}" for name in asked.group_by},
                    "count": {"$sum": 1}, "steps": {"$push": "$step"},
                    "good": {"$sum": {"$cond": [{"$eq": ["$outcome", good]}, 1, 0]}}}},
    ]  # fmt: skip


@pytest.mark.parametrize("by", [(), ("institution", "month"), ("month",)], ids=str)
@pytest.mark.parametrize("metric", METRICS)
async def test_the_rollup_is_the_direct_aggregation(
    town: Desk, metric: str, by: tuple[str, ...]
) -> None:
    asked = Question(metric=metric, group_by=by, months=MONTHS)
    base = town.world.base
    rows = await base.mongo.aggregate(base.database["events"], direct(asked))
    found = {tuple(row["_id"][name] for name in by): row for row in rows}
    told_of = {one.values: one for one in await town.parts.tallies.told(asked)}
    assert told_of.keys() == found.keys()
    for values, row in found.items():
        one = told_of[values]
        assert (one.count, one.good) == (row["count"], row["good"])
        if metric in SPANS:
            steps = [row["steps"].count(place) for place in range(len(BOUNDS) + 1)]
            assert list(one.steps) == steps
    untimed = {"REQUEST_TO_OFFER_SECONDS", "OFFER_TO_ACTIVATION_SECONDS"}
    silent = {*untimed, "PRESENTATION_TO_CHECK_SECONDS", "QUALIFICATION_RATE"}
    assert bool(found) is (metric not in silent)


async def test_an_analyst_gets_groups_with_names_and_steps(town: Desk) -> None:
    answer = (await stats(town, "ENDORSEMENT_TO_SUSPENSION_SECONDS", "VERIFIER", "MONTH")).only(
        "auditStats"
    )
    assert (answer["smallestGroup"], answer["months"]) == (5, list(MONTHS))
    assert answer["questionsLeft"] is None
    keys = [(b["key"]["institution"]["id"], b["key"]["month"]) for b in answer["buckets"]]
    assert sorted(keys) == sorted((i, m) for i in (ISSUER, VERIFIER) for m in MONTHS)
    for bucket in answer["buckets"]:
        assert bucket["key"]["institution"]["name"]
        assert bucket["count"] % 5 == 0
        assert bucket["p50"] in BOUNDS
        assert bucket["p95"] is None or bucket["p95"] in BOUNDS


async def test_rates_and_kinds(town: Desk) -> None:
    (bucket,) = (await stats(town, "ACCEPTANCE_RATE")).only("auditStats")["buckets"]
    assert 0.5 < bucket["rate"] < 0.8
    kinds = (await stats(town, "EVENTS", "KIND", "OUTCOME")).only("auditStats")["buckets"]
    told_of = {(b["key"]["kind"], b["key"]["outcome"]) for b in kinds if not b["suppressed"]}
    assert ("PRESENTATION_VERIFIED", "REJECTED") in told_of
    assert ("CREDENTIAL_REQUESTED", None) in told_of
    assert all(b["count"] is None for b in kinds if b["suppressed"])


@pytest.mark.parametrize(
    "who",
    [NOBODY, Case("ann").who, ISSUER_DESK, VERIFIER_DESK],
    ids=["nobody", "holder", "issuer", "verifier"],
)
async def test_figures_are_for_analysts_and_the_regulator(town: Desk, who: Who) -> None:
    assert (await stats(town, "EVENTS", who=who)).codes == ["FORBIDDEN"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        pytest.param({"to": "2026-05-31T16:00:00Z"}, "PERIOD_TOO_SHORT", id="empty range"),
        pytest.param(
            {"from": "2026-06-03T00:00:00Z", "to": "2026-06-20T00:00:00Z"},
            "MONTH_INVALID",
            id="days of a month",
        ),
        pytest.param({"to": "2036-01-01T00:00:00+08:00"}, "MONTHS_TOO_MANY", id="ten years"),
        pytest.param({"to": "2026-07-01T00:00:00"}, "TIME_WITHOUT_OFFSET", id="no zone"),
        pytest.param(
            {"metric": "ACCEPTANCE_RATE", "by": ["OUTCOME"]}, "GROUPING_UNSUPPORTED", id="rate"
        ),
        pytest.param({"by": ["VERIFIER"]}, "GROUPING_UNSUPPORTED", id="everybody's events"),
    ],
)
async def test_ill_questions_are_refused(town: Desk, change: dict[str, object], code: str) -> None:
    given = {"by": ["MONTH"], "metric": "EVENTS", **change}
    answer = await town.ask(STATS, {**RANGE, **given}, who=REGULATOR)
    assert answer.codes == [code]
    assert answer.data == {"auditStats": None}


@pytest.mark.parametrize("metric", METRICS)
async def test_verifiers_are_named_only_where_only_verifiers_act(town: Desk, metric: str) -> None:
    """A house of two roles that signs as an issuer is no verifier of what it signs."""
    answer = await stats(town, metric, "VERIFIER")
    span = SPANS.get(metric)
    ends = span.end if span else RATES.get(metric, ("",))[0]
    of_verifiers = {"PERMISSION_SUSPENDED", "PRESENTATION_VERIFIED", "QUALIFICATION_DECIDED"}
    assert answer.codes == ([] if ends in of_verifiers else ["GROUPING_UNSUPPORTED"])
    if not answer.codes:
        by_institution = await stats(town, metric, "INSTITUTION")
        assert answer.only("auditStats")["buckets"] == by_institution.only("auditStats")["buckets"]


@pytest.mark.parametrize(
    ("field", "given", "meant"),
    [
        ("from", "2026-11-01T00:00:00Z", "2026-11-01"),
        ("from", "2026-10-15T00:00:00+08:00", "2026-10-01"),
        ("to", "2026-12-01T00:00:00Z", "2026-12-01"),
        ("to", "2026-11-02T00:00:00+08:00", "2026-11-01"),
        ("to", "2026-12-31T23:59:59+08:00", "2027-01-01"),
        ("to", "2026-12-01T00:00:00.000001+08:00", "2026-12-01"),
        ("to", "9999-12-31T23:59:59-12:00", "9999-01-01"),
    ],
)
async def test_no_bound_is_shifted_in_silence(
    town: Desk, field: str, given: str, meant: str
) -> None:
    bounds: dict[str, object] = {**RANGE, field: given, "by": ["MONTH"], "metric": "EVENTS"}
    answer = await town.ask(STATS, bounds, who=REGULATOR)
    assert answer.codes == ["MONTH_INVALID"]
    assert f"{field}: {meant}T00:00:00+08:00 is meant?" in answer.errors[0]["message"]


async def test_a_month_is_the_same_in_each_zone(town: Desk) -> None:
    for since, until in (
        ("2026-06-01T00:00:00+08:00", "2026-07-01T00:00:00+08:00"),
        ("2026-05-31T16:00:00Z", "2026-06-30T16:00:00Z"),
        ("2026-06-01T01:00:00+09:00", "2026-06-30T08:00:00-08:00"),
    ):
        asked: dict[str, object] = {"from": since, "to": until, "by": [], "metric": "EVENTS"}
        answer = await town.ask(STATS, asked, who=REGULATOR)
        assert answer.only("auditStats")["months"] == ["2026-06"]


async def test_a_budget_of_different_questions_a_day(town: Desk) -> None:
    eve, bob = (Who(role=Role.ANALYST, subject=name) for name in ("analyst-eve", "analyst-bob"))
    ranges = [
        {"from": f"20{year}-{month:02}-01T00:00:00+08:00", "to": f"20{year}-12-31T16:00:00Z"}
        for year in range(20, 26)
        for month in range(1, 12)
    ][: BUDGET + 3]
    answers = await asyncio.gather(
        *(stats(town, "EVENTS", "MONTH", who=eve, **one) for one in ranges)
    )
    refused = [answer.codes for answer in answers if answer.codes]
    assert refused == [["QUERY_BUDGET_SPENT"]] * 3, "asked at once or one by one"
    answered_one = next(one for one, a in zip(ranges, answers, strict=True) if not a.codes)
    again = await stats(town, "EVENTS", "MONTH", who=eve, **answered_one)
    assert again.only("auditStats")["questionsLeft"] == 0, "the same question costs nothing"
    assert (await stats(town, "EVENTS", "MONTH", who=bob)).codes == []
    assert (await stats(town, "EVENTS", "MONTH", who=REGULATOR)).codes == []


async def test_one_question_many_times_at_once_costs_one(town: Desk) -> None:
    """The first of the day, when nothing is kept of her yet, as every alias of one document."""
    amy = Who(role=Role.ANALYST, subject="analyst-amy")
    answers = await asyncio.gather(*(stats(town, "EVENTS", "MONTH", who=amy) for _ in range(40)))
    assert [answer.codes for answer in answers if answer.codes] == []
    left = {answer.only("auditStats")["questionsLeft"] for answer in answers}
    assert left == {BUDGET - 1}


async def test_no_question_scans_a_collection(town: Desk) -> None:
    database = town.world.base.database
    await database.command({"profile": 2})
    for metric in METRICS:
        assert (await stats(town, metric, "MONTH", who=ANALYST)).codes == []
    await database.command({"profile": 0})
    seen = await database["system.profile"].find({"op": {"$in": ["query", "command"]}}).to_list()
    reads = [one for one in seen if "aggregate" in one["command"]]
    assert len([one for one in reads if one["command"]["aggregate"] == CELLS]) == len(METRICS)
    assert not [one["command"] for one in reads if one.get("planSummary") == "COLLSCAN"]


async def test_the_example_runs(town: Desk) -> None:
    answer = await town.ask(operation("audit-stats"), RANGE, who=ANALYST)
    assert answer.codes == []
    assert any(not one["suppressed"] for one in answer.only("auditStats")["buckets"])
