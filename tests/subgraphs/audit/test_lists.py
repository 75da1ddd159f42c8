"""Pages and filters: bounded, complete, and refused as data when asked wrongly."""

import pytest

from tests.subgraphs.audit.desk import ISSUER, REGULATOR, VERIFIER, Case, Desk
from tests.subgraphs.kit.gateway import Answer

pytestmark = pytest.mark.asyncio(loop_scope="module")

ANN, BEN = Case("ann"), Case("ben")
PAGE = """query($f: AuditEventFilter, $n: Int!, $a: Cursor) { auditEvents(
  filter: $f, first: $n, after: $a) { edges { cursor node { sequence } }
  pageInfo { hasNextPage endCursor } } }"""
LINE = """query($id: ID!, $first: Int!, $after: Cursor, $last: Int, $before: Cursor) {
  node(id: $id) { ... on Holder { timeline(first: $first, after: $after, last: $last,
  before: $before) { edges { node { sequence } }
  pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } } }"""


async def page(told: Desk, **variables: object) -> Answer:
    return await told.ask(PAGE, {"n": 20, **variables}, who=REGULATOR)


async def line(told: Desk, **variables: object) -> Answer:
    given = {"id": ANN.id("hold"), "first": 20, **variables}
    return await told.ask(LINE, given, who=REGULATOR)


async def test_pages_cover_everything_once_newest_first(told: Desk) -> None:
    seen: list[int] = []
    after = None
    while True:
        found = (await page(told, n=4, a=after)).only("auditEvents")
        seen += [edge["node"]["sequence"] for edge in found["edges"]]
        after = found["pageInfo"]["endCursor"]
        if not found["pageInfo"]["hasNextPage"]:
            break
    assert seen == list(range(len(seen)))[::-1]
    assert len(seen) == await told.parts.ledger.size()


async def test_a_timeline_is_read_from_both_ends(told: Desk) -> None:
    whole = (await line(told)).only("node")["timeline"]["edges"]
    order = [edge["node"]["sequence"] for edge in whole]
    assert order == sorted(order)
    assert len(order) == len(ANN.whole())
    forward, after = [], None
    while True:
        part = (await line(told, first=3, after=after)).only("node")["timeline"]
        forward += [edge["node"]["sequence"] for edge in part["edges"]]
        after = part["pageInfo"]["endCursor"]
        if not part["pageInfo"]["hasNextPage"]:
            break
    backward: list[int] = []
    before = None
    while True:
        part = (await line(told, last=3, before=before)).only("node")["timeline"]
        backward = [edge["node"]["sequence"] for edge in part["edges"]] + backward
        before = part["pageInfo"]["startCursor"]
        if not part["pageInfo"]["hasPreviousPage"]:
            break
    assert forward == backward == order


@pytest.mark.parametrize(
    ("wanted", "count"),
    [
        pytest.param({"kinds": ["CREDENTIAL_ENDORSED"]}, 2, id="kind"),
        pytest.param({"kinds": []}, 0, id="no kind"),
        pytest.param({"subject": ANN.id("cred")}, 5, id="subject"),
        pytest.param({"institution": VERIFIER}, 8, id="institution"),
        pytest.param(
            {"institution": ISSUER, "subject": BEN.id("hold"), "kinds": ["CREDENTIAL_REQUESTED"]},
            1,
            id="all three",
        ),
        pytest.param({"until": "2026-11-22T10:00:00Z"}, 0, id="before the story"),
        pytest.param({"kinds": ["CONSENT_GRANTED"], "since": "2026-11-22T10:00:00Z"}, 2, id="time"),
    ],
)
async def test_filters(told: Desk, wanted: dict[str, object], count: int) -> None:
    found = (await page(told, f=wanted, n=100)).only("auditEvents")
    assert len(found["edges"]) == count


@pytest.mark.parametrize(
    ("variables", "code"),
    [
        pytest.param({"n": 0}, "FIRST_OUT_OF_RANGE", id="none asked for"),
        pytest.param({"n": 101}, "FIRST_OUT_OF_RANGE", id="too many"),
        pytest.param({"a": "AAAA"}, "CURSOR_INVALID", id="no cursor of ours"),
        pytest.param({"f": {"kinds": ["TEA_BREAK"]}}, "EVENT_KIND_UNKNOWN", id="unknown kind"),
        pytest.param({"f": {"kinds": ["X"] * 99}}, "KINDS_TOO_MANY", id="many kinds"),
        pytest.param({"f": {"subject": "x' || 1"}}, "ID_INVALID", id="no id"),
        pytest.param({"f": {"institution": "inst_1"}}, "ID_INVALID", id="short id"),
        pytest.param({"f": {"since": "2026-11-22T10:00:00"}}, "TIME_WITHOUT_OFFSET", id="no zone"),
    ],
)
async def test_ill_lists_are_refused(told: Desk, variables: dict[str, object], code: str) -> None:
    answer = await page(told, **variables)
    assert answer.codes == [code]
    assert answer.data == {"auditEvents": None}


@pytest.mark.parametrize(
    ("variables", "code"),
    [
        pytest.param({"last": 101}, "FIRST_OUT_OF_RANGE", id="too many"),
        pytest.param({"before": "AAAA"}, "BEFORE_WITHOUT_LAST", id="before alone"),
        pytest.param({"last": 2, "after": "AAAA"}, "LAST_WITH_AFTER", id="last and after"),
    ],
)
async def test_ill_timelines_are_refused(
    told: Desk, variables: dict[str, object], code: str
) -> None:
    assert (await line(told, **variables)).codes == [code]


async def test_a_cursor_is_good_for_its_list_filter_and_viewer_only(told: Desk) -> None:
    cursor = (await page(told, n=1)).only("auditEvents")["pageInfo"]["endCursor"]
    assert (await page(told, a=cursor)).codes == []
    assert (await page(told, a=cursor, f={"subject": ANN.id("cred")})).codes == ["CURSOR_INVALID"]
    stolen = await told.ask(PAGE, {"n": 1, "a": cursor}, who=ANN.who)
    assert stolen.codes == ["CURSOR_INVALID"]
    assert (await line(told, after=cursor)).codes == ["CURSOR_INVALID"]
