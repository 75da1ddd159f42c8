"""The gateway without the web: what it answers, refuses, remembers and reloads."""

import asyncio
from dataclasses import replace
from typing import Any, cast

import pytest

from gateway.engine import EngineOptions, GatewayResponse
from gateway.errors import BadSupergraph, ClientFault
from gateway.executor.ports import Fault, NullTracer, SubgraphReply, SubgraphRequest
from gateway.limits import DocumentLimits
from tests.engine.graphs import LIVE_SDLS, MEDIA, MEDIA_SDLS, SHOP, SHOP_SDLS, live
from tests.engine.pair import Pair, asking, composed


@pytest.fixture
def shop() -> Pair:
    return Pair(SHOP_SDLS, SHOP)


@pytest.fixture
def counter() -> Pair:
    return Pair(LIVE_SDLS, live())


def codes(body: dict[str, Any]) -> list[str]:
    return [error["extensions"]["code"] for error in body["errors"]]


@pytest.mark.parametrize(
    ("query", "more", "code"),
    [
        pytest.param("{", {}, "GRAPHQL_PARSE_FAILED", id="no document"),
        pytest.param("{ nothing }", {}, "GRAPHQL_VALIDATION_FAILED", id="an unknown field"),
        pytest.param("{ me { } }", {}, "GRAPHQL_PARSE_FAILED", id="an empty selection"),
        pytest.param(
            "query A { __typename }", {"operation_name": "B"}, "OPERATION_RESOLUTION_FAILURE",
            id="an unknown operation",
        ),
        pytest.param(
            "query A { __typename } query B { __typename }", {}, "OPERATION_RESOLUTION_FAILURE",
            id="two operations and no name",
        ),
        pytest.param(
            "query ($id: ID!) { product(id: $id) { id } }", {"variables": {}}, "BAD_USER_INPUT",
            id="a variable without a value",
        ),
        pytest.param(
            "query ($n: Int) { products(first: $n) { id } }", {"variables": {"n": "1"}},
            "BAD_USER_INPUT",
            id="a variable of another type",
        ),
        pytest.param("{ " + "me { id } " * 4000 + "}", {}, "MAX_TOKENS_LIMIT", id="too long"),
        pytest.param("{ a" + "{ a" * 300, {}, "MAX_DEPTH_LIMIT", id="too deep to parse"),
    ],
)  # fmt: skip
async def test_a_refused_request_reaches_no_subgraph(
    shop: Pair, query: str, more: Any, code: str
) -> None:
    for _ in range(2):  # the second time it is remembered
        response = await shop.engine.execute(asking(query, **more))
        assert response.request_error
        assert "data" not in response.body
        assert set(codes(response.body)) == {code}
    assert shop.client.requests == []


async def test_validation_errors_say_where() -> None:
    pair = Pair(SHOP_SDLS, SHOP)
    body = await pair.ask("{\n  me { nam }\n}")
    assert body["errors"][0]["locations"] == [{"line": 2, "column": 8}]
    assert "name" in body["errors"][0]["message"]


async def test_variables_are_coerced_once_and_defaults_filled_in(shop: Pair) -> None:
    query = "query ($n: Int = 2, $id: ID!) { products(first: $n) { id } product(id: $id) { id } }"
    body = await shop.ask(query, variables={"id": 1})
    assert [product["id"] for product in body["data"]["products"]] == ["p1", "p2"]
    assert shop.client.requests[0].variables == {"n": 2, "id": "1"}


async def test_introspection_is_answered_locally_beside_the_rest(shop: Pair) -> None:
    query = """query ($n: String!) {
      me { name }  known: __type(name: $n) { name fields { name } }  __schema { queryType { name } }
    }"""
    body = await shop.ask(query, variables={"n": "Brand"})
    assert list(body["data"]) == ["me", "known", "__schema"]
    assert body["data"]["known"] == {
        "name": "Brand",
        "fields": [{"name": "name"}, {"name": "country"}],
    }
    assert [request.subgraph for request in shop.client.requests] == ["accounts"]
    assert all("__type(" not in request.document for request in shop.client.requests)


async def test_introspection_can_be_switched_off() -> None:
    pair = Pair(SHOP_SDLS, SHOP, options=EngineOptions(introspection=False))
    body = await pair.ask("{ __schema { types { name } } }")
    assert set(codes(body)) == {"GRAPHQL_VALIDATION_FAILED"}
    body = await pair.ask("{ me { nam } }")
    assert "name" not in body["errors"][0]["message"].replace("nam'", "")
    assert (await pair.ask("{ me { __typename } }"))["data"] == {"me": {"__typename": "User"}}


async def test_a_dead_subgraph_nulls_only_its_fields(shop: Pair) -> None:
    shop.client.down.add("stock")
    body = await shop.ask("{ products(first: 2) { title warehouse { city } } warehouses { city } }")
    assert body["data"] is None  # `warehouses` may not be null
    body = await shop.ask("{ products(first: 2) { title warehouse { city } } me { name } }")
    nulls = [{"title": title, "warehouse": None} for title in ("Table", "Chair")]
    assert body["data"] == {"products": nulls, "me": {"name": "Ann"}}
    assert [(error["path"], error["extensions"]) for error in body["errors"]] == [
        (["products"], {"code": "SUBREQUEST_CONNECTION_ERROR", "service": "stock"})
    ]


@pytest.mark.parametrize(
    ("tampered", "name"),
    [
        pytest.param({"_entities": []}, None, id="fewer entities"),
        pytest.param({"_entities": [{}] * 9}, None, id="more entities"),
        pytest.param({"_entities": {"reviews": 1}}, None, id="no list of entities"),
        pytest.param({"_entities": [7]}, None, id="an entity that is a number"),
        pytest.param({"_entities": [{"reviews": {"stars": 5}}]}, None, id="an object for a list"),
        pytest.param({"_entities": [{"reviews": [[{}]]}]}, None, id="a list too deep"),
        pytest.param({"_entities": [{"reviews": [{"stars": [1]}]}]}, "Table", id="no Int"),
        pytest.param([], None, id="data that is a list"),
        pytest.param("?", None, id="data that is a string"),
    ],
)
async def test_an_answer_of_wrong_shape_is_an_error_and_no_wrong_value(
    shop: Pair, tampered: Any, name: str | None
) -> None:
    def tamper(request: SubgraphRequest, reply: SubgraphReply) -> SubgraphReply | Fault:
        return replace(reply, data=tampered) if request.subgraph == "reviews" else reply

    shop.client.tamper = tamper
    body = await shop.ask("{ product(id: p1) { title reviews { stars } } }".replace("p1", '"p1"'))
    assert codes(body) == ["SUBREQUEST_MALFORMED_RESPONSE"]
    assert body["errors"][0]["path"][0] == "product"
    assert (body["data"]["product"] or {"title": None})["title"] == name


async def test_a_mutation_knows_its_type_name_without_asking(counter: Pair) -> None:
    response = await counter.engine.execute(asking("mutation { __typename t: __typename }"))
    assert response.body == {"data": {"__typename": "Mutation", "t": "Mutation"}}


async def test_mutations_run_one_after_the_other(counter: Pair) -> None:
    query = "mutation { a: add(by: 2) b: scale(times: 5) c: add(by: 1) note { text } }"
    body = await counter.ask(query)
    assert body == {"data": {"a": 2, "b": 10, "c": 11, "note": {"text": "one"}}}
    response = await counter.engine.execute(asking(query, allow_mutation=False))
    assert response.request_error
    assert (await counter.ask("{ total }"))["data"] == {"total": 11}


async def events(pair: Pair, query: str, **more: Any) -> list[GatewayResponse]:
    return [event async for event in pair.engine.subscribe(asking(query, **more))]


async def test_each_event_is_completed_from_other_subgraphs(counter: Pair) -> None:
    answers = await events(
        counter, "subscription ($n: Int) { ticks(from: $n) { by text } }", variables={"n": 2}
    )
    assert [answer.body["data"] for answer in answers[:2]] == [
        {"ticks": {"by": 2, "text": "two"}},
        {"ticks": {"by": 3, "text": "three"}},
    ]


async def test_a_subscription_needs_a_stream(counter: Pair) -> None:
    query = "subscription { ticks { by } }"
    assert await counter.engine.prepare(query, None) == "subscription"
    response = await counter.engine.execute(asking(query))
    assert codes(response.body) == ["SUBSCRIPTION_NEEDS_STREAM"]


async def test_a_refused_subscription_is_one_request_error(counter: Pair) -> None:
    (answer,) = await events(counter, "subscription { nothing }")
    assert answer.request_error
    assert isinstance(await counter.engine.prepare("{ nothing }", None), GatewayResponse)


class Phases(NullTracer):
    def __init__(self) -> None:
        self.seen: list[str] = []

    def phase(self, name: str, started: float, ended: float, /) -> None:
        assert ended >= started
        self.seen.append(name)


async def test_an_operation_is_prepared_once() -> None:
    phases = Phases()
    pair = Pair(SHOP_SDLS, SHOP, tracer=phases)
    for _ in range(3):
        await pair.ask("query ($yes: Boolean!) { me { id name @include(if: $yes) } }")
    assert phases.seen == ["parse", "validate", "plan", "compile"]


async def test_the_cache_stays_within_its_bytes() -> None:
    bound = 200_000
    pair = Pair(SHOP_SDLS, SHOP, options=EngineOptions(cache_bytes=bound))
    for number in range(40):
        assert "errors" not in await pair.ask(f"{{ a{number}: me {{ name }} }}")
    assert 1 < len(pair.engine.recent_operations()) < 40


async def test_a_new_supergraph_is_swapped_in_and_the_old_one_finishes(shop: Pair) -> None:
    gate = shop.client.gate = asyncio.Event()
    running = asyncio.create_task(shop.ask("{ me { name reviews { stars } } }"))
    await shop.client.asked.wait()
    shop.engine.swap(composed(MEDIA_SDLS))
    gate.set()
    assert (await running)["data"]["me"]["name"] == "Ann"
    assert codes(await shop.ask("{ me { name } }")) == ["GRAPHQL_VALIDATION_FAILED"]
    assert "type Film" in shop.engine.api_sdl()


async def test_a_bad_supergraph_keeps_the_old_one_and_says_why(shop: Pair) -> None:
    with pytest.raises(BadSupergraph) as caught:
        shop.engine.swap("type Query { a: Int }")
    assert caught.value.message
    assert (await shop.ask("{ me { name } }"))["data"] == {"me": {"name": "Ann"}}


async def test_recent_operations_can_be_warmed_after_a_swap() -> None:
    phases = Phases()
    pair = Pair(SHOP_SDLS, SHOP, tracer=phases)
    await pair.ask("{ me { name } }")
    recent = pair.engine.recent_operations()
    pair.engine.swap(composed({name: f"{sdl} # new" for name, sdl in SHOP_SDLS.items()}) + "\n")
    assert pair.engine.recent_operations() == []
    await pair.engine.warm(recent)
    phases.seen.clear()
    await pair.ask("{ me { name } }")
    assert phases.seen == []


async def test_the_plan_is_shown_on_demand(shop: Pair) -> None:
    query = "{ products(first: 1) { title inStock } }"
    assert "extensions" not in await shop.ask(query)
    report = (await shop.ask(query, want_plan=True))["extensions"]["queryPlan"]
    assert report["text"] == shop.engine.plan_text(query, None)
    assert [fetch["subgraph"] for fetch in report["fetches"]] == ["catalog", "stock"]
    first, second = report["fetches"]
    assert first["startMs"] == 0
    assert second["startMs"] >= first["tookMs"]
    assert (first["representations"], second["representations"]) == (0, 1)


def test_the_plan_of_no_operation(shop: Pair) -> None:
    with pytest.raises(ClientFault, match="nothing"):
        shop.engine.plan_text("{ nothing }", None)


@pytest.fixture
def small() -> Pair:
    return Pair(MEDIA_SDLS, MEDIA, options=EngineOptions(limits=DocumentLimits(depth=3)))


async def test_limits_hold_before_anything_is_validated(small: Pair) -> None:
    body = await small.ask("{ people { rival { rival { nothing } } } }")
    assert codes(body) == ["MAX_DEPTH_LIMIT"]


async def test_a_syntax_error_says_where_as_the_specification_has_it(counter: Pair) -> None:
    body = (await counter.engine.execute(asking("{ total"))).body
    (error,) = cast("list[dict[str, object]]", body["errors"])
    assert error["locations"] == [{"line": 1, "column": 8}]
    assert error["extensions"] == {"code": "GRAPHQL_PARSE_FAILED"}


async def test_entity_calls_under_other_conditions_are_one_request(shop: Pair) -> None:
    query = (
        "query ($yes: Boolean!, $no: Boolean!) { me { reviews @include(if: $yes) { stars } }"
        " again: me { id reviews @skip(if: $no) { stars } } products { reviews { stars } } }"
    )
    for variables in ({"yes": True, "no": False}, {"yes": False, "no": True}):
        shop.client.requests.clear()
        body = await shop.ask(query, variables=variables)
        assert body == {"data": shop.whole(query, variables).data}
        entities = [each for each in shop.client.requests if "_entities" in each.document]
        assert len({each.subgraph for each in entities}) == len(entities)
