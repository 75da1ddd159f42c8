"""What becomes of a refused operation, per caller and per event, beside the single answer."""

from typing import Any

import pytest

from gateway.access import NOBODY, GrantRules, Grants
from gateway.engine import Engine, EngineOptions, GatewayResponse
from gateway.errors import BadSupergraph
from tests.access.graph import GUARDED, GUARDED_SDLS
from tests.access.test_directives import graphs, server
from tests.engine.pair import asking
from tests.kit.federated import local_client

TOKEN = Grants(authenticated=True)


def codes(body: Any) -> list[str]:
    return [error["extensions"]["code"] for error in body.get("errors", [])]


async def test_reject_refuses_the_operation_as_a_whole() -> None:
    engine, client = server("composed", "reject")
    client.requests.clear()
    response = await engine.execute(asking("{ hello me { name } }"))
    assert response.request_error
    assert "data" not in response.body
    assert codes(response.body) == ["UNAUTHORIZED_FIELD_OR_TYPE"]
    assert client.requests == []
    assert (await engine.execute(asking("{ hello }"))).body == {"data": {"hello": "hello"}}
    allowed = await engine.execute(asking("{ hello me { name } }", grants=TOKEN))
    assert allowed.body == {"data": {"hello": "hello", "me": {"name": "Ann"}}}


async def test_dry_run_answers_and_tells() -> None:
    engine, _ = server("composed", "dry-run")
    body: Any = (await engine.execute(asking("{ hello me { name } }"))).body
    assert body["data"] == {"hello": "hello", "me": {"name": "Ann"}}
    assert "errors" not in body
    assert [each["path"] for each in body["extensions"]["unauthorized"]] == [["me"]]


async def test_a_refusal_never_says_what_was_missing() -> None:
    engine, _ = server("composed")
    body = str((await engine.execute(asking("{ users { name } either card }"))).body)
    assert not [word for word in ("read:users", "read_card", "scope", "policy") if word in body]


async def test_plans_are_kept_by_decision_and_not_by_caller() -> None:
    client = local_client(GUARDED_SDLS, GUARDED)
    engine = Engine.from_supergraph(graphs()["composed"], client=client, options=EngineOptions())
    query = "{ me { name } either }"
    for number in range(20):
        grants = Grants(authenticated=True, scopes=frozenset([f"no guard asks for this {number}"]))
        await engine.execute(asking(query, grants=grants))
    assert len(engine.recent_operations()) == 1
    answers = [
        (await engine.execute(asking(query, grants=grants))).body["data"]
        for grants in (NOBODY, TOKEN, Grants(authenticated=True, scopes=frozenset("c")), NOBODY)
    ]
    assert answers == [
        {"me": None, "either": None},
        {"me": {"name": "Ann"}, "either": None},
        {"me": {"name": "Ann"}, "either": "either"},
        {"me": None, "either": None},
    ]
    assert len(engine.recent_operations()) == 3


async def events(grants: Grants, query: str, granted: Any = lambda: True) -> list[GatewayResponse]:
    engine, client = server("composed")
    client.requests.clear()
    request = asking(query, grants=grants, still_granted=granted)
    return [response async for response in engine.subscribe(request)]


async def test_a_refused_subscription_opens_no_stream() -> None:
    (only,) = await events(NOBODY, "subscription { secrets }")
    assert only.body["data"] == {"secrets": None}
    assert codes(only.body) == ["UNAUTHORIZED_FIELD_OR_TYPE"]
    assert server("composed")[1].requests == []


async def test_every_event_is_filtered() -> None:
    told = await events(NOBODY, "subscription { ticks { no cause } }")
    assert [each.body["data"] for each in told] == [
        {"ticks": {"no": number, "cause": None}} for number in (1, 2, 3)
    ]
    assert all(codes(each.body) == ["UNAUTHORIZED_FIELD_OR_TYPE"] for each in told)


async def test_a_stream_ends_with_the_grant() -> None:
    answers = iter([True, False, True])
    told = await events(TOKEN, "subscription { ticks { no } }", lambda: next(answers))
    assert told[0].body["data"] == {"ticks": {"no": 1}}
    assert codes(told[1].body) == ["SUBSCRIPTION_GRANT_ENDED"]
    assert told[1].body.get("data") is None
    assert len(told) == 2


async def test_a_deferred_part_is_filtered_like_the_rest() -> None:
    engine, _ = server("composed")
    query = '{ user(id: "u1") { name ... @defer { email id } } }'
    parts: list[Any] = [each.body async for each in engine.deliver(asking(query))]
    whole = str(parts)
    assert "a@x" not in whole
    assert "UNAUTHORIZED_FIELD_OR_TYPE" in whole
    allowed = Grants(authenticated=True, scopes=frozenset(["read:email"]))
    parts = [each.body async for each in engine.deliver(asking(query, grants=allowed))]
    assert "a@x" in str(parts)


@pytest.mark.parametrize(
    ("claims", "scopes"),
    [
        pytest.param({"sub": "x"}, [], id="none"),
        pytest.param({"scope": "a b"}, ["a", "b"], id="text with blanks"),
        pytest.param({"scope": ["a", "b c", 3]}, ["a", "b c"], id="a list"),
        pytest.param({"scp": "c", "scope": "a"}, ["a", "c"], id="two claims"),
        pytest.param({"scope": {"a": 1}}, [], id="an object is none"),
        pytest.param({"scope": ""}, [], id="empty"),
    ],
)
def test_scopes_of_claims(claims: dict[str, object], scopes: list[str]) -> None:
    grants = GrantRules().grants(claims)
    assert grants.authenticated
    assert sorted(grants.scopes) == scopes


def test_policies_grant_by_true_alone() -> None:
    def broken(claims: object) -> bool:
        raise KeyError(claims)

    rules = GrantRules(
        policies={
            "yes": lambda claims: claims["role"] == "chief",
            "truthy": lambda _: 1,
            "broken": broken,
        }
    )
    assert rules.grants({"role": "chief"}).policies == {"yes"}
    assert rules.grants({"role": "clerk"}).policies == frozenset()
    assert rules.grants({}) == NOBODY


@pytest.mark.parametrize("rename", ["auth", "mine"])
async def test_guards_are_found_under_another_name(rename: str) -> None:
    sdl = graphs()["composed"].replace("@authenticated", f"@{rename}")
    sdl = sdl.replace('authenticated/v0.1"', f'authenticated/v0.1", as: "{rename}"')
    client = local_client(GUARDED_SDLS, GUARDED)
    engine = Engine.from_supergraph(sdl, client=client, options=EngineOptions())
    body: Any = (await engine.execute(asking("{ me { name } vault { gold } }"))).body
    assert body["data"] == {"me": None, "vault": None}


def test_a_guard_that_cannot_be_read_keeps_the_graph_out() -> None:
    sdl = graphs()["composed"].replace('scopes: [["read:users"]]', "scopes: [[7]]")
    client = local_client(GUARDED_SDLS, GUARDED)
    with pytest.raises(BadSupergraph):
        Engine.from_supergraph(sdl, client=client, options=EngineOptions())


async def test_many_ways_through_fragments_are_bounded() -> None:
    engine, _ = server("composed")
    steps = "".join(
        f" fragment F{n} on Box {{ a: inner {{ ...F{n + 1} }} b: inner {{ ...F{n + 1} }} }}"
        for n in range(18)
    )
    query = "{ box { ...F0 } }" + steps + " fragment F18 on Box { label must }"
    body = (await engine.execute(asking(query))).body
    assert codes(body)[0] in {"PLAN_BUDGET_EXCEEDED", "MAX_ALIASES_LIMIT"}
