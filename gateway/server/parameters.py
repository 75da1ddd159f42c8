"""The parameters of a GraphQL request, from a JSON body, a query string or a socket. Pure."""

from collections.abc import Mapping
from urllib.parse import parse_qsl

import orjson

from gateway.errors import BadParameters, BadRequest, BatchTooLarge
from gateway.spec.message import message

_NOTHING: Mapping[str, object] = {}


@message(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Of the right kinds, and nothing more is known of them. `query` is empty where a document
    is named by `document_id` or by `extensions.persistedQuery` instead."""

    query: str
    operation_name: str | None
    variables: Mapping[str, object]
    extensions: Mapping[str, object]
    document_id: str | None = None


def from_body(body: bytes, batch: int = 0) -> Parameters | list[Parameters]:
    """One request, or a list of at most `batch`. Raises BadRequest or BatchTooLarge."""
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise BadRequest("the body is not JSON") from None
    if isinstance(value, list):
        return _batch(value, batch)
    if not isinstance(value, dict):
        raise BadParameters("the body is not a JSON object")
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
            "documentId": pairs.get("documentId"),
            "operationName": pairs.get("operationName") or None,
            "variables": _json_parameter(pairs, "variables"),
            "extensions": _json_parameter(pairs, "extensions"),
        }
    )


def from_mapping(value: Mapping[str, object]) -> Parameters:
    """Raises BadRequest naming the parameter; unknown parameters are ignored."""
    query, extensions = value.get("query"), _mapping(value, "extensions")
    named = _text(value, "documentId")
    if query is None and (named or "persistedQuery" in extensions):
        query = ""
    elif not isinstance(query, str) or not query:
        raise BadParameters("the parameter 'query' must be a non-empty string")
    return Parameters(
        query=query,
        operation_name=_text(value, "operationName"),
        variables=_mapping(value, "variables"),
        extensions=extensions,
        document_id=named,
    )


def _batch(values: list[object], most: int) -> list[Parameters]:
    if not most:
        raise BadRequest("the body is a list; this gateway takes one request at a time")
    if len(values) > most:
        raise BatchTooLarge(most)
    if not values or not all(isinstance(value, dict) for value in values):
        raise BadParameters("a batch is a list of requests, at least one")
    return [from_mapping(value) for value in values if isinstance(value, dict)]


def _text(value: Mapping[str, object], name: str) -> str | None:
    found = value.get(name)
    if found is not None and not isinstance(found, str):
        raise BadParameters(f"the parameter {name!r} must be a string")
    return found


def _mapping(value: Mapping[str, object], name: str) -> Mapping[str, object]:
    found = value.get(name)
    if found is None:
        return _NOTHING
    if not isinstance(found, dict):
        raise BadParameters(f"the parameter {name!r} must be an object")
    return found


def _json_parameter(pairs: Mapping[str, str], name: str) -> object:
    text = pairs.get(name)
    if not text:
        return None
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        raise BadRequest(f"the parameter {name!r} is not JSON") from None
