"""Subgraphs that our own client does not reach: over HTTP/2, or through an outgoing proxy.

httpx does it, behind the same port as `pool.Pool`, so that breaker, retries, sharing and faults
are the same. It takes some thirty times the CPU of our own client: for where there is no other
way, not for speed. Laws: nothing of the environment counts (no proxy variables), no redirect is
followed, nothing is sent twice.
"""

import asyncio
import ssl
from collections.abc import Mapping
from typing import Final

import httpx

from gateway.errors import (
    SUBREQUEST_CONNECTION_ERROR,
    SUBREQUEST_MALFORMED_RESPONSE,
    SUBREQUEST_TIMEOUT,
    SUBREQUEST_TOO_LARGE,
)
from gateway.transport.connection import Answer, ExchangeFailed
from gateway.transport.endpoint import Origin
from gateway.transport.places import Places
from gateway.transport.pool import PoolLimits

_OF_THE_LIBRARY: Final = frozenset({"content-length", "connection", "keep-alive"})
_CLOSED: Final = ("Server disconnected", "peer closed")
"""How httpcore begins its sentences when the other side went away, as against spoke nonsense."""


class LibraryPool:
    """Exchanges with one origin, as `Pool` makes them."""

    def __init__(self, origin: Origin, limits: PoolLimits, tls: ssl.SSLContext | None) -> None:
        self._origin, self._limits = origin, limits
        self._places = Places(limits.connections, limits.waiting)
        self._client = _client(origin, limits, tls)
        self._closing: asyncio.Task[None] | None = None

    async def exchange(self, payload: bytes, deadline: float, _fresher_than: float) -> Answer:
        """Send one request and await its whole answer. Raises ExchangeFailed.

        The library looks whether a kept connection is closed before it writes on it."""
        request = self._request(payload)
        await self._places.take(deadline)
        try:
            async with asyncio.timeout_at(deadline):
                return await self._answer(request)
        except (TimeoutError, httpx.TimeoutException):
            raise ExchangeFailed(SUBREQUEST_TIMEOUT, "no answer came in time") from None
        except httpx.HTTPError as error:
            raise _failure(error) from None
        finally:
            self._places.leave()

    def close(self) -> None:
        """Drop every connection, soon."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return  # no loop, no connection
        self._closing = loop.create_task(self._client.aclose())

    def _request(self, payload: bytes) -> httpx.Request:
        """The bytes our own client would write, taken apart again: one line a header."""
        head, _, body = payload.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        target = first.split(" ", 2)[1]
        pairs = [line.split(": ", 1) for line in lines]
        headers = {name: value for name, value in pairs if name not in _OF_THE_LIBRARY}
        scheme = "https" if self._origin.tls else "http"
        host = f"[{self._origin.host}]" if ":" in self._origin.host else self._origin.host
        url = f"{scheme}://{host}:{self._origin.port}{target}"
        return self._client.build_request("POST", url, headers=headers, content=body)

    async def _answer(self, request: httpx.Request) -> Answer:
        reply = await self._client.send(request, stream=True)
        try:
            body = await self._body(reply)
        finally:
            await reply.aclose()
        return Answer(status=reply.status_code, headers=_lower(reply.headers), body=body)

    async def _body(self, reply: httpx.Response) -> bytes:
        size, chunks = 0, []
        async for chunk in reply.aiter_raw():
            size += len(chunk)
            if size > self._limits.answer_bytes:
                problem = f"the answer has more than {self._limits.answer_bytes} bytes"
                raise ExchangeFailed(SUBREQUEST_TOO_LARGE, problem)
            chunks.append(chunk)
        return b"".join(chunks)


def _client(origin: Origin, limits: PoolLimits, tls: ssl.SSLContext | None) -> httpx.AsyncClient:
    """Over https the versions are negotiated; over http, HTTP/2 is known beforehand."""
    return httpx.AsyncClient(
        http1=origin.tls or not origin.http2,
        http2=origin.http2,
        proxy=origin.proxy,
        verify=True if tls is None else tls,
        headers={"accept-encoding": "gzip"},
        timeout=httpx.Timeout(None, connect=limits.connect_seconds),
        limits=httpx.Limits(max_connections=limits.connections),
        trust_env=False,
        follow_redirects=False,
    )


def _failure(error: httpx.HTTPError) -> ExchangeFailed:
    if isinstance(error, httpx.ProxyError):
        return ExchangeFailed(SUBREQUEST_CONNECTION_ERROR, "the outgoing proxy refused")
    spoke = isinstance(error, httpx.RemoteProtocolError | httpx.DecodingError)
    if spoke and not str(error).startswith(_CLOSED):
        return ExchangeFailed(SUBREQUEST_MALFORMED_RESPONSE, "the answer is not HTTP")
    return ExchangeFailed(SUBREQUEST_CONNECTION_ERROR, "the connection failed")


def _lower(headers: httpx.Headers) -> dict[bytes, bytes]:
    raw: Mapping[bytes, bytes] = {name.lower(): value for name, value in headers.raw}
    return dict(raw)
