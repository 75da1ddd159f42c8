"""Stands before the subgraphs of a renamed graph and translates both ways."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import orjson
import uvicorn

from tests.federation_audit.renaming import Renaming

Message = MutableMapping[str, Any]
_HEADERS = {"content-type": "application/json", "accept": "application/json"}


@dataclass(slots=True)
class Translator:
    """An ASGI app. `routes` lead from a path to the renaming and the subgraph behind it."""

    client: httpx.AsyncClient
    routes: dict[str, tuple[Renaming, str]] = field(default_factory=dict)

    async def __call__(
        self,
        scope: Message,
        receive: Callable[[], Awaitable[Message]],
        send: Callable[[Message], Awaitable[None]],
    ) -> None:
        body = bytearray()
        more = True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        status, answer = await self._answer(scope["path"], orjson.loads(body))
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": orjson.dumps(answer)})

    async def _answer(self, path: str, asked: dict[str, Any]) -> tuple[int, Any]:
        renaming, url = self.routes[path]
        query, reading = renaming.request(asked["query"])
        variables = renaming.original(asked.get("variables") or {})
        body = orjson.dumps({**asked, "query": query, "variables": variables})
        response = await self.client.post(url, content=body, headers=_HEADERS)
        answer = response.json()
        if isinstance(answer.get("data"), dict):
            answer["data"] = reading.renamed(answer["data"])
        return response.status_code, answer


@asynccontextmanager
async def translating(client: httpx.AsyncClient) -> AsyncIterator[tuple[Translator, str]]:
    """A running translator and its address."""
    translator = Translator(client)
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listening:
        listening.bind(("127.0.0.1", 0))
        config = uvicorn.Config(translator, log_level="error", lifespan="off")
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        try:
            yield translator, f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            await serving
