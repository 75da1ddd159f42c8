"""One object's representation, part by part, and what makes two of them equal."""

from collections.abc import Sequence
from typing import Any, Final

import orjson

from gateway.executor.paths import Tree
from gateway.plan.nodes import Representation, RepresentationField

ABSENT: Final = object()


def exact(value: Any) -> object:
    """A hashable stand-in that is equal only for equal JSON; strings and integers are their own.

    Python holds 1, 1.0 and True for equal: the latter two become bytes here."""
    if value.__class__ is str or value.__class__ is int:
        return value
    try:
        return orjson.dumps(value)
    except orjson.JSONEncodeError:  # an integer past 64 bits, say, from an in-process subgraph
        return repr(value).encode()


class _Unsendable(Exception):
    pass


def represent(representation: Representation, source: Tree) -> Tree | None:
    """The representation of an object; None where a part of it is missing."""
    built: Tree = {"__typename": representation.typename}
    try:
        keys = _take(representation.keys, source)
        built |= keys
        built |= _take(representation.requires, source)
    except _Unsendable:
        return None
    if keys and all(value is None for value in keys.values()):
        return None
    return built


def _take(fields: Sequence[RepresentationField], source: Tree) -> Tree:
    taken: Tree = {}
    type_name = source.get("__typename")
    for field in fields:
        if field.types is not None and not (
            isinstance(type_name, str) and type_name in field.types
        ):
            continue
        value = source.get(field.key, ABSENT)
        if value is ABSENT or (value is None and field.non_null):
            raise _Unsendable
        taken[field.name] = _picked(field.fields, value) if field.fields else value
    return taken


def _picked(fields: Sequence[RepresentationField], value: Any) -> Any:
    match value:
        case None:
            return None
        case dict():
            return _take(fields, value)
        case list():
            return [_picked(fields, item) for item in value]
        case _:
            raise _Unsendable
