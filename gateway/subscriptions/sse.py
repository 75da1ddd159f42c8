"""GraphQL over server-sent events, distinct connections: results as lines of text. Pure."""

from collections.abc import Mapping
from typing import Final

import orjson

HEARTBEAT: Final = b":\n\n"
COMPLETE: Final = b"event: complete\ndata:\n\n"
"""The empty `data:` line matters: without it EventSource drops the event."""


def next_event(result: Mapping[str, object]) -> bytes:
    """One result; JSON holds no line breaks, so one `data:` line is enough."""
    return b"event: next\ndata: " + orjson.dumps(result) + b"\n\n"
