"""A link between two processes that can be cut, stalled, slowed and left half open.

It copies bytes and knows no protocol. A stalled link takes nothing more from either end, so that
what was sent fills the buffers of the sender, as on a network that has gone silent.
"""

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Self

_CHUNK = 65_536


class Link:
    """`port` on loopback leads to `target`; every fault applies to open and to new connections."""

    def __init__(self, target: int, *, host: str = "127.0.0.1") -> None:
        self._host, self._target = host, target
        self._pipes: set[_Pipe] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._open = True
        self.delay = 0.0
        self.port = 0
        self.bytes = 0

    @classmethod
    @asynccontextmanager
    async def to(cls, target: int) -> AsyncIterator[Self]:
        """A link that is gone when the block is left."""
        link = cls(target)
        server = await asyncio.start_server(link._start, link._host, 0)
        link.port = server.sockets[0].getsockname()[1]
        try:
            yield link
        finally:
            server.close()
            link.refuse()
            await asyncio.gather(*link._tasks, return_exceptions=True)

    @property
    def connections(self) -> int:
        """How many are open now."""
        return len(self._pipes)

    def cut(self) -> None:
        """Reset every connection, at both ends; new ones are let through."""
        for pipe in tuple(self._pipes):
            pipe.reset()
        self._flowing.set()

    def refuse(self) -> None:
        """Cut, and reset every new connection until `heal`."""
        self._open = False
        self.cut()

    def stall(self) -> None:
        """Nothing passes any more, and nobody is told."""
        self._flowing.clear()

    def leave_half_open(self) -> None:
        """The far ends are reset, the near ones are told nothing: as when a machine vanishes."""
        for pipe in tuple(self._pipes):
            pipe.lose_far_end()

    def heal(self) -> None:
        """Everything passes again, without delay."""
        self._open, self.delay = True, 0.0
        self._flowing.set()
        for pipe in tuple(self._pipes):
            pipe.forget_if_half_open()

    async def passage(self) -> None:
        """Wait until bytes may go on."""
        await self._flowing.wait()
        if self.delay:
            await asyncio.sleep(self.delay)

    def _start(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._accept(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self._open:
            _reset(writer)
            return
        try:
            far = await asyncio.open_connection(self._host, self._target)
        except OSError:
            _reset(writer)
            return
        pipe = _Pipe(self, (reader, writer), far)
        self._pipes.add(pipe)
        try:
            await pipe.run()
        finally:
            self._pipes.discard(pipe)


_End = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class _Pipe:
    """One connection and its continuation on the other side."""

    def __init__(self, link: Link, near: _End, far: _End) -> None:
        self._link, self._near, self._far = link, near, far
        self._half_open = False
        self._over = asyncio.Event()

    async def run(self) -> None:
        there = asyncio.create_task(self._copy(self._near[0], self._far[1]))
        back = asyncio.create_task(self._copy(self._far[0], self._near[1]))
        try:
            await self._over.wait()
        finally:
            for task in (there, back):
                task.cancel()
            await asyncio.gather(there, back, return_exceptions=True)
            for _, writer in (self._near, self._far):
                writer.close()

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while chunk := await reader.read(_CHUNK):
                await self._link.passage()
                writer.write(chunk)
                self._link.bytes += len(chunk)
                await writer.drain()
        if not self._half_open:
            self._over.set()

    def reset(self) -> None:
        for _, writer in (self._near, self._far):
            _reset(writer)
        self._over.set()

    def lose_far_end(self) -> None:
        self._half_open = True
        _reset(self._far[1])

    def forget_if_half_open(self) -> None:
        if self._half_open:
            self.reset()


def _reset(writer: asyncio.StreamWriter) -> None:
    """Close with RST instead of FIN: what was not read is lost, as when a host dies."""
    raw = writer.get_extra_info("socket")
    if raw is not None:
        with contextlib.suppress(OSError):
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
