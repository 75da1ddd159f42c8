"""An HTTP answer becomes a reply or a fault."""

import pytest

from gateway.executor.ports import Fault, SubgraphReply
from gateway.spec.names import SubgraphName
from gateway.transport.connection import Answer
from gateway.transport.reply import read_reply

NAME = SubgraphName("one")
MALFORMED = "SUBREQUEST_MALFORMED_RESPONSE"
HTTP_ERROR = "SUBREQUEST_HTTP_ERROR"


@pytest.mark.parametrize(
    ("status", "body", "want"),
    [
        pytest.param(200, b"", MALFORMED, id="nothing"),
        pytest.param(200, b"[]", MALFORMED, id="a list"),
        pytest.param(200, b"{}", MALFORMED, id="neither data nor errors"),
        pytest.param(200, b'{"data":null}', MALFORMED, id="null without a reason"),
        pytest.param(200, b'{"data":[]}', MALFORMED, id="data of a wrong kind"),
        pytest.param(200, b'{"data":{},"errors":{}}', MALFORMED, id="errors of a wrong kind"),
        pytest.param(200, b'{"data":{},"errors":["x"]}', MALFORMED, id="an error that is a string"),
        pytest.param(503, b"busy", HTTP_ERROR, id="a failure's status, no GraphQL"),
        pytest.param(401, b'{"detail":"no"}', HTTP_ERROR, id="a failure's status, other JSON"),
        pytest.param(200, b'{"data":{"a":NaN}}', MALFORMED, id="not quite JSON"),
    ],
)
def test_what_is_no_graphql_response_is_a_fault(status: int, body: bytes, want: str) -> None:
    outcome = read_reply(NAME, Answer(status=status, headers={}, body=body), 1000)
    assert isinstance(outcome, Fault)
    assert outcome.code == want


@pytest.mark.parametrize(
    ("status", "body", "want"),
    [
        pytest.param(
            401,
            b'{"errors":[{"message":"who are you?"}]}',
            SubgraphReply(data=None, errors=({"message": "who are you?"},), extensions={}),
            id="errors under a failure's status are read",
        ),
        pytest.param(
            200,
            b'{"data":{"a":1},"errors":[],"extensions":{"b":2}}',
            SubgraphReply(data={"a": 1}, errors=(), extensions={"b": 2}),
            id="extensions are kept",
        ),
        pytest.param(
            200,
            b'{"data":{"a":1},"errors":null,"extensions":7}',
            SubgraphReply(data={"a": 1}, errors=(), extensions={}),
            id="extensions of a wrong kind are dropped",
        ),
    ],
)
def test_a_graphql_response_is_read_whatever_its_status(
    status: int, body: bytes, want: SubgraphReply
) -> None:
    assert read_reply(NAME, Answer(status=status, headers={}, body=body), 1000) == want
