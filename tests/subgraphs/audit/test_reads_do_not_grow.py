"""What a read looks at is bounded by what it answers, however long the log is."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from subgraphs.kit.ids import derived_id
from subgraphs.kit.viewer import Role
from tests.subgraphs.audit.desk import (
    ANALYST,
    ISSUER,
    REGULATOR,
    VERIFIER,
    VERIFIER_DESK,
    Case,
    Desk,
    desk_of,
)
from tests.subgraphs.audit.town import Happening, told
from tests.subgraphs.kit.gateway import Who

pytestmark = pytest.mark.asyncio(loop_scope="module")

LONG, PAGE, ANN = 1_200, 20, Case("ann")
EVENTS = f"""query($f: AuditEventFilter, $a: Cursor) {{
  auditEvents(filter: $f, first: {PAGE}, after: $a) {{
    edges {{ node {{ sequence kind }} }} pageInfo {{ endCursor hasNextPage }} }} }}"""
TIMELINE = """query($id: ID!) { node(id: $id) { ... on Credential { timeline(last: 50) {
  edges { node { sequence kind at } } } } } }"""
STATS = """query { auditStats(from: "2026-06-01T00:00:00+08:00", to: "2027-06-01T00:00:00+08:00",
  groupBy: [INSTITUTION, MONTH], metric: EVENTS) { buckets { count } } }"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def long(tmp_path_factory: pytest.TempPathFactory, mongo_uri: str) -> AsyncIterator[Desk]:
    async with desk_of(tmp_path_factory.mktemp("long"), mongo_uri, "long") as opened:
        kinds = [("CREDENTIAL_REQUESTED", ISSUER), ("PRESENTATION_VERIFIED", VERIFIER)]
        for start in range(0, LONG, LONG // 2):
            some = [
                Happening(
                    person=n % 50,
                    institution=kinds[n % 2][1],
                    kind=kinds[n % 2][0],
                    outcome="ACCEPTED",
                )
                for n in range(start, start + LONG // 2)
            ]
            await opened.tell(*told(some, first=start))
        await opened.tell(*ANN.whole())
        yield opened


async def looked_at(desk: Desk, document: str, given: dict[str, Any], who: Who) -> int:
    """The most documents that one read of the database looked at."""
    database = desk.world.base.database
    await database.command({"profile": 2})
    answer = await desk.ask(document, given, who=who)
    await database.command({"profile": 0})
    assert not answer.errors
    seen = await database["system.profile"].find({"ns": f"{database.name}.events"}).to_list()
    await database.command({"drop": "system.profile"})
    reads = [one for one in seen if {"find", "aggregate", "getMore"} & set(one["command"])]
    return max((one["docsExamined"] for one in reads), default=0)


@pytest.mark.parametrize(
    ("wanted", "who"),
    [
        pytest.param({}, REGULATOR, id="all"),
        pytest.param({"toSequence": 700}, REGULATOR, id="deep in the log"),
        pytest.param({"kinds": ["CREDENTIAL_REQUESTED"]}, REGULATOR, id="a kind"),
        pytest.param(
            {"kinds": ["CREDENTIAL_REQUESTED"], "institution": ISSUER, "toSequence": 700},
            REGULATOR,
            id="a kind of one institution's",
        ),
        pytest.param(
            {"kinds": ["CREDENTIAL_REQUESTED"], "institution": VERIFIER},
            REGULATOR,
            id="a kind that the institution never tells",
        ),
        pytest.param({"kinds": ["PRESENTATION_VERIFIED"]}, VERIFIER_DESK, id="a desk's own"),
        pytest.param(
            {"kinds": ["CREDENTIAL_REQUESTED"]}, VERIFIER_DESK, id="what no desk here sees"
        ),
        pytest.param(
            {"kinds": ["CREDENTIAL_REQUESTED", "PRESENTATION_VERIFIED"]},
            Who(role=Role.HOLDER, holder=derived_id("hold", "town 7")),
            id="a holder's of two kinds",
        ),
    ],
)
async def test_a_page_looks_at_a_page(long: Desk, wanted: dict[str, Any], who: Who) -> None:
    assert await looked_at(long, EVENTS, {"f": wanted}, who) <= 2 * PAGE + 2
    first = (await long.ask(EVENTS, {"f": wanted}, who=who)).only("auditEvents")
    if first["pageInfo"]["hasNextPage"]:
        after = {"f": wanted, "a": first["pageInfo"]["endCursor"]}
        assert await looked_at(long, EVENTS, after, who) <= 2 * PAGE + 2


async def test_a_timeline_looks_at_its_own_events(long: Desk) -> None:
    whole = len(ANN.whole())
    assert await looked_at(long, TIMELINE, {"id": ANN.id("cred")}, REGULATOR) <= whole


async def test_figures_look_at_no_event(long: Desk) -> None:
    assert await looked_at(long, STATS, {}, ANALYST) == 0
