"""`Cache-Control` from the doors of a gateway over two subgraphs, each a server with headers of its
own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import strawberry
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from strawberry.asgi import GraphQL

from gateway.composition import Composed, SubgraphSource, compose
from gateway.config import Settings
from gateway.spec.names import SubgraphName
from tests.server.build import demo_files
from tests.server.live import gateway_of, serving


@strawberry.federation.type(keys=["id"])
class Book:
    id: strawberry.ID
    title: str

    @classmethod
    def resolve_reference(cls, id: strawberry.ID) -> "Book":  # noqa: A002 - the key's name
        return cls(id=id, title="Emma")


@strawberry.type(name="Query")
class Shelf:
    @strawberry.field
    def book(self) -> Book:
        return Book(id=strawberry.ID("1"), title="Emma")

    @strawberry.field
    def lost(self) -> str | None:
        raise ValueError("no such thing")


@strawberry.type(name="Mutation")
class Desk:
    @strawberry.mutation
    def lend(self) -> str:
        return "lent"


@strawberry.federation.type(keys=["id"], name="Book")
class Judged:
    id: strawberry.ID

    @strawberry.field
    def stars(self) -> int:
        return 5

    @classmethod
    def resolve_reference(cls, id: strawberry.ID) -> "Judged":  # noqa: A002 - the key's name
        return cls(id=id)


class Labelled:
    """An application whose answers bear this `Cache-Control`, if any."""

    def __init__(self, app: ASGIApp, value: str | None) -> None:
        self._app, self._value = app, value

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def labelled(message: Message) -> None:
            if message["type"] == "http.response.start" and self._value is not None:
                pair = (b"cache-control", self._value.encode())
                message = {**message, "headers": [*message["headers"], pair]}
            await send(message)

        await self._app(scope, receive, labelled)


SHELF = strawberry.federation.Schema(Shelf, Desk)
JUDGE = strawberry.federation.Schema(types=[Judged])
BOTH, ONE = "{ book { title stars } }", "{ book { title } }"


def supergraph(ports: dict[str, tuple[strawberry.federation.Schema, int]]) -> str:
    outcome = compose(
        [
            SubgraphSource(
                name=SubgraphName(name),
                url=f"http://127.0.0.1:{port}/graphql",
                sdl=schema.as_str(),
            )
            for name, (schema, port) in ports.items()
        ]
    )
    assert isinstance(outcome, Composed), outcome
    return outcome.supergraph_sdl


@asynccontextmanager
async def library(
    folder: Path, shelf: str | None, judge: str | None
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a gateway whose subgraphs label their answers so."""
    async with (
        serving(Labelled(GraphQL(SHELF), shelf), {}) as shelf_port,
        serving(Labelled(GraphQL(JUDGE), judge), {}) as judge_port,
    ):
        settings = Settings.from_mapping({**demo_files(folder), "access_log": False})
        settings.supergraph.write_text(
            supergraph({"shelf": (SHELF, shelf_port), "judge": (JUDGE, judge_port)})
        )
        async with (
            gateway_of(settings) as gateway,
            httpx.AsyncClient(base_url=gateway.root, trust_env=False) as client,
        ):
            yield client


async def told(client: httpx.AsyncClient, query: str, **headers: str) -> tuple[str, Any]:
    answer = await client.post("/graphql", json={"query": query}, headers=headers)
    return answer.headers["cache-control"], answer.json()


@pytest.mark.parametrize(
    ("shelf", "judge", "query", "header"),
    [
        pytest.param("max-age=60", "max-age=5", BOTH, "public, max-age=5", id="the least age"),
        pytest.param("max-age=60", "max-age=5", ONE, "public, max-age=60", id="only one is asked"),
        pytest.param(
            "public, max-age=60", "private, max-age=90", BOTH, "private, max-age=60", id="private"
        ),
        pytest.param("max-age=60", "no-store", BOTH, "no-store", id="one forbids"),
        pytest.param("max-age=60", "no-cache", BOTH, "no-store", id="one wants to be asked"),
        pytest.param("max-age=60", "max-age=0", BOTH, "no-store", id="no time at all"),
        pytest.param("max-age=60", None, BOTH, "no-store", id="one says nothing"),
        pytest.param(
            "max-age=60", None, ONE, "public, max-age=60", id="who is silent is not asked"
        ),
    ],
)
async def test_the_most_restrictive_subgraph_decides(
    tmp_path: Path, shelf: str | None, judge: str | None, query: str, header: str
) -> None:
    async with library(tmp_path, shelf, judge) as client:
        cache, body = await told(client, query)
    assert body["data"]["book"]["title"] == "Emma"
    assert "errors" not in body
    assert cache == header


@pytest.mark.parametrize(
    "query",
    [
        pytest.param("{ book { title } lost }", id="a field failed"),
        pytest.param("{ nothing }", id="a request error"),
        pytest.param("mutation { lend }", id="a mutation"),
        pytest.param("{ __typename }", id="nobody was asked"),
    ],
)
async def test_what_may_not_be_kept_is_no_store(tmp_path: Path, query: str) -> None:
    async with library(tmp_path, "max-age=60", "max-age=60") as client:
        assert (await told(client, query))[0] == "no-store"
        assert (await told(client, BOTH))[0] == "public, max-age=60"


async def test_a_subgraph_that_is_down_makes_it_no_store(tmp_path: Path) -> None:
    async with serving(Labelled(GraphQL(SHELF), "max-age=60"), {}) as port:
        settings = Settings.from_mapping({**demo_files(tmp_path), "access_log": False})
        settings.supergraph.write_text(supergraph({"shelf": (SHELF, port), "judge": (JUDGE, 9)}))
        async with (
            gateway_of(settings) as gateway,
            httpx.AsyncClient(base_url=gateway.root, trust_env=False) as client,
        ):
            cache, body = await told(client, BOTH)
    assert body["errors"][0]["extensions"]["service"] == "judge"
    assert cache == "no-store"


async def test_the_plan_tells_what_each_fetch_costs(tmp_path: Path) -> None:
    async with library(tmp_path, None, None) as client:
        wants = {"credgraph-expose-query-plan": "true", "credgraph-expose-cost": "true"}
        _, body = await told(client, BOTH, **wants)
    fetches = body["extensions"]["queryPlan"]["fetches"]
    costs = {fetch["subgraph"]: fetch["cost"] for fetch in fetches}
    assert costs == {
        "shelf": {"estimated": 1, "actual": 1},
        "judge": {"estimated": 1, "actual": 1},
    }
    assert body["extensions"]["cost"] == {"estimated": 1, "actual": 1}
