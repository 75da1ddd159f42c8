"""One HTTP exchange seen by the doors: header look-up, bounded body, one answer, one log line."""

import asyncio
import gzip
import secrets
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

import orjson
from starlette.types import Receive, Scope, Send

from gateway.errors import BadRequest, BodyTooLarge, TooSlow

_SAFE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")
_LONGEST_REQUEST_ID = 64
_TRACE = ("traceparent", "tracestate")

Headers = tuple[tuple[bytes, bytes], ...]


@dataclass(slots=True)
class Exchange:
    """A request and the way to answer it. `facts` are collected for the access log; the headers
    `always` go with whatever is answered."""

    scope: Scope
    receive: Receive
    send: Send
    headers: Mapping[bytes, bytes] = field(init=False)
    request_id: str = field(init=False)
    started: float = field(default_factory=perf_counter)
    status: int = 0
    facts: dict[str, object] = field(default_factory=dict)
    always: Headers = ()

    def __post_init__(self) -> None:
        self.headers = dict(self.scope["headers"])
        self.request_id = request_id(self.header(b"x-request-id"))

    @property
    def method(self) -> str:
        """GET, POST, ..."""
        return str(self.scope["method"])

    @property
    def path(self) -> str:
        """The path as the client asked for it."""
        return str(self.scope["path"])

    def header(self, name: bytes) -> str | None:
        """The value of a header; of repeated headers the last."""
        value = self.headers.get(name)
        return None if value is None else value.decode("latin-1")

    @property
    def address(self) -> str:
        """The client's, as far as the socket knows."""
        client = self.scope.get("client")
        return str(client[0]) if client else ""

    async def body(self, limit: int, seconds: float) -> bytes:
        """The whole body, unzipped. Raises BodyTooLarge as soon as it is known to be, TooSlow,
        BadRequest for a broken compression, and Disconnected."""
        late = Late(seconds)
        try:
            body = await self._body(limit)
        except asyncio.CancelledError:
            if late.happened():
                raise TooSlow(f"the body did not arrive within {seconds:g} s") from None
            raise
        finally:
            late.cancel()
        return body if self.header(b"content-encoding") is None else _unzipped(body, limit)

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
        """Send the whole answer."""
        await self.begin(status, media_type, ((b"content-length", b"%d" % len(body)), *further))
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
        headers = [
            (b"content-type", media_type.encode("ascii")),
            (b"x-request-id", self.request_id.encode("ascii")),
            (b"x-content-type-options", b"nosniff"),
            *self.always,
            *further,
        ]
        await self.send({"type": "http.response.start", "status": status, "headers": headers})

    def milliseconds(self) -> float:
        """Since the exchange began."""
        return round((perf_counter() - self.started) * 1000, 2)


class Late:
    """`asyncio.timeout` in its barest form, for every request pays for it."""

    __slots__ = ("_fired", "_handle", "_task")

    def __init__(self, seconds: float) -> None:
        self._task = asyncio.current_task()
        self._fired = False
        self._handle = asyncio.get_running_loop().call_later(seconds, self._fire)

    def _fire(self) -> None:
        self._fired = True
        if self._task is not None:
            self._task.cancel()

    def happened(self) -> bool:
        """Whether it was this that cancelled the task, and nobody else besides."""
        return self._fired and self._task is not None and self._task.uncancel() == 0

    def cancel(self) -> None:
        """The work is done."""
        self._handle.cancel()


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
    headers: Mapping[bytes, bytes], names: Iterable[str], request_id_: str
) -> Mapping[str, str]:
    """What goes on to subgraphs: request id, trace, and headers the operator named."""
    found = {name: headers.get(name.encode("ascii")) for name in (*names, *_TRACE)}
    return {"x-request-id": request_id_} | {
        name: value.decode("latin-1") for name, value in found.items() if value is not None
    }


def request_id(offered: str | None) -> str:
    """The client's id when it is short and plain, else a new one."""
    if offered and len(offered) <= _LONGEST_REQUEST_ID and _SAFE.issuperset(offered):
        return offered
    return secrets.token_hex(8)
