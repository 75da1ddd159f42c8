"""One HTTP exchange seen by the doors: header look-up, bounded body, one answer, one log line."""

import gzip
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from random import Random
from time import perf_counter
from typing import Any

import orjson
from starlette.types import Receive, Scope, Send

from gateway.errors import BadRequest, BodyTooLarge
from gateway.server.wire import EXTENSION, Straight

_SAFE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")
_LONGEST_REQUEST_ID = 64
_TRACE = ("traceparent", "tracestate")

_chance = Random()  # noqa: S311 - an id is a name, not a secret

_NOTHING: Mapping[str, Any] = {}

Headers = tuple[tuple[bytes, bytes], ...]


@dataclass(slots=True)
class Exchange:
    """A request and the way to answer it. `facts` are collected for the access log; the headers
    `always` go with whatever is answered."""

    scope: Scope
    receive: Receive
    send: Send
    method: str = field(init=False)
    path: str = field(init=False)
    headers: Mapping[bytes, bytes] = field(init=False)
    request_id: str = field(init=False)
    straight: Straight | None = field(init=False)
    started: float = field(default_factory=perf_counter)
    status: int = 0
    facts: dict[str, object] = field(default_factory=dict)
    always: Headers = ()

    def __post_init__(self) -> None:
        self.method, self.path = self.scope["method"], self.scope["path"]
        self.headers = dict(self.scope["headers"])
        self.request_id = request_id(self.header(b"x-request-id"))
        self.straight = self.scope.get("extensions", _NOTHING).get(EXTENSION)

    def header(self, name: bytes) -> str | None:
        """The value of a header; of repeated headers the last."""
        value = self.headers.get(name)
        return None if value is None else value.decode("latin-1")

    @property
    def address(self) -> str:
        """The client's, as far as the socket knows."""
        client = self.scope.get("client")
        return str(client[0]) if client else ""

    def body_at_once(self, limit: int) -> bytes | None:
        """The whole body as `body` gives it, once, where all of it has come with the head."""
        body = None if self.straight is None else self.straight.body_of(self.scope)
        return None if body is None else self._plain(body, limit)

    async def body(self, limit: int) -> bytes:
        """The whole body, unzipped. Raises BodyTooLarge as soon as it is known to be, BadRequest
        for a broken compression, and Disconnected."""
        return self._plain(await self._body(limit), limit)

    def _plain(self, body: bytes, limit: int) -> bytes:
        if len(body) > limit:
            raise BodyTooLarge(limit)
        return _unzipped(body, limit) if b"content-encoding" in self.headers else body

    async def _body(self, limit: int) -> bytes:
        declared = self.header(b"content-length")
        if declared is not None and declared.isdigit() and int(declared) > limit:
            raise BodyTooLarge(limit)
        chunks: list[bytes] = []
        size = 0
        while True:
            message: Mapping[str, Any] = await self.receive()
            if message["type"] == "http.disconnect":
                raise Disconnected
            chunk = message.get("body", b"")
            size += len(chunk)
            if size > limit:
                raise BodyTooLarge(limit)
            chunks.append(chunk)
            if not message.get("more_body", False):
                return chunks[0] if len(chunks) == 1 else b"".join(chunks)

    async def answer(
        self, status: int, media_type: str, body: bytes, further: Iterable[tuple[bytes, bytes]] = ()
    ) -> None:
        """Send the whole answer, in one write where the server can."""
        self.status = status
        length = (b"content-length", b"%d" % len(body))
        headers = self._headers(media_type, (length, *further))
        straight = self.straight
        if straight is None or not straight.answer(self.scope, status, headers, body):
            await self.send({"type": "http.response.start", "status": status, "headers": headers})
            await self.send({"type": "http.response.body", "body": body})
        self.facts["bytes"] = len(body)

    async def answer_large(
        self,
        status: int,
        media_type: str,
        body: bytes,
        further: Iterable[tuple[bytes, bytes]],
        compress_over: int,
    ) -> None:
        """Send an answer that is worth zipping when it has more bytes than `compress_over`."""
        if len(body) > compress_over and _takes_gzip(self.headers.get(b"accept-encoding", b"")):
            body = gzip.compress(body, compresslevel=1, mtime=0)
            further = (*further, (b"content-encoding", b"gzip"))
        await self.answer(status, media_type, body, further)

    async def answer_json(self, status: int, value: object) -> None:
        """Send a small JSON answer."""
        await self.answer(status, "application/json; charset=utf-8", orjson.dumps(value))

    async def begin(
        self, status: int, media_type: str, further: Iterable[tuple[bytes, bytes]] = ()
    ) -> None:
        """Send the head of an answer whose body follows."""
        self.status = status
        headers = self._headers(media_type, further)
        await self.send({"type": "http.response.start", "status": status, "headers": headers})

    def _headers(
        self, media_type: str, further: Iterable[tuple[bytes, bytes]]
    ) -> list[tuple[bytes, bytes]]:
        return [
            (b"content-type", media_type.encode("ascii")),
            (b"x-request-id", self.request_id.encode("ascii")),
            (b"x-content-type-options", b"nosniff"),
            *self.always,
            *further,
        ]

    def milliseconds(self) -> float:
        """Since the exchange began."""
        return round((perf_counter() - self.started) * 1000, 2)


def _takes_gzip(accept_encoding: bytes) -> bool:
    for item in accept_encoding.lower().split(b","):
        name, _, quality = item.partition(b";")
        if name.strip() in {b"gzip", b"*"}:
            return quality.replace(b" ", b"").rstrip(b"0").rstrip(b".") != b"q="
    return False


def _unzipped(body: bytes, limit: int) -> bytes:
    """Never more than `limit` bytes, however small the zipped body is."""
    inflater = zlib.decompressobj(31)
    try:
        plain = inflater.decompress(body, limit + 1)
    except zlib.error:
        raise BadRequest("the body is not gzip") from None
    if len(plain) > limit:
        raise BodyTooLarge(limit)
    if not inflater.eof or inflater.unused_data:
        raise BadRequest("the body is not gzip")
    return plain


class Disconnected(Exception):
    """The client went away before its request was whole; nobody is there to be told."""


def forwarded(
    headers: Mapping[bytes, bytes], names: tuple[str, ...], request_id_: str
) -> dict[str, str]:
    """What goes on to subgraphs: request id, trace, and headers the operator named."""
    found = {"x-request-id": request_id_}
    for name, raw in _raw(names):
        value = headers.get(raw)
        if value is not None:
            found[name] = value.decode("latin-1")
    return found


@lru_cache(maxsize=8)
def _raw(names: tuple[str, ...]) -> tuple[tuple[str, bytes], ...]:
    return tuple((name, name.encode("ascii")) for name in (*names, *_TRACE))


def request_id(offered: str | None) -> str:
    """The client's id when it is short and plain, else a new one."""
    if offered and len(offered) <= _LONGEST_REQUEST_ID and _SAFE.issuperset(offered):
        return offered
    return f"{_chance.getrandbits(64):016x}"
