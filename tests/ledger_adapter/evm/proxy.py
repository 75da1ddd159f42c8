"""A node between us and anvil that can fail or lie: HTTP on a port of its own."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import httpx

Fault = Literal["", "refuse", "stall", "swallow", "garbage", "flood", "error"]
Mangle = Callable[[str, list[Any], Any], Awaitable[Any]]


async def truthful(_method: str, _params: list[Any], result: Any) -> Any:
    return result


@dataclass(slots=True)
class Proxy:
    """`fault` and `mangle` may be changed while it runs. `asked` are the methods it was asked."""

    upstream: str
    http: httpx.AsyncClient
    fault: Fault = ""
    mangle: Mangle = truthful
    url: str = ""
    asked: list[str] = field(default_factory=list)
    _server: asyncio.Server | None = None
    _open: set[asyncio.StreamWriter] = field(default_factory=set)

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def stop(self) -> None:
        """As kill -9 does: nobody listens, and open connections break."""
        if self._server is not None:
            self._server.close()
        for writer in list(self._open):
            writer.transport.abort()
        await asyncio.sleep(0)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            while True:
                await self._one(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError, httpx.HTTPError):
            pass
        finally:
            self._open.discard(writer)
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        length = int(head.split("content-length:")[1].split("\r\n")[0])
        request = json.loads(await reader.readexactly(length))
        self.asked.append(request["method"])
        answer = await self._answer(request)
        status = f"HTTP/1.1 200 OK\r\ncontent-length: {len(answer)}\r\n\r\n"
        writer.write(status.encode() + answer)
        await writer.drain()

    async def _answer(self, request: dict[str, Any]) -> bytes:
        if self.fault == "refuse":
            raise ConnectionError
        if self.fault == "stall":
            await asyncio.sleep(3600)
        if self.fault == "garbage":
            return b"<html>not JSON</html>"
        if self.fault == "flood":
            return b" " * 9_000_000
        if self.fault == "error":
            return json.dumps(
                {"id": request["id"], "error": {"code": -1, "message": "no"}}
            ).encode()
        sending = request["method"] == "eth_sendRawTransaction"
        if self.fault == "swallow" and sending:
            return json.dumps({"id": request["id"], "result": "0x" + "0" * 64}).encode()
        answer = (await self.http.post(self.upstream, json=request)).json()
        if "result" in answer:
            answer["result"] = await self.mangle(
                request["method"], request["params"], answer["result"]
            )
        return json.dumps(answer).encode()


@contextlib.asynccontextmanager
async def proxies(upstream: str, count: int) -> AsyncIterator[list[Proxy]]:
    """Several nodes before one chain; they see it alike unless told otherwise."""
    async with httpx.AsyncClient(timeout=10, trust_env=False, verify=False) as http:
        made = [Proxy(upstream, http) for _ in range(count)]
        for each in made:
            await each.start()
        try:
            yield made
        finally:
            for each in made:
                await each.stop()
