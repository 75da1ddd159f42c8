"""The subgraphs as one process: `python -m bench.contest.subgraphs MS WORLD`.

A body that was seen before is answered from memory, so that the subgraphs cost next to nothing
and every gateway gets them equally fast; a new one is really executed. MS is how long each answer
is held back. GET /fetches says how many requests came since it was last asked.
"""

import asyncio
import sys
from typing import cast

import httptools
import orjson
import uvloop

from bench.contest.worlds import WORLDS
from gateway.executor.ports import Fault, SubgraphRequest
from gateway.spec.names import SubgraphName


class Subgraphs:
    """What all connections share."""

    def __init__(self, latency: float, world: str) -> None:
        self.latency = latency
        self.known: dict[tuple[bytes, bytes], bytes] = {}
        self.fetches = 0
        self._behind = WORLDS[world]()

    async def learn(self, path: bytes, body: bytes) -> bytes:
        """Executes a request not seen before."""
        asked = orjson.loads(body)
        reply = await self._behind.fetch(
            SubgraphRequest(
                subgraph=SubgraphName(path.decode().strip("/")),
                document=asked["query"],
                operation_name=asked.get("operationName"),
                variables=asked.get("variables") or {},
                kind="query",
                context=None,
                deadline=asyncio.get_running_loop().time() + 60,
            )
        )
        if isinstance(reply, Fault) or reply.errors:
            raise ValueError(reply)
        answer = self.known[path, body] = http_answer(orjson.dumps({"data": reply.data}))
        return answer


def http_answer(body: bytes) -> bytes:
    """A whole answer."""
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
    return head % len(body) + body


class _Connection(asyncio.Protocol):
    def __init__(self, subgraphs: Subgraphs) -> None:
        self._subgraphs = subgraphs
        self._parser = httptools.HttpRequestParser(self)
        self._path, self._body = b"", b""
        self._loop = asyncio.get_running_loop()
        self._tasks: set[asyncio.Task[None]] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_url(self, url: bytes) -> None:
        self._path, self._body = url, b""

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        subgraphs = self._subgraphs
        if self._path == b"/fetches":
            self._transport.write(http_answer(b"%d" % subgraphs.fetches))
            subgraphs.fetches = 0
            return
        subgraphs.fetches += 1
        known = subgraphs.known.get((self._path, self._body))
        if known is None:
            task = self._loop.create_task(self._answer(self._path, self._body))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        elif subgraphs.latency:
            self._loop.call_later(subgraphs.latency, self._transport.write, known)
        else:
            self._transport.write(known)

    async def _answer(self, path: bytes, body: bytes) -> None:
        self._transport.write(await self._subgraphs.learn(path, body))


async def serve(latency: float, world: str) -> None:
    """Until the process is ended."""
    subgraphs = Subgraphs(latency, world)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Connection(subgraphs), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve(float(sys.argv[1]) / 1000, sys.argv[2]))
