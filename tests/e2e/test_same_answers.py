"""The graph composed by Apollo's own composer answers as the graph we composed.

Two gateways stand before the same four subgraphs: one over schema/supergraph.graphql, one over
what `@apollo/composition` makes of the same four files. Whatever is asked of both must be
answered alike: data, and errors with code and path.
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass
from itertools import groupby
from typing import Final, cast

import pytest
import pytest_asyncio
from graphql import (
    IntrospectionQuery,
    build_client_schema,
    get_introspection_query,
    lexicographic_sort_schema,
    print_schema,
)

from gateway.cli.compose import read_sources
from gateway.cli.compose_config import read_compose_config
from gateway.graphiql.node import Node
from subgraphs.demo.answers import mutate
from subgraphs.demo.client import Client, Json
from subgraphs.demo.deployment import ROOT
from subgraphs.demo.journey import VERIFIER, Journey, Person
from subgraphs.demo.listening import Listener
from subgraphs.demo.operations import EXAMPLES, operation
from subgraphs.kit.ids import REGISTRY, new_id
from tests.access.world import CHANNELS, COMPLAIN, LEAVE
from tests.e2e.callers import (
    PERSONAS,
    TRIES,
    RecordingClient,
    journey_of,
    token_of,
    token_of_holder,
)
from tests.e2e.second_gateway import second_gateway
from tests.e2e.wide import wide_node, wide_roots
from tests.js.compose_oracle import ask, oracle
from tests.kit.stack import Stack

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="module")]

CALLERS: Final = (*PERSONAS, "another holder", "nobody")
TYPES: Final = {kind.prefix: kind.type_name for kind in REGISTRY if kind.owner is not None}
ID: Final = re.compile(rf"\b({'|'.join(TYPES)})_[0-7][0-9A-HJKMNP-TV-Z]{{25}}\b")
READS: Final = tuple(
    path.stem[3:]
    for path in sorted(EXAMPLES.glob("*.graphql"))
    if "\nquery " in path.read_text(encoding="utf-8")
)
EVENTS: Final = "query Events { auditEvents(first: 100) { edges { node { id subjects } } } }"
STILL: Final = "query Still { auditEvents(first: 1) { totalCount } treeHead { treeSize } }"
PATIENCE_SECONDS: Final = 30
TWO_LEVELS: Final = (
    *("Credential", "Holder", "Presentation", "Acceptance"),
    *("Dispute", "Complaint"),
)
FOR_HERSELF: Final = frozenset({"Leave", "Complain"})
"""Mutations that are refused to no holder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """One caller at both gateways."""

    ours: Client
    apollos: Client

    async def same(self, query: str, variables: Mapping[str, object]) -> Json:
        """The answer both give. Both are asked at one moment, and where they differ again from a
        time when the log stands still: a checkpoint may have been signed between the two, and
        the regulator's reads are events themselves, that the next answer counts."""
        deadline = asyncio.get_running_loop().time() + PATIENCE_SECONDS
        ours, theirs = await self._both(query, variables)
        while ours != theirs and asyncio.get_running_loop().time() < deadline:
            await self._stillness()
            ours, theirs = await self._both(query, variables)
        assert theirs == ours, query
        return ours

    async def _both(self, query: str, variables: Mapping[str, object]) -> tuple[Json, Json]:
        ours, theirs = await asyncio.gather(
            self.ours.raw(query, variables), self.apollos.raw(query, variables)
        )
        return comparable(ours), comparable(theirs)

    async def _stillness(self) -> None:
        """Until two looks at what this caller sees of the log tell the same."""
        last, now = Json(), await self.ours.raw(STILL)
        for _ in range(TRIES):
            if last == now:
                return
            await asyncio.sleep(0.3)
            last, now = now, await self.ours.raw(STILL)


def comparable(answer: Json) -> Json:
    """Data as it is, but for a seal, which is signed anew for each answer; of errors the code and
    the path, in no order."""
    data = cast("Json | None", answer.get("data"))
    for field, value in (data or {}).items():
        if isinstance(value, dict) and value.get("seal"):
            data = {**(data or {}), field: {**value, "seal": "sealed"}}
    errors = cast("list[Json]", answer.get("errors", []))
    told = [{"path": e.get("path"), "code": cast("Json", e["extensions"])["code"]} for e in errors]
    return {"data": data, "errors": sorted(told, key=json.dumps)}


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Everybody at both gateways, and a journey of each gateway played to its end."""

    callers: dict[str, Pair]
    ours: Journey
    apollos: Journey
    cursor: str
    sent: dict[str, list[tuple[str, Mapping[str, object]]]]
    objects: dict[str, str]


@pytest.fixture(scope="module")
def apollos_url(stack: Stack) -> Iterator[str]:
    """A gateway over the supergraph that Apollo's composer makes of our four files."""
    node = oracle()
    if not isinstance(node, Node):
        pytest.skip(node)
    sources = read_sources(read_compose_config(ROOT / "schema" / "supergraph.yaml", None))
    (verdict,) = ask(node, [sources])
    assert verdict.supergraph is not None, verdict.errors
    path = stack.deployment.data / "apollo.graphql"
    path.write_text(verdict.supergraph, encoding="utf-8")
    with second_gateway(stack, supergraph=path) as url:
        yield url


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(stack: Stack, apollos_url: str) -> AsyncIterator[World]:
    deployment = stack.deployment
    async with AsyncExitStack() as exits:
        ours = await exits.enter_async_context(journey_of(deployment))
        apollos = await exits.enter_async_context(journey_of(deployment, url=apollos_url))
        callers = await everybody(exits, stack, apollos_url, ours.person)
        async with Listener.listening(ours.actors.verifier) as listener:
            cursor = listener.cursor
        cases = await played(ours)
        await played(apollos)
        yield World(
            callers=callers,
            ours=ours,
            apollos=apollos,
            cursor=cursor,
            sent={"ours": sent_in(ours), "apollos": sent_in(apollos)},
            objects=await objects_of(callers, ours, cases),
        )


async def everybody(
    exits: AsyncExitStack, stack: Stack, apollos_url: str, holder: Person
) -> dict[str, Pair]:
    deployment = stack.deployment
    tokens: dict[str, str | None] = {name: token_of(deployment, name) for name in PERSONAS}
    tokens["holder"] = token_of_holder(deployment, holder)
    tokens["another holder"] = token_of_holder(deployment, Person())
    tokens["nobody"] = None
    return {
        name: Pair(
            ours=await exits.enter_async_context(Client(stack.url, tokens[name])),
            apollos=await exits.enter_async_context(Client(apollos_url, tokens[name])),
        )
        for name in CALLERS
    }


async def played(journey: Journey) -> list[Json]:
    """The whole journey, until the permission is suspended, and the cases its holder opens then;
    what opening them answered."""
    async with Listener.listening(journey.actors.verifier) as listener:
        await journey.to_permission()
        await journey.endorse_reduction()
        await listener.next_change(journey.credential_id, "SUPPLEMENT_REQUESTED")
        await journey.revoke()
        await listener.next_change(journey.credential_id, "PERMISSION_SUSPENDED")
    return await opened(journey)


async def opened(journey: Journey) -> list[Json]:
    """She denies the use, complains of the suspension, and leaves."""
    holder, named = journey.actors.holder, {"channels": [{"kind": "APP", "address": "Help"}]}
    denied = {"subjectId": journey.presentation_id, "ground": "USE_DENIED"}
    dispute = await mutate(holder, "open-dispute", **denied, clientMutationId="deny")
    await journey.actors.verifier.ask(CHANNELS, {"input": named})
    said = {"institutionId": VERIFIER, "channel": "APP", "text": "Why?", "clientMutationId": "say"}
    complaint = await holder.ask(COMPLAIN, {"input": said})
    return [dispute, complaint, await holder.ask(LEAVE, {"input": {"clientMutationId": "leave"}})]


def sent_in(journey: Journey) -> list[tuple[str, Mapping[str, object]]]:
    """What the actors of a journey sent."""
    actors = (journey.actors.holder, journey.actors.issuer, journey.actors.verifier)
    return [one for actor in actors for one in cast("RecordingClient", actor).sent]


async def objects_of(
    callers: dict[str, Pair], journey: Journey, cases: list[Json]
) -> dict[str, str]:
    """One object of each type, found in what the journey's own people may read or opened."""
    wide, ids = wide_node("Credential", 2), {"id": journey.credential_id}
    answers = [await callers[name].ours.raw(wide, ids) for name in ("holder", "verifier")]
    answers.append(await callers["regulator"].ours.raw(EVENTS))
    found: dict[str, str] = {}
    for match in ID.finditer(json.dumps([*cases, *answers])):
        found.setdefault(TYPES[match[1]], match[0])
    return found


async def test_the_journey_met_every_type(world: World) -> None:
    """Otherwise the tables below would compare nothing."""
    elsewhere = {"CustodyObject", "DeletionReceipt", "Institution"}
    assert set(world.objects) >= set(TYPES.values()) - elsewhere, world.objects


async def test_the_journey_goes_as_well_over_apollos_supergraph(world: World) -> None:
    """Asked again and again, until something is on the log, counts as asked."""
    sent = [[operation_name(query) for query, _ in world.sent[side]] for side in world.sent]
    ours, apollos = ([name for name, _ in groupby(names)] for names in sent)
    assert ours == apollos


def operation_name(query: str) -> str:
    found = re.search(r"^(?:query|mutation|subscription) (\w+)", query, re.MULTILINE)
    assert found is not None, query
    return found[1]


@pytest.mark.parametrize("name", READS)
@pytest.mark.parametrize("caller", CALLERS)
async def test_examples_that_read(caller: str, name: str, world: World) -> None:
    for journey in (world.ours, world.apollos):
        query = operation(name)
        variables = {"id": journey.credential_id} if "$id" in query else {}
        await world.callers[caller].same(query, variables)


@pytest.mark.parametrize("caller", CALLERS)
async def test_every_field_of_every_object(caller: str, world: World) -> None:
    for type_, id_ in world.objects.items():
        for named in (id_, new_id(id_[:4])):
            await world.callers[caller].same(wide_node(type_, 1), {"id": named})


@pytest.mark.parametrize("type_", TWO_LEVELS)
async def test_two_levels_of_the_great_objects(type_: str, world: World) -> None:
    for caller in ("holder", "verifier"):
        answer = await world.callers[caller].same(wide_node(type_, 2), {"id": world.objects[type_]})
        assert cast("Json", answer["data"])["node"] is not None


@pytest.mark.parametrize("caller", CALLERS)
async def test_every_root_field(caller: str, world: World) -> None:
    for query in wide_roots(1).values():
        await world.callers[caller].same(query, {})


async def test_mutations_said_again(world: World) -> None:
    """Said again under its key, a mutation answers what it answered, through either gateway."""
    again = 0
    for actor in ("holder", "issuer", "verifier"):
        for query, variables in cast("RecordingClient", getattr(world.ours.actors, actor)).sent:
            if "clientMutationId" in cast("Json", variables.get("input", {})):
                answer = await world.callers[actor].same(query, variables)
                assert answer["errors"] == []
                again += 1
    assert again >= 12


async def test_mutations_refused(world: World) -> None:
    """Everybody tries every mutation of the journey with what others sent, under no key; but no
    holder what she may do for herself."""
    for caller in ("another holder", "regulator", "analyst", "nobody"):
        for query, variables in world.sent["ours"]:
            hers = caller == "another holder" and operation_name(query) in FOR_HERSELF
            if "mutation " in query and "prepare" not in query and not hers:
                given = {**cast("Json", variables["input"])}
                given.pop("clientMutationId", None)
                await world.callers[caller].same(query, {"input": given})


async def test_subscriptions(world: World) -> None:
    """Resumed from one place, both tell the same events, enriched from other subgraphs alike."""
    pair = world.callers["verifier"]
    told = [await heard(client, world) for client in (pair.ours, pair.apollos)]
    assert told[0] == told[1]
    assert len(told[0]) >= 4


async def heard(client: Client, world: World) -> list[Json]:
    """Frames about the credential of our journey, up to the suspension of its permission."""
    frames: list[Json] = []
    text_of = operation("watch-accepted-credentials")
    async with aclosing(client.events(text_of, {"after": world.cursor})) as events:  # type: ignore[type-var]
        async for event in events:
            frame = cast("Json", event["acceptedCredentialChanges"])
            if frame["credentialId"] == world.ours.credential_id:
                frames.append({k: v for k, v in frame.items() if k not in {"cursor"}})
                if frame["kind"] == "PERMISSION_SUSPENDED":
                    return frames
    raise AssertionError("the subscription ended")


async def test_introspection(world: World) -> None:
    pair = world.callers["nobody"]
    query = get_introspection_query(input_value_deprecation=True, directive_is_repeatable=True)
    printed = [
        print_schema(
            lexicographic_sort_schema(
                build_client_schema(cast("IntrospectionQuery", (await client.ask(query))))
            )
        )
        for client in (pair.ours, pair.apollos)
    ]
    assert printed[0] == printed[1]
