"""Subscriptions at subgraphs: one socket each over graphql-transport-ws, freed the moment it is
not wanted. Nothing is buffered beyond the socket's own window, so a slow reader here slows the
subgraph down instead of losing events."""

import asyncio
import contextlib
import ssl
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import Self, assert_never

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidURI
from websockets.typing import Subprotocol

from gateway.errors import (
    SUBREQUEST_TIMEOUT,
    SUBSCRIPTION_UPSTREAM_LOST,
    SUBSCRIPTION_UPSTREAM_REFUSED,
)
from gateway.executor.ports import Fault, SubgraphReply, SubgraphRequest
from gateway.subscriptions.frames import SUBPROTOCOL, Close, Send
from gateway.subscriptions.upstream import Ended, Refused, Result, UpstreamEffect, UpstreamMachine
from gateway.transport.endpoint import why_not
from gateway.transport.reply import reply_from_value

_CLOSE_SECONDS = 0.5
_EXPIRED = 4403
_REFUSALS = frozenset({4400, 4401, 4403, 4406, 4409, 4429})
"""Close codes that say: the same again will fare no better."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SocketLimits:
    """`answer_bytes` bounds one event; the handshake and the acknowledgement share a deadline."""

    answer_bytes: int = 32_000_000
    connect_seconds: float = 3.0
    ping_seconds: float = 15.0
    renew_seconds: float = 20.0
    """How often the caller's token is looked at: a new one is said to the subgraph in place."""


class UpstreamSubscription(AsyncIterator[SubgraphReply | Fault]):
    """The events of one operation. `aclose` may be called at any time, by anybody, twice too."""

    def __init__(
        self,
        url: str,
        headers: Callable[[], Mapping[str, str]],
        request: SubgraphRequest,
        limits: SocketLimits,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._url, self._tls = url, tls
        self._headers, self._first = headers, headers()
        self._renewing: asyncio.TimerHandle | None = None
        self._said: asyncio.Task[None] | None = None
        self._request, self._limits = request, limits
        self._machine = UpstreamMachine(init=dict(self._first), subscribe=_payload(request))
        self._socket: ClientConnection | None = None
        self._ready: deque[SubgraphReply | Fault] = deque()
        self._over = False

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> SubgraphReply | Fault:
        try:
            return await self._next()
        except BaseException:
            await self.aclose()
            raise

    async def aclose(self) -> None:
        """Free the upstream now; a pending `__anext__` ends as if the stream had ended."""
        self._over = True
        if self._renewing is not None:
            self._renewing.cancel()
        socket, self._socket = self._socket, None
        if socket is None:
            return
        with contextlib.suppress(ConnectionClosed, TimeoutError):
            async with asyncio.timeout(_CLOSE_SECONDS):
                await self._perform(socket, self._machine.stop())
        socket.transport.abort()  # a peer that does not answer the close is not waited for

    async def _next(self) -> SubgraphReply | Fault:
        while not self._ready:
            if self._over:
                raise StopAsyncIteration
            await self._advance()
        return self._ready.popleft()

    async def _advance(self) -> None:
        try:
            if self._socket is None:
                await self._open()
            else:
                await self._receive(self._socket)
        except TimeoutError:
            self._fail(SUBREQUEST_TIMEOUT, "the subgraph did not accept the subscription in time")
        except ConnectionClosed as error:
            self._fail(*_why(error, running=self._machine.running))
        except (OSError, InvalidHandshake, InvalidURI) as error:
            self._fail(SUBSCRIPTION_UPSTREAM_LOST, why_not(error))

    async def _open(self) -> None:
        async with asyncio.timeout(self._limits.connect_seconds):
            socket = await connect(
                self._url,
                subprotocols=[Subprotocol(SUBPROTOCOL)],
                additional_headers=dict(self._first),
                max_size=self._limits.answer_bytes,
                ping_interval=self._limits.ping_seconds,
                open_timeout=None,
                compression=None,
                ssl=self._tls,
                proxy=None,
                user_agent_header=None,
            )
            if self._over:
                socket.transport.abort()
                return
            self._socket = socket
            await self._perform(socket, self._machine.open())
            await self._receive(socket)
            self._renew_later()

    def _renew_later(self) -> None:
        if not self._over:
            loop = asyncio.get_running_loop()
            self._renewing = loop.call_later(self._limits.renew_seconds, self._renew)

    def _renew(self) -> None:
        if self._socket is not None:
            effects = self._machine.renew(dict(self._headers()))
            if effects:
                self._said = asyncio.create_task(self._say(self._socket, effects))
            self._renew_later()

    async def _say(self, socket: ClientConnection, effects: list[UpstreamEffect]) -> None:
        with contextlib.suppress(ConnectionClosed):  # whoever reads will notice
            await self._perform(socket, effects)

    async def _receive(self, socket: ClientConnection) -> None:
        await self._perform(socket, self._machine.receive(await socket.recv()))

    async def _perform(self, socket: ClientConnection, effects: list[UpstreamEffect]) -> None:
        for effect in effects:
            match effect:
                case Send():
                    await socket.send(effect.encode(), text=True)
                case Close():
                    if effect.code != 1000:
                        self._fail(SUBSCRIPTION_UPSTREAM_LOST, effect.reason)
                    self._over = True
                    await socket.close(effect.code, effect.short_reason)
                case Result():
                    self._ready.append(reply_from_value(self._request.subgraph, effect.payload))
                case Refused():
                    self._ready.append(
                        SubgraphReply(data=None, errors=effect.errors, extensions={})
                    )
                case Ended():
                    self._over = True
                case _:
                    assert_never(effect)

    def _fail(self, code: str, problem: str) -> None:
        if not self._over:
            subgraph = self._request.subgraph
            message = f"subgraph {subgraph}: {problem}"
            self._ready.append(Fault(code=code, message=message, subgraph=subgraph))
        self._over = True


def _payload(request: SubgraphRequest) -> dict[str, object]:
    payload: dict[str, object] = {"query": request.document}
    if request.variables:
        payload["variables"] = request.variables
    if request.operation_name is not None:
        payload["operationName"] = request.operation_name
    return payload


def _why(error: ConnectionClosed, *, running: bool) -> tuple[str, str]:
    """A token that ran out while events came is no refusal: the next one will do."""
    frame = error.rcvd
    if frame is None:
        return SUBSCRIPTION_UPSTREAM_LOST, "the connection to the subgraph was lost"
    refused = frame.code in _REFUSALS and not (running and frame.code == _EXPIRED)
    code = SUBSCRIPTION_UPSTREAM_REFUSED if refused else SUBSCRIPTION_UPSTREAM_LOST
    return code, f"the subgraph closed the subscription ({frame.code} {frame.reason})"
