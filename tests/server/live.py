"""A whole gateway between real sockets: engine, doors, transport, and one strawberry subgraph."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import strawberry
import uvicorn
from strawberry.asgi import GraphQL
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL

from gateway.config import Listen, Settings
from gateway.server.run import GatewayServer, open_listener
from gateway.server.wiring import Gateway, build_gateway
from tests.server.build import demo_files

SUPERGRAPH = """
schema @link(url: "https://specs.apollo.dev/link/v1.0")
  @link(url: "https://specs.apollo.dev/join/v0.5", for: EXECUTION) {
  query: Query mutation: Mutation subscription: Subscription
}
directive @link(
  url: String, as: String, for: link__Purpose, import: [link__Import]
) repeatable on SCHEMA
directive @join__graph(name: String!, url: String!) on ENUM_VALUE
directive @join__type(graph: join__Graph!, key: String) repeatable on OBJECT
enum join__Graph { GREETER @join__graph(name: "greeter", url: "http://127.0.0.1:PORT/graphql") }
scalar link__Import
enum link__Purpose { SECURITY EXECUTION }
type Query @join__type(graph: GREETER) {
  greeting(name: String!): String
  fails: String
  many(first: Int): [Letter!]
}
type Letter @join__type(graph: GREETER) { text: String! }
type Mutation @join__type(graph: GREETER) { greet(name: String!): String! }
type Subscription @join__type(graph: GREETER) {
  countdown(from: Int!): Int!
  breaks: Int
}
"""


@strawberry.type
class Letter:
    text: str


@strawberry.type
class Query:
    @strawberry.field
    def greeting(self, name: str) -> str | None:
        return f"hello {name}"

    @strawberry.field
    def fails(self) -> str | None:
        raise ValueError("the password is swordfish")

    @strawberry.field
    def many(self, first: int | None = None) -> list[Letter] | None:
        return [Letter(text="x" * 40) for _ in range(first or 0)]


@strawberry.type
class Mutation:
    @strawberry.mutation
    def greet(self, name: str) -> str:
        return f"greeted {name}"


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def countdown(
        self, start: Annotated[int, strawberry.argument(name="from")]
    ) -> AsyncGenerator[int, None]:
        for number in range(start, 0, -1):
            yield number

    @strawberry.subscription
    async def breaks(self) -> AsyncGenerator[int | None, None]:
        yield 1
        raise ValueError("the password is swordfish")


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    gateway: Gateway
    port: int

    @property
    def root(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/graphql"

    @property
    def socket_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/graphql"


@asynccontextmanager
async def live(
    folder: Path, subgraph_tls: Mapping[str, Any] | None = None, **changes: object
) -> AsyncIterator[Live]:
    """The gateway in front of its subgraph, both on free ports of this machine; `subgraph_tls`
    are uvicorn's words for the subgraph's certificates."""
    schema = strawberry.Schema(Query, Mutation, Subscription)
    app = GraphQL(schema, subscription_protocols=[GRAPHQL_TRANSPORT_WS_PROTOCOL])
    async with serving(app, subgraph_tls or {}) as port:
        values = {**demo_files(folder), "access_log": False, **changes}
        settings = Settings.from_mapping(values)
        sdl = SUPERGRAPH.replace("PORT", str(port))
        if subgraph_tls:
            sdl = sdl.replace("http://127.0.0.1", "https://localhost")
        settings.supergraph.write_text(sdl)
        async with gateway_of(settings) as it:
            yield it


@asynccontextmanager
async def gateway_of(settings: Settings) -> AsyncIterator[Live]:
    """A gateway on a free port; its supergraph must be written already."""
    gateway = build_gateway(settings)
    listener = open_listener(Listen(port=0))
    started = asyncio.Event()
    server = GatewayServer(gateway.app, settings, drain=gateway.app.drain, ready=started.set)
    running = asyncio.create_task(server.serve(sockets=[listener]))
    await started.wait()
    try:
        yield Live(gateway=gateway, port=listener.getsockname()[1])
    finally:
        server.stop()
        await running
        gateway.client.close()


@asynccontextmanager
async def serving(app: Any, tls: Mapping[str, Any]) -> AsyncIterator[int]:
    """An ASGI application on a free port."""
    listener = open_listener(Listen(port=0))
    config = uvicorn.Config(app, lifespan="off", log_config=None, ws="websockets-sansio", **tls)
    server = _Quiet(config)
    running = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield listener.getsockname()[1]
    finally:
        server.should_exit = True
        await running


class _Quiet(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
