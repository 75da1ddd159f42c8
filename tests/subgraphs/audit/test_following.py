"""The read model follows the log: feed, acceptances that come and go, rebuild, cost of reads."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from pymongo.errors import OperationFailure

from ledger_adapter.port import LoggedEvent
from subgraphs.audit import worker
from subgraphs.audit.app import follow
from subgraphs.audit.parts import Parts
from subgraphs.audit.rebuild import rebuild
from subgraphs.audit.store import INDEXES, PROJECTED
from subgraphs.kit.follow import POSITIONS
from subgraphs.kit.ids import new_id
from subgraphs.kit.mongo import Database, Session, create_indexes
from tests.subgraphs.audit.desk import (
    HASH,
    ISSUER,
    ISSUER_DESK,
    OTHER_DESK,
    REGULATOR,
    STRANGER,
    VERIFIER_DESK,
    Case,
    Desk,
)
from tests.subgraphs.kit.gateway import NOBODY, Who
from tests.subgraphs.kit.world import running, settled

ANN, BEN = Case("ann"), Case("ben")
FEED = """subscription($a: Cursor) { supervisionFeed(after: $a) { cursor sequence headSequence
  prevSequence heartbeat event { kind subjects chainProof { leafIndex anchorState } } } }"""


async def kinds_seen(desk: Desk, who: Who) -> list[str]:
    listed = await desk.ask(
        "query($id: ID!) { auditEvents(filter: {subject: $id}, first: 100) "
        "{ edges { node { kind } } } }",
        {"id": ANN.id("cred")},
        who=who,
    )
    return [edge["node"]["kind"] for edge in listed.only("auditEvents")["edges"]]


async def test_the_feed_tells_each_event_and_resumes_after_a_cursor(desk: Desk) -> None:
    async with desk.world.gateway.subscribe(FEED, who=REGULATOR) as stream:
        first = (await stream.next())["supervisionFeed"]
        assert first["heartbeat"] is True
        await desk.tell(*ANN.activated())
        frames = [(await stream.next())["supervisionFeed"] for _ in range(2)]
    assert [frame["event"]["kind"] for frame in frames] == [
        "CREDENTIAL_REQUESTED",
        "CREDENTIAL_ACTIVATED",
    ]
    for frame in frames:
        assert frame["event"]["chainProof"]["leafIndex"] == str(frame["sequence"])
    await desk.tell(ANN.consented())
    variables: dict[str, object] = {"a": frames[0]["cursor"]}
    async with desk.world.gateway.subscribe(FEED, variables, who=REGULATOR) as stream:
        again = [(await stream.next())["supervisionFeed"] for _ in range(2)]
    assert again[0]["sequence"] == frames[1]["sequence"]
    assert again[1]["event"]["kind"] == "CONSENT_GRANTED"
    assert again[1]["prevSequence"] == again[0]["sequence"]
    twin = await desk.ask(
        "query($a: Cursor) { supervisionFeedEvents(after: $a) { sequence event { kind } } }",
        variables,
        who=REGULATOR,
    )
    found = [frame["sequence"] for frame in twin.only("supervisionFeedEvents")]
    assert found == [frame["sequence"] for frame in again]


CHOSEN = """subscription($a: Cursor, $kinds: [AuditEventKind!], $inst: [ID!]) {
  supervisionFeed(after: $a, kinds: $kinds, institutions: $inst) {
    cursor sequence prevSequence heartbeat event { kind } } }"""
STORED = """query($a: Cursor, $kinds: [AuditEventKind!], $inst: [ID!]) {
  supervisionFeedEvents(after: $a, kinds: $kinds, institutions: $inst, first: 100) {
    cursor sequence event { kind } } }"""


async def test_the_feed_tells_only_what_was_chosen_live_and_from_storage(desk: Desk) -> None:
    chosen: dict[str, object] = {"kinds": ["CREDENTIAL_ACTIVATED"]}
    async with desk.world.gateway.subscribe(CHOSEN, chosen, who=REGULATOR) as stream:
        begin = (await stream.next())["supervisionFeed"]
        await desk.tell(*BEN.activated())
        live = (await stream.next())["supervisionFeed"]
    assert live["event"]["kind"] == "CREDENTIAL_ACTIVATED"
    assert live["prevSequence"] == begin["sequence"]
    resumed = {**chosen, "a": begin["cursor"]}
    async with desk.world.gateway.subscribe(CHOSEN, resumed, who=REGULATOR) as stream:
        assert (await stream.next())["supervisionFeed"]["cursor"] == live["cursor"]
    stored = await desk.ask(STORED, resumed, who=REGULATOR)
    assert [frame["cursor"] for frame in stored.only("supervisionFeedEvents")] == [live["cursor"]]
    elsewhere = await desk.ask(STORED, {"a": begin["cursor"]}, who=REGULATOR)
    assert elsewhere.codes == ["CURSOR_INVALID"]
    nobody = await desk.ask(STORED, {"inst": ["inst_nobody"]}, who=REGULATOR)
    assert nobody.only("supervisionFeedEvents") == []
    everybody = await desk.ask(STORED, {"inst": [ISSUER_DESK.institution]}, who=REGULATOR)
    assert len(everybody.only("supervisionFeedEvents")) >= 1
    nothing = await desk.ask(STORED, {"kinds": []}, who=REGULATOR)
    assert nothing.codes == ["LIST_OUT_OF_RANGE"]


@pytest.mark.parametrize(
    "who",
    [NOBODY, ISSUER_DESK, VERIFIER_DESK, ANN.who],
    ids=["nobody", "issuer", "verifier", "holder"],
)
@pytest.mark.asyncio(loop_scope="module")
async def test_the_feed_is_the_regulators(told: Desk, who: Who) -> None:
    async with told.world.gateway.subscribe(FEED, who=who) as stream:
        message = await stream.receive()
    errors = message["payload"]["errors"] if message["type"] == "next" else message["payload"]
    assert errors[0]["extensions"]["code"] == "FORBIDDEN"
    twin = await told.ask("{ supervisionFeedEvents { sequence } }", who=who)
    assert twin.codes == ["FORBIDDEN"]


async def test_a_verifier_sees_changes_while_its_acceptance_lives(desk: Desk) -> None:
    await desk.tell(*ANN.activated())
    assert await kinds_seen(desk, VERIFIER_DESK) == []
    await desk.tell(ANN.accepted())
    assert await kinds_seen(desk, VERIFIER_DESK) == ["CREDENTIAL_ACCEPTED", "CREDENTIAL_ACTIVATED"]
    await desk.tell(ANN.endorsed())
    assert "CREDENTIAL_ENDORSED" in await kinds_seen(desk, VERIFIER_DESK)
    await desk.tell(ANN.ended(), ANN.endorsed(2))
    assert await kinds_seen(desk, VERIFIER_DESK) == ["ACCEPTANCE_ENDED", "CREDENTIAL_ACCEPTED"]
    assert (await kinds_seen(desk, ISSUER_DESK)).count("CREDENTIAL_ENDORSED") == 2


async def test_a_verifier_sees_the_later_looks_and_the_successor_of_what_it_accepted(
    desk: Desk,
) -> None:
    looked = ANN.event("CREDENTIAL_RECHECKED", "cred hold", ISSUER, 5, issuer=ISSUER)
    over = ANN.event(
        "CREDENTIAL_SUPERSEDED",
        "cred hold",
        ISSUER,
        6,
        issuer=ISSUER,
        vcHash=HASH,
        supersededBy=new_id("cred"),
    )
    told = {"CREDENTIAL_RECHECKED", "CREDENTIAL_SUPERSEDED"}
    await desk.tell(*ANN.activated(), looked, over)
    assert told.isdisjoint(await kinds_seen(desk, VERIFIER_DESK))
    await desk.tell(ANN.accepted())
    assert told <= set(await kinds_seen(desk, VERIFIER_DESK))
    assert told.isdisjoint(await kinds_seen(desk, OTHER_DESK))


async def rows_of(desk: Desk) -> dict[str, Any]:
    database = desk.world.base.database
    return {
        name: await database[name].find({}).sort([("_id", 1)]).to_list(None) for name in PROJECTED
    }


async def test_the_read_model_is_rebuilt_from_the_log_alike(desk: Desk) -> None:
    await desk.tell(*ANN.whole())
    await desk.tell(ANN.ended(), *BEN.whole(), BEN.accepted(STRANGER))
    before = await rows_of(desk)
    assert all(before.values())
    for batch in (1, 3, 2_000):
        done = await rebuild(desk.world.base, batch=batch)
        assert done.events == await desk.parts.ledger.size()
        assert await rows_of(desk) == before
    again = follow(desk.world.base, desk.parts)
    async with running(again.run):
        await desk.world.tell(BEN.ended(STRANGER))
        await settled(desk.world.base, again)
    assert await rows_of(desk) != before, "audit goes on where the command ended"


async def test_the_same_batch_twice_changes_nothing(desk: Desk) -> None:
    await desk.tell(*ANN.whole())
    before = await rows_of(desk)
    await desk.world.base.database[POSITIONS].delete_many({})
    again = follow(desk.world.base, desk.parts)
    async with running(again.run):
        await settled(desk.world.base, again)
    assert await rows_of(desk) == before


ENTITIES = """... on Credential { chainProof { leafHash verified }
  timeline(last: 20) { edges { node { kind chainProof { leafHash } } } } }"""


async def profiled(database: Database, level: int) -> list[Any]:
    await database.command({"profile": level})
    seen = await database["system.profile"].find({"op": {"$in": ["query", "command"]}}).to_list()
    return [one for one in seen if "system.profile" not in one["ns"]]


async def test_twenty_credentials_cost_a_fixed_number_of_reads_and_no_scan(desk: Desk) -> None:
    cases = [Case(f"case {number}") for number in range(20)]
    for case in cases:
        await desk.world.tell(*case.whole())
    await desk.tell()
    await desk.signed()
    await asyncio.sleep(0.1)
    databases = [
        desk.world.base.database,
        desk.world.base.mongo.database(desk.world.settings.ledger.database),
    ]
    for database in databases:
        await profiled(database, 2)
    found = await desk.entities(
        [{"__typename": "Credential", "id": case.id("cred")} for case in cases],
        ENTITIES,
        REGULATOR,
    )
    own = await profiled(databases[0], 0)
    ledgers = await profiled(databases[1], 0)
    assert all(entity["chainProof"]["verified"] for entity in found)
    assert all(len(entity["timeline"]["edges"]) == 5 for entity in found)
    reads = [one for one in own if _reads(one)]
    assert len(reads) == 2, [one["command"] for one in reads]
    # two batches of proofs (the anchoring events' and the timelines'), three reads each at most,
    # beside what the sequencer of this test reads for itself
    assert len([one for one in ledgers if "tiles" in one["ns"]]) <= 3
    assert not [one for one in own + ledgers if _scans(one)]


def _reads(one: dict[str, Any]) -> bool:
    return "find" in one["command"] or "aggregate" in one["command"]


def _scans(one: dict[str, Any]) -> bool:
    # the queue is read whole on purpose: it is empty but for what waits
    return one.get("planSummary") == "COLLSCAN" and "ledger_queue" not in one["ns"]


QUERIES = [
    "{ auditEvents(first: 5) { totalCount edges { cursor } } }",
    '{ auditEvents(first: 5, filter: {kinds: ["CREDENTIAL_ENDORSED"]}) { edges { cursor } } }',
    "{ trustRegister(first: 5) { totalCount edges { cursor } } }",
    "{ treeHead { root } }",
    "{ supervisionFeedEvents(first: 5) { sequence } }",
]


@pytest.mark.parametrize(
    "who",
    [
        pytest.param(REGULATOR, id="regulator"),
        pytest.param(ANN.who, id="holder"),
        pytest.param(ISSUER_DESK, id="desk"),
    ],
)
@pytest.mark.asyncio(loop_scope="module")
async def test_no_query_scans_a_collection(told: Desk, who: Who) -> None:
    await told.signed()
    database = told.world.base.database
    await profiled(database, 2)
    for query in QUERIES:
        await told.ask(query, who=who)
    for id_ in (ANN.id("hold"), ANN.id("cred")):
        await told.ask(
            """query($id: ID!) { node(id: $id) { ... on Holder { timeline { totalCount } }
            ... on Credential { timeline(last: 5) { totalCount edges { cursor } } } } }""",
            {"id": id_},
            who=who,
        )
    seen = await profiled(database, 0)
    assert len([one for one in seen if _reads(one)]) >= 6
    assert not [one["command"] for one in seen if _scans(one)]


HALVES_OF_A_REBUILD = [pytest.param("enter", id="rows"), pytest.param("reckon", id="figures")]


@pytest.mark.parametrize("part", HALVES_OF_A_REBUILD)
async def test_a_batch_that_the_server_interrupts_is_taken_in_halves(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    """As on a machine so slow that a transaction outlives its time."""
    await desk.tell(*ANN.whole(), *BEN.whole())
    before = await rows_of(desk)
    sizes, whole = list[int](), getattr(worker, part)

    async def slow(parts: Parts, events: Sequence[LoggedEvent], session: Session) -> object:
        sizes.append(len(events))
        if len(events) > 3:
            raise OperationFailure("its lifetime is over", 290)
        return await whole(parts, events, session)

    monkeypatch.setattr(f"subgraphs.audit.rebuild.{part}", slow)
    done = await rebuild(desk.world.base)
    assert sizes[0] == done.events > 3 >= min(sizes)
    assert await rows_of(desk) == before


class Killed(Exception):
    """The end of the process, in the middle of a transaction."""


@pytest.mark.parametrize(
    ("part", "rows"),
    [
        pytest.param("enter", 8, id="rows: those of the two batches before stand"),
        pytest.param("reckon", 16, id="figures: the rows of the batch after stand"),
    ],
)
async def test_a_rebuild_that_was_killed_is_taken_up_where_it_stopped(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, part: str, rows: int
) -> None:
    """By audit itself when it starts: its indexes, then its follower."""
    await desk.tell(*ANN.whole(), ANN.ended(), *BEN.whole(), BEN.accepted(STRANGER))
    before, taken, whole = await rows_of(desk), list[int](), getattr(worker, part)

    async def killed(parts: Parts, events: Sequence[LoggedEvent], session: Session) -> object:
        done = await whole(parts, events, session)
        taken.append(len(events))
        if len(taken) == 3:
            raise Killed
        return done

    with monkeypatch.context() as patched:
        patched.setattr(f"subgraphs.audit.rebuild.{part}", killed)
        with pytest.raises(Killed):
            await rebuild(desk.world.base, batch=4)
    base = desk.world.base
    half = await rows_of(desk)
    assert len(half["events"]) == rows < len(before["events"]), "the third batch left nothing"
    stopped = await base.database[POSITIONS].find_one({"_id": "audit"})
    assert stopped == {"_id": "audit", "index": 7}, "the third batch's figures did not come"
    await create_indexes(base.database, INDEXES)
    again = follow(base, desk.parts)
    async with running(again.run):
        await settled(base, again)
    assert await rows_of(desk) == before
