"""An HTTP answer becomes a GraphQL reply or a fault. Pure; the table of cases is its test.

A body that is a GraphQL response is read whatever the status says: subgraphs answer 4xx with
`errors` in them, and those errors are worth more than the number.
"""

import zlib
from collections.abc import Mapping

import orjson

from gateway.errors import (
    SUBREQUEST_HTTP_ERROR,
    SUBREQUEST_MALFORMED_RESPONSE,
    SUBREQUEST_TOO_LARGE,
)
from gateway.executor.ports import Fault, SubgraphReply
from gateway.spec.names import SubgraphName
from gateway.transport.connection import Answer

_WINDOW = {b"gzip": 31, b"x-gzip": 31, b"deflate": 15}
_NOTHING: Mapping[str, object] = {}


def read_reply(subgraph: SubgraphName, answer: Answer, limit: int) -> SubgraphReply | Fault:
    """The reply in an answer's body; `limit` bounds the body after decompression."""
    body: bytes | None = answer.body
    encoding = answer.headers.get(b"content-encoding")
    if encoding is not None and encoding.lower() != b"identity":
        window = _WINDOW.get(encoding.lower())
        if window is None:
            return _malformed(subgraph, "the answer has an unknown content encoding")
        try:
            body = _inflate(answer.body, window, limit)
        except (zlib.error, EOFError):
            return _malformed(subgraph, "the answer's compressed body is broken")
    if body is None:
        message = f"the answer has more than {limit} bytes"
        return Fault(code=SUBREQUEST_TOO_LARGE, message=message, subgraph=subgraph)
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        return _unreadable(subgraph, answer.status, "the answer is not JSON")
    return reply_from_value(subgraph, value, answer.status, len(body))


def reply_from_value(
    subgraph: SubgraphName, value: object, status: int = 200, size: int = 0
) -> SubgraphReply | Fault:
    """The reply in a decoded body. Neither `data` nor `errors`, or either of a wrong kind, is a
    fault; so is a status of failure whose body holds nothing but `data: null`."""
    if not isinstance(value, dict):
        return _unreadable(subgraph, status, "the answer is not a GraphQL response")
    data, errors = value.get("data"), value.get("errors")
    if errors is None and data.__class__ is dict and "extensions" not in value:
        return SubgraphReply(data=data, errors=(), extensions=_NOTHING, size=size)
    errors = () if errors is None else errors
    if not (data is None or isinstance(data, dict)) or not _are_errors(errors):
        return _unreadable(subgraph, status, "the answer's data or errors are of a wrong kind")
    if data is None and not errors:
        return _unreadable(subgraph, status, "the answer holds neither data nor errors")
    extensions = value.get("extensions")
    return SubgraphReply(
        data=data,
        errors=tuple(errors),
        extensions=extensions if isinstance(extensions, dict) else _NOTHING,
        size=size,
    )


def _are_errors(errors: object) -> bool:
    return isinstance(errors, list | tuple) and all(isinstance(error, dict) for error in errors)


def _inflate(body: bytes, window: int, limit: int) -> bytes | None:
    """The decompressed body, or None when it has more than `limit` bytes."""
    inflater = zlib.decompressobj(window)
    plain = inflater.decompress(body, limit + 1)
    if len(plain) > limit:
        return None
    if not inflater.eof:
        raise EOFError
    return plain


def _unreadable(subgraph: SubgraphName, status: int, problem: str) -> Fault:
    if 200 <= status < 300:
        return _malformed(subgraph, problem)
    message = f"the subgraph answered with HTTP status {status}"
    return Fault(code=SUBREQUEST_HTTP_ERROR, message=message, subgraph=subgraph)


def _malformed(subgraph: SubgraphName, problem: str) -> Fault:
    return Fault(code=SUBREQUEST_MALFORMED_RESPONSE, message=problem, subgraph=subgraph)
