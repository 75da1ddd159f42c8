"""The client's end of graphql-transport-ws for one operation: frame in, effects out."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import TypeAlias

from gateway.subscriptions.frames import (
    Close,
    NotAFrame,
    Send,
    decode,
    object_payload,
    operation_id,
)

_ID = "1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One event: an execution result as the server sent it."""

    payload: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The server would not run the operation; these are its errors."""

    errors: tuple[Mapping[str, object], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """The server has no further events."""


UpstreamEffect: TypeAlias = Send | Close | Result | Refused | Ended


class _State(Enum):
    NEW = auto()
    WAITING = auto()
    RUNNING = auto()
    CLOSED = auto()


class UpstreamMachine:
    """Runs one operation over one socket, then closes it."""

    def __init__(self, *, init: Mapping[str, object], subscribe: Mapping[str, object]) -> None:
        self._init, self._subscribe = init, subscribe
        self._state = _State.NEW

    def open(self) -> list[UpstreamEffect]:
        """The socket is open."""
        self._state = _State.WAITING
        return [Send(frame={"type": "connection_init", "payload": self._init})]

    @property
    def running(self) -> bool:
        """Whether the server has let us in."""
        return self._state is _State.RUNNING

    def renew(self, init: Mapping[str, object]) -> list[UpstreamEffect]:
        """What was said of the caller is to be said anew. A ping may carry anything: a server that
        expects nothing in it answers with a pong."""
        if not self.running or init == self._init:
            return []
        self._init = init
        return [Send(frame={"type": "ping", "payload": init})]

    def stop(self) -> list[UpstreamEffect]:
        """Nobody wants the events any more."""
        running = self._state is _State.RUNNING
        if self._state is _State.CLOSED:
            return []
        self._state = _State.CLOSED
        farewell: list[UpstreamEffect] = []
        if running:
            farewell.append(Send(frame={"id": _ID, "type": "complete"}))
        return [*farewell, Close(code=1000, reason="done")]

    def receive(self, text: str | bytes) -> list[UpstreamEffect]:
        """A frame has come from the server."""
        if self._state is _State.CLOSED:
            return []
        try:
            return self._read(decode(text))
        except NotAFrame as error:
            self._state = _State.CLOSED
            return [Close(code=4004, reason=str(error))]

    def _read(self, message: dict[str, object]) -> list[UpstreamEffect]:
        match message["type"]:
            case "connection_ack" if self._state is _State.WAITING:
                self._state = _State.RUNNING
                return [Send(frame={"id": _ID, "type": "subscribe", "payload": self._subscribe})]
            case "ping":
                return [Send(frame={"type": "pong"})]
            case "pong":
                return []
            case "next" | "error" | "complete" if self._state is _State.RUNNING:
                return self._about_operation(message)
            case _:
                raise NotAFrame("Message was not expected")

    def _about_operation(self, message: dict[str, object]) -> list[UpstreamEffect]:
        if operation_id(message) != _ID:
            raise NotAFrame("Message is about an unknown operation")
        if message["type"] == "next":
            payload = object_payload(message)
            if payload is None:
                raise NotAFrame("Next has no payload")
            return [Result(payload=payload)]
        self._state = _State.CLOSED
        outcome = Ended() if message["type"] == "complete" else Refused(errors=_errors(message))
        return [outcome, Close(code=1000, reason="done")]


def _errors(message: Mapping[str, object]) -> tuple[Mapping[str, object], ...]:
    payload = message.get("payload")
    if not isinstance(payload, list) or not all(isinstance(error, dict) for error in payload):
        raise NotAFrame("Error has no list of errors")
    return tuple(payload)
