"""Apollo's subscription protocol over multipart/mixed: results as parts of one answer. Pure."""

from collections.abc import Mapping
from typing import Final

import orjson

MEDIA_TYPE: Final = 'multipart/mixed;boundary="graphql";subscriptionSpec=1.0'
OPENING: Final = b"\r\n--graphql"
_HEAD: Final = b"\r\ncontent-type: application/json\r\n\r\n"
_NEXT: Final = b"\r\n--graphql"
HEARTBEAT: Final = _HEAD + b"{}" + _NEXT
COMPLETE: Final = b"--\r\n"
"""Completes the boundary that the part before has begun."""


def part(result: Mapping[str, object]) -> bytes:
    """One result. The boundary after it goes out with it: clients take a part for whole then."""
    return _HEAD + orjson.dumps({"payload": result}) + _NEXT


def fatal(errors: list[dict[str, object]]) -> bytes:
    """The stream itself has failed and ends."""
    return _HEAD + orjson.dumps({"payload": None, "errors": errors}) + _NEXT
