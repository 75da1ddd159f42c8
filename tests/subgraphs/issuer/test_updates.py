"""The feed of steps: live, resumed, and each viewer's own."""

from typing import Any

import pytest
import pytest_asyncio

from subgraphs.demo.pilot import CAITONG_FUND
from subgraphs.kit.viewer import Role
from tests.subgraphs.issuer.desk import OTHER, OWN, Desk
from tests.subgraphs.kit.gateway import an_institution

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module")
async def desk(shared_desk: Desk) -> Desk:
    """Each test has people of its own, so one desk serves them all."""
    return shared_desk


FRAME = """cursor sequence headSequence prevSequence heartbeat kind state credentialId
  credential { state }"""
WATCH = f"subscription($after: Cursor) {{ credentialRequestUpdates(after: $after) {{ {FRAME} }} }}"
PAST = f"query($after: Cursor) {{ credentialRequestUpdateEvents(after: $after) {{ {FRAME} }} }}"


def frame(data: Any) -> dict[str, Any]:
    shown: dict[str, Any] = data["credentialRequestUpdates"]
    return shown


async def test_a_holder_sees_each_step_as_it_is_sequenced(desk: Desk) -> None:
    person = await desk.customer()
    async with desk.world.gateway.subscribe(WATCH, who=person.who) as stream:
        first = frame(await stream.next())
        credential = await desk.offer(person)
        steps = [frame(await stream.next()) for _ in range(3)]

    assert (first["heartbeat"], first["prevSequence"]) == (True, None)
    assert [one["state"] for one in steps] == ["REQUESTED", "DRAFT", "OFFERED"]
    assert {one["credentialId"] for one in steps} == {credential}
    assert [one["prevSequence"] for one in steps] == [
        first["sequence"],
        *[one["sequence"] for one in steps[:2]],
    ]


async def test_a_client_that_comes_back_gets_what_it_missed_and_then_the_live_ones(
    desk: Desk,
) -> None:
    person = await desk.customer()
    async with desk.world.gateway.subscribe(WATCH, who=person.who) as stream:
        here = frame(await stream.next())["cursor"]
    credential = await desk.offer(person)
    await desk.settle()

    async with desk.world.gateway.subscribe(WATCH, {"after": here}, who=person.who) as stream:
        missed = [frame(await stream.next()) for _ in range(3)]
        await desk.countersign(person, credential)
        live = frame(await stream.next())
    past = (await desk.ask(PAST, {"after": here}, who=person.who)).only(
        "credentialRequestUpdateEvents"
    )

    assert [one["state"] for one in missed] == ["REQUESTED", "DRAFT", "OFFERED"]
    assert live["kind"] == "CREDENTIAL_ACTIVATED"
    assert [one["sequence"] for one in past] == [one["sequence"] for one in [*missed, live]]
    assert [one["cursor"] for one in past] == [one["cursor"] for one in [*missed, live]]


async def test_another_issuers_desk_hears_nothing_of_it(desk: Desk) -> None:
    person = await desk.customer()
    async with (
        desk.world.gateway.subscribe(WATCH, who=OWN) as own,
        desk.world.gateway.subscribe(WATCH, who=OTHER) as other,
    ):
        mine, foreign = frame(await own.next()), frame(await other.next())
        await desk.request(person)
        heard = frame(await own.next())
    answer = await desk.ask(PAST, {"after": foreign["cursor"]}, who=OTHER)
    refused = await desk.ask(PAST, {"after": mine["cursor"]}, who=OTHER)

    assert heard["kind"] == "CREDENTIAL_REQUESTED"
    assert answer.only("credentialRequestUpdateEvents") == []
    assert refused.codes == ["CURSOR_INVALID"]


async def test_a_verifier_may_not_listen_here(desk: Desk) -> None:
    verifier = an_institution(Role.VERIFIER, CAITONG_FUND.uscc)

    async with desk.world.gateway.subscribe(WATCH, who=verifier) as stream:
        message = await stream.receive()

    assert message["payload"]["errors"][0]["extensions"]["code"] == "FORBIDDEN"


BEGUN = """subscription($after: Cursor) { credentialRequestUpdates(after: $after) {
  cursor state snapshot(first: 100) {
    totalCount pageInfo { hasNextPage } edges { node { id state } } } } }"""


async def test_a_stream_begins_with_what_stands_and_goes_on_from_there(desk: Desk) -> None:
    person, stranger = await desk.customer(), await desk.customer()
    credential = await desk.offer(person)
    await desk.settle()
    async with (
        desk.world.gateway.subscribe(BEGUN, who=person.who) as hers,
        desk.world.gateway.subscribe(BEGUN, who=stranger.who) as strangers,
        desk.world.gateway.subscribe(BEGUN, who=OWN) as own,
        desk.world.gateway.subscribe(BEGUN, who=OTHER) as other,
    ):
        begin, nothing = frame(await hers.next()), frame(await strangers.next())
        at_the_desk, elsewhere = frame(await own.next()), frame(await other.next())
        await desk.countersign(person, credential)
        active = frame(await hers.next())
    async with desk.world.gateway.subscribe(
        BEGUN, {"after": begin["cursor"]}, who=person.who
    ) as stream:
        again = frame(await stream.next())

    offered = {"node": {"id": credential, "state": "OFFERED"}}
    assert (begin["snapshot"]["edges"], begin["snapshot"]["totalCount"]) == ([offered], 1)
    assert nothing["snapshot"]["edges"] == []
    assert at_the_desk["snapshot"]["edges"][0] == offered  # newest first
    assert offered not in elsewhere["snapshot"]["edges"]
    assert (active["state"], active["snapshot"]) == ("ACTIVE", None)
    assert (again["cursor"], again["snapshot"]) == (active["cursor"], None)


async def test_open_subscriptions_end_with_complete_when_the_service_stops(desk: Desk) -> None:
    person = await desk.customer()
    async with desk.world.gateway.subscribe(WATCH, who=person.who) as stream:
        await stream.next()
        desk.parts.feed.close()
        message = await stream.receive()

    assert message == {"id": "1", "type": "complete"}
    assert desk.parts.feed.subscribers == 0
