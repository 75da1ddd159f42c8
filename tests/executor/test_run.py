"""Plans run against scripted subgraphs: what is asked, what is answered, who is blamed for what."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import pytest

from gateway.executor.ports import Fault, NullTracer, SubgraphReply, SubgraphRequest
from gateway.executor.program import compile_plan
from gateway.executor.run import Answer, Call, execute
from gateway.executor.stream import stream
from gateway.plan.nodes import Condition, Parallel, PlanNode, QueryPlan, Sequence, Subscribe, Target
from gateway.plan.nodes import Flatten as FlattenNode
from gateway.plan.shape import Guard, ObjectShape
from gateway.spec.names import SubgraphName
from tests.executor.build import (
    abstract,
    by_key,
    entry,
    fetch,
    flatten,
    key,
    object_,
    plan,
    steps,
    typename,
)

Script = Mapping[str, Any]


def reply(data: Any = None, *errors: Any) -> SubgraphReply:
    return SubgraphReply(data=data, errors=errors, extensions={})


def entities(*items: Any) -> SubgraphReply:
    return reply({"_entities": list(items)})


def fault(subgraph: str, code: str = "SUBREQUEST_CONNECTION_ERROR") -> Fault:
    return Fault(code=code, message=f"{subgraph} is down", subgraph=SubgraphName(subgraph))


@dataclass
class Scripted:
    """Answers each document with what the script says, and remembers the requests."""

    script: Script
    requests: list[SubgraphRequest] = field(default_factory=list)
    cancelled: list[str] = field(default_factory=list)
    busy: asyncio.Event = field(default_factory=asyncio.Event)
    closed: bool = False

    async def fetch(self, request: SubgraphRequest, /) -> SubgraphReply | Fault:
        self.requests.append(request)
        answer = self.script[request.document]
        try:
            if answer == "nothing, ever":
                if len(self.requests) == len(self.script):
                    self.busy.set()
                await asyncio.Event().wait()
            outcome: SubgraphReply | Fault = answer(request) if callable(answer) else answer
            return deepcopy(outcome)  # an answer belongs to whoever asked
        except asyncio.CancelledError:
            self.cancelled.append(request.document)
            raise

    async def subscribe(self, request: SubgraphRequest, /) -> AsyncIterator[SubgraphReply | Fault]:
        self.requests.append(request)
        try:
            for event in self.script[request.document]:
                yield event
        finally:
            self.closed = True


def call(client: Scripted, *, timeout: float = 5, **variables: Any) -> Call:
    return Call(
        client=client,
        tracer=NullTracer(),
        variables=variables,
        context="context",
        timeout=timeout,
        max_errors=20,
    )


async def run(node: PlanNode, shape: ObjectShape, script: Script) -> Answer:
    return await execute(compile_plan(plan(node, shape)), call(Scripted(script)))


USERS = fetch("accounts", "{users}", roots=("users",))
NAMES = flatten(steps("users@"), "names", "names", by_key("User", key("id")))
USER = object_("User", entry("name", as_="called"))
SHAPE = object_("Query", entry("users", USER, as_="people", non_null=(False, False)))
TWO_USERS = reply({"users": [{"id": "1"}, None, {"id": "2"}, {"id": "1"}]})


async def test_entities_land_where_their_keys_were_found() -> None:
    client = Scripted({"{users}": TWO_USERS, "names": entities({"name": "A"}, None)})
    program = compile_plan(plan(Sequence(nodes=(USERS, NAMES)), SHAPE))
    answer = await execute(program, call(client))
    a, nobody = {"called": "A"}, {"called": None}
    assert answer.data == {"people": [a, None, nobody, a]}
    assert answer.errors == []
    assert client.requests[1].variables == {
        "representations": [{"__typename": "User", "id": "1"}, {"__typename": "User", "id": "2"}]
    }


async def test_nothing_is_asked_about_nobody() -> None:
    client = Scripted({"{users}": reply({"users": []})})
    program = compile_plan(plan(Sequence(nodes=(USERS, NAMES)), SHAPE))
    assert (await execute(program, call(client))).data == {"people": []}
    assert len(client.requests) == 1


async def test_a_fetch_gets_only_the_variables_it_uses_and_the_context() -> None:
    client = Scripted({"d": reply({})})
    node = fetch("accounts", "d", variables=("a", "left_out"))
    await execute(compile_plan(plan(node, object_("Query"))), call(client, a=1, b=2))
    (request,) = client.requests
    assert request.variables == {"a": 1}
    assert request.context == "context"
    assert 0 < request.deadline - asyncio.get_running_loop().time() <= 5


async def test_answers_of_parallel_fetches_are_merged() -> None:
    node = Parallel(nodes=(fetch("a", "a"), fetch("b", "b")))
    shape = object_("Query", entry("me", object_("User", entry("id"), entry("name"))))
    script = {"a": reply({"me": {"id": "1"}}), "b": reply({"me": {"name": "A"}})}
    assert (await run(node, shape, script)).data == {"me": {"id": "1", "name": "A"}}


@pytest.mark.parametrize("wanted", [True, False])
async def test_a_condition_guards_its_node(*, wanted: bool) -> None:
    node = Condition(when=((Guard("wanted", True),),), node=fetch("a", "a"))  # noqa: FBT003
    client = Scripted({"a": reply({})})
    await execute(compile_plan(plan(node, object_("Query"))), call(client, wanted=wanted))
    assert len(client.requests) == wanted


async def test_the_root_is_entered_again_below_a_field() -> None:
    target = Target(path=steps("made"), response_key="", variable="", representations=())
    node = Sequence(nodes=(fetch("a", "a"), FlattenNode(targets=(target,), fetch=fetch("b", "b"))))
    shape = object_("Mutation", entry("made", object_("Query", entry("now"))))
    script = {"a": reply({"made": {}}), "b": reply({"now": "noon"})}
    assert (await run(node, shape, script)).data == {"made": {"now": "noon"}}


async def test_several_targets_travel_in_one_request() -> None:
    targets = tuple(
        Target(
            path=steps(name),
            response_key=f"_e{number}",
            variable=f"r{number}",
            representations=(by_key("User", key("id")),),
        )
        for number, name in enumerate(("me", "you", "nobody"))
    )
    node = Sequence(nodes=(fetch("a", "a"), FlattenNode(targets=targets, fetch=fetch("b", "b"))))
    user = object_("User", entry("name"))
    shape = object_("Query", entry("me", user), entry("you", user), entry("nobody", user))
    error = {"message": "no name", "path": ["_e1", 0, "name"]}
    data = {"_e0": [{"name": "A"}], "_e1": [{"name": None}], "_e2": []}
    script = {"a": reply({"me": {"id": 1}, "you": {"id": 2}}), "b": reply(data, error)}
    answer = await run(node, shape, script)
    assert answer.data == {"me": {"name": "A"}, "you": {"name": None}, "nobody": None}
    assert [error["path"] for error in answer.errors] == [["you", "name"]]


def told(answer: Answer) -> list[tuple[str, object, object]]:
    return [
        (error["extensions"]["code"], error["extensions"].get("service"), error.get("path"))
        for error in answer.errors
    ]


ENTITY_ERROR = {
    "message": "no name for you",
    "path": ["_entities", 0, "name"],
    "locations": [{"line": 1, "column": 2}],
    "extensions": {"code": "FORBIDDEN", "hint": "ask"},
}
MALFORMED = "SUBREQUEST_MALFORMED_RESPONSE"
NOBODY = [{"called": None}, None, {"called": None}, {"called": None}]


async def test_an_entity_error_is_told_at_each_place_of_the_entity() -> None:
    script = {
        "{users}": TWO_USERS,
        "names": reply({"_entities": [{"name": None}, {"name": "B"}]}, ENTITY_ERROR),
    }
    answer = await run(Sequence(nodes=(USERS, NAMES)), SHAPE, script)
    assert [error["path"] for error in answer.errors] == [
        ["people", 0, "called"],
        ["people", 3, "called"],
    ]
    assert answer.errors[0] == {
        "message": "no name for you",
        "path": ["people", 0, "called"],
        "extensions": {"code": "FORBIDDEN", "hint": "ask", "service": "names"},
    }


@pytest.mark.parametrize(
    ("names", "errors"),
    [
        pytest.param(fault("names"), ("SUBREQUEST_CONNECTION_ERROR", ["people"]), id="it is down"),
        pytest.param(entities({"name": "A"}), (MALFORMED, ["people"]), id="an entity too few"),
        pytest.param(entities({}, {}, {}), (MALFORMED, ["people"]), id="an entity too many"),
        pytest.param(reply({"_entities": {}}), (MALFORMED, ["people"]), id="no list"),
        pytest.param(reply({}), (MALFORMED, ["people"]), id="no entities"),
        pytest.param(reply([]), (MALFORMED, ["people"]), id="data is a list"),
        pytest.param(reply(None), (MALFORMED, ["people"]), id="neither data nor errors"),
        pytest.param(
            reply(None, {"message": "no"}), ("DOWNSTREAM_SERVICE_ERROR", ["people"]),
            id="an error without a place",
        ),
        pytest.param(
            reply(None, {"message": 3, "path": "?", "extensions": 1}),
            ("DOWNSTREAM_SERVICE_ERROR", ["people"]),
            id="an error of wrong shape",
        ),
        pytest.param(
            reply(None, {"message": "no", "path": ["_entities", 9]}),
            ("DOWNSTREAM_SERVICE_ERROR", ["people"]),
            id="an error about an entity that was not asked",
        ),
    ],
)  # fmt: skip
async def test_a_sick_subgraph_nulls_its_fields_only(names: Any, errors: Any) -> None:
    script = {"{users}": TWO_USERS, "names": names}
    answer = await run(Sequence(nodes=(USERS, NAMES)), SHAPE, script)
    assert answer.data == {"people": NOBODY}
    code, path = errors
    assert told(answer) == [(code, "names", path)]


async def test_an_entity_that_is_no_object() -> None:
    script = {"{users}": TWO_USERS, "names": entities({"name": "A"}, "B")}
    answer = await run(Sequence(nodes=(USERS, NAMES)), SHAPE, script)
    assert answer.data == {"people": [{"called": "A"}, None, {"called": None}, {"called": "A"}]}
    assert told(answer) == [(MALFORMED, "names", ["people", 2])]


async def test_a_dead_subgraph_is_told_once_for_each_top_level_field_it_took() -> None:
    node = Parallel(nodes=(fetch("a", "a", roots=("x", "y")), fetch("b", "b", roots=("z",))))
    shape = object_("Query", entry("x"), entry("y", as_="why"), entry("y"), entry("z"))
    answer = await run(node, shape, {"a": fault("a"), "b": reply({"z": "z"})})
    assert answer.data == {"x": None, "why": None, "y": None, "z": "z"}
    assert told(answer) == [
        ("SUBREQUEST_CONNECTION_ERROR", "a", ["x"]),
        ("SUBREQUEST_CONNECTION_ERROR", "a", ["why"]),
        ("SUBREQUEST_CONNECTION_ERROR", "a", ["y"]),
    ]


async def test_an_error_is_told_by_the_names_of_the_client() -> None:
    media = abstract(
        "Media", ["Book", "Film"], typename(), entry("_cg0", as_="title", types=["Film"])
    )
    shape = object_("Query", entry("media", media, as_="all", non_null=(False, False)))
    data = {"media": [{"__typename": "Book"}, {"__typename": "Film", "_cg0": None}]}
    errors = [
        {"message": "no title", "path": ["media", 1, "_cg0"]},
        {"message": "not asked by the client", "path": ["media", 0, "_cg_key", "id"]},
    ]
    answer = await run(fetch("a", "a"), shape, {"a": reply(data, *errors)})
    assert [error["path"] for error in answer.errors] == [["all", 1, "title"], ["all", 0]]


async def test_no_fetch_starts_after_the_deadline() -> None:
    client = Scripted({"{users}": TWO_USERS})
    program = compile_plan(plan(USERS, SHAPE))
    answer = await execute(program, call(client, timeout=0))
    assert client.requests == []
    assert answer.data == {"people": None}
    assert told(answer) == [("SUBREQUEST_TIMEOUT", "accounts", ["people"])]


async def test_a_client_that_leaves_cancels_every_fetch() -> None:
    client = Scripted({"a": "nothing, ever", "b": "nothing, ever"})
    node = Parallel(nodes=(fetch("a", "a"), fetch("b", "b")))
    task = asyncio.create_task(execute(compile_plan(plan(node, object_("Query"))), call(client)))
    await client.busy.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert sorted(client.cancelled) == ["a", "b"]


def events(*items: Any) -> tuple[Scripted, QueryPlan]:
    def name(request: SubgraphRequest) -> SubgraphReply:
        sent: Any = request.variables["representations"]
        return entities(*({"name": f"name {item['id']}"} for item in sent))

    rest = flatten(steps("joined"), "names", "names", by_key("User", key("id")))
    node = Subscribe(fetch=fetch("a", "events", roots=("joined",)), rest=rest)
    shape = object_("Subscription", entry("joined", USER))
    return Scripted({"events": items, "names": name}), plan(node, shape)


def joined(number: int) -> SubgraphReply:
    return reply({"joined": {"id": number}})


async def test_each_event_is_completed_in_order() -> None:
    client, planned = events(joined(1), reply(None, {"message": "sorry"}), joined(2))
    answers = [answer async for answer in stream(compile_plan(planned), call(client))]
    assert [answer.data for answer in answers] == [
        {"joined": {"called": "name 1"}},
        {"joined": None},
        {"joined": {"called": "name 2"}},
    ]
    assert told(answers[1]) == [("DOWNSTREAM_SERVICE_ERROR", "a", ["joined"])]


async def test_a_lost_upstream_is_the_last_event() -> None:
    client, planned = events(joined(1), fault("a", "SUBSCRIPTION_UPSTREAM_LOST"))
    answers = [answer async for answer in stream(compile_plan(planned), call(client))]
    assert told(answers[-1]) == [("SUBSCRIPTION_UPSTREAM_LOST", "a", ["joined"])]


async def test_leaving_a_stream_frees_the_upstream_at_once() -> None:
    client, planned = events(joined(1), joined(2))
    answers = stream(compile_plan(planned), call(client))
    await anext(answers)
    await answers.aclose()
    assert client.closed
