"""A small GraphQL client of the demo: one caller, one token, one address.

Speaks GraphQL over HTTP and graphql-transport-ws, as any front end would; knows no subgraph.
"""

import json
from collections.abc import AsyncIterator, Mapping
from types import TracebackType
from typing import Self, TypeAlias, cast

import httpx
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from subgraphs.demo.deployment import DemoError

Json: TypeAlias = dict[str, object]
PROTOCOL = Subprotocol("graphql-transport-ws")


class Refused(DemoError):
    """The graph answered with errors; `codes` are their stable codes in order."""

    def __init__(self, errors: list[Json]) -> None:
        self.codes = [str(_extensions(error).get("code", "")) for error in errors]
        super().__init__("; ".join(str(error.get("message")) for error in errors))


def _extensions(error: Json) -> Json:
    found = error.get("extensions")
    return cast("Json", found) if isinstance(found, dict) else {}


class Client:
    """One caller of the gateway."""

    def __init__(self, url: str, token: str | None) -> None:
        self._url = url
        self._headers = {"authorization": f"Bearer {token}"} if token else {}
        self._http = httpx.AsyncClient(timeout=30, headers=self._headers)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._http.aclose()

    async def ask(self, query: str, variables: Mapping[str, object] | None = None) -> Json:
        """`data` of one operation; Refused when the answer has errors."""
        answer = await self.raw(query, variables)
        if answer.get("errors"):
            raise Refused(cast("list[Json]", answer["errors"]))
        return cast("Json", answer["data"])

    async def raw(self, query: str, variables: Mapping[str, object] | None = None) -> Json:
        """The whole answer, errors included."""
        body = {"query": query, "variables": dict(variables or {})}
        try:
            response = await self._http.post(self._url, json=body)
            return cast("Json", response.json())
        except (httpx.HTTPError, json.JSONDecodeError) as error:
            raise DemoError(
                f"the gateway at {self._url} gave no answer ({type(error).__name__}): "
                "is `make up` running?"
            ) from error

    async def events(
        self, query: str, variables: Mapping[str, object] | None = None
    ) -> AsyncIterator[Json]:
        """`data` of each event of a subscription, until the server completes it."""
        url = self._url.replace("http", "ws", 1)
        async with connect(url, subprotocols=[PROTOCOL]) as socket:
            await socket.send(json.dumps({"type": "connection_init", "payload": self._headers}))
            payload = {"query": query, "variables": dict(variables or {})}
            async for text in socket:
                frame = cast("Json", json.loads(text))
                match frame["type"]:
                    case "connection_ack":
                        start = {"id": "1", "type": "subscribe", "payload": payload}
                        await socket.send(json.dumps(start))
                    case "ping":
                        await socket.send(json.dumps({"type": "pong"}))
                    case "next":
                        yield _data_of(cast("Json", frame["payload"]))
                    case "error":
                        raise Refused(cast("list[Json]", frame["payload"]))
                    case "complete":
                        return


def _data_of(result: Json) -> Json:
    if result.get("errors"):
        raise Refused(cast("list[Json]", result["errors"]))
    return cast("Json", result["data"])
