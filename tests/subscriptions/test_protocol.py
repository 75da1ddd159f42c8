"""The server's end of graphql-transport-ws: frames in, effects out, no socket anywhere."""

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.subscriptions.frames import Close, Send
from gateway.subscriptions.protocol import Authenticate, Effect, ServerMachine, Start, State, Stop

INIT = '{"type":"connection_init"}'
SUBSCRIBE = '{"id":"a","type":"subscribe","payload":{"query":"{x}"}}'
OTHER = '{"id":"b","type":"subscribe","payload":{"query":"{x}"}}'
COMPLETE = '{"id":"a","type":"complete"}'


def ready(**limits: int) -> ServerMachine:
    machine = ServerMachine(**limits)
    machine.receive(INIT)
    machine.acknowledge()
    return machine


def running() -> ServerMachine:
    machine = ready()
    machine.receive(SUBSCRIBE)
    return machine


def new() -> ServerMachine:
    return ServerMachine()


def authenticating() -> ServerMachine:
    machine = ServerMachine()
    machine.receive(INIT)
    return machine


def test_a_whole_conversation() -> None:
    machine = ServerMachine()
    init = '{"type":"connection_init","payload":{"authorization":"Bearer t"}}'
    assert machine.receive(init) == [Authenticate(payload={"authorization": "Bearer t"})]
    assert machine.acknowledge() == [Send(frame={"type": "connection_ack"})]
    assert machine.receive(SUBSCRIBE) == [Start(id="a", payload={"query": "{x}"})]
    result = {"data": {"x": 1}}
    assert machine.result("a", result) == [
        Send(frame={"id": "a", "type": "next", "payload": result})
    ]
    assert machine.ended("a") == [Send(frame={"id": "a", "type": "complete"})]
    assert machine.receive(SUBSCRIBE) == [Start(id="a", payload={"query": "{x}"})]


@pytest.mark.parametrize(
    ("make", "frame", "code"),
    [
        pytest.param(new, "", 4400, id="nothing"),
        pytest.param(new, "{]", 4400, id="not JSON"),
        pytest.param(new, "[]", 4400, id="a list"),
        pytest.param(new, "null", 4400, id="null"),
        pytest.param(new, "{}", 4400, id="no type"),
        pytest.param(new, '{"type":7}', 4400, id="a type that is a number"),
        pytest.param(new, '{"type":"start"}', 4400, id="a type of the older protocol"),
        pytest.param(new, '{"type":"connection_ack"}', 4400, id="a type only servers send"),
        pytest.param(new, b"\x00", 4400, id="a binary frame"),
        pytest.param(new, '{"type":"connection_init","payload":[]}', 4400, id="init with a list"),
        pytest.param(
            new, '{"type":"connection_init","payload":"x"}', 4400, id="init with a string"
        ),
        pytest.param(new, '{"type":"ping","payload":[1]}', 4400, id="ping with a list"),
        pytest.param(new, '{"type":"pong","payload":1}', 4400, id="pong with a number"),
        pytest.param(new, SUBSCRIBE, 4401, id="subscribe before init"),
        pytest.param(authenticating, SUBSCRIBE, 4401, id="subscribe before the acknowledgement"),
        pytest.param(authenticating, INIT, 4429, id="init twice, before the acknowledgement"),
        pytest.param(ready, INIT, 4429, id="init twice"),
        pytest.param(running, SUBSCRIBE, 4409, id="an id that is taken"),
        pytest.param(ready, '{"type":"subscribe","payload":{"query":"x"}}', 4400, id="no id"),
        pytest.param(
            ready, '{"id":"","type":"subscribe","payload":{"query":"x"}}', 4400, id="an empty id"
        ),
        pytest.param(
            ready,
            '{"id":1,"type":"subscribe","payload":{"query":"x"}}',
            4400,
            id="a number for an id",
        ),
        pytest.param(ready, '{"id":"a","type":"subscribe"}', 4400, id="subscribe without payload"),
        pytest.param(
            ready, '{"id":"a","type":"subscribe","payload":{}}', 4400, id="subscribe without query"
        ),
        pytest.param(ready, '{"type":"complete"}', 4400, id="complete without id"),
    ],
)
def test_what_breaks_the_protocol_closes_the_socket(make, frame, code) -> None:  # type: ignore[no-untyped-def]  # a table
    machine = make()
    closes = [effect for effect in machine.receive(frame) if isinstance(effect, Close)]
    assert [close.code for close in closes] == [code]
    assert machine.state is State.CLOSED
    assert machine.receive(INIT) == []


@pytest.mark.parametrize("make", [new, authenticating, ready, running])
@pytest.mark.parametrize(
    ("ping", "pong"),
    [
        pytest.param('{"type":"ping"}', {"type": "pong"}, id="bare"),
        pytest.param('{"type":"ping","payload":null}', {"type": "pong"}, id="null"),
        pytest.param(
            '{"type":"ping","payload":{"n":1}}', {"type": "pong", "payload": {"n": 1}}, id="payload"
        ),
    ],
)
def test_a_ping_is_answered_at_any_time(make, ping, pong) -> None:  # type: ignore[no-untyped-def]  # a table
    assert make().receive(ping) == [Send(frame=pong)]
    assert make().receive('{"type":"pong"}') == []


def test_the_wait_for_init_ends_only_where_none_came() -> None:
    assert [type(effect) for effect in new().init_is_late()] == [Close]
    assert authenticating().init_is_late() == []
    assert ready().init_is_late() == []


def test_a_refused_client_is_told_4403() -> None:
    assert authenticating().refuse("TOKEN_EXPIRED") == [Close(code=4403, reason="TOKEN_EXPIRED")]


def test_expiry_frees_what_runs_before_it_closes() -> None:
    machine = running()
    assert machine.refuse("TOKEN_EXPIRED") == [
        Stop(id="a"),
        Close(code=4403, reason="TOKEN_EXPIRED"),
    ]
    assert machine.result("a", {}) == []


@pytest.mark.parametrize(
    ("call", "code"),
    [
        pytest.param(ServerMachine.lagged, 4460, id="the client lags"),
        pytest.param(ServerMachine.going_away, 1012, id="the gateway stops"),
        pytest.param(ServerMachine.broken, 4500, id="a bug"),
    ],
)
def test_each_end_has_its_code(call, code) -> None:  # type: ignore[no-untyped-def]  # a table
    *stops, close = call(running())
    assert stops == [Stop(id="a")]
    assert close.code == code
    assert len(close.short_reason.encode()) <= 123


def test_a_client_complete_frees_the_upstream_and_silences_the_id() -> None:
    machine = running()
    assert machine.receive(COMPLETE) == [Stop(id="a")]
    assert machine.result("a", {}) == []
    assert machine.ended("a") == []
    assert machine.receive(COMPLETE) == []


def test_no_complete_follows_an_error() -> None:
    machine = running()
    error = {"message": "no"}
    assert machine.failed("a", [error]) == [
        Send(frame={"id": "a", "type": "error", "payload": [error]})
    ]
    assert machine.ended("a") == []


def test_the_operation_too_many_fails_and_the_socket_stays() -> None:
    machine = ready(operations=1)
    machine.receive(SUBSCRIBE)
    (sent,) = machine.receive(OTHER)
    assert isinstance(sent, Send)
    assert sent.frame["type"] == "error"
    assert machine.state is State.READY
    machine.ended("a")
    assert machine.receive(OTHER) == [Start(id="b", payload={"query": "{x}"})]


def test_a_long_reason_is_cut_between_characters() -> None:
    close = Close(code=4409, reason="凭证" * 100)
    assert len(close.short_reason.encode()) <= 123
    assert close.reason.startswith(close.short_reason)


FRAMES = st.sampled_from(
    [INIT, SUBSCRIBE, OTHER, COMPLETE, '{"type":"ping"}', '{"id":"b","type":"complete"}', "{]"]
)
CALLS = st.sampled_from(["acknowledge", "ended a", "ended b", "failed a", "result a", "result b"])


def apply(machine: ServerMachine, step: str) -> list[Effect]:
    match step.split():
        case ["acknowledge"]:
            return machine.acknowledge()
        case ["ended", id_]:
            return machine.ended(id_)
        case ["failed", id_]:
            return machine.failed(id_, [])
        case ["result", id_]:
            return machine.result(id_, {})
        case _:
            return machine.receive(step)


@settings(deadline=None)
@given(st.lists(st.one_of(FRAMES, CALLS), max_size=30))
def test_laws_of_any_conversation(steps: list[str]) -> None:
    """One acknowledgement, nothing after a close, nothing for an id that does not run, and each
    start is ended exactly once: by complete, error, the client or the close."""
    machine = ServerMachine()
    effects = [effect for step in steps for effect in apply(machine, step)]
    running: set[str] = set()
    acknowledged = 0
    for place, effect in enumerate(effects):
        match effect:
            case Start(id=id_):
                assert id_ not in running
                running.add(id_)
            case Stop(id=id_):
                running.remove(id_)
            case Close():
                assert place == len(effects) - 1
                assert not running
            case Send(frame={"type": "connection_ack"}):
                acknowledged += 1
            case Send(frame={"type": "next", "id": id_}):
                assert id_ in running
            case Send(frame={"type": "complete" | "error", "id": id_}):
                running.remove(str(id_))
            case _:
                pass
    assert acknowledged <= 1


@settings(deadline=None)
@given(st.text())
def test_no_text_raises(text: str) -> None:
    for frame in (text, orjson.dumps({"type": text}).decode() if text.isprintable() else text):
        assert all(
            isinstance(effect, Send | Close | Authenticate) for effect in new().receive(frame)
        )
