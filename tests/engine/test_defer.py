"""Answers in parts: what comes first, what follows, and what a fault does to either."""

import asyncio
from typing import Any

import pytest

from gateway.executor.ports import SubgraphReply, SubgraphRequest
from tests.engine.graphs import LIVE_SDLS, MEDIA, MEDIA_SDLS, SHOP, SHOP_SDLS, live
from tests.engine.pair import Pair, asking, assembled


@pytest.fixture
def media() -> Pair:
    return Pair(MEDIA_SDLS, MEDIA)


@pytest.fixture
def shop() -> Pair:
    return Pair(SHOP_SDLS, SHOP)


def payloads(bodies: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [each for body in bodies for each in body.get("incremental", ())]


async def test_the_first_answer_goes_out_without_what_is_deferred(media: Pair) -> None:
    query = '{ people { name ... @defer(label: "n") { nick name } } }'
    bodies = await media.in_parts(query)
    people = [{"name": "Ida"}, {"name": "Jo"}]
    assert bodies[0] == {"data": {"people": people}, "hasNext": True}
    assert payloads(bodies) == [
        {"path": ["people", 0], "data": {"nick": "ii"}, "label": "n"},
        {"path": ["people", 1], "data": {"nick": None}, "label": "n"},
    ]
    assert [body["hasNext"] for body in bodies] == [True, False]


@pytest.mark.parametrize(
    "fragment",
    [
        pytest.param("id title", id="nothing but what is there already"),
        pytest.param("... on Film { minutes }", id="another type"),
        pytest.param("rating @include(if: false)", id="skipped for good"),
    ],
)
async def test_what_adds_nothing_is_not_sent(media: Pair, fragment: str) -> None:
    bodies = await media.in_parts(
        f'{{ node(id: "k1") {{ ... on Media {{ id title ... @defer {{ {fragment} }} }} }} }}'
    )
    assert not payloads(bodies)
    assert bodies[-1]["hasNext"] is False
    assert assembled(bodies) == {"node": {"id": "k1", "title": "Alone"}}


@pytest.mark.parametrize(
    ("variables", "parts"), [({"yes": True}, 1), ({"yes": False}, 0)], ids=["on", "off"]
)
async def test_a_variable_decides_whether_a_part_comes_later(
    media: Pair, variables: dict[str, bool], parts: int
) -> None:
    query = "query ($yes: Boolean!) { newest { id ... @defer(if: $yes) { title } } }"
    bodies = await media.in_parts(query, variables=variables)
    assert len(payloads(bodies)) == parts
    assert ("hasNext" in bodies[0]) is bool(parts)
    assert assembled(bodies) == {"newest": {"id": "f1", "title": "Noir"}}


async def test_a_part_within_a_part_comes_after_it(media: Pair) -> None:
    query = """{ media { id ... @defer(label: "out") { ... on Book { author { id
      ... @defer(label: "in") { name } } } } } }"""
    bodies = await media.in_parts(query)
    labels = [each["label"] for each in payloads(bodies)]
    assert labels == sorted(labels, reverse=True)
    plain = await media.ask(query)
    assert assembled(bodies) == plain["data"]


async def test_a_dead_subgraph_costs_its_part_only(media: Pair) -> None:
    media.client.down.add("ratings")
    query = "{ people { name ... @defer { nick } } newest { ... @defer { title } } }"
    bodies = await media.in_parts(query)
    assert "errors" not in bodies[0]
    found = {tuple(each["path"]): each for each in payloads(bodies)}
    assert found["newest",] == {"path": ["newest"], "data": {"title": "Noir"}}
    assert found["people", 0]["data"] == {"nick": None}
    (error,) = found["people", 0]["errors"]
    assert error["extensions"] == {"code": "SUBREQUEST_CONNECTION_ERROR", "service": "ratings"}


async def test_null_that_may_not_be_takes_its_payload_and_no_more(media: Pair) -> None:
    def forget(request: SubgraphRequest, reply: SubgraphReply) -> SubgraphReply:
        data: Any = reply.data
        if "_entities" in data and "pages" in request.document:
            data["_entities"][0]["pages"] = None
        return reply

    media.client.tamper = forget
    query = '{ media { id ... on Book { title ... @defer(label: "p") { pages } } } }'
    bodies = await media.in_parts(query)
    assert all(each["id"] for each in bodies[0]["data"]["media"])
    lost, kept = payloads(bodies)
    assert lost["data"] is None
    (error,) = lost["errors"]
    assert error["path"] == ["media", 0, "pages"]
    assert error["extensions"]["code"] == "UNEXPECTED_NULL"
    assert kept == {"path": ["media", 2], "data": {"pages": 12}, "label": "p"}


async def test_what_the_client_has_not_got_has_no_parts(media: Pair) -> None:
    bodies = await media.in_parts('{ node(id: "?") { id ... @defer { ... on Film { title } } } }')
    assert bodies[0]["data"] == {"node": None}
    assert bodies[1:] == [{"hasNext": False}]


async def test_the_schema_may_be_asked_for_later() -> None:
    pair = Pair(LIVE_SDLS, live())
    bodies = await pair.in_parts("{ __typename ... @defer { __schema { queryType { name } } } }")
    assert assembled(bodies) == {
        "__typename": "Query",
        "__schema": {"queryType": {"name": "Query"}},
    }


async def test_who_takes_no_parts_gets_it_all_at_once(shop: Pair) -> None:
    query = "{ me { id ... @defer { name reviews { stars } } } }"
    assert shop.engine.is_incremental(query, None)
    assert not shop.engine.is_incremental("{ me { id } }", None)
    body = await shop.ask(query)
    assert body == {"data": shop.whole("{ me { id name reviews { stars } } }").data}


@pytest.mark.parametrize("query", ["{ nothing ... @defer { me { id } } }", "{ ...@defer { me } }"])
async def test_a_request_error_is_one_body(shop: Pair, query: str) -> None:
    (body,) = await shop.in_parts(query)
    assert "data" not in body
    assert "hasNext" not in body


async def test_who_stops_listening_stops_the_requests(media: Pair) -> None:
    bodies = media.engine.deliver(asking("{ people { name ... @defer { nick } } }"))
    await anext(bodies)
    media.client.gate = asyncio.Event()
    media.client.asked.clear()
    waiting = asyncio.create_task(anext(bodies))
    await media.client.asked.wait()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await bodies.aclose()
    assert {task for task in asyncio.all_tasks() if not task.done()} == {asyncio.current_task()}
