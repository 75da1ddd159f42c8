"""Operations as server-sent events, by real requests to a served gateway."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.server.build import Served, served, token

ACCEPT = {"accept": "text/event-stream"}


@pytest.fixture
async def gateway(tmp_path: Path) -> AsyncIterator[Served]:
    async with served(tmp_path, timeouts={"heartbeat": 0.2}) as it:
        yield it


async def whole(gateway: Served, query: str, **headers: str) -> str:
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.post(
            gateway.url, headers={**ACCEPT, **headers}, json={"query": query}
        )
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/event-stream"
    assert answer.headers["cache-control"] == "no-cache"
    return answer.text


COMPLETE = "event: complete\ndata:\n\n"


async def test_each_event_is_a_next_and_the_end_is_said(gateway: Served) -> None:
    events = [f'event: next\ndata: {{"data":{{"n":{number}}}}}\n\n' for number in range(3)]
    assert await whole(gateway, "subscription{three}") == "".join([*events, COMPLETE])


@pytest.mark.parametrize("query", ["{ok}", "mutation{ok}"])
async def test_queries_and_mutations_stream_one_result(gateway: Served, query: str) -> None:
    assert await whole(gateway, query) == 'event: next\ndata: {"data":{"ok":true}}\n\n' + COMPLETE


async def test_a_request_error_is_a_next_once_a_stream_was_accepted(gateway: Served) -> None:
    text = await whole(gateway, "{bad")
    assert '"GRAPHQL_PARSE_FAILED"' in text
    assert text.endswith(COMPLETE)


async def test_a_bug_ends_the_stream_without_its_words(gateway: Served) -> None:
    text = await whole(gateway, "subscription{boom}")
    assert '"INTERNAL_SERVER_ERROR"' in text
    assert "secret" not in text
    assert text.endswith(COMPLETE)


async def test_a_get_streams_too(gateway: Served) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.get(gateway.url, headers=ACCEPT, params={"query": "{ok}"})
    assert answer.text.endswith(COMPLETE)


async def test_a_mutation_by_get_is_refused_here_too(gateway: Served) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.get(gateway.url, headers=ACCEPT, params={"query": "mutation{ok}"})
    assert answer.status_code == 405
    assert not gateway.engine.requests


async def test_a_bad_token_is_401_before_the_stream_begins(gateway: Served) -> None:
    headers = {**ACCEPT, "authorization": "Bearer x"}
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.post(gateway.url, headers=headers, json={"query": "{ok}"})
    assert answer.status_code == 401


async def test_a_stream_ends_when_its_token_does(gateway: Served) -> None:
    text = await whole(gateway, "subscription{quiet}", authorization=f"Bearer {token(seconds=1)}")
    assert '"TOKEN_EXPIRED"' in text
    assert text.endswith(COMPLETE)
    assert gateway.engine.open == 0


async def test_a_quiet_stream_beats_and_a_leaving_client_frees_it(gateway: Served) -> None:
    body = {"query": "subscription{quiet}"}
    async with (
        httpx.AsyncClient(trust_env=False) as client,
        client.stream("POST", gateway.url, headers=ACCEPT, json=body) as answer,
    ):
        beats = [line async for line in _until(answer.aiter_lines(), ":")]
        assert beats[-1] == ":"
    await asyncio.wait_for(gateway.engine.freed.wait(), 30)


async def test_a_stop_completes_the_stream_and_is_quick(tmp_path: Path) -> None:
    async with served(tmp_path) as gateway:
        reading = asyncio.create_task(whole(gateway, "subscription{quiet}"))
        await asyncio.wait_for(gateway.engine.opened.wait(), 3)
        started = time.monotonic()
        gateway.server.stop()
        assert (await reading).endswith(COMPLETE)
    assert time.monotonic() - started < 10


async def _until(lines: AsyncIterator[str], last: str) -> AsyncIterator[str]:
    async for line in lines:
        yield line
        if line == last:
            return
