"""How results leave on one open answer: as server-sent events or as parts. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from gateway.server.exchange import Headers
from gateway.server.negotiate import DEFERRED, EVENT_STREAM, MULTIPART
from gateway.subscriptions import multipart, sse


@dataclass(frozen=True, slots=True, kw_only=True)
class Framing:
    """Bytes for everything that happens on a stream."""

    media_type: str
    opening: bytes
    heartbeat: bytes
    result: Callable[[Mapping[str, object]], bytes]
    failure: Callable[[list[dict[str, object]]], bytes]
    complete: bytes
    counted: str = "events"
    """What the access log calls its results."""


def _failed_event(errors: list[dict[str, object]]) -> bytes:
    return sse.next_event({"errors": errors})


STREAM_HEADERS: Final[Headers] = ((b"cache-control", b"no-cache"), (b"x-accel-buffering", b"no"))
EVENTS: Final = Framing(
    media_type=EVENT_STREAM,
    opening=b"",
    heartbeat=sse.HEARTBEAT,
    result=sse.next_event,
    failure=_failed_event,
    complete=sse.COMPLETE,
)
PARTS: Final = Framing(
    media_type=multipart.MEDIA_TYPE,
    opening=multipart.OPENING + multipart.HEARTBEAT,
    heartbeat=multipart.HEARTBEAT,
    result=multipart.part,
    failure=multipart.fatal,
    complete=multipart.COMPLETE,
)
IN_PARTS: Final = Framing(
    media_type=multipart.DEFERRED_TYPE,
    opening=multipart.OPENING,
    heartbeat=multipart.MORE,
    result=multipart.deferred_part,
    failure=multipart.broken_off,
    complete=multipart.COMPLETE,
    counted="parts",
)
FRAMINGS: Final[Mapping[str, Framing]] = {
    EVENT_STREAM: EVENTS,
    MULTIPART: PARTS,
    DEFERRED: IN_PARTS,
}
