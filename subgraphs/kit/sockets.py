"""A subscription lives no longer than the context token it was opened with, unless a new one of
the same viewer comes in time: as `authorization` in the payload of a ping."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from typing import Any, Final

from starlette.websockets import WebSocket
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import (
    BaseGraphQLTransportWSHandler,
)
from strawberry.subscriptions.protocols.graphql_transport_ws.types import PingMessage

from subgraphs.kit.viewer import LEEWAY_SECONDS, ContextTokens, Unauthenticated, Viewer

EXPIRED: Final = 4403


class TokenLife:
    """Closes one socket when its token is over."""

    def __init__(
        self, socket: WebSocket, tokens: ContextTokens, now: Callable[[], float] = time.time
    ) -> None:
        self._socket, self._tokens, self._now = socket, tokens, now
        self._viewer: Viewer | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._closing: asyncio.Task[None] | None = None

    def take(self, authorization: object) -> Viewer:
        """A token, the first or a later one of the same viewer. Raises Unauthenticated."""
        text = authorization if isinstance(authorization, str) else None
        viewer, expires = self._tokens.checked(text)
        if self._viewer is not None and viewer != self._viewer:
            raise Unauthenticated("the new context token is another viewer's")
        self.over()
        self._viewer = viewer
        left = max(0.0, expires + LEEWAY_SECONDS - self._now())
        self._timer = asyncio.get_running_loop().call_later(left, self.close)
        return viewer

    def close(self) -> None:
        """End everything on the socket."""
        self._closing = asyncio.create_task(self._close())

    def over(self) -> None:
        """Nothing is to be closed any more."""
        if self._timer is not None:
            self._timer.cancel()

    async def _close(self) -> None:
        with contextlib.suppress(RuntimeError):  # it is closed already
            await self._socket.close(EXPIRED, "TOKEN_EXPIRED: the context token is over")


class SocketHandler(BaseGraphQLTransportWSHandler[Any, Any]):
    """graphql-transport-ws with tokens that are renewed in place."""

    async def handle_ping(self, message: PingMessage) -> None:
        payload = message.get("payload")
        if isinstance(payload, dict) and "authorization" in payload:
            life: TokenLife = self.context.life
            try:
                life.take(payload["authorization"])
            except Unauthenticated:
                life.close()
                return
        await super().handle_ping(message)

    async def shutdown(self) -> None:
        if self.context.life is not None:
            self.context.life.over()
        await super().shutdown()
