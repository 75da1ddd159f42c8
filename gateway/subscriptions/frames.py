"""The messages of graphql-transport-ws, and what each end may conclude from one."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, NotRequired, TypeAlias, TypedDict

import orjson

from gateway.subscriptions.encoded import Encoded

SUBPROTOCOL: Final = "graphql-transport-ws"
LONGEST_REASON: Final = 123  # bytes: what is left of a close frame


class ConnectionInit(TypedDict):
    """Client to server: the first message, once."""

    type: Literal["connection_init"]
    payload: NotRequired[Mapping[str, object]]


class ConnectionAck(TypedDict):
    """Server to client: go ahead."""

    type: Literal["connection_ack"]
    payload: NotRequired[Mapping[str, object]]


class Ping(TypedDict):
    """Either way: are you there? Answered by a pong."""

    type: Literal["ping"]
    payload: NotRequired[Mapping[str, object]]


class Pong(TypedDict):
    """Either way: the answer to a ping, or unasked as a heartbeat."""

    type: Literal["pong"]
    payload: NotRequired[Mapping[str, object]]


class Subscribe(TypedDict):
    """Client to server: start an operation of any kind."""

    id: str
    type: Literal["subscribe"]
    payload: Mapping[str, object]


class Next(TypedDict):
    """Server to client: one result of a running operation."""

    id: str
    type: Literal["next"]
    payload: Mapping[str, object]


class Error(TypedDict):
    """Server to client: the operation failed before it ran; nothing follows for this id."""

    id: str
    type: Literal["error"]
    payload: list[Mapping[str, object]]


class Complete(TypedDict):
    """Either way: this operation is over."""

    id: str
    type: Literal["complete"]


Frame: TypeAlias = (
    ConnectionInit | ConnectionAck | Ping | Pong | Subscribe | Next | Error | Complete
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Send:
    """Put this message on the wire."""

    frame: Frame

    def encode(self) -> bytes:
        """What the text frame carries. A result that many get is not looked at again."""
        frame = self.frame
        if frame["type"] == "next" and isinstance(frame["payload"], Encoded):
            json, id_ = frame["payload"].json, orjson.dumps(frame["id"])
            return b'{"id":%b,"type":"next","payload":%b}' % (id_, json)
        return orjson.dumps(frame)


@dataclass(frozen=True, slots=True, kw_only=True)
class Close:
    """Close the socket; everything on it is over."""

    code: int
    reason: str

    @property
    def short_reason(self) -> str:
        """The reason, cut to what a close frame can carry."""
        return self.reason.encode()[:LONGEST_REASON].decode(errors="ignore")


class NotAFrame(Exception):
    """The text is no message of this protocol; the sentence says what is wrong with it."""


def decode(text: str | bytes) -> dict[str, object]:
    """The message as an object with a string `type`. Raises NotAFrame."""
    if isinstance(text, bytes):
        raise NotAFrame("Only text frames are part of the protocol")
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise NotAFrame("Message is not JSON") from None
    if not isinstance(value, dict) or not isinstance(value.get("type"), str):
        raise NotAFrame("Message has no type")
    if not isinstance(value.get("payload", {}), dict | list | None):
        raise NotAFrame("Message has a payload of a wrong kind")
    return value


def operation_id(message: Mapping[str, object]) -> str:
    """The id of a message about an operation. Raises NotAFrame."""
    value = message.get("id")
    if not isinstance(value, str) or not value:
        raise NotAFrame("Message has no id")
    return value


def object_payload(message: Mapping[str, object]) -> Mapping[str, object] | None:
    """The payload, which must be an object where there is one. Raises NotAFrame."""
    value = message.get("payload")
    if value is not None and not isinstance(value, dict):
        raise NotAFrame("Message has a payload of a wrong kind")
    return value
