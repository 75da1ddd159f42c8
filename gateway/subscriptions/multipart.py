"""Results as parts of one multipart/mixed answer: Apollo's subscription protocol, and incremental
delivery (`deferSpec=20220824`). Pure."""

from collections.abc import Mapping
from typing import Final

import orjson

from gateway.subscriptions.encoded import Encoded, as_json

MEDIA_TYPE: Final = 'multipart/mixed;boundary="graphql";subscriptionSpec=1.0'
DEFERRED_TYPE: Final = 'multipart/mixed;boundary="graphql";deferSpec=20220824'
OPENING: Final = b"\r\n--graphql"
_HEAD: Final = b"\r\ncontent-type: application/json\r\n\r\n"
_NEXT: Final = b"\r\n--graphql"
HEARTBEAT: Final = _HEAD + b"{}" + _NEXT
MORE: Final = _HEAD + b'{"hasNext":true}' + _NEXT
"""A heartbeat between the parts of a deferred answer: nothing new, and more to come."""
COMPLETE: Final = b"--\r\n"
"""Completes the boundary that the part before has begun."""


def part(result: Mapping[str, object]) -> bytes:
    """One result. The boundary after it goes out with it: clients take a part for whole then."""
    return result.framed(_part) if isinstance(result, Encoded) else _part(result)


def _part(result: Mapping[str, object]) -> bytes:
    return _HEAD + orjson.dumps({"payload": as_json(result)}) + _NEXT


def fatal(errors: list[dict[str, object]]) -> bytes:
    """The stream itself has failed and ends."""
    return _HEAD + orjson.dumps({"payload": None, "errors": errors}) + _NEXT


def deferred_part(body: Mapping[str, object]) -> bytes:
    """One body of an answer in parts."""
    return _HEAD + orjson.dumps(body) + _NEXT


def broken_off(errors: list[dict[str, object]]) -> bytes:
    """An answer in parts ends before all of it was there."""
    return deferred_part({"errors": errors, "hasNext": False})
