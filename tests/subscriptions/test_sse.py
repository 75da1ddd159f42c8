"""Results as server-sent events; and what many get is framed once, whatever the protocol."""

from collections.abc import Callable

import orjson
import pytest

from gateway.subscriptions.encoded import Encoded
from gateway.subscriptions.frames import Next, Send
from gateway.subscriptions.multipart import part
from gateway.subscriptions.sse import COMPLETE, HEARTBEAT, next_event

BODY: dict[str, object] = {"data": {"text": "a\nß"}, "extensions": {"cursor": "c1"}}


@pytest.mark.parametrize("frame", [next_event, part])
def test_what_many_get_is_the_same_bytes_made_once(frame: Callable[..., bytes]) -> None:
    shared = Encoded(BODY)
    assert frame(shared) == frame(BODY)
    assert frame(shared) is frame(shared)


def test_what_names_its_operation_is_framed_around_the_same_json() -> None:
    shared = Encoded(BODY)
    assert next_event(shared, "7") == next_event(BODY, "7")
    assert next_event(shared, "7") != next_event(shared, "8")
    for id_ in ("1", 'a"b', "ä"):
        frame: Next = {"id": id_, "type": "next", "payload": shared}
        assert orjson.loads(Send(frame=frame).encode()) == {**frame, "payload": BODY}


def test_a_result_is_one_event_on_one_data_line() -> None:
    assert (
        next_event({"data": {"text": "a\nb"}})
        == b'event: next\ndata: {"data":{"text":"a\\nb"}}\n\n'
    )


def test_complete_has_an_empty_data_line_or_event_source_drops_it() -> None:
    assert COMPLETE == b"event: complete\ndata:\n\n"


def test_a_heartbeat_is_a_comment() -> None:
    assert HEARTBEAT.startswith(b":")
