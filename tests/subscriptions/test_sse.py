"""Results as server-sent events."""

from gateway.subscriptions.sse import COMPLETE, HEARTBEAT, next_event


def test_a_result_is_one_event_on_one_data_line() -> None:
    assert (
        next_event({"data": {"text": "a\nb"}})
        == b'event: next\ndata: {"data":{"text":"a\\nb"}}\n\n'
    )


def test_complete_has_an_empty_data_line_or_event_source_drops_it() -> None:
    assert COMPLETE == b"event: complete\ndata:\n\n"


def test_a_heartbeat_is_a_comment() -> None:
    assert HEARTBEAT.startswith(b":")
