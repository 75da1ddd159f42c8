"""Over graphql-transport-ws, one socket for one operation."""

from collections.abc import AsyncGenerator, Mapping
from typing import Final

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.typing import Subprotocol

from gateway.client.errors import Lost, Refused, Unwelcome
from gateway.client.ports import Asked
from gateway.subscriptions.frames import SUBPROTOCOL, Close, Send
from gateway.subscriptions.upstream import Ended, Result, UpstreamEffect, UpstreamMachine
from gateway.subscriptions.upstream import Refused as RefusedByServer

_TOKEN: Final = 4403
_WRONG: Final = frozenset({4400, 4401, 4406, 4409, 4429})
"""Close codes after which the same again fares no better: the client itself is at fault."""


class WebSocketTransport:
    """`url` is `ws://…/graphql` or `wss://…`. `connect_seconds` bounds the handshake."""

    def __init__(self, url: str, *, connect_seconds: float = 10.0) -> None:
        self._url, self._connect_seconds = url, connect_seconds

    async def results(self, asked: Asked, /) -> AsyncGenerator[Mapping[str, object], None]:
        """Execution results until the server completes."""
        init = {} if asked.token is None else {"authorization": f"Bearer {asked.token}"}
        machine = UpstreamMachine(init=init, subscribe=asked.payload())
        try:
            async with connect(
                self._url,
                subprotocols=[Subprotocol(SUBPROTOCOL)],
                open_timeout=self._connect_seconds,
                close_timeout=1.0,
                max_size=None,
                compression=None,
                proxy=None,
            ) as socket:
                await _perform(socket, machine.open())
                async for text in socket:
                    for result in await _perform(socket, machine.receive(text)):
                        yield result
        except ConnectionClosed as error:
            raise _fault(error) from error
        except (OSError, TimeoutError, InvalidHandshake) as error:
            raise Lost(f"no connection: {type(error).__name__}") from error


async def _perform(
    socket: ClientConnection, effects: list[UpstreamEffect]
) -> list[Mapping[str, object]]:
    results = []
    for effect in effects:
        match effect:
            case Send():
                await socket.send(effect.encode(), text=True)
            case Result():
                results.append(effect.payload)
            case RefusedByServer():
                raise Refused(effect.errors)
            case Ended():
                pass
            case Close():
                await socket.close(effect.code, effect.short_reason)
    return results


def _fault(closed: ConnectionClosed) -> Exception:
    code = closed.rcvd.code if closed.rcvd else 1006
    reason = closed.rcvd.reason if closed.rcvd else ""
    if code == _TOKEN:
        return Unwelcome(reason)
    if code in _WRONG:
        return Refused([{"message": reason, "extensions": {"code": str(code)}}])
    return Lost(f"the socket closed with {code} {reason}".rstrip())
