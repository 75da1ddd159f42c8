"""What the regulator sees that nobody else does: a whole case, and signs of fraud everywhere."""

from __future__ import annotations

from typing import Any

from subgraphs.kit.events import event
from subgraphs.kit.ids import InstitutionId, derived_id
from subgraphs.kit.reads import KIND
from subgraphs.kit.viewer import Role, Viewer
from tests.subgraphs.audit.desk import (
    ANALYST,
    AT,
    ISSUER,
    ISSUER_DESK,
    REGULATOR,
    STRANGER,
    VERIFIER,
    VERIFIER_DESK,
    Case,
    Desk,
)
from tests.subgraphs.audit.evidence import Play
from tests.subgraphs.audit.test_complaints import filed
from tests.subgraphs.audit.test_privileged_reads import nothing_enters_the_log
from tests.subgraphs.kit.gateway import NOBODY, Who

ANN, BEN = Case("ann"), Case("ben")
SIGNALS = """query($k: [SignalKind!], $i: ID, $n: Int! = 20, $a: Cursor) {
  signals(kinds: $k, institutionId: $i, first: $n, after: $a) { totalCount
    pageInfo { hasNextPage endCursor }
    edges { node { kind reasonCode at sequence institution { id }
      event { kind subjects chainProof { leafIndex } } } } } }"""
CASE = """query($id: ID!) { case(id: $id) { id holder { id }
  events(first: 50) { edges { node { kind sequence } } }
  credentials { id } consents { id } presentations { id } qualifications { id }
  institutions { id } changes { credential { id } effect newTotalBand sequence }
  disputes { id ground } complaints { id text } } }"""
READS = """query($f: AuditEventFilter) { auditEvents(first: 50, filter: $f) {
  edges { node { subjects } } } }"""
TROUBLE = [
    ("INTEGRITY", "PROOF_INVALID", "FORGED"),
    ("TRUSTED_ISSUER", "ISSUER_NOT_TRUSTED", "FORGED"),
    ("REPLAY", "PRESENTATION_REPLAYED", "REPLAYED"),
    ("DOUBLE_COUNT", "DOUBLE_COUNT", "DOUBLE_COUNTED"),
    ("DOUBLE_COUNT", "MAY_COUNT_TWICE", "DOUBLE_COUNTED"),
]


async def troubled(desk: Desk) -> None:
    """Each kind of trouble once at each of two institutions, and a denial."""
    await desk.tell(*ANN.whole())
    for place, (check, reason, _) in enumerate(TROUBLE):
        for by in (VERIFIER, STRANGER):
            await desk.tell(_signal(f"{place} {by}", check, reason, by))
    await Play(desk, ANN).open()
    await desk.tell()


def _signal(name: str, check: str, reason: str, by: InstitutionId) -> Any:
    ids = [derived_id("pres", name), ANN.id("hold")]
    return event(
        "FRAUD_SIGNAL",
        entity=ids[0],
        version=1,
        subjects=ids,
        institutions=[by],
        at=AT,
        body={"check": check, "reasonCode": reason},
    )


async def signals(desk: Desk, **asked: object) -> list[tuple[str, str]]:
    found = (await desk.ask(SIGNALS, asked, who=REGULATOR)).only("signals")
    assert found["totalCount"] == len(found["edges"])
    return [(edge["node"]["kind"], edge["node"]["reasonCode"]) for edge in found["edges"]]


async def test_signals_of_all_institutions_by_kind(desk: Desk) -> None:
    await troubled(desk)
    everything = await signals(desk)
    wanted = [(kind, reason) for _, reason, kind in TROUBLE for _ in "12"]
    assert everything == [("DENIED", "USE_DENIED"), *reversed(wanted)], "newest first"
    for kind in ("FORGED", "REPLAYED", "DOUBLE_COUNTED", "DENIED"):
        assert await signals(desk, k=[kind]) == [one for one in everything if one[0] == kind]
    some = await signals(desk, k=["REPLAYED", "DENIED"], i=VERIFIER)
    assert some == [("DENIED", "USE_DENIED"), ("REPLAYED", "PRESENTATION_REPLAYED")]
    answer = (await desk.ask(SIGNALS, {"i": STRANGER}, who=REGULATOR)).only("signals")
    nodes = [edge["node"] for edge in answer["edges"]]
    assert len(nodes) == len(TROUBLE)
    for node in nodes:
        assert node["institution"] == {"id": STRANGER}
        assert node["event"]["kind"] == "FRAUD_SIGNAL"
        assert node["event"]["chainProof"]["leafIndex"] == str(node["sequence"])


async def test_pages_of_signals_cover_each_once(desk: Desk) -> None:
    await troubled(desk)
    places, cursor = list[int](), None
    while True:
        page = (await desk.ask(SIGNALS, {"n": 2, "a": cursor}, who=REGULATOR)).only("signals")
        places += [edge["node"]["sequence"] for edge in page["edges"]]
        cursor = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert places == sorted(set(places), reverse=True)
    assert len(places) == 2 * len(TROUBLE) + 1


async def test_signals_come_along_an_index(desk: Desk) -> None:
    await troubled(desk)
    await desk.world.base.database.command({"profile": 2})
    for asked in ({}, {"k": ["FORGED"]}, {"k": ["DENIED"], "i": VERIFIER}):
        await signals(desk, **asked)
    await desk.world.base.database.command({"profile": 0})
    seen = await desk.world.base.database["system.profile"].find({"op": "query"}).to_list(None)
    plans = [row["planSummary"] for row in seen if row["ns"].endswith(".events")]
    assert plans
    assert all("COLLSCAN" not in plan for plan in plans), plans


async def test_nobody_else_sees_a_case_or_signals(desk: Desk) -> None:
    await desk.tell(*ANN.whole())
    for who in (ANN.who, ISSUER_DESK, VERIFIER_DESK, ANALYST, NOBODY):
        assert (await desk.ask(SIGNALS, who=who)).codes == ["FORBIDDEN"]
        for id_ in (ANN.id("cred"), Case("unknown").id("cred"), ISSUER):
            assert (await desk.ask(CASE, {"id": id_}, who=who)).codes == ["FORBIDDEN"]


async def reads(desk: Desk, who: Any) -> list[list[str]]:
    await desk.tell()
    answer = await desk.ask(READS, {"f": {"kinds": [KIND]}}, who=who)
    return [edge["node"]["subjects"] for edge in answer.only("auditEvents")["edges"]]


async def test_a_case_is_everything_about_it_and_told_first(desk: Desk) -> None:
    await desk.tell(*ANN.whole(), *BEN.whole())
    play = Play(desk, ANN)
    await play.open()
    await filed(desk, ANN)
    found = (await desk.ask(CASE, {"id": ANN.id("hold")}, who=REGULATOR)).only("case")
    for field, prefix in (
        ("credentials", "cred"),
        ("consents", "cons"),
        ("presentations", "pres"),
        ("qualifications", "qual"),
    ):
        assert found[field] == [{"id": ANN.id(prefix)}]
    assert found["holder"] == {"id": ANN.id("hold")}
    assert {one["id"] for one in found["institutions"]} == {ISSUER, VERIFIER}
    (change,) = found["changes"]
    assert (change["effect"], change["credential"]) == ("REDUCED", {"id": ANN.id("cred")})
    assert found["disputes"] == [{"id": play.id, "ground": "USE_DENIED"}]
    (complaint,) = found["complaints"]
    told = await reads(desk, ANN.who)
    hers = ANN.id("hold")
    for subjects in ([hers], [play.id, hers], [complaint["id"], hers]):
        assert told.count(subjects) == 1, "each object once for the request"
    assert await reads(desk, BEN.who) == []
    assert [hers] not in await reads(desk, VERIFIER_DESK), "the case is hers alone"


async def test_a_case_of_one_thing_has_what_belongs_to_it(desk: Desk) -> None:
    await desk.tell(*ANN.whole(), *BEN.whole())
    play = Play(desk, ANN)
    await play.open()
    found = (await desk.ask(CASE, {"id": ANN.id("cons")}, who=REGULATOR)).only("case")
    assert [edge["node"]["kind"] for edge in found["events"]["edges"]] == ["CONSENT_GRANTED"]
    assert (found["credentials"], found["disputes"]) == ([], [])
    found = (await desk.ask(CASE, {"id": ANN.id("pres")}, who=REGULATOR)).only("case")
    assert (found["consents"], found["presentations"]) == ([], [{"id": ANN.id("pres")}])
    assert [one["id"] for one in found["disputes"]] == [play.id]
    assert [ANN.id("pres"), ANN.id("hold")] in await reads(desk, ANN.who)


async def test_a_pass_names_what_belongs_to_the_case(desk: Desk) -> None:
    """The gateway alone asks for it; no client can."""
    await desk.tell(*ANN.whole(), *BEN.whole())
    asked = "query($id: ID!) { case(id: $id) { pass } }"
    eve = Who(role=Role.REGULATOR, subject="eve")
    viewer = Viewer(role=Role.REGULATOR, subject="eve")
    for prefix, mine in (("hold", [ANN.id("cred")]), ("cons", [])):
        case = (await desk.ask(asked, {"id": ANN.id(prefix)}, who=eve)).only("case")
        opened = desk.parts.passes.open(case["pass"], viewer)
        assert (opened.case, opened.person) == (ANN.id(prefix), ANN.id("hold"))
        assert list(opened.credentials) == mine
        told = dict.fromkeys([ANN.id(prefix), ANN.id("hold")])
        assert list(told) in await reads(desk, ANN.who)
    for who in (ANN.who, ISSUER_DESK, ANALYST):
        assert (await desk.ask(asked, {"id": ANN.id("hold")}, who=who)).codes == ["FORBIDDEN"]


async def test_a_long_case_has_a_hundred_credentials_and_its_pass_the_same(desk: Desk) -> None:
    hers = ANN.id("hold")
    asked = [
        event(
            "CREDENTIAL_REQUESTED",
            entity=derived_id("cred", str(number)),
            version=1,
            subjects=[derived_id("cred", str(number)), hers],
            institutions=[ISSUER],
            at=AT,
            body={"issuer": ISSUER},
        )
        for number in range(101)
    ]
    await desk.tell(*asked)
    document = "query($id: ID!) { case(id: $id) { credentials { id } pass } }"
    case = (await desk.ask(document, {"id": hers}, who=REGULATOR)).only("case")
    viewer = Viewer(role=Role.REGULATOR, subject=REGULATOR.subject)
    opened = desk.parts.passes.open(case["pass"], viewer)
    assert len(opened.credentials) == 100
    assert [one["id"] for one in case["credentials"]] == list(opened.credentials)


async def test_no_event_no_case(desk: Desk) -> None:
    await desk.tell(*ANN.whole())
    async with nothing_enters_the_log(desk):
        answer = await desk.ask(CASE, {"id": ANN.id("cred")}, who=REGULATOR)
    assert answer.codes == ["INTERNAL"]
    assert answer.data == {"case": None}
    assert await reads(desk, ANN.who) == []


async def test_what_is_no_case(desk: Desk) -> None:
    answer = await desk.ask(CASE, {"id": Case("nobody").id("cred")}, who=REGULATOR)
    assert answer.codes == ["NOT_FOUND"]
    assert (await desk.ask(CASE, {"id": ISSUER}, who=REGULATOR)).codes == ["ID_INVALID"]
    assert await reads(desk, REGULATOR) == []
