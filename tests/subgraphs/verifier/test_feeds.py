"""A subscription is a position in the log: resumed without gap or repeat, silent only provably."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from typing import Any

import pytest

from subgraphs.kit.viewer import Role
from tests.subgraphs.kit.gateway import Stream, Who
from tests.subgraphs.kit.world import Person, running
from tests.subgraphs.verifier.counter import ISSUER, OTHER, OWN, REGULATOR, Counter, Paper, wired

pytestmark = pytest.mark.asyncio(loop_scope="module")

CHANGES = """subscription($after: Cursor) { acceptedCredentialChanges(after: $after) {
  cursor sequence headSequence prevSequence heartbeat kind effect state credentialId
  endorsement { id } acceptance { state permission { state } } permission { state }
  supplementRequest { state dueAt } } }"""
TASKS = """subscription($after: Cursor) { myTasks(after: $after) {
  cursor sequence headSequence prevSequence heartbeat kind
  supplementRequest { state } permission { state } } }"""
EVENTS = """query($after: Cursor, $first: Int! = 100) {
  acceptedCredentialChangeEvents(after: $after, first: $first) {
    cursor sequence prevSequence kind effect state credentialId } }"""


async def watched(counter: Counter, name: str) -> tuple[Person, Paper]:
    person = await counter.customer(name)
    paper, verification = await counter.accepted(person)
    await counter.permitted(verification)
    await counter.settle()
    return person, paper


@dataclass
class Reader:
    """A client that knows its position: a gap or a repeat fails the test where it happens."""

    stream: Stream
    field: str = "acceptedCredentialChanges"
    position: int | None = None

    async def frame(self) -> Any:
        frame = (await self.stream.next())[self.field]
        assert frame["prevSequence"] == self.position
        assert self.position is None or frame["sequence"] >= self.position
        assert frame["headSequence"] >= frame["sequence"]
        self.position = frame["sequence"]
        return frame

    async def begin(self) -> Any:
        """The first frame of a subscription without a cursor: where it begins."""
        frame = await self.frame()
        assert frame["heartbeat"]
        assert frame["sequence"] == frame["headSequence"]
        return frame

    async def events(self, count: int) -> list[Any]:
        """The next frames that are no heartbeats."""
        found: list[Any] = []
        while len(found) < count:
            before = self.position
            frame = await self.frame()
            if not frame["heartbeat"]:
                assert before is None or frame["sequence"] > before
                found.append(frame)
        return found


async def test_a_verifier_sees_the_change_and_what_followed(shared_counter: Counter) -> None:
    counter = shared_counter
    person, paper = await watched(counter, "ann")
    async with counter.world.gateway.subscribe(CHANGES, who=OWN) as stream:
        reader = Reader(stream)
        await reader.begin()
        endorsement = await counter.endorse(person, paper, "REDUCED")
        reduced, asked = await reader.events(2)
        await counter.endorse(person, paper, "REVOKE", "REVOKED", version=6)
        revoked, *followed = await reader.events(3)
    assert (reduced["kind"], reduced["effect"], reduced["state"]) == (
        "CREDENTIAL_ENDORSED",
        "REDUCED",
        "ACTIVE",
    )
    assert reduced["endorsement"] == {"id": endorsement}
    assert reduced["credentialId"] == paper.id
    assert reduced["acceptance"]["state"] == "SUPPLEMENT_REQUESTED"
    assert (asked["kind"], asked["supplementRequest"]["state"]) == ("SUPPLEMENT_REQUESTED", "OPEN")
    assert (revoked["effect"], revoked["state"]) == ("REVOKE", "REVOKED")
    assert revoked["acceptance"] == {"state": "LAPSED", "permission": {"state": "SUSPENDED"}}
    assert [frame["kind"] for frame in followed] == ["ACCEPTANCE_ENDED", "PERMISSION_SUSPENDED"]
    assert followed[1]["permission"] == {"state": "SUSPENDED"}


async def test_a_resumed_subscription_has_neither_gap_nor_repeat(shared_counter: Counter) -> None:
    counter = shared_counter
    person, paper = await watched(counter, "bea")
    seen: list[Any] = []
    async with counter.world.gateway.subscribe(CHANGES, who=OWN) as stream:
        reader = Reader(stream)
        begin = await reader.begin()
    cursor, position = begin["cursor"], begin["sequence"]
    for round_ in range(5):
        missed = [
            await counter.endorse(person, paper, "NOTE", version=10 * round_ + step)
            for step in range(3)
        ]
        await counter.settle()
        subscribed = counter.world.gateway.subscribe(CHANGES, {"after": cursor}, who=OWN)
        async with subscribed as stream:
            reader = Reader(stream, position=position)
            seen += await reader.events(3)
            live = await counter.endorse(person, paper, "NOTE", version=10 * round_ + 9)
            seen += await reader.events(1)
        cursor, position = seen[-1]["cursor"], seen[-1]["sequence"]
        got = [frame["endorsement"]["id"] for frame in seen[-4:]]
        assert got == [*missed, live]
    sequences = [frame["sequence"] for frame in seen]
    assert sequences == sorted(set(sequences))


async def test_frames_from_storage_equal_the_live_ones(shared_counter: Counter) -> None:
    counter = shared_counter
    person, paper = await watched(counter, "cleo")
    async with counter.world.gateway.subscribe(CHANGES, who=OWN) as stream:
        reader = Reader(stream)
        begin = await reader.begin()
        await counter.endorse(person, paper, "REDUCED")
        await counter.endorse(person, paper, "RESTORED", version=6)
        live = await reader.events(3)
    answer = await counter.ask(EVENTS, {"after": begin["cursor"]}, who=OWN)
    stored = answer.only("acceptedCredentialChangeEvents")
    shared = ("cursor", "sequence", "kind", "effect", "state", "credentialId")
    assert [[f[n] for n in shared] for f in stored] == [[f[n] for n in shared] for f in live]
    paged = await counter.ask(EVENTS, {"after": stored[0]["cursor"], "first": 1}, who=OWN)
    (second,) = paged.only("acceptedCredentialChangeEvents")
    assert second["sequence"] == stored[1]["sequence"]
    assert second["prevSequence"] == stored[0]["sequence"]


async def test_silence_is_provable(shared_counter: Counter) -> None:
    counter = shared_counter
    async with counter.world.gateway.subscribe(CHANGES, who=OWN) as stream:
        reader = Reader(stream)
        begin = await reader.begin()
        await counter.world.person("nobody-of-hers")
        await counter.settle()
        beat = await reader.frame()
    assert beat["heartbeat"]
    assert beat["sequence"] == beat["headSequence"] > begin["sequence"]
    assert beat["acceptance"] is None


async def test_a_holder_hears_what_is_asked_of_her_and_nobody_elses(
    shared_counter: Counter,
) -> None:
    counter = shared_counter
    person, paper = await watched(counter, "dora")
    other, others = await watched(counter, "eve")
    async with counter.world.gateway.subscribe(TASKS, who=person.who) as stream:
        reader = Reader(stream, field="myTasks")
        await reader.begin()
        await counter.endorse(other, others, "REVOKE", "REVOKED")
        await counter.endorse(person, paper, "REDUCED")
        await counter.endorse(person, paper, "REVOKE", "REVOKED", version=6)
        told = await reader.events(3)
    assert [frame["kind"] for frame in told] == [
        "SUPPLEMENT_REQUESTED",
        "ACCEPTANCE_ENDED",
        "PERMISSION_SUSPENDED",
    ]
    answer = await counter.ask(
        "{ me { tasks { edges { node { state reason } } } } myTaskEvents { kind } }",
        who=person.who,
    )
    assert answer.only("me")["tasks"]["edges"] == [{"node": {"state": "VOID", "reason": "REDUCED"}}]
    assert [frame["kind"] for frame in answer.data["myTaskEvents"]] == [
        "PERMISSION_GRANTED",
        *[frame["kind"] for frame in told],
    ]


async def test_another_verifier_hears_nothing_of_it(shared_counter: Counter) -> None:
    counter = shared_counter
    person, paper = await watched(counter, "faye")
    async with counter.world.gateway.subscribe(CHANGES, who=OTHER) as stream:
        reader = Reader(stream)
        await reader.begin()
        await counter.endorse(person, paper, "REVOKE", "REVOKED")
        await counter.settle()
        for _ in range(3):
            assert (await reader.frame())["heartbeat"]


async def test_after_a_restart_a_cursor_still_stands(shared_counter: Counter) -> None:
    counter = shared_counter
    person, paper = await watched(counter, "gina")
    async with counter.world.gateway.subscribe(CHANGES, who=OWN) as stream:
        reader = Reader(stream)
        begin = await reader.begin()
    before = counter.world.gateway.app
    restarted = wired(counter.world)
    try:
        async with running(restarted.parts.follower.run):
            endorsement = await restarted.endorse(person, paper, "NOTE")
            again = counter.world.gateway.subscribe(CHANGES, {"after": begin["cursor"]}, who=OWN)
            async with again as stream:
                (frame,) = await Reader(stream, position=begin["sequence"]).events(1)
            assert frame["endorsement"] == {"id": endorsement}
            await restarted.settle()
    finally:
        counter.world.gateway.app = before
        await counter.settle()


@pytest.mark.parametrize(
    ("who", "code"),
    [
        pytest.param(ISSUER, "FORBIDDEN", id="an issuer"),
        pytest.param(REGULATOR, "FORBIDDEN", id="the regulator"),
        pytest.param(Who(role=Role.ANALYST), "FORBIDDEN", id="an analyst"),
        pytest.param(Who(), "FORBIDDEN", id="nobody known"),
    ],
)
async def test_only_a_verifier_listens(shared_counter: Counter, who: Who, code: str) -> None:
    async with shared_counter.world.gateway.subscribe(CHANGES, who=who) as stream:
        assert await refusal(stream) == code
    answer = await shared_counter.ask(EVENTS, who=who)
    assert answer.codes == [code]


async def test_a_cursor_serves_only_its_own_feed_and_institution(shared_counter: Counter) -> None:
    counter = shared_counter
    person, _ = await watched(counter, "hana")
    async with counter.world.gateway.subscribe(CHANGES, who=OWN) as stream:
        reader = Reader(stream)
        cursor = (await reader.begin())["cursor"]
    for after, who, document in (
        (cursor, OTHER, CHANGES),
        (cursor, person.who, TASKS),
        (cursor[:-2] + ("AA" if cursor[-2:] != "AA" else "BB"), OWN, CHANGES),
        ("9", OWN, CHANGES),
    ):
        async with counter.world.gateway.subscribe(document, {"after": after}, who=who) as stream:
            assert await refusal(stream) == "CURSOR_INVALID"


async def test_a_slow_reader_loses_nothing(shared_counter: Counter) -> None:
    counter = shared_counter
    person, paper = await watched(counter, "ines")
    async with counter.world.gateway.subscribe(CHANGES, who=OWN) as stream:
        reader = Reader(stream)
        await reader.begin()
        told = [await counter.endorse(person, paper, "NOTE", version=n) for n in range(10, 60)]
        await counter.settle()
        found = await reader.events(len(told))
    assert [frame["endorsement"]["id"] for frame in found] == told


async def test_a_client_that_leaves_frees_its_place(shared_counter: Counter) -> None:
    counter = shared_counter
    before = counter.parts.feed.subscribers
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(3):
            gateway = counter.world.gateway
            stream = await stack.enter_async_context(gateway.subscribe(CHANGES, who=OWN))
            await Reader(stream).begin()
        assert counter.parts.feed.subscribers == before + 3
    await asyncio.sleep(0)
    assert counter.parts.feed.subscribers == before


async def refusal(stream: Stream) -> str:
    message = await stream.receive()
    errors = message["payload"] if message["type"] == "error" else message["payload"]["errors"]
    return str(errors[0]["extensions"]["code"])


CHOSEN = """subscription($ids: [ID!], $kinds: [AcceptedChangeKind!], $after: Cursor) {
  acceptedCredentialChanges(credentialIds: $ids, kinds: $kinds, after: $after) {
    cursor sequence headSequence prevSequence heartbeat kind credentialId } }"""


async def test_only_what_was_chosen_comes_live_and_from_storage(shared_counter: Counter) -> None:
    counter = shared_counter
    person, paper = await watched(counter, "chosen-one")
    other_person, other = await watched(counter, "chosen-other")
    chosen = {"ids": [paper.id], "kinds": ["CREDENTIAL_ENDORSED"]}
    async with counter.world.gateway.subscribe(CHOSEN, chosen, who=OWN) as stream:
        reader = Reader(stream)
        begin = await reader.begin()
        await counter.endorse(other_person, other, "NOTE")
        await counter.endorse(person, paper, "REDUCED")
        (live,) = await reader.events(1)
    assert (live["credentialId"], live["kind"]) == (paper.id, "CREDENTIAL_ENDORSED")
    resumed = {**chosen, "after": begin["cursor"]}
    async with counter.world.gateway.subscribe(CHOSEN, resumed, who=OWN) as stream:
        (stored,) = await Reader(stream, position=begin["sequence"]).events(1)
    assert stored["cursor"] == live["cursor"]
    elsewhere = {"kinds": ["CREDENTIAL_ENDORSED"], "after": begin["cursor"]}
    async with counter.world.gateway.subscribe(CHOSEN, elsewhere, who=OWN) as stream:
        refused = await stream.receive()
    assert "CURSOR_INVALID" in str(refused)


BEGUN = """subscription($after: Cursor) { acceptedCredentialChanges(after: $after) {
  cursor sequence headSequence prevSequence heartbeat kind
  snapshot(first: 100) { totalCount edges { node { state } } } } }"""


async def test_a_stream_begins_with_what_stands_and_goes_on_from_there(
    shared_counter: Counter,
) -> None:
    counter = shared_counter
    person, paper = await watched(counter, "snapshot")
    async with counter.world.gateway.subscribe(BEGUN, who=OWN) as stream:
        reader = Reader(stream)
        begin = await reader.begin()
        await counter.endorse(person, paper, "REDUCED")
        (event,) = await reader.events(1)
    states = [edge["node"]["state"] for edge in begin["snapshot"]["edges"]]
    assert states[0] == "MONITORED"
    assert begin["snapshot"]["totalCount"] == len(states)
    assert event["snapshot"] is None
    resumed = {"after": begin["cursor"]}
    async with counter.world.gateway.subscribe(BEGUN, resumed, who=OWN) as stream:
        (again,) = await Reader(stream, position=begin["sequence"]).events(1)
    assert again["snapshot"] is None


MINE = """subscription($after: Cursor) { myTasks(after: $after) {
  cursor sequence headSequence prevSequence heartbeat kind
  snapshot { id tasks { edges { node { state reason } } }
    permissions { edges { node { state suspendedReason } } } } } }"""


async def test_a_holders_stream_begins_with_her_tasks_and_permissions(
    shared_counter: Counter,
) -> None:
    counter = shared_counter
    person, paper = await watched(counter, "begins")
    other, others = await watched(counter, "begins-elsewhere")
    await counter.endorse(other, others, "REVOKE", "REVOKED")
    await counter.endorse(person, paper, "REDUCED")
    await counter.settle()
    async with counter.world.gateway.subscribe(MINE, who=person.who) as stream:
        reader = Reader(stream, field="myTasks")
        begin = await reader.begin()
        await counter.endorse(person, paper, "REVOKE", "REVOKED", version=6)
        ended, suspended = await reader.events(2)
    assert begin["snapshot"] == {
        "id": person.who.holder,
        "tasks": {"edges": [{"node": {"state": "OPEN", "reason": "REDUCED"}}]},
        "permissions": {"edges": [{"node": {"state": "GRANTED", "suspendedReason": None}}]},
    }
    assert (ended["kind"], ended["snapshot"]) == ("ACCEPTANCE_ENDED", None)
    assert (suspended["kind"], suspended["snapshot"]) == ("PERMISSION_SUSPENDED", None)
    resumed, known = {"after": begin["cursor"]}, begin["sequence"]
    async with counter.world.gateway.subscribe(MINE, resumed, who=person.who) as stream:
        (again,) = await Reader(stream, field="myTasks", position=known).events(1)
    assert (again["cursor"], again["snapshot"]) == (ended["cursor"], None)


async def test_only_kinds_that_there_are_can_be_chosen(shared_counter: Counter) -> None:
    chosen = {"kinds": ["CREDENTIAL_ISSUED"]}
    async with shared_counter.world.gateway.subscribe(CHOSEN, chosen, who=OWN) as stream:
        assert (await stream.receive())["type"] == "error"


async def test_nothing_and_too_much_cannot_be_chosen(shared_counter: Counter) -> None:
    for ids in ([], [f"cred_{number}" for number in range(101)]):
        async with shared_counter.world.gateway.subscribe(CHOSEN, {"ids": ids}, who=OWN) as stream:
            assert "LIST_OUT_OF_RANGE" in str(await stream.receive())
