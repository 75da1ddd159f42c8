"""One graph for all gateways: nine subgraphs over HTTP, composed by the command."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Final

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from gateway.cli.compose import run
from gateway.composition import SubgraphSource
from gateway.config import Listen
from gateway.executor.ports import SubgraphRequest
from gateway.server.run import open_listener
from gateway.spec.names import SubgraphName
from tests.engine.graphs import LIVE_SDLS, MEDIA, MEDIA_SDLS, SHOP, SHOP_SDLS, live
from tests.kit.federated import Subgraph, Universe

SDLS: Final[Mapping[str, str]] = {**SHOP_SDLS, **MEDIA_SDLS, **LIVE_SDLS}


@asynccontextmanager
async def subgraphs() -> AsyncIterator[int]:
    """The port on which each subgraph answers at its name."""
    universe = _together(SHOP, MEDIA, live())
    app = Starlette(routes=[_route(Subgraph.from_sdl(n, s, universe)) for n, s in SDLS.items()])
    listener = open_listener(Listen(port=0))
    server = _Quiet(uvicorn.Config(app, lifespan="off", log_config=None))
    running = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield listener.getsockname()[1]
    finally:
        server.should_exit = True
        await running


def sources(port: int) -> list[SubgraphSource]:
    """The same subgraphs, for a composer that is asked in this process."""
    return [
        SubgraphSource(name=SubgraphName(name), url=_url(port, name), sdl=sdl)
        for name, sdl in SDLS.items()
    ]


def composed(folder: Path, sdls: Mapping[str, str], port: int, *more: str) -> Path:
    """The supergraph file that `credgraph compose` writes."""
    for name, sdl in sdls.items():
        (folder / f"{name}.graphql").write_text(sdl, encoding="utf-8")
    entries = {name: {"file": f"{name}.graphql", "url": _url(port, name)} for name in sdls}
    config = folder / "supergraph.yaml"
    text = json.dumps({"subgraphs": entries, "failing_hints": []})
    config.write_text(text, encoding="utf-8")
    assert run(["--config", str(config), *more]) == 0
    return folder / "supergraph.graphql"


def _url(port: int, name: str) -> str:
    return f"http://127.0.0.1:{port}/{name}"


def _together(*universes: Universe) -> Universe:
    return Universe(
        rows={ref: row for each in universes for ref, row in each.rows.items()},
        resolvers={name: found for each in universes for name, found in each.resolvers.items()},
        members={name: found for each in universes for name, found in each.members.items()},
    )


def _route(subgraph: Subgraph) -> Route:
    async def answer(request: Request) -> JSONResponse:
        given = await request.json()
        asked = SubgraphRequest(
            subgraph=subgraph.name,
            document=given["query"],
            operation_name=given.get("operationName"),
            variables=given.get("variables") or {},
            kind="query",
            context=None,
            deadline=0,
        )
        reply = await subgraph.answer(asked)
        errors = {"errors": list(reply.errors)} if reply.errors else {}
        return JSONResponse({"data": reply.data, **errors})

    return Route(f"/{subgraph.name}", answer, methods=["POST"])


class _Quiet(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
