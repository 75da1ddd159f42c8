"""The parameters of a GraphQL request, from a JSON body, a query string or a socket. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

import orjson

from gateway.errors import BadRequest

_NOTHING: Mapping[str, object] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Of the right kinds, and nothing more is known of them."""

    query: str
    operation_name: str | None
    variables: Mapping[str, object]
    extensions: Mapping[str, object]


def from_body(body: bytes) -> Parameters:
    """Raises BadRequest with what is wrong."""
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise BadRequest("the body is not JSON") from None
    if isinstance(value, list):
        raise BadRequest("the body is a list; this gateway takes one request at a time")
    if not isinstance(value, dict):
        raise BadRequest("the body is not a JSON object")
    return from_mapping(value)


def from_query_string(text: bytes) -> Parameters:
    """Raises BadRequest; `variables` and `extensions` are JSON in their turn."""
    try:
        pairs = dict(parse_qsl(text.decode("ascii"), keep_blank_values=True, errors="strict"))
    except (UnicodeDecodeError, ValueError):
        raise BadRequest("the query string is not URL-encoded UTF-8") from None
    return from_mapping(
        {
            "query": pairs.get("query"),
            "operationName": pairs.get("operationName") or None,
            "variables": _json_parameter(pairs, "variables"),
            "extensions": _json_parameter(pairs, "extensions"),
        }
    )


def from_mapping(value: Mapping[str, object]) -> Parameters:
    """Raises BadRequest naming the parameter; unknown parameters are ignored."""
    query, name = value.get("query"), value.get("operationName")
    if not isinstance(query, str) or not query:
        raise BadRequest("the parameter 'query' must be a non-empty string")
    if name is not None and not isinstance(name, str):
        raise BadRequest("the parameter 'operationName' must be a string")
    return Parameters(
        query=query,
        operation_name=name,
        variables=_mapping(value, "variables"),
        extensions=_mapping(value, "extensions"),
    )


def _mapping(value: Mapping[str, object], name: str) -> Mapping[str, object]:
    found = value.get(name)
    if found is None:
        return _NOTHING
    if not isinstance(found, dict):
        raise BadRequest(f"the parameter {name!r} must be an object")
    return found


def _json_parameter(pairs: Mapping[str, str], name: str) -> object:
    text = pairs.get(name)
    if not text:
        return None
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        raise BadRequest(f"the parameter {name!r} is not JSON") from None
