"""Connections to one origin: last in, first out, so that few stay warm and the rest can go.

At most `connections` are open or being opened; at most `waiting` callers queue for one, in order.
"""

import asyncio
import ssl
from dataclasses import dataclass

from gateway.errors import SUBREQUEST_CONNECTION_ERROR, SUBREQUEST_TIMEOUT
from gateway.transport.connection import Answer, Connection, ExchangeFailed
from gateway.transport.endpoint import Origin, why_not
from gateway.transport.places import Places


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolLimits:
    """Bounds of one origin. `answer_bytes` bounds each body, before and after decompression."""

    connections: int = 100
    waiting: int = 1_000
    answer_bytes: int = 32_000_000
    connect_seconds: float = 3.0


class Pool:
    """Hands out connections; whoever took one gives it back through `release`, always."""

    def __init__(self, origin: Origin, limits: PoolLimits, tls: ssl.SSLContext | None) -> None:
        self._origin, self._limits, self._tls = origin, limits, tls
        self._idle: list[Connection] = []
        self._open: set[Connection] = set()
        self._places = Places(limits.connections, limits.waiting)
        self._closed = False

    def take_kept(self, fresher_than: float) -> Connection | None:
        """A kept connection, if there is one and nobody waits; the usual case of `take`."""
        if not self._idle or not self._places.take_free():
            return None
        connection = self._kept(fresher_than)
        if connection is None:
            self._places.leave()
        return connection

    async def take(self, deadline: float, *, fresher_than: float = 0.0) -> Connection:
        """A kept connection or a new one. Raises ExchangeFailed.

        `fresher_than` passes over kept connections that have lain idle since before that time:
        their peer may be about to close them."""
        await self._places.take(deadline)
        try:
            return self._kept(fresher_than) or await self._connect(deadline)
        except BaseException:
            self._places.leave()
            raise

    async def exchange(self, payload: bytes, deadline: float, fresher_than: float) -> Answer:
        """One request and its whole answer, on a connection that is given back. Raises
        ExchangeFailed."""
        connection = self.take_kept(fresher_than) or await self.take(
            deadline, fresher_than=fresher_than
        )
        try:
            return await connection.exchange(payload, deadline)
        finally:
            self.release(connection, connection.now())

    def release(self, connection: Connection, now: float) -> None:
        """Give a connection back; an unusable one is dropped."""
        if connection.usable and not self._closed:
            connection.idle_since = now
            self._idle.append(connection)
        else:
            self._drop(connection)
        self._places.leave()

    def close(self) -> None:
        """Drop every connection; exchanges under way fail."""
        self._closed = True
        for connection in tuple(self._open):
            connection.close()
        self._idle.clear()
        self._open.clear()

    def _kept(self, fresher_than: float) -> Connection | None:
        while self._idle and self._idle[-1].idle_since >= fresher_than:
            connection = self._idle.pop()
            if connection.usable:
                return connection
            self._drop(connection)
        while self._idle and len(self._open) >= self._limits.connections:
            self._drop(self._idle.pop(0))
        return None

    def _drop(self, connection: Connection) -> None:
        connection.close()
        self._open.discard(connection)

    async def _connect(self, deadline: float) -> Connection:
        loop = asyncio.get_running_loop()
        limit = self._limits.answer_bytes
        until = min(deadline, loop.time() + self._limits.connect_seconds)
        try:
            async with asyncio.timeout_at(until):
                _, connection = await loop.create_connection(
                    lambda: Connection(answer_bytes=limit),
                    self._origin.host,
                    self._origin.port,
                    ssl=self._tls,
                )
        except TimeoutError:
            raise ExchangeFailed(
                SUBREQUEST_TIMEOUT, "the subgraph accepted no connection in time"
            ) from None
        except OSError as error:
            raise ExchangeFailed(SUBREQUEST_CONNECTION_ERROR, why_not(error)) from None
        self._open.add(connection)
        return connection
