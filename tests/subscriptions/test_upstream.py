"""The client's end of graphql-transport-ws, for one operation."""

import pytest

from gateway.subscriptions.frames import Close, Send
from gateway.subscriptions.upstream import Ended, Refused, Result, UpstreamMachine

ACK = '{"type":"connection_ack"}'
DONE = Close(code=1000, reason="done")


def opened() -> UpstreamMachine:
    machine = UpstreamMachine(init={"authorization": "t"}, subscribe={"query": "q"})
    assert machine.open() == [
        Send(frame={"type": "connection_init", "payload": {"authorization": "t"}})
    ]
    return machine


def running() -> UpstreamMachine:
    machine = opened()
    assert machine.receive(ACK) == [
        Send(frame={"id": "1", "type": "subscribe", "payload": {"query": "q"}})
    ]
    return machine


def test_events_then_the_end() -> None:
    machine = running()
    assert machine.receive('{"id":"1","type":"next","payload":{"data":{}}}') == [
        Result(payload={"data": {}})
    ]
    assert machine.receive('{"id":"1","type":"complete"}') == [Ended(), DONE]
    assert machine.stop() == []


def test_a_refusal() -> None:
    assert running().receive('{"id":"1","type":"error","payload":[{"message":"m"}]}') == [
        Refused(errors=({"message": "m"},)),
        DONE,
    ]


def test_stopping_says_complete_only_once_it_runs() -> None:
    assert running().stop() == [Send(frame={"id": "1", "type": "complete"}), DONE]
    assert opened().stop() == [DONE]


def test_pings_are_answered_before_the_acknowledgement_too() -> None:
    assert opened().receive('{"type":"ping"}') == [Send(frame={"type": "pong"})]
    assert running().receive('{"type":"pong"}') == []


@pytest.mark.parametrize(
    "frame",
    [
        pytest.param("{]", id="not JSON"),
        pytest.param(ACK, id="a second acknowledgement"),
        pytest.param('{"id":"2","type":"next","payload":{}}', id="an unknown id"),
        pytest.param('{"id":"1","type":"next"}', id="next without payload"),
        pytest.param('{"id":"1","type":"error","payload":{}}', id="error without a list"),
        pytest.param('{"type":"subscribe"}', id="a message only clients send"),
        pytest.param(b"\x00", id="a binary frame"),
    ],
)
def test_a_broken_server_is_told_4004(frame: str | bytes) -> None:
    machine = running()
    (close,) = machine.receive(frame)
    assert isinstance(close, Close)
    assert close.code == 4004
    assert machine.receive(ACK) == []


def test_an_event_before_the_acknowledgement_is_broken() -> None:
    (close,) = opened().receive('{"id":"1","type":"next","payload":{}}')
    assert isinstance(close, Close)
