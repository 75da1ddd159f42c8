"""Stands in for the gateway before one subgraph's ASGI app: signs contexts, asks, subscribes."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any

import httpx
import jwt
import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from starlette.types import ASGIApp

from subgraphs.kit.ids import institution_id, new_id
from subgraphs.kit.viewer import MAX_AGE_SECONDS, ContextTokens, Role

ISSUER = "credgraph-gateway"


@dataclass(frozen=True, slots=True, kw_only=True)
class Who:
    """A viewer as the gateway would name it."""

    role: Role | None = None
    institution: str | None = None
    holder: str | None = None
    subject: str = "somebody"
    further: Mapping[str, object] = field(default_factory=dict)

    def claims(self) -> dict[str, object]:
        if self.role is None:
            return {}
        named = {"institution": self.institution, "holder": self.holder}
        given = {name: value for name, value in named.items() if value}
        return {"sub": self.subject, "role": self.role.value, **given, **self.further}


NOBODY = Who()


def a_holder() -> Who:
    return Who(role=Role.HOLDER, holder=new_id("hold"))


def an_institution(role: Role, uscc: str) -> Who:
    return Who(role=role, institution=institution_id(uscc))


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    data: Any
    errors: list[dict[str, Any]]

    @property
    def codes(self) -> list[str]:
        return [error.get("extensions", {}).get("code", "") for error in self.errors]

    def only(self, name: str) -> Any:
        """The one field's value, where no error may be."""
        assert self.errors == [], self.errors
        return self.data[name]


@dataclass(slots=True, kw_only=True)
class Gateway:
    """Asks one subgraph; its key is made per test."""

    audience: str
    app: ASGIApp | None = None
    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)

    @property
    def tokens(self) -> ContextTokens:
        """What the subgraph checks with."""
        return ContextTokens(
            public_key=self.key.public_key(), issuer=ISSUER, audience=self.audience
        )

    def token(self, who: Who, **changed: object) -> str:
        now = int(time.time())
        claims: dict[str, object] = {
            "iss": ISSUER,
            "aud": self.audience,
            "iat": now,
            "exp": now + MAX_AGE_SECONDS,
            "jti": f"{now}",
            "viewer": who.claims(),
        }
        return jwt.encode({**claims, **changed}, self.key, algorithm="EdDSA")

    async def ask(
        self, document: str, variables: Mapping[str, object] | None = None, *, who: Who = NOBODY
    ) -> Answer:
        response = await self.post(
            {"query": document, "variables": dict(variables or {})},
            authorization=f"Bearer {self.token(who)}",
        )
        assert response.status_code == 200, response.text
        body = response.json()
        return Answer(data=body.get("data"), errors=body.get("errors") or [])

    async def post(
        self, body: Mapping[str, object], *, authorization: str | None = None
    ) -> httpx.Response:
        headers = {} if authorization is None else {"authorization": authorization}
        async with self._client() as client:
            return await client.post("/graphql", json=body, headers=headers)

    async def get(self, path: str) -> httpx.Response:
        async with self._client() as client:
            return await client.get(path)

    def _client(self) -> httpx.AsyncClient:
        assert self.app is not None
        transport = httpx.ASGITransport(app=self.app)
        return httpx.AsyncClient(transport=transport, base_url="http://subgraph")

    @contextlib.asynccontextmanager
    async def subscribe(
        self, document: str, variables: Mapping[str, object] | None = None, *, who: Who = NOBODY
    ) -> AsyncIterator[Stream]:
        """A running subscription over graphql-transport-ws, inside this process."""
        assert self.app is not None
        async with socket(self.app) as stream:
            await stream.send(
                type="connection_init", payload={"authorization": f"Bearer {self.token(who)}"}
            )
            assert (await stream.receive())["type"] == "connection_ack"
            payload = {"query": document, "variables": dict(variables or {})}
            await stream.send(type="subscribe", id="1", payload=payload)
            yield stream


@dataclass(slots=True)
class Stream:
    """The client's end of one in-process WebSocket."""

    inbox: asyncio.Queue[dict[str, Any]] = field(default_factory=asyncio.Queue)
    outbox: asyncio.Queue[dict[str, Any]] = field(default_factory=asyncio.Queue)

    async def send(self, **message: object) -> None:
        await self.inbox.put({"type": "websocket.receive", "text": orjson.dumps(message).decode()})

    async def raw(self) -> dict[str, Any]:
        """The next ASGI event of the server, within half a minute."""
        async with asyncio.timeout(30):
            return await self.outbox.get()

    async def receive(self) -> dict[str, Any]:
        event = await self.raw()
        assert event["type"] == "websocket.send", event
        message: dict[str, Any] = orjson.loads(event["text"])
        return message

    async def next(self) -> Any:
        """The payload's data of the next `next`."""
        message = await self.receive()
        assert message["type"] == "next", message
        assert not message["payload"].get("errors"), message
        return message["payload"]["data"]


@contextlib.asynccontextmanager
async def socket(app: ASGIApp) -> AsyncIterator[Stream]:
    """An accepted WebSocket to /graphql."""
    stream = Stream()
    scope: dict[str, Any] = {
        "type": "websocket",
        "path": "/graphql",
        "raw_path": b"/graphql",
        "query_string": b"",
        "headers": [],
        "subprotocols": ["graphql-transport-ws"],
        "client": ("test", 1),
        "server": ("subgraph", 80),
        "scheme": "ws",
    }
    await stream.inbox.put({"type": "websocket.connect"})
    served = asyncio.create_task(_serve(app, scope, stream))
    try:
        assert (await stream.raw())["type"] == "websocket.accept"
        yield stream
    finally:
        await stream.inbox.put({"type": "websocket.disconnect", "code": 1000})
        async with asyncio.timeout(30):
            await served


async def _serve(app: ASGIApp, scope: MutableMapping[str, Any], stream: Stream) -> None:
    async def send(message: MutableMapping[str, Any]) -> None:
        await stream.outbox.put(dict(message))

    await app(scope, stream.inbox.get, send)
