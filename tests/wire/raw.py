"""Bytes on a TCP connection, written by hand: frames as they should be, and as they should not."""

import asyncio
import base64
import json
import os
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

TEXT, BINARY, CLOSE, PING, PONG, MORE = 1, 2, 8, 9, 10, 0
PATIENCE = 5.0


def frame(payload: bytes, opcode: int = TEXT, *, last: bool = True, masked: bool = True) -> bytes:
    """One frame from a client."""
    head = bytes([(0x80 if last else 0) | opcode])
    bit, size = 0x80 if masked else 0, len(payload)
    if size < 126:
        head += bytes([bit | size])
    elif size < 65_536:
        head += bytes([bit | 126]) + struct.pack("!H", size)
    else:
        head += bytes([bit | 127]) + struct.pack("!Q", size)
    if not masked:
        return head + payload
    mask = os.urandom(4)
    return head + mask + bytes(byte ^ mask[n % 4] for n, byte in enumerate(payload))


@dataclass(frozen=True, slots=True)
class Heard:
    opcode: int
    payload: bytes

    @property
    def code(self) -> int:
        """The code of a close frame."""
        assert self.opcode == CLOSE, self
        return int(struct.unpack("!H", self.payload[:2])[0])

    @property
    def reason(self) -> bytes:
        return self.payload[2:]


@dataclass(frozen=True, slots=True)
class RawSocket:
    """A WebSocket after its handshake."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    def write(self, data: bytes) -> None:
        self.writer.write(data)

    def say(self, **message: object) -> None:
        self.write(frame(json.dumps(message).encode()))

    async def hear(self) -> Heard:
        """The next frame, whatever it is."""
        async with asyncio.timeout(PATIENCE):
            first, second = await self.reader.readexactly(2)
            size = second & 0x7F
            if size == 126:
                (size,) = struct.unpack("!H", await self.reader.readexactly(2))
            elif size == 127:
                (size,) = struct.unpack("!Q", await self.reader.readexactly(8))
            return Heard(first & 0x0F, await self.reader.readexactly(size))

    async def message(self) -> dict[str, object]:
        """The next message of the protocol."""
        heard = await self.hear()
        assert heard.opcode == TEXT, heard
        value = json.loads(heard.payload)
        assert isinstance(value, dict)
        return value

    async def init(self) -> None:
        self.say(type="connection_init")
        assert (await self.message())["type"] == "connection_ack"

    async def closed(self) -> Heard:
        """The close frame; what comes before it is skipped."""
        while (heard := await self.hear()).opcode != CLOSE:
            pass
        return heard


@asynccontextmanager
async def raw_socket(port: int, *headers: str) -> AsyncIterator[RawSocket]:
    """A socket whose handshake was done by hand."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    key = base64.b64encode(os.urandom(16)).decode()
    lines = [
        "GET /graphql HTTP/1.1",
        f"host: 127.0.0.1:{port}",
        "connection: Upgrade",
        "upgrade: websocket",
        "sec-websocket-version: 13",
        f"sec-websocket-key: {key}",
        "sec-websocket-protocol: graphql-transport-ws",
        *headers,
    ]
    writer.write("\r\n".join([*lines, "", ""]).encode())
    try:
        async with asyncio.timeout(PATIENCE):
            head = await reader.readuntil(b"\r\n\r\n")
        assert b" 101 " in head, head
        yield RawSocket(reader, writer)
    finally:
        writer.transport.abort()
