"""The amounts of a case: by audit's pass, told to the person first, and to the regulator alone."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
import pytest_asyncio

from ledger_adapter.store.mongo import names
from subgraphs.kit.ids import CredentialId, derived_id
from subgraphs.kit.passes import GOOD_FOR, CasePass, CasePasses
from subgraphs.kit.reads import KIND
from subgraphs.kit.viewer import Role, Viewer
from tests.subgraphs.issuer.desk import OTHER, OWN, Desk
from tests.subgraphs.kit.gateway import NOBODY, Answer, Who
from tests.subgraphs.kit.world import Person

CASES: Final = """query($r: [_Any!]!) { _entities(representations: $r) { ... on Case { amounts {
  credential { id credentialNo state total { amount } }
  total { amount currency } assetLines { category amount { amount } } asOf } } } }"""
HERS: Final = """query($id: ID!) { credential(id: $id) {
  credentialNo total { amount currency } assetLines { category amount { amount } } asOf } }"""
EVE: Final = Who(role=Role.REGULATOR, subject="eve")
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module")
async def desk(shared_desk: Desk) -> Desk:
    """One for all: everybody here is new."""
    return shared_desk


def sealed(
    desk: Desk, person: Person, credentials: Sequence[str], *, made: datetime | None = None
) -> str:
    """What audit would seal for Eve, of a case about the person."""
    key = bytes.fromhex(desk.world.settings.cursor_key.read_text())
    given = CasePass(
        case=person.id, person=person.id, credentials=tuple(map(CredentialId, credentials))
    )
    passes = CasePasses(key, clock=lambda: made or datetime.now(UTC))
    return passes.seal(given, Viewer(role=Role.REGULATOR, subject="eve"))


async def shown(desk: Desk, *passes: str, who: Who = EVE) -> Answer:
    return await desk.ask(
        CASES, {"r": [{"__typename": "Case", "pass": one} for one in passes]}, who=who
    )


async def amounts(desk: Desk, *passes: str) -> list[Any]:
    """Of each pass; `credential.total` stays shut, and nothing else is refused."""
    answer = await shown(desk, *passes)
    assert {tuple(error["path"][-2:]) for error in answer.errors} <= {("credential", "total")}
    assert set(answer.codes) <= {"FORBIDDEN"}
    return [case["amounts"] for case in answer.data["_entities"]]


async def told(desk: Desk, person: Person) -> list[tuple[object, tuple[str, ...]]]:
    """The reads that the log tells her of: what, and whom it names."""
    events = [one for one in await desk.events(person.id) if one.kind == KIND]
    return [(one.body["what"], one.subjects) for one in events]


async def test_what_each_credential_states_is_what_its_holder_sees(desk: Desk) -> None:
    ann = await desk.customer()
    first, second = await desk.active(ann), await desk.offer(ann)
    asked = await desk.request(ann)
    (case,) = await amounts(desk, sealed(desk, ann, [second, first, asked]))
    assert [one["credential"]["id"] for one in case] == [second, first, asked]
    for one in case[:2]:
        hers = (await desk.ask(HERS, {"id": one["credential"]["id"]}, who=ann.who)).only(
            "credential"
        )
        assert one["total"]["amount"] != "0.00"
        for field in ("total", "assetLines", "asOf"):
            assert one[field] == hers[field] is not None
        assert one["credential"]["credentialNo"] == hers["credentialNo"]
        assert one["credential"]["total"] is None, "by itself it stays shut"
    assert case[2]["credential"]["state"] == "REQUESTED"
    assert (case[2]["total"], case[2]["assetLines"], case[2]["asOf"]) == (None, None, None)
    assert await told(desk, ann) == [("AMOUNTS", (ann.id,))]


async def test_one_pass_in_one_request_is_one_read_and_again_in_the_next(desk: Desk) -> None:
    ann = await desk.customer()
    text = sealed(desk, ann, [await desk.request(ann)])
    first, second = await amounts(desk, text, text)
    assert first == second
    assert len(await told(desk, ann)) == 1
    await amounts(desk, text)
    assert len(await told(desk, ann)) == 2


async def test_each_person_is_told_of_her_own_case(desk: Desk) -> None:
    ann, ben = await desk.customer("ann"), await desk.customer("ben")
    passes = [sealed(desk, one, [await desk.offer(one)]) for one in (ann, ben)]
    cases = await amounts(desk, *passes)
    assert [len(case) for case in cases] == [1, 1]
    for person in (ann, ben):
        assert await told(desk, person) == [("AMOUNTS", (person.id,))]


async def test_no_event_no_amounts(desk: Desk) -> None:
    ann = await desk.customer()
    text = sealed(desk, ann, [await desk.offer(ann)])
    await desk.settle()
    log = desk.world.base.mongo.database(desk.world.settings.ledger.database)
    await log.command({"collMod": names.QUEUE, "validator": {"$expr": False}})
    answer = await shown(desk, text)
    assert (answer.codes, answer.data["_entities"]) == (["INTERNAL"], [None])
    await log.command({"collMod": names.QUEUE, "validator": {}})
    assert await told(desk, ann) == []
    ((one,),) = await amounts(desk, text)
    assert one["total"] is not None


async def test_nobody_but_the_regulator_it_was_made_for(desk: Desk) -> None:
    ann = await desk.customer()
    text = sealed(desk, ann, [await desk.offer(ann)])
    analyst = Who(role=Role.ANALYST, subject="eve")
    desks = [replace(one, subject="eve") for one in (OWN, OTHER)]
    verifier = replace(OWN, role=Role.VERIFIER, subject="eve")
    for who in (ann.who, *desks, verifier, analyst, NOBODY):
        answer = await shown(desk, text, who=who)
        assert (answer.codes, answer.data["_entities"]) == (["FORBIDDEN"], [None])
    for who in (replace(EVE, subject="bob"), replace(EVE, subject="")):
        assert (await shown(desk, text, who=who)).codes == ["PASS_INVALID"]
    assert await told(desk, ann) == []


async def test_what_is_no_pass_or_is_over_opens_nothing(desk: Desk) -> None:
    ann = await desk.customer()
    credential = await desk.offer(ann)
    text = sealed(desk, ann, [credential])
    now = datetime.now(UTC)
    over = sealed(desk, ann, [credential], made=now - GOOD_FOR - timedelta(minutes=1))
    changed = text[:60] + ("A" if text[60] != "A" else "B") + text[61:]
    answer = await shown(desk, over, changed, credential, text)
    assert answer.codes[:3] == ["PASS_EXPIRED", "PASS_INVALID", "PASS_INVALID"]
    assert [case is not None for case in answer.data["_entities"]] == [False] * 3 + [True]
    assert len(await told(desk, ann)) == 1, "of the one that opened"
    for odd in ({"$ne": ""}, None, ["x"]):
        again = await desk.ask(CASES, {"r": [{"__typename": "Case", "pass": odd}]}, who=EVE)
        assert again.codes == ["BAD_USER_INPUT"]


async def test_of_another_person_there_is_nothing(desk: Desk) -> None:
    """Whatever stands in a pass: one case is one person's."""
    ann, ben = await desk.customer("ann"), await desk.customer("ben")
    his, nowhere = await desk.offer(ben), derived_id("cred", "nowhere")
    (case,) = await amounts(desk, sealed(desk, ann, [his, nowhere]))
    for one, id_ in zip(case, (his, nowhere), strict=True):
        shut = {"credentialNo": None, "state": None, "total": None}
        assert one["credential"] == {"id": id_, **shut}
        assert (one["total"], one["assetLines"], one["asOf"]) == (None, None, None)
    assert await told(desk, ben) == []


async def test_a_case_without_credentials_is_not_read(desk: Desk) -> None:
    ann = await desk.customer()
    assert await amounts(desk, sealed(desk, ann, [])) == [[]]
    assert await told(desk, ann) == []


async def test_what_was_erased_is_null_and_no_error(desk: Desk) -> None:
    ann = await desk.customer()
    credential = await desk.active(ann)
    await desk.settle()
    await desk.world.base.holder_keys.destroy(ann.id)
    ((one,),) = await amounts(desk, sealed(desk, ann, [credential]))
    assert one["credential"]["state"] == "ACTIVE"
    assert (one["total"], one["assetLines"], one["asOf"]) == (None, None, None)


async def test_all_cases_are_one_call_to_the_database(desk: Desk) -> None:
    people = [await desk.customer(name) for name in ("ann", "ben")]
    passes = [sealed(desk, one, [await desk.request(one), await desk.offer(one)]) for one in people]
    database = desk.world.base.mongo.database(desk.world.settings.database("issuer"))
    await database.command({"profile": 2})
    cases = await amounts(desk, *passes)
    await database.command({"profile": 0})
    found = await database["system.profile"].find({"op": "query"}).to_list(None)
    asked = [row for row in found if row["ns"].endswith(".credentials")]
    assert [len(case) for case in cases] == [2, 2]
    assert len(asked) == 1
    assert "COLLSCAN" not in asked[0]["planSummary"]
