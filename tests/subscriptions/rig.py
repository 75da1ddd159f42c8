"""A gateway between real sockets in front of a subgraph process that can be killed, with a link in
between that can be cut; and clients that resume nothing by themselves."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, Final

import httpx
import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from gateway.config import Listen, Settings
from gateway.server.run import GatewayServer, open_listener
from gateway.server.wiring import Gateway, build_gateway
from tests.engine.pair import composed
from tests.kit.faults import Link
from tests.server.build import demo_files, token
from tests.subscriptions.log_subgraph import LOG_SDL, NAMES_SDL

WATCH: Final = "subscription($after: String) { changes(after: $after) { number before quiet } }"
NAMED: Final = """subscription($after: String) {
  changes(after: $after) { at number quiet item { id name } }
}"""
ROOT: Final = Path(__file__).parents[2]
SECONDS: Final = 30.0


class Process:
    """The subgraph: started, killed and started again on the same port and file."""

    def __init__(self, port: int, file: Path) -> None:
        self.port, self._file = port, file
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.subscriptions.log_subgraph"),
            *(str(self.port), str(self._file)),
            cwd=ROOT,
        )
        await eventually(self._answers)

    async def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            await self._process.wait()
            self._process = None

    async def append(self, entries: int) -> None:
        await self._get(f"/append?count={entries}")

    async def overflow(self) -> None:
        await self._get("/overflow")

    async def counts(self) -> dict[str, int]:
        found: dict[str, int] = (await self._get("/counts")).json()
        return found

    async def readers(self) -> int:
        return (await self.counts())["readers"]

    async def _get(self, path: str) -> httpx.Response:
        async with httpx.AsyncClient() as client:
            return await client.get(f"http://127.0.0.1:{self.port}{path}", timeout=SECONDS)

    async def _answers(self) -> bool:
        try:
            await self.counts()
        except httpx.TransportError:
            return False
        return True


@dataclass(slots=True)
class Rig:
    subgraph: Process
    link: Link
    gateway: Gateway
    port: int
    sdls: dict[str, str]
    folder: Path
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/graphql"

    def write(self, **sdls: str) -> None:
        """Another graph, for the next reload."""
        graph = graph_of({**self.sdls, **sdls}, self.link.port)
        (self.folder / "graph.graphql").write_text(graph)


@asynccontextmanager
async def rig(folder: Path, **changes: object) -> AsyncIterator[Rig]:
    """Everything running; `changes` are settings of the gateway."""
    (port,) = free_ports(1)
    subgraph = Process(port, folder / "log")
    await subgraph.start()
    sdls = {"log": LOG_SDL, "names": NAMES_SDL}
    try:
        async with Link.to(port) as link:
            files = demo_files(folder)
            (folder / "graph.graphql").write_text(graph_of(sdls, link.port))
            settings = Settings.from_mapping({**files, "access_log": False, **changes})
            async with _served(build_gateway(settings)) as (gateway, served):
                yield Rig(subgraph, link, gateway, served, sdls, folder)
    finally:
        await subgraph.kill()


@asynccontextmanager
async def _served(gateway: Gateway) -> AsyncIterator[tuple[Gateway, int]]:
    listener = open_listener(Listen(port=0))
    started = asyncio.Event()
    server = GatewayServer(
        gateway.app, gateway.settings, drain=gateway.app.drain, ready=started.set
    )
    running = asyncio.create_task(server.serve(sockets=[listener]))
    await started.wait()
    try:
        yield gateway, listener.getsockname()[1]
    finally:
        server.stop()
        await running
        gateway.client.close()


def graph_of(sdls: dict[str, str], port: int) -> str:
    text = composed(sdls)
    for name in sdls:
        text = text.replace(f"http://{name}.test", f"http://127.0.0.1:{port}/{name}")
    return text


def free_ports(number: int) -> list[int]:
    listeners = [open_listener(Listen(port=0)) for _ in range(number)]
    ports = [each.getsockname()[1] for each in listeners]
    for each in listeners:
        each.close()
    return ports


class Socket:
    """One WebSocket client that carries several operations."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self._ids = count(1)
        self._frames: dict[str, asyncio.Queue[dict[str, Any]]] = {}
        self._reader = asyncio.create_task(self._read())

    @classmethod
    @asynccontextmanager
    async def to(cls, rig_: Rig, authorization: str | None = None) -> AsyncIterator["Socket"]:
        url = rig_.url.replace("http", "ws")
        protocols = [Subprotocol("graphql-transport-ws")]
        async with connect(url, subprotocols=protocols, proxy=None) as connection:
            payload = {"authorization": authorization or f"Bearer {token()}"}
            await connection.send(
                orjson.dumps({"type": "connection_init", "payload": payload}).decode()
            )
            await connection.recv()
            socket = cls(connection)
            try:
                yield socket
            finally:
                socket._reader.cancel()

    async def start(
        self, query: str, variables: dict[str, object] | None = None, **extensions: object
    ) -> "Stream":
        id_ = str(next(self._ids))
        self._frames[id_] = asyncio.Queue()
        payload = {"query": query, "variables": variables or {}, "extensions": extensions}
        await self.say({"id": id_, "type": "subscribe", "payload": payload})
        return Stream(self, id_, self._frames[id_])

    async def say(self, frame: dict[str, object]) -> None:
        await self.connection.send(orjson.dumps(frame).decode())

    async def _read(self) -> None:
        async for text in self.connection:
            frame = orjson.loads(text)
            if "id" in frame:
                self._frames[frame["id"]].put_nowait(frame)


class Stream:
    """One operation on a socket."""

    def __init__(self, socket: Socket, id_: str, frames: asyncio.Queue[dict[str, Any]]) -> None:
        self._socket, self._id, self._frames = socket, id_, frames

    async def frame(self) -> dict[str, Any]:
        async with asyncio.timeout(SECONDS):
            return await self._frames.get()

    async def result(self) -> dict[str, Any]:
        """The next result's body."""
        frame = await self.frame()
        assert frame["type"] == "next", frame
        payload: dict[str, Any] = frame["payload"]
        return payload

    async def numbers(self, how_many: int) -> list[int]:
        """Of the next events that are no heartbeats."""
        found: list[int] = []
        while len(found) < how_many:
            event = (await self.result())["data"]["changes"]
            if not event["quiet"]:
                found.append(event["number"])
        return found

    async def stop(self) -> None:
        await self._socket.say({"id": self._id, "type": "complete"})


@asynccontextmanager
async def http_stream(
    rig_: Rig,
    accept: str,
    query: str,
    *,
    last: str | None = None,
    authorization: str | None = None,
    **extensions: object,
) -> AsyncIterator[AsyncIterator[str]]:
    """Lines of an answer that never ends."""
    headers = {"accept": accept, "authorization": authorization or f"Bearer {token()}"}
    if last is not None:
        headers["last-event-id"] = last
    asked = {"query": query, "extensions": extensions}
    async with (
        httpx.AsyncClient(timeout=SECONDS) as client,
        client.stream("POST", rig_.url, json=asked, headers=headers) as answer,
    ):
        yield answer.aiter_lines()


async def eventually(holds: Any) -> None:
    """Wait until something holds, asked again and again."""
    async with asyncio.timeout(SECONDS):
        while not await holds():  # noqa: ASYNC110 - another process knows, and must be asked
            await asyncio.sleep(0.02)
