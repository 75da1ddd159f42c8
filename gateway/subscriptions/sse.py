"""GraphQL over server-sent events: results as lines of text. Pure.

Each event may carry `id: <cursor>`, which a client gives back as `Last-Event-ID` when it comes
again. On a single connection every event also names its operation.
"""

from collections.abc import Mapping
from typing import Final

import orjson

from gateway.subscriptions.encoded import Encoded, as_json

HEARTBEAT: Final = b":\n\n"
COMPLETE: Final = b"event: complete\ndata:\n\n"
"""The empty `data:` line matters: without it EventSource drops the event."""


def next_event(result: Mapping[str, object], operation: str | None = None) -> bytes:
    """One result; JSON holds no line breaks, so one `data:` line is enough."""
    if operation is None and isinstance(result, Encoded):
        return result.framed(_event)
    return _event(result, operation)


def _event(result: Mapping[str, object], operation: str | None = None) -> bytes:
    cursor = cursor_of(result)
    head = b"" if cursor is None else b"id: " + cursor.encode() + b"\n"
    body = as_json(result)
    payload = body if operation is None else {"id": operation, "payload": body}
    return head + b"event: next\ndata: " + orjson.dumps(payload) + b"\n\n"


def complete_event(operation: str | None = None) -> bytes:
    """No further results."""
    if operation is None:
        return COMPLETE
    return b"event: complete\ndata: " + orjson.dumps({"id": operation}) + b"\n\n"


def retry_after(milliseconds: int) -> bytes:
    """How long a client waits before it comes again."""
    return b"retry: %d\n\n" % milliseconds


def cursor_of(result: Mapping[str, object]) -> str | None:
    """The place of a result in its stream, where the engine told one that fits on a line."""
    extensions = result.get("extensions")
    cursor = extensions.get("cursor") if isinstance(extensions, Mapping) else None
    if not isinstance(cursor, str) or not cursor or not cursor.isprintable():
        return None
    return cursor
