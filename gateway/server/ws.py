"""graphql-transport-ws for clients: feeds the sans-io machine and performs what it asks for."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, assert_never

from starlette.types import Message, Receive, Scope, Send

from gateway.auth.tokens import TokenVerifier
from gateway.auth.viewer import ANONYMOUS, Viewer
from gateway.engine import GatewayResponse
from gateway.errors import ClientFault, GatewayError, InternalFault, NotReady, Unauthenticated
from gateway.server.admission import Admission, Admitted, Caller, resumed
from gateway.server.exchange import forwarded, request_id
from gateway.server.operation import closing, run_operation, told
from gateway.server.origins import Origins
from gateway.server.outbox import Lagging, Outbox, OutboxLimits
from gateway.server.parameters import from_mapping
from gateway.server.wire import EXTENSION, Event, Wire
from gateway.subscriptions import frames
from gateway.subscriptions.protocol import (
    LAGGED,
    Authenticate,
    Effect,
    Renew,
    ServerMachine,
    Start,
    Stop,
)
from gateway.subscriptions.sse import cursor_of
from gateway.telemetry.access import AccessLog, operation_hash
from gateway.telemetry.spans import NoSpans, Spans

_LOG = logging.getLogger("credgraph.server")
_CLOSE_SECONDS = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SocketRules:
    """Bounds of the WebSocket door; times in seconds."""

    sockets: int = 10_000
    operations: int = 100
    init_seconds: float = 3.0
    forward: tuple[str, ...] = ()
    outbox: OutboxLimits = field(default_factory=OutboxLimits)


class SocketDoor:
    """All open sockets of the process."""

    def __init__(
        self,
        admission: Admission,
        tokens: TokenVerifier,
        origins: Origins,
        rules: SocketRules,
        log: AccessLog,
        *,
        spans: Spans | None = None,
    ) -> None:
        self.admission, self.tokens, self.rules, self.log = admission, tokens, rules, log
        self.spans = spans or NoSpans()
        self._origins = origins
        self._open: set[SocketSession] = set()

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one socket until it is closed by either end."""
        await receive()
        headers = dict(scope["headers"])
        if not self._origins.check_socket(headers):
            await send({"type": "websocket.close", "code": 1008, "reason": ""})  # HTTP 403
            return
        if len(self._open) >= self.rules.sockets:
            await _turn_away(send, 1013, "too many sockets are open; try again later", None)
            return
        if frames.SUBPROTOCOL not in scope["subprotocols"]:
            await _turn_away(send, 4406, "Subprotocol not acceptable", None)
            return
        await send({"type": "websocket.accept", "subprotocol": frames.SUBPROTOCOL})
        client = scope.get("client")
        wire = scope["extensions"].get(EXTENSION)
        address = str(client[0]) if client else ""
        session = SocketSession(self, headers, address, receive, send, wire=wire)
        del headers  # a socket lives for hours; what it needs of them is in the session
        self._open.add(session)
        try:
            await session.serve()
        finally:
            self._open.discard(session)

    def end_all(self) -> None:
        """Every socket is closed with 1012 now; clients may come back."""
        for session in tuple(self._open):
            session.go_away()

    def __len__(self) -> int:
        return len(self._open)


async def _turn_away(send: Send, code: int, reason: str, subprotocol: str | None) -> None:
    await send({"type": "websocket.accept", "subprotocol": subprotocol})
    await send({"type": "websocket.close", "code": code, "reason": reason})


class SocketSession:
    """One socket: a writer while something has to wait, a task per operation, and one timer: until
    the first message, then until the token is over. Without a wire there is a reader too."""

    __slots__ = (
        *(
            "_address",
            "_authorization",
            "_closed",
            "_closing",
            "_door",
            "_forwarded",
            "_id",
            "_machine",
        ),
        *("_operations", "_outbox", "_receive", "_send", "_ending", "_timer", "_viewer"),
        *("_cursors", "_gone", "_wire", "_writer", "__weakref__"),
    )

    def __init__(
        self,
        door: SocketDoor,
        headers: Mapping[bytes, bytes],
        address: str,
        receive: Receive,
        send: Send,
        *,
        wire: Wire | None = None,
    ) -> None:
        self._door, self._receive, self._send, self._wire = door, receive, send, wire
        self._address = address
        offered = headers.get(b"x-request-id")
        self._id = request_id(offered.decode("latin-1") if offered else None)
        token = headers.get(b"authorization")
        self._authorization = token.decode("latin-1") if token else None
        self._forwarded = forwarded(headers, door.rules.forward, self._id)
        self._machine = ServerMachine(operations=door.rules.operations)
        self._outbox = Outbox(door.rules.outbox)
        self._operations: dict[str, asyncio.Task[None]] = {}
        self._ending: Sequence[asyncio.Task[None]] = ()
        self._viewer: Viewer = ANONYMOUS
        self._closing: frames.Close | None = None
        self._gone = False
        self._closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._writer: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._cursors: dict[str, str] = {}

    async def serve(self) -> None:
        """Returns when the socket is closed and everything that served it is freed."""
        started = time.monotonic()
        self._later(self._door.rules.init_seconds, self._machine.init_is_late)
        reader = self._listen()
        try:
            await self._closed
            await self._free(reader)
            await self._say_goodbye()
        finally:
            await self._free([*reader, self._writer] if self._writer else reader)
            if self._wire is not None:
                self._wire.listen(None)
        self._door.log.line(
            "socket",
            request_id=self._id,
            code=self._closing.code if self._closing else None,
            seconds=round(time.monotonic() - started, 3),
        )

    def go_away(self) -> None:
        """The gateway stops."""
        self._perform(self._machine.going_away())

    def _listen(self) -> list[asyncio.Task[None]]:
        if self._wire is None:
            return [asyncio.create_task(self._read())]
        self._wire.listen(self._hear)
        return []

    async def _read(self) -> None:
        while not self._closed.done():
            self._hear(await self._receive())

    def _hear(self, message: Event | Message) -> None:
        """The client says something, or has gone."""
        if message["type"] == "websocket.disconnect":
            self._gone = True
            self._end()
            return
        text = message.get("text")
        try:
            self._perform(self._machine.receive(message["bytes"] if text is None else text))
        except Exception:  # noqa: BLE001 - a bug ends this socket, visibly, and no other
            _LOG.exception("socket %s failed", self._id)
            self._perform(self._machine.broken())

    def _end(self) -> None:
        if not self._closed.done():
            self._closed.set_result(None)

    async def _write(self) -> None:
        """Lives as long as there is something to send: a quiet socket needs no writer."""
        while len(self._outbox):
            data = await self._outbox.next()
            await self._send({"type": "websocket.send", "text": data.decode()})
            self._outbox.sent()

    def _written(self, writer: asyncio.Task[None]) -> None:
        self._writer = None
        if writer.cancelled():
            return
        if writer.exception() is None:
            self._wake_writer()  # for what was queued while the last writer was ending
        else:
            self._end()  # the client has gone

    def _perform(self, effects: Sequence[Effect]) -> None:
        for effect in effects:
            match effect:
                case frames.Send():
                    self._post(effect)
                case frames.Close():
                    self._closing = effect
                    self._end()
                case Authenticate() | Renew():
                    self._take_token(effect)
                case Start():
                    self._start(effect)
                case Stop():
                    self._stop(effect.id)
                case _:
                    assert_never(effect)

    def _post(self, message: frames.Send) -> None:
        data = message.encode()
        if self._wire is not None and not len(self._outbox) and self._wire.write_text(data):
            return
        try:
            self._outbox.put(data)
        except Lagging:
            self._perform(self._machine.lagged())
        self._wake_writer()

    def _wake_writer(self) -> None:
        if self._writer is None and len(self._outbox):
            self._writer = asyncio.create_task(self._write())
            self._writer.add_done_callback(self._written)

    def _start(self, start: Start) -> None:
        untraced = isinstance(self._door.spans, NoSpans)  # which saves a quiet socket some room
        run = self._operate if untraced else self._traced
        task = asyncio.create_task(run(start.id, start.payload))
        self._operations[start.id] = task

    def _stop(self, id_: str) -> None:
        task = self._operations.pop(id_, None)
        if task is not None and task is not asyncio.current_task():
            task.cancel()
            self._ending = [*(each for each in self._ending if not each.done()), task]

    def _take_token(self, told: Authenticate | Renew) -> None:
        """At the start, what the client says in `connection_init` counts, else the header of its
        upgrade; later on, a new token of the same caller is for everything that runs."""
        offered, self._authorization = self._authorization, None
        try:
            authorization = _authorization(told.payload) or offered
            viewer = self._door.tokens.viewer(authorization, time.time())
            if isinstance(told, Renew):
                _check_same(self._viewer, viewer)
        except Unauthenticated as error:
            self._perform(self._machine.refuse(f"{error.reason}: {error.message}"))
            return
        self._viewer = viewer
        self._stop_timer()  # of the wait for this message, or of the token before
        self._expire_in_time()
        started = isinstance(told, Authenticate)
        self._perform(self._machine.acknowledge() if started else self._machine.renewed())

    def _expire_in_time(self) -> None:
        if self._viewer.expires_at is not None:
            left = max(0.0, self._viewer.expires_at - time.time())
            self._later(left, self._expired)

    def _expired(self) -> list[Effect]:
        """The close tells the place of the one stream that runs, if it is one and fits."""
        (cursor,) = self._cursors.values() if len(self._cursors) == 1 else (None,)
        place = "the token has expired" if cursor is None else f"cursor={cursor}"
        reason = f"TOKEN_EXPIRED: {place}"
        if len(reason.encode()) > frames.LONGEST_REASON:
            reason = "TOKEN_EXPIRED: the token has expired"
        return self._machine.refuse(reason)

    async def _traced(self, id_: str, payload: Mapping[str, object]) -> None:
        """Each operation by itself: a socket outlives every trace."""
        known = {name.encode(): text.encode("latin-1") for name, text in self._forwarded.items()}
        with self._door.spans.operation("graphql.operation", known):
            await self._operate(id_, payload)

    async def _operate(self, id_: str, payload: Mapping[str, object]) -> None:
        started, results = time.monotonic(), None
        admission = self._door.admission
        try:
            given = resumed(from_mapping(payload), None)
            results = _Results(self, id_, await admission.admit(given, self._caller()))
            running = run_operation(admission.engine, results.admitted, in_parts=True)
            async with closing(running) as responses:
                async for response in responses:
                    await self._outbox.room()
                    results.give(response)
            self._perform(self._machine.ended(id_))
        except Lagging:
            self._perform(self._machine.lagged())
        except GatewayError as error:
            self._fail(id_, error)
        except Exception:  # noqa: BLE001 - a bug ends this operation, visibly, and no other
            _LOG.exception("operation on socket %s failed", self._id)
            self._fail(id_, InternalFault(""))
        finally:
            if self._operations.get(id_) is asyncio.current_task():
                del self._operations[id_]
            self._cursors.pop(id_, None)
            self._log_operation(results, started)

    def _caller(self) -> Caller:
        carrier = self._door.spans.carrier()
        return Caller(
            viewer=self._viewer,
            request_id=self._id,
            address=self._address,
            headers={**self._forwarded, **carrier} if carrier else self._forwarded,
        )

    @property
    def has_room(self) -> bool:
        """Whether a result can leave, or be queued, without waiting."""
        return self._outbox.has_room

    def deliver(self, id_: str, admitted: Admitted, response: GatewayResponse) -> None:
        """One result of a running operation is on its way."""
        body = told(self._door.admission, admitted, response)
        cursor = cursor_of(body)
        if cursor is not None:
            self._cursors[id_] = cursor
        if response.request_error:
            errors = body.get("errors")
            self._perform(self._machine.failed(id_, errors if isinstance(errors, list) else []))
        else:
            self._perform(self._machine.result(id_, body))

    def _fail(self, id_: str, error: GatewayError) -> None:
        told = error
        if not isinstance(error, ClientFault | NotReady):
            told = InternalFault("something went wrong inside the gateway")
        self._perform(self._machine.failed(id_, [self._door.admission.tell_fault(told, self._id)]))

    def _log_operation(self, given: "_Results | None", started: float) -> None:
        parameters = given.admitted.parameters if given else None
        self._door.log.line(
            "operation",
            request_id=self._id,
            operation=parameters.operation_name if parameters else None,
            hash=operation_hash(parameters.query) if parameters else None,
            results=given.count if given else 0,
            seconds=round(time.monotonic() - started, 3),
        )

    def _later(self, seconds: float, effects: Callable[[], list[Effect]]) -> None:
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(seconds, self._ring, effects)

    def _ring(self, effects: Callable[[], list[Effect]]) -> None:
        self._perform(effects())

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    async def _free(self, ends: Iterable[asyncio.Task[Any]]) -> None:
        self._stop_timer()
        tasks = [*ends, *self._operations.values(), *self._ending]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _say_goodbye(self) -> None:
        """Let the writer finish what was queued before the close, unless the client lags. One that
        has gone, or has broken the protocol since, is told nothing more."""
        closing = self._closing
        if closing is None:
            return
        if closing.code != LAGGED:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_CLOSE_SECONDS):
                    await self._outbox.drained()
        if not self._gone:
            await self._send(
                {"type": "websocket.close", "code": closing.code, "reason": closing.short_reason}
            )


class _Results:
    """Those of one operation, counted: read from its stream, or pushed by it."""

    __slots__ = ("_id", "_session", "admitted", "count")

    def __init__(self, session: SocketSession, id_: str, admitted: Admitted) -> None:
        self._session, self._id, self.count = session, id_, 0
        request = replace(admitted.request, push=self.push)
        self.admitted = replace(admitted, request=request)

    def give(self, response: GatewayResponse) -> None:
        """To the client, or into its queue."""
        self._session.deliver(self._id, self.admitted, response)
        self.count += 1

    def push(self, response: GatewayResponse) -> bool:
        """The same in the stream's own pass; what fails here fails where it is read."""
        if not self._session.has_room:
            return False
        try:
            self.give(response)
        except Exception:  # noqa: BLE001 - told where the same response is read
            return False
        return True


def _check_same(old: Viewer, new: Viewer) -> None:
    if _lasting(old) != _lasting(new):
        raise Unauthenticated("TOKEN_INVALID", "the new token says something else")


def _lasting(viewer: Viewer) -> dict[str, object]:
    """What a token says beside its times and its own id."""
    own = ("exp", "iat", "nbf", "jti")
    return {name: value for name, value in viewer.claims.items() if name not in own}


def _authorization(payload: Mapping[str, object]) -> str | None:
    offered = payload.get("authorization") or payload.get("Authorization")
    if offered is not None and not isinstance(offered, str):
        raise Unauthenticated("TOKEN_INVALID", "the authorization must be a string")
    return offered
