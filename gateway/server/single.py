"""GraphQL over SSE on a single connection: a reserved stream that carries many operations.

PUT reserves and answers a token, GET with the token opens the stream, POST with it starts an
operation (202), DELETE stops one. Whoever opens or uses a stream must be who reserved it.
"""

import asyncio
import contextlib
import logging
import secrets
from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qs

from gateway.auth.viewer import Viewer
from gateway.engine import GatewayResponse
from gateway.errors import (
    SUBSCRIPTION_TOO_MANY_OPERATIONS,
    BadRequest,
    GatewayError,
    InternalFault,
    TooManyStreams,
)
from gateway.server.admission import Admission, Admitted
from gateway.server.exchange import Exchange
from gateway.server.framing import EVENTS, STREAM_HEADERS
from gateway.server.operation import closing, run_operation
from gateway.server.outbox import Lagging, Outbox, OutboxLimits
from gateway.server.streams import StreamRules, until_disconnect
from gateway.subscriptions.sse import HEARTBEAT, complete_event, next_event

TOKEN_HEADER: Final = b"x-graphql-event-stream-token"
_RESERVED_SECONDS: Final = 30.0
_LOG = logging.getLogger("credgraph.server")


def stream_token(exchange: Exchange) -> str | None:
    """The token a request names, by header or in the query string."""
    found = exchange.header(TOKEN_HEADER)
    if found is not None or b"token=" not in exchange.scope["query_string"]:
        return found
    return _query(exchange, "token")


class SingleStream:
    """One reservation: its events, its operations, whose it is."""

    def __init__(self, owner: object, limits: OutboxLimits) -> None:
        self.owner, self.opened = owner, False
        self.outbox = Outbox(limits)
        self.operations: dict[str, asyncio.Task[None]] = {}

    def stop(self) -> None:
        """Free whatever serves its operations."""
        for task in tuple(self.operations.values()):
            task.cancel()


class SingleStreams:
    """All reservations of the process. Where it is not `alone` behind its port there are none:
    the requests of one stream would reach different workers."""

    def __init__(
        self,
        admission: Admission,
        rules: StreamRules,
        outbox: OutboxLimits,
        operations: int,
        *,
        alone: bool = True,
    ) -> None:
        self._alone = alone
        self._admission, self._rules = admission, rules
        self._outbox, self._most = outbox, operations
        self._streams: dict[str, SingleStream] = {}
        self._ending = asyncio.Event()

    async def reserve(self, exchange: Exchange, viewer: Viewer) -> None:
        """PUT: a token that is good for one stream, to be opened soon."""
        if not self._alone:
            await _plain(exchange, 501, "streams are reserved at a gateway with one worker only")
            return
        if len(self._streams) >= self._rules.streams:
            raise TooManyStreams("as many streams are open as this gateway takes")
        token = secrets.token_urlsafe(24)
        self._streams[token] = SingleStream(_owner(viewer), self._outbox)
        asyncio.get_running_loop().call_later(_RESERVED_SECONDS, self._forget, token)
        await exchange.answer(201, "text/plain; charset=utf-8", token.encode())

    async def open(self, exchange: Exchange, token: str, viewer: Viewer) -> None:
        """GET: the stream itself, once."""
        stream = self._find(token, viewer)
        if stream is None or stream.opened:
            status = 404 if stream is None else 409
            await _plain(exchange, status, "there is no such stream to open")
            return
        stream.opened = True
        await exchange.begin(200, EVENTS.media_type, STREAM_HEADERS)
        tasks = {
            asyncio.create_task(each)
            for each in (
                self._send_all(exchange, stream),
                self._beat(stream),
                until_disconnect(exchange),
                self._ending.wait(),
            )
        }
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            del self._streams[token]
            stream.stop()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, *stream.operations.values(), return_exceptions=True)
            with contextlib.suppress(Exception):
                await exchange.send({"type": "http.response.body", "body": b""})

    def start(self, token: str, admitted: Admitted) -> str | None:
        """POST: run an operation on the stream and give its id; None for an unknown stream.
        Raises BadRequest for an id that is taken and for one operation too many."""
        stream = self._find(token, admitted.caller.viewer)
        if stream is None:
            return None
        id_ = admitted.parameters.extensions.get("operationId")
        if not isinstance(id_, str) or not id_:
            raise BadRequest("extensions.operationId must name the operation")
        if id_ in stream.operations:
            raise BadRequest("an operation of that id is running on the stream")
        if len(stream.operations) >= self._most:
            raise BadRequest(
                f"a stream may run at most {self._most} operations at once",
                reason=SUBSCRIPTION_TOO_MANY_OPERATIONS,
            )
        stream.operations[id_] = asyncio.create_task(self._operate(stream, id_, admitted))
        return id_

    async def stop(self, exchange: Exchange, token: str, viewer: Viewer) -> None:
        """DELETE: stop one operation, which may have ended already."""
        stream = self._find(token, viewer)
        id_ = _query(exchange, "operationId")
        if stream is None or id_ is None:
            await _plain(exchange, 404, "there is no such operation")
            return
        task = stream.operations.pop(id_, None)
        if task is not None:
            task.cancel()
        await _plain(exchange, 200, "")

    def end_all(self) -> None:
        """The gateway stops."""
        self._ending.set()

    def _find(self, token: str, viewer: Viewer) -> SingleStream | None:
        stream = self._streams.get(token)
        return stream if stream is not None and stream.owner == _owner(viewer) else None

    def _forget(self, token: str) -> None:
        stream = self._streams.get(token)
        if stream is not None and not stream.opened:
            del self._streams[token]
            stream.stop()

    async def _operate(self, stream: SingleStream, id_: str, admitted: Admitted) -> None:
        try:
            results = run_operation(self._admission.engine, admitted)
            async with closing(results):
                async for response in results:
                    await stream.outbox.room()
                    self._put(stream, id_, admitted, response)
        except Lagging:
            stream.stop()
        except GatewayError as error:
            self._fail(stream, id_, admitted, error)
        except Exception:  # noqa: BLE001 - a bug ends this operation, visibly, and no other
            _LOG.exception("operation on stream %s failed", admitted.caller.request_id)
            fault = InternalFault("something went wrong inside the gateway")
            self._fail(stream, id_, admitted, fault)
        if stream.operations.get(id_) is asyncio.current_task():
            del stream.operations[id_]
            stream.outbox.put(complete_event(id_))

    def _put(
        self, stream: SingleStream, id_: str, admitted: Admitted, response: GatewayResponse
    ) -> None:
        body = self._admission.tell(admitted, response)
        stream.outbox.put(next_event(body, id_))

    def _fail(
        self, stream: SingleStream, id_: str, admitted: Admitted, error: GatewayError
    ) -> None:
        told = self._admission.tell_fault(error, admitted.caller.request_id)
        stream.outbox.put(next_event({"errors": [told]}, id_))

    async def _send_all(self, exchange: Exchange, stream: SingleStream) -> None:
        while True:
            data = await stream.outbox.next()
            async with asyncio.timeout(self._rules.lag):
                await exchange.send({"type": "http.response.body", "body": data, "more_body": True})
            stream.outbox.sent()

    async def _beat(self, stream: SingleStream) -> None:
        while True:
            await asyncio.sleep(self._rules.heartbeat)
            stream.outbox.put(HEARTBEAT)


def _owner(viewer: Viewer) -> object:
    """What must be equal for a stream to be somebody's; a renewed token changes nothing."""
    claims: Mapping[str, object] = viewer.claims
    return claims.get("iss"), claims.get("sub")


def _query(exchange: Exchange, name: str) -> str | None:
    found = parse_qs(exchange.scope["query_string"].decode("latin-1")).get(name)
    return found[0] if found else None


async def _plain(exchange: Exchange, status: int, text: str) -> None:
    await exchange.answer(status, "text/plain; charset=utf-8", text.encode())
