"""`limits.warn_only`: whatever is over a limit of documents is told in the log and let through, at
every door."""

import json
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from tests.server.live import Live, live
from tests.wire.raw import raw_socket

LETTERS = "many(first: 3) { __typename }"
TOO_MUCH = [
    pytest.param("{ " + "__typename " * 40 + "}", "MAX_TOKENS_LIMIT", id="tokens"),
    pytest.param("{ many(first: 1) { text } }", "MAX_DEPTH_LIMIT", id="depth"),
    pytest.param("{ a: __typename b: __typename }", "MAX_ALIASES_LIMIT", id="aliases"),
    pytest.param("{ __typename fails many { text } }", "MAX_ROOT_FIELDS_LIMIT", id="root fields"),
    pytest.param(
        "{ __typename @skip(if: false) @include(if: true) }",
        "MAX_DIRECTIVES_LIMIT",
        id="directives",
    ),
    pytest.param("{ many(first: 4) { text } }", "MAX_LIST_SIZE_LIMIT", id="list size"),
    pytest.param(f"{{ {LETTERS} a: {LETTERS} b: {LETTERS} }}", "MAX_COST_LIMIT", id="cost"),
]
BOUNDS: dict[str, dict[str, int]] = {
    "MAX_TOKENS_LIMIT": {"tokens": 40},
    "MAX_DEPTH_LIMIT": {"depth": 1},
    "MAX_ALIASES_LIMIT": {"aliases": 1},
    "MAX_ROOT_FIELDS_LIMIT": {"root_fields": 2},
    "MAX_DIRECTIVES_LIMIT": {"directives": 1},
    "MAX_LIST_SIZE_LIMIT": {"list_size": 3},
    "MAX_COST_LIMIT": {"cost": 6},
}


@asynccontextmanager
async def sized(folder: Path, limits: Mapping[str, object]) -> AsyncIterator[Live]:
    """A gateway whose graph says how long its list may be."""
    async with live(folder, limits=limits) as running:
        file = running.gateway.settings.supergraph
        plain = "many(first: Int): [Letter!]"
        told = f'{plain} @listSize(assumedSize: 2, slicingArguments: ["first"])'
        file.write_text(file.read_text().replace(plain, told))
        running.gateway.reload()
        yield running


async def by_http(running: Live, query: str) -> str:
    async with httpx.AsyncClient(trust_env=False) as client:
        return (await client.post(running.url, json={"query": query})).text


async def by_event_stream(running: Live, query: str) -> str:
    headers = {"accept": "text/event-stream"}
    async with httpx.AsyncClient(trust_env=False) as client:
        return (await client.post(running.url, json={"query": query}, headers=headers)).text


async def by_socket(running: Live, query: str) -> str:
    async with raw_socket(running.port) as socket:
        await socket.init()
        socket.say(type="subscribe", id="a", payload={"query": query})
        return json.dumps(await socket.message())


DOORS = {"http": by_http, "event stream": by_event_stream, "socket": by_socket}


@pytest.mark.parametrize(("query", "code"), TOO_MUCH)
async def test_what_is_over_a_limit_runs_and_is_logged_at_every_door(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, query: str, code: str
) -> None:
    limits = {**BOUNDS[code], "warn_only": True}
    async with sized(tmp_path, limits) as running:
        for name, door in DOORS.items():
            caplog.clear()
            with caplog.at_level(logging.WARNING, "credgraph.limits"):
                answer = await door(running, f"{query} # {name}")
            assert code not in answer
            assert '"data"' in answer
            told = [each.message for each in caplog.records if each.name == "credgraph.limits"]
            assert len(told) == 1
            assert told[0].startswith("let through: ")


@pytest.mark.parametrize(("query", "code"), TOO_MUCH)
async def test_without_it_the_same_is_refused_at_every_door(
    tmp_path: Path, query: str, code: str
) -> None:
    async with sized(tmp_path, BOUNDS[code]) as running:
        for door in DOORS.values():
            answer = await door(running, query)
            assert code in answer
            assert '"data":{' not in answer.replace(" ", "")
