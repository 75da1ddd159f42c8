"""The doors' own price: CPU a request against a bare ASGI echo, and memory of an idle socket.

Servers are processes of their own, so that what is measured is theirs alone; both sides of each
figure are taken in the same run. Run it as `python -m bench.doors`.
"""

import asyncio
import contextlib
import os
import socket
import statistics
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

import psutil
import uvicorn
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from gateway.access import Grants
from gateway.config import Settings
from gateway.engine import GatewayRequest, GatewayResponse
from gateway.executor.ports import OperationKind
from gateway.server.health import Health, ProbeRules
from gateway.server.run import GatewayServer
from gateway.server.wiring import build_app
from gateway.transport.client import NetworkClient
from gateway.transport.pool import PoolLimits

SOCKETS = 1_000
REQUESTS = 3_000
ROUNDS = 9
_BODY = b'{"query":"query Q($id: ID!) { a(id: $id) { b c } }","variables":{"id":"1"}}'
_REQUEST = (
    b"POST /graphql HTTP/1.1\r\nhost: x\r\naccept: application/json\r\n"
    b"content-type: application/json\r\ncontent-length: %d\r\n\r\n%s" % (len(_BODY), _BODY)
)
_ANSWER = b'{"data":{"a":{"b":"one","c":"two"}}}'


class QuickEngine:
    """Answers at once, so that only the doors cost anything."""

    async def prepare(
        self, query: str, _name: str | None, _grants: Grants, /
    ) -> OperationKind | GatewayResponse:
        """A subscription where the text says so."""
        return "subscription" if query.startswith("subscription") else "query"

    def is_incremental(self, _query: str, _name: str | None, _grants: Grants, /) -> bool:
        """Never in parts."""
        return False

    async def deliver(self, request: GatewayRequest, /) -> AsyncIterator[GatewayResponse]:
        """In one body."""
        yield await self.execute(request)

    async def execute(self, _request: GatewayRequest, /) -> GatewayResponse:
        """The same for everybody."""
        data = {"a": {"b": "one", "c": "two"}}
        return GatewayResponse(body={"data": data}, request_error=False)

    async def subscribe(self, _request: GatewayRequest, /) -> AsyncIterator[GatewayResponse]:
        """Never an event."""
        await asyncio.Event().wait()
        yield GatewayResponse(body={}, request_error=False)


async def echo(scope: object, receive: object, send: object) -> None:
    """The least an ASGI application can do: take a body and answer, or hold a socket."""
    assert isinstance(scope, dict)
    assert callable(receive)
    assert callable(send)
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept", "subprotocol": "graphql-transport-ws"})
        while (await receive())["type"] != "websocket.disconnect":
            pass
        return
    while (await receive()).get("more_body"):
        pass
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(_ANSWER))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": _ANSWER})


def serve(kind: str, descriptor: int) -> None:
    """What the child does."""
    listener = socket.socket(fileno=descriptor)
    listener.settimeout(0)
    settings = Settings.from_mapping({"supergraph": "none", "access_log": False})
    if kind == "gateway":
        health = Health(NetworkClient({}, lambda _: {}, PoolLimits()), ProbeRules())
        app = build_app(settings, QuickEngine(), health)
        server: uvicorn.Server = GatewayServer(app, settings, drain=app.drain, ready=lambda: None)
        server.config.loop = "uvloop"
    else:
        config = uvicorn.Config(
            echo,
            loop="uvloop",
            http="httptools",
            ws="websockets-sansio",
            ws_per_message_deflate=False,
            lifespan="off",
            access_log=False,
            log_config=None,
        )
        server = uvicorn.Server(config)
    server.run(sockets=[listener])


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """A server under measurement."""

    process: psutil.Process
    port: int

    def cpu(self) -> float:
        """Seconds used so far; by the clock of clock_getcpuclockid(3), for the usual figures come
        in hundredths of a second."""
        return time.clock_gettime((~self.process.pid << 3) | 2)

    def memory(self) -> int:
        """Bytes of its own."""
        return int(self.process.memory_full_info().uss)


@contextlib.asynccontextmanager
async def child(kind: str) -> AsyncIterator[Child]:
    """A fresh process of that kind."""
    with socket.create_server(("127.0.0.1", 0), backlog=2_048) as listener:
        port = listener.getsockname()[1]
        os.set_inheritable(listener.fileno(), True)  # noqa: FBT003 - os has it so
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "bench.doors",
            kind,
            str(listener.fileno()),
            pass_fds=[listener.fileno()],
        )
    try:
        await _requests(port, 50)
        yield Child(process=psutil.Process(process.pid), port=port)
    finally:
        process.terminate()
        await process.wait()


async def _requests(port: int, number: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for _ in range(number):
        writer.write(_REQUEST)
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
        await reader.readexactly(length)
    writer.close()


async def request_cpu(*servers: Child) -> list[float]:
    """Microseconds of CPU of one request to each: the median over rounds, which take turns so
    that all servers meet the machine in the same mood."""
    taken: list[list[float]] = [[] for _ in servers]
    for _ in range(ROUNDS):
        for server, times in zip(servers, taken, strict=True):
            before = server.cpu()
            await _requests(server.port, REQUESTS)
            times.append((server.cpu() - before) / REQUESTS * 1e6)
    return [statistics.median(times) for times in taken]


async def socket_bytes(server: Child, *, subscribe: bool) -> float:
    """Bytes of one idle socket, with a running subscription where asked for."""
    async with contextlib.AsyncExitStack() as stack:
        sockets = await _open(stack, server.port, 50, subscribe=subscribe)
        before = server.memory()
        sockets += await _open(stack, server.port, SOCKETS, subscribe=subscribe)
        await asyncio.sleep(0.5)
        return (server.memory() - before) / SOCKETS


async def _open(
    stack: contextlib.AsyncExitStack, port: int, number: int, *, subscribe: bool
) -> list[ClientConnection]:
    protocols = [Subprotocol("graphql-transport-ws")]
    url = f"ws://127.0.0.1:{port}/graphql"
    opened = []
    for _ in range(number):
        one = await stack.enter_async_context(
            connect(url, subprotocols=protocols, proxy=None, compression=None)
        )
        opened.append(one)
        if subscribe:
            await one.send('{"type":"connection_init"}')
            await one.recv()
            await one.send('{"type":"subscribe","id":"1","payload":{"query":"subscription{a}"}}')
    return opened


async def measure() -> None:
    """Prints a line for each figure."""
    async with child("echo") as bare, child("gateway") as ours:
        floor, taken = await request_cpu(bare, ours)
        load = os.getloadavg()[0]
        print(f"HTTP CPU p50: echo {floor:.0f} us, gateway {taken:.0f} us, {taken / floor:.2f} x")
        print(f"  target: <= 3 x; load average {load:.2f}", flush=True)
        raw = await socket_bytes(bare, subscribe=False)
        idle = await socket_bytes(ours, subscribe=True)
        print(f"idle socket: bare {raw / 1000:.1f} kB, subscription {idle / 1000:.1f} kB")
        print(f"  {(idle - raw) / 1000:.1f} kB over the bare one; targets: <= 32 kB, <= 14 kB over")


if __name__ == "__main__":
    if len(sys.argv) == 3:
        serve(sys.argv[1], int(sys.argv[2]))
    else:
        started = time.monotonic()
        asyncio.run(measure())
        print(f"took {time.monotonic() - started:.0f} s")
