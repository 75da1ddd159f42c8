"""Subscribers that cost next to nothing: a WebSocket client's end of the one protocol, by hand.

What ten thousand of them take of the same two cores would otherwise be most of what is measured.
Laws: a text frame of the gateway comes whole and unmasked; only what the bench asks is read.
"""

import asyncio
import base64
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

import orjson

_MASK: Final = b"\0\0\0\0"  # which leaves the payload as it is
_TEXT, _CLOSE, _PING, _PONG = 0x1, 0x8, 0x9, 0xA
_AT_ONCE: Final = 200
_FEED: Final = "acceptedCredentialChanges"


@dataclass(slots=True)
class Crowd:
    """Many subscribers with one token; `came` has the arrivals of each endorsement, by the
    monotonic clock. Without a query they open a socket each and say nothing."""

    url: str
    token: str
    query: str
    ears: list["Ear"] = field(default_factory=list)
    came: dict[str, list[float]] = field(default_factory=dict)

    async def join(self, count: int) -> None:
        """So many more, some at a time, until each has its first frame."""
        for start in range(0, count, _AT_ONCE):
            batch = [Ear(self) for _ in range(min(_AT_ONCE, count - start))]
            self.ears += batch
            await self.listen(batch)

    async def listen(self, ears: list["Ear"], at_once: int = _AT_ONCE) -> None:
        """They connect, each after its cursor, and have a frame when this returns."""
        parts, loop = urlsplit(self.url), asyncio.get_running_loop()
        host, port = parts.hostname or "", parts.port or 0
        for ear in ears:
            ear.live = loop.create_future()
        for start in range(0, len(ears), at_once):
            some = ears[start : start + at_once]
            await asyncio.gather(*(loop.create_connection(ear.fresh, host, port) for ear in some))
        await asyncio.gather(*(ear.live for ear in ears))

    async def leave(self) -> None:
        """All of them at once."""
        for ear in self.ears:
            if ear.transport is not None:
                ear.transport.abort()
        await asyncio.sleep(0.1)


class Ear(asyncio.Protocol):
    """One subscriber: the cursor of its last frame, and how many came."""

    __slots__ = ("_buffer", "_crowd", "_open", "cursor", "frames", "live", "transport")

    def __init__(self, crowd: Crowd, cursor: str | None = None) -> None:
        self._crowd, self.cursor, self.frames = crowd, cursor, 0
        self.live: asyncio.Future[None]
        self.transport: asyncio.Transport | None = None
        self._buffer, self._open = b"", False

    def fresh(self) -> "Ear":
        """Itself, for a new connection."""
        self._buffer, self._open = b"", False
        return self

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # it is one
        """Asks for the upgrade."""
        self.transport = transport
        path = urlsplit(self._crowd.url)
        key = base64.b64encode(os.urandom(16)).decode()
        transport.write(
            f"GET {path.path} HTTP/1.1\r\nhost: {path.netloc}\r\nupgrade: websocket\r\n"
            f"connection: upgrade\r\nsec-websocket-version: 13\r\nsec-websocket-key: {key}\r\n"
            "sec-websocket-protocol: graphql-transport-ws\r\n\r\n".encode()
        )

    def connection_lost(self, exc: Exception | None) -> None:
        """Whoever waits for a frame is told."""
        self.transport = None
        if not self.live.done():
            self.live.set_exception(exc or ConnectionError("the gateway closed the socket"))

    def data_received(self, data: bytes) -> None:
        """Frames, after the head of the upgrade's answer."""
        self._buffer += data
        if not self._open:
            head, found, rest = self._buffer.partition(b"\r\n\r\n")
            if not found:
                return
            if not head.startswith(b"HTTP/1.1 101"):
                raise ConnectionError(head.decode())
            self._open, self._buffer = True, rest
            if not self._crowd.query:
                self.live.set_result(None)
                return
            bearer = {"authorization": f"Bearer {self._crowd.token}"}
            self._say({"type": "connection_init", "payload": bearer})
        for opcode, payload in self._taken():
            self._frame(opcode, payload)

    def _taken(self) -> Iterator[tuple[int, bytes]]:
        buffer, at = self._buffer, 0
        while len(buffer) - at >= 2:
            size, start = buffer[at + 1], at + 2
            if size > 125:
                wide = 2 if size == 126 else 8
                size, start = int.from_bytes(buffer[start : start + wide]), start + wide
            if len(buffer) < start + size:
                break
            yield buffer[at] & 0xF, buffer[start : start + size]
            at = start + size
        self._buffer = buffer[at:]

    def _frame(self, opcode: int, payload: bytes) -> None:
        if opcode == _PING:
            self._send(_PONG, payload)
        elif opcode == _CLOSE and self.transport is not None:
            self.transport.abort()
        elif opcode == _TEXT:
            self._message(orjson.loads(payload))

    def _message(self, message: dict[str, object]) -> None:
        if message["type"] == "connection_ack":
            asked = {"query": self._crowd.query, "variables": {"after": self.cursor}}
            self._say({"id": "1", "type": "subscribe", "payload": asked})
        payload = message.get("payload")
        if message["type"] != "next" or not isinstance(payload, dict):
            return
        frame = payload["data"][_FEED]
        self.cursor, self.frames = frame["cursor"], self.frames + 1
        if not self.live.done():
            self.live.set_result(None)
        if frame["endorsement"] is not None:
            times = self._crowd.came.setdefault(frame["endorsement"]["id"], [])
            times.append(time.monotonic())

    def _say(self, message: dict[str, object]) -> None:
        self._send(_TEXT, orjson.dumps(message))

    def _send(self, opcode: int, payload: bytes) -> None:
        if self.transport is None:
            return
        size = len(payload)
        length = bytes([0x80 | size]) if size < 126 else b"\xfe" + size.to_bytes(2)
        self.transport.write(bytes([0x80 | opcode]) + length + _MASK + payload)
