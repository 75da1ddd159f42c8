"""`@defer` by multipart, on sockets and as events, by real requests to a served gateway."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from tests.server.build import Served, served, token

PARTS = "multipart/mixed;deferSpec=20220824"
R, J = "application/graphql-response+json", "application/json"
APOLLO = f"{PARTS},{R},{J};q=0.9"
DEFERS = "{ a ... @defer { b } }"
PROTOCOL = Subprotocol("graphql-transport-ws")


@pytest.fixture
async def gateway(tmp_path: Path) -> AsyncIterator[Served]:
    async with served(tmp_path, timeouts={"heartbeat": 0.1, "lag": 0.5}) as it:
        yield it


async def ask(gateway: Served, query: str, accept: str, **headers: str) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False) as client:
        headers = {"accept": accept, **headers}
        return await client.post(gateway.url, headers=headers, json={"query": query})


def bodies(answer: httpx.Response) -> list[Any]:
    """The parts as they came; the last boundary must be closed."""
    kind = answer.headers["content-type"]
    assert kind == 'multipart/mixed;boundary="graphql";deferSpec=20220824'
    opening, *parts, closing = answer.text.split("--graphql")
    assert (opening.strip(), closing) == ("", "--\r\n")
    return [json.loads(part.partition("\r\n\r\n")[2]) for part in parts]


@pytest.mark.parametrize(
    "accept",
    [
        pytest.param(PARTS, id="parts only"),
        pytest.param(APOLLO, id="@apollo/client 4"),
        pytest.param("multipart/mixed; deferSpec=20220824, application/json", id="3"),
        pytest.param('Multipart/Mixed;deferSpec="20220824"', id="quoted"),
        pytest.param(f"{J}, multipart/mixed", id="parts of any kind"),
    ],
)
async def test_the_parts_come_in_order_with_masked_errors(gateway: Served, accept: str) -> None:
    answer = await ask(gateway, DEFERS, accept)
    assert answer.status_code == 200
    first, second, last = bodies(answer)
    assert first == {"data": {"a": {"b": 1}}, "hasNext": True}
    (part,) = second["incremental"]
    assert (part["path"], part["label"], part["data"]) == (["a"], "L", {"c": 2})
    assert "swordfish" not in part["errors"][0]["message"]
    assert part["errors"][0]["extensions"]["requestId"] == answer.headers["x-request-id"]
    assert last == {"incremental": [{"path": ["a"], "data": {"d": 3}}], "hasNext": False}


@pytest.mark.parametrize(
    ("query", "accept", "media_type"),
    [
        pytest.param(DEFERS, J, J, id="deferred, but parts are not taken"),
        pytest.param(DEFERS, "*/*", J, id="nobody gets parts unasked"),
        pytest.param(DEFERS, f"{J}, multipart/mixed;deferSpec=2099", J, id="another spec"),
        pytest.param("{ok}", APOLLO, R, id="nothing is deferred"),
        pytest.param("{ok}", f"{PARTS},{J}", J, id="nothing is deferred, and JSON is taken"),
        pytest.param("{ whole @defer }", APOLLO, R, id="the engine answers whole"),
    ],
)
async def test_what_comes_whole_is_an_ordinary_answer(
    gateway: Served, query: str, accept: str, media_type: str
) -> None:
    answer = await ask(gateway, query, accept)
    assert answer.headers["content-type"] == f"{media_type}; charset=utf-8"
    assert "hasNext" not in answer.json()


async def test_a_request_error_keeps_its_status(gateway: Served) -> None:
    answer = await ask(gateway, "{ a ... @defer { b }", APOLLO)
    assert answer.status_code == 400
    assert "data" not in answer.json()


@pytest.mark.parametrize("query", ["{ok}", "{ whole @defer }", "{bad"])
async def test_who_takes_parts_only_gets_one(gateway: Served, query: str) -> None:
    (only,) = bodies(await ask(gateway, query, PARTS))
    assert only["hasNext"] is False
    assert ("errors" in only) == (query == "{bad")


async def test_a_get_is_answered_in_parts_too(gateway: Served) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.get(gateway.url, headers={"accept": PARTS}, params={"query": DEFERS})
    assert len(bodies(answer)) == 3


async def test_a_bug_between_parts_ends_the_answer_without_its_words(gateway: Served) -> None:
    answer = await ask(gateway, "{ boom ... @defer { b } }", PARTS)
    last = bodies(answer)[-1]
    assert last["hasNext"] is False
    assert last["errors"][0]["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
    assert "secret" not in answer.text


async def test_a_slow_part_is_waited_for_with_heartbeats(gateway: Served) -> None:
    heard = bodies(await ask(gateway, "{ slow ... @defer { b } }", PARTS))
    assert heard.count({"hasNext": True}) >= 2
    assert [each for each in heard if each != {"hasNext": True}][-1]["hasNext"] is False


async def test_a_token_that_expires_between_parts_ends_the_answer(gateway: Served) -> None:
    bearer = f"Bearer {token(seconds=1)}"
    last = bodies(await ask(gateway, "{ never @defer }", PARTS, authorization=bearer))[-1]
    assert last["errors"][0]["extensions"]["reason"] == "TOKEN_EXPIRED"
    assert gateway.engine.open == 0


async def test_a_client_that_leaves_frees_what_was_still_to_come(gateway: Served) -> None:
    headers, body = {"accept": PARTS}, {"query": "{ never @defer }"}
    async with (
        httpx.AsyncClient(trust_env=False) as client,
        client.stream("POST", gateway.url, headers=headers, json=body) as answer,
    ):
        async for line in answer.aiter_lines():
            if '"hasNext":true' in line:
                break
    await asyncio.wait_for(gateway.engine.freed.wait(), 30)
    assert gateway.engine.open == 0


async def test_a_stop_lets_the_rest_of_an_answer_through(tmp_path: Path) -> None:
    async with served(tmp_path) as gateway:
        asking = asyncio.create_task(ask(gateway, "{ slow ... @defer { b } }", PARTS))
        async with asyncio.timeout(30):
            while not gateway.engine.open:  # noqa: ASYNC110 - the engine has no event for it
                await asyncio.sleep(0.01)
        gateway.server.stop()
        assert bodies(await asking)[-1]["hasNext"] is False


async def test_a_socket_gets_the_parts_as_results_of_the_operation(gateway: Served) -> None:
    async with connect(gateway.socket_url, subprotocols=[PROTOCOL], proxy=None) as socket:
        await socket.send('{"type": "connection_init"}')
        assert json.loads(await socket.recv())["type"] == "connection_ack"
        await socket.send(
            json.dumps({"type": "subscribe", "id": "1", "payload": {"query": DEFERS}})
        )
        heard = [json.loads(await asyncio.wait_for(socket.recv(), 3)) for _ in range(4)]
    assert [(each["id"], each["type"]) for each in heard] == [("1", "next")] * 3 + [
        ("1", "complete")
    ]
    first, second, last = (each["payload"] for each in heard[:3])
    assert first == {"data": {"a": {"b": 1}}, "hasNext": True}
    (part,) = second["incremental"]
    assert (part["path"], part["data"]) == (["a"], {"c": 2})
    assert "swordfish" not in part["errors"][0]["message"]
    assert last == {"incremental": [{"path": ["a"], "data": {"d": 3}}], "hasNext": False}


async def test_a_socket_that_completes_the_operation_frees_the_rest(gateway: Served) -> None:
    query = {"query": "{ never @defer }"}
    async with connect(gateway.socket_url, subprotocols=[PROTOCOL], proxy=None) as socket:
        await socket.send('{"type": "connection_init"}')
        await socket.send(json.dumps({"type": "subscribe", "id": "1", "payload": query}))
        await asyncio.wait_for(gateway.engine.opened.wait(), 3)
        await socket.send('{"type": "complete", "id": "1"}')
        await asyncio.wait_for(gateway.engine.freed.wait(), 30)


async def test_an_event_stream_gets_the_parts_as_events(gateway: Served) -> None:
    answer = await ask(gateway, DEFERS, "text/event-stream")
    *events, end = answer.text.strip().split("\n\n")
    assert end == "event: complete\ndata:"
    told = [json.loads(event.removeprefix("event: next\ndata: ")) for event in events]
    assert [body["hasNext"] for body in told] == [True, True, False]
    assert "swordfish" not in answer.text
    assert told[2]["incremental"] == [{"path": ["a"], "data": {"d": 3}}]


@pytest.mark.parametrize("query", ["{ok}", "{ whole @defer }"])
async def test_what_is_whole_is_one_event(gateway: Served, query: str) -> None:
    answer = await ask(gateway, query, "text/event-stream")
    assert answer.text.count("event: next") == 1
    assert "hasNext" not in answer.text


async def test_subscription_parts_know_no_deferred_ones(gateway: Served) -> None:
    answer = await ask(gateway, DEFERS, "multipart/mixed;subscriptionSpec=1.0")
    assert "incremental" not in answer.text
    assert '"payload":{"data"' in answer.text
