"""A served gateway with real sockets around a small engine that answers by the query's text."""

import asyncio
import json
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from gateway.access import Grants
from gateway.auth.context import CallContext
from gateway.config import Listen, Settings
from gateway.engine import GatewayRequest, GatewayResponse
from gateway.errors import GraphNotLoaded
from gateway.executor.ports import OperationKind
from gateway.server.app import GatewayApp
from gateway.server.health import Health, ProbeRules
from gateway.server.run import GatewayServer, open_listener
from gateway.server.wiring import build_app
from gateway.transport.client import NetworkClient
from gateway.transport.pool import PoolLimits
from tests.auth.build import KEY, claims, jwk, signed

UNPARSABLE = GatewayResponse(
    body={"errors": [{"message": "syntax", "extensions": {"code": "GRAPHQL_PARSE_FAILED"}}]},
    request_error=True,
)


class SmallEngine:
    """`{viewer}` tells who calls; `{bad` does not parse; `subscription{...}` streams."""

    def __init__(self) -> None:
        self.requests: list[GatewayRequest] = []
        self.open = self.halts = 0
        self.prepared: list[str] = []
        self.opened, self.freed = asyncio.Event(), asyncio.Event()

    async def prepare(
        self, query: str, operation_name: str | None, grants: Grants
    ) -> OperationKind | GatewayResponse:
        self.prepared.append(query)
        if query.count("{") != query.count("}"):
            return UNPARSABLE
        for kind in ("mutation", "subscription"):
            if query.startswith(kind):
                return kind
        return "query"

    def is_incremental(self, query: str, operation_name: str | None, grants: Grants) -> bool:
        return "@defer" in query

    async def deliver(self, request: GatewayRequest) -> AsyncGenerator[GatewayResponse, None]:
        self.requests.append(request)
        self.open += 1
        try:
            async for body in self._parts(request.query):
                yield GatewayResponse(body=body, request_error=False)
        finally:
            self.open -= 1
            self.freed.set()

    async def _parts(self, query: str) -> AsyncIterator[dict[str, object]]:
        if "whole" in query or "@defer" not in query:
            yield {"data": {"a": 1}}
            return
        yield {"data": {"a": {"b": 1}}, "hasNext": True}
        if "boom" in query:
            raise RuntimeError("a secret of ours")
        if "never" in query:
            self.opened.set()
            await asyncio.Event().wait()
        await asyncio.sleep(0.5 if "slow" in query else 0)
        ill = {"message": "swordfish", "extensions": {"service": "one", "code": "X"}}
        part = {"path": ["a"], "label": "L", "data": {"c": 2}, "errors": [ill]}
        yield {"incremental": [part], "hasNext": True}
        yield {"incremental": [{"path": ["a"], "data": {"d": 3}}], "hasNext": False}

    async def execute(self, request: GatewayRequest) -> GatewayResponse:
        self.requests.append(request)
        match request.query:
            case "{boom}":
                raise RuntimeError("a secret of ours")
            case "{unloaded}":
                raise GraphNotLoaded("no supergraph is loaded yet")
            case "{slow}":
                await asyncio.sleep(0.3)
            case "{partial}":
                return answered({"a": None}, errors=[{"message": "one is ill"}])
            case "{viewer}":
                assert isinstance(request.context, CallContext)
                return answered(dict(request.context.viewer.claims))
        return answered({"ok": True, **request.variables})

    async def subscribe(self, request: GatewayRequest) -> AsyncGenerator[GatewayResponse, None]:
        self.requests.append(request)
        self.open += 1
        self.opened.set()
        try:
            two = request.query == "subscription{two}"
            async for response in _two(self.halts) if two else self._events(request.query):
                yield response
        finally:
            self.open -= 1
            self.freed.set()

    async def _events(self, query: str) -> AsyncIterator[GatewayResponse]:
        match query:
            case "subscription{three}":
                for number in range(3):
                    yield answered({"n": number})
            case "subscription{quiet}":
                yield answered({"n": 0})
                await asyncio.Event().wait()
            case "subscription{flood}":
                number = 0
                while True:
                    yield answered({"n": number, "text": "x" * 10_000})
                    number += 1
            case "subscription{refused}":
                yield UNPARSABLE
            case "subscription{boom}":
                yield answered({"n": 0})
                raise RuntimeError("a secret of ours")


async def _two(halts: int) -> AsyncIterator[GatewayResponse]:
    """Two events with so many turns of the event loop in between, and silence after them."""
    yield answered({"n": 0})
    for _ in range(halts):
        await asyncio.sleep(0)
    yield answered({"n": 1})
    await asyncio.Event().wait()


def answered(data: dict[str, object], **further: object) -> GatewayResponse:
    return GatewayResponse(body={"data": data, **further}, request_error=False)


@dataclass(slots=True)
class Served:
    engine: SmallEngine
    app: GatewayApp
    server: GatewayServer
    port: int
    log: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/graphql"

    @property
    def socket_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/graphql"


def demo_files(folder: Path) -> dict[str, object]:
    """Settings with an issuer of tokens whose keys lie in the folder."""
    (folder / "jwks.json").write_text(json.dumps({"keys": [jwk(KEY, "k1")]}))
    pem = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "token.pem").write_bytes(pem)
    issuer = {"issuer": "people", "audience": "graph", "jwks": str(folder / "jwks.json")}
    return {
        "supergraph": str(folder / "graph.graphql"),
        "demo": True,
        "listen": {"port": 0},
        "auth": {"issuers": [issuer]},
        "token_key": str(folder / "token.pem"),
        "personas": {"reader": {"title": "Reader", "claims": {"sub": "r", "role": "READER"}}},
    }


@asynccontextmanager
async def served(folder: Path, **changes: object) -> AsyncIterator[Served]:
    """A gateway on a free port, ended in the orderly way afterwards."""
    settings = Settings.from_mapping({**demo_files(folder), "access_log": False, **changes})
    engine = SmallEngine()
    health = Health(NetworkClient({}, lambda _: {}, PoolLimits()), ProbeRules())
    app = build_app(settings, engine, health)
    listener = open_listener(Listen(port=0))
    started = asyncio.Event()
    server = GatewayServer(app, settings, drain=app.drain, ready=started.set)
    running = asyncio.create_task(server.serve(sockets=[listener]))
    port = listener.getsockname()[1]
    await started.wait()
    try:
        yield Served(engine=engine, app=app, server=server, port=port, log=folder / "log")
    finally:
        server.stop()
        await running


def token(seconds: float = 600, key: Ed25519PrivateKey = KEY, **changes: object) -> str:
    now = time.time()
    return signed(claims(iat=int(now), exp=now + seconds, **changes), key)
