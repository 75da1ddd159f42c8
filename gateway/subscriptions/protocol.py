"""graphql-transport-ws as two machines, the server's end and the client's: frame in, effects out.

Laws:
1. A machine has no socket, no task and no clock; timers and tokens are reported to it as calls.
2. `Close` is the last effect it ever gives; afterwards every call gives none.
3. The server's end acknowledges once, answers every ping, and sends nothing for an id that the
   client has completed or that has ended, so that a late result is dropped here and nowhere else.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final, TypeAlias

from gateway.subscriptions.frames import (
    Close,
    NotAFrame,
    Send,
    decode,
    object_payload,
    operation_id,
)

LAGGED: Final = 4460
"""Our own close code: the client did not read in time and must ask again from where it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Authenticate:
    """Check what the client said of itself, then call `acknowledge` or `refuse`."""

    payload: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Run this operation and report its results under this id."""

    id: str
    payload: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """Free everything that serves this operation, now."""

    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Renew:
    """The client has a new token for what runs already: check it, then call `renewed` or
    `refuse`."""

    payload: Mapping[str, object]


Effect: TypeAlias = Send | Close | Authenticate | Renew | Start | Stop


class State(Enum):
    """Where a connection stands."""

    NEW = auto()
    AUTHENTICATING = auto()
    READY = auto()
    CLOSED = auto()


class ServerMachine:
    """The server's end of one socket. `operations` bounds what may run on it at once."""

    __slots__ = ("_limit", "_running", "_state")

    def __init__(self, *, operations: int = 100) -> None:
        self._state = State.NEW
        self._limit = operations
        self._running: set[str] = set()

    @property
    def state(self) -> State:
        """Where the connection stands."""
        return self._state

    def receive(self, text: str | bytes) -> list[Effect]:
        """A frame has come from the client."""
        if self._state is State.CLOSED:
            return []
        try:
            message = decode(text)
            return self._answer(message)
        except NotAFrame as error:
            return self._close(4400, str(error))

    def _answer(self, message: dict[str, object]) -> list[Effect]:
        match message["type"]:
            case "connection_init":
                return self._on_init(message)
            case "ping":
                return self._on_ping(message)
            case "pong":
                return self._on_pong(message)
            case "subscribe":
                return self._on_subscribe(message)
            case "complete":
                return self._on_complete(message)
            case _:
                raise NotAFrame("Message has an unknown type")

    def acknowledge(self) -> list[Effect]:
        """The client is who it says it is."""
        if self._state is not State.AUTHENTICATING:
            return []
        self._state = State.READY
        return [Send(frame={"type": "connection_ack"})]

    def renewed(self) -> list[Effect]:
        """The new token is as good as the old one was."""
        return [Send(frame={"type": "pong", "payload": {"authorization": "renewed"}})]

    def refuse(self, reason: str) -> list[Effect]:
        """The client is not welcome, or not any more: its token is bad or has expired."""
        return self._close(4403, reason)

    def init_is_late(self) -> list[Effect]:
        """The wait for connection_init is over."""
        if self._state is not State.NEW:
            return []
        return self._close(4408, "Connection initialisation timeout")

    def lagged(self) -> list[Effect]:
        """The client reads too slowly; it is told so rather than served with gaps."""
        return self._close(LAGGED, "LAGGED: messages were not read in time")

    def going_away(self) -> list[Effect]:
        """The server stops; running operations are over, and clients may come back."""
        return self._close(1012, "SHUTTING_DOWN: the gateway restarts")

    def broken(self) -> list[Effect]:
        """A bug of ours."""
        return self._close(4500, "Internal server error")

    def result(self, id_: str, payload: Mapping[str, object]) -> list[Effect]:
        """A running operation has a result."""
        if id_ not in self._running:
            return []
        return [Send(frame={"id": id_, "type": "next", "payload": payload})]

    def failed(self, id_: str, errors: Sequence[Mapping[str, object]]) -> list[Effect]:
        """An operation was refused before it ran; no complete follows."""
        if id_ not in self._running:
            return []
        self._running.discard(id_)
        return [Send(frame={"id": id_, "type": "error", "payload": list(errors)})]

    def ended(self, id_: str) -> list[Effect]:
        """A running operation has no further results."""
        if id_ not in self._running:
            return []
        self._running.discard(id_)
        return [Send(frame={"id": id_, "type": "complete"})]

    def _on_init(self, message: dict[str, object]) -> list[Effect]:
        payload = object_payload(message) or {}
        if self._state is not State.NEW:
            return self._close(4429, "Too many initialisation requests")
        self._state = State.AUTHENTICATING
        return [Authenticate(payload=payload)]

    def _on_ping(self, message: dict[str, object]) -> list[Effect]:
        payload = object_payload(message)
        if payload is None:
            return [Send(frame={"type": "pong"})]
        if self._state is State.READY and _names_a_token(payload):
            return [Renew(payload=payload)]
        return [Send(frame={"type": "pong", "payload": payload})]

    def _on_pong(self, message: dict[str, object]) -> list[Effect]:
        object_payload(message)
        return []

    def _on_subscribe(self, message: dict[str, object]) -> list[Effect]:
        id_, payload = operation_id(message), object_payload(message)
        if payload is None or not _names_a_document(payload):
            raise NotAFrame("Subscribe has no query")
        if self._state is not State.READY:
            return self._close(4401, "Unauthorized")
        if id_ in self._running:
            return self._close(4409, f"Subscriber for {id_} already exists")
        self._running.add(id_)
        if len(self._running) > self._limit:
            return self.failed(id_, [_too_many(self._limit)])
        return [Start(id=id_, payload=payload)]

    def _on_complete(self, message: dict[str, object]) -> list[Effect]:
        id_ = operation_id(message)
        if id_ not in self._running:
            return []  # it crossed our own complete on the wire
        self._running.discard(id_)
        return [Stop(id=id_)]

    def _close(self, code: int, reason: str) -> list[Effect]:
        if self._state is State.CLOSED:
            return []
        self._state = State.CLOSED
        stops: list[Effect] = [Stop(id=id_) for id_ in sorted(self._running)]
        self._running.clear()
        return [*stops, Close(code=code, reason=reason)]


def _names_a_document(payload: Mapping[str, object]) -> bool:
    """A text, or one known beforehand by its id or its hash."""
    if "query" in payload:
        return isinstance(payload["query"], str)
    extensions = payload.get("extensions")
    by_hash = isinstance(extensions, dict) and "persistedQuery" in extensions
    return by_hash or isinstance(payload.get("documentId"), str)


def _names_a_token(payload: Mapping[str, object]) -> bool:
    """A second `connection_init` would be a fault; a ping may carry anything."""
    return "authorization" in payload or "Authorization" in payload


def _too_many(limit: int) -> dict[str, object]:
    return {
        "message": f"a socket may run at most {limit} operations at once",
        "extensions": {"code": "SUBSCRIPTION_TOO_MANY_OPERATIONS", "limit": limit},
    }
