"""Turns the internal tree into the answer's `data`, with care: every null explained.

This is the reference for what `compile` generates, and what runs when the generated projection
meets anything but a flawless tree. Laws: a null or misfit in a nullable place becomes null there;
in a non-null place it takes the nearest nullable parent with it, as in GraphQL's execution. An
object of a hidden type and a hidden enum value read as null without an error of their own. A null
that an error of a subgraph already explains gets no second error.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, assert_never

from gateway.errors import SUBREQUEST_MALFORMED_RESPONSE, UNEXPECTED_NULL
from gateway.executor.conditions import holds
from gateway.executor.failures import Failures, ResponsePath
from gateway.executor.leaves import COERCIONS, BadLeaf
from gateway.executor.paths import Tree
from gateway.plan.shape import (
    EnumLeaf,
    ObjectShape,
    RefusedLeaf,
    ScalarLeaf,
    ShapeField,
    TypenameLeaf,
    VerbatimLeaf,
)


class _Bubble(Exception):
    """A non-null place is null: the nearest nullable parent is null instead."""


def project(
    shape: ObjectShape,
    tree: Tree,
    variables: Mapping[str, object],
    failures: Failures,
    *,
    above: ResponsePath = (),
) -> Tree | None:
    """The answer's data, or those of its part at the path `above`; what is wrong with the tree is
    added to `failures`."""
    try:
        return _Projection(variables, failures).selection(shape, tree, above)
    except _Bubble:
        return None


def visible_fields(
    shape: ObjectShape, type_name: object, variables: Mapping[str, object]
) -> Iterator[ShapeField]:
    """The fields of a shape that an object of this type has in this request."""
    runtime = shape.typename or type_name
    seen: set[str] = set()
    for field in shape.fields:
        applies = field.types is None or (isinstance(runtime, str) and runtime in field.types)
        if applies and field.response_key not in seen and holds(field.when, variables):
            seen.add(field.response_key)
            yield field


class _Site(NamedTuple):
    """A field in its type, for messages."""

    shape: ObjectShape
    field: ShapeField

    def __str__(self) -> str:
        return f"{self.shape.type_name}.{self.field.field}"


class _Projection:
    def __init__(self, variables: Mapping[str, object], failures: Failures) -> None:
        self._variables = variables
        self._failures = failures

    def selection(self, shape: ObjectShape, tree: Tree, path: ResponsePath) -> Tree:
        return {
            field.response_key: self._value(
                _Site(shape, field), 0, tree.get(field.key), (*path, field.response_key)
            )
            for field in visible_fields(shape, tree.get("__typename"), self._variables)
        }

    def _value(self, site: _Site, depth: int, value: Any, path: ResponsePath) -> Any:
        non_null = site.field.non_null[depth]
        try:
            completed = self._completed(site, depth, value, path)
        except _Bubble:
            if non_null:
                raise
            return None
        if completed is None and non_null:
            told = isinstance(site.field.content, RefusedLeaf) or self._failures.explains(path)
            if not told:
                message = f"Cannot return null for non-nullable field {site}."
                self._failures.add(message, UNEXPECTED_NULL, path=path)
            raise _Bubble
        return completed

    def _completed(self, site: _Site, depth: int, value: Any, path: ResponsePath) -> Any:
        if value is None and not isinstance(site.field.content, TypenameLeaf):
            return None
        if depth < len(site.field.non_null) - 1:
            if not isinstance(value, list):
                return self._misfit(site, "a list", value, path)
            return [
                self._value(site, depth + 1, item, (*path, index))
                for index, item in enumerate(value)
            ]
        return self._content(site, value, path)

    def _content(self, site: _Site, value: Any, path: ResponsePath) -> Any:
        content = site.field.content
        match content:
            case ScalarLeaf(name=name):
                return self._scalar(site, name, value, path)
            case EnumLeaf(values=values):
                if not isinstance(value, str):
                    return self._misfit(site, "an enum value", value, path)
                return value if value in values else None
            case TypenameLeaf(name=name):
                known = name if name is not None else value
                return known if isinstance(known, str) else self._untyped(site, path)
            case VerbatimLeaf():
                return value
            case RefusedLeaf():
                return None
            case ObjectShape():
                return self._object(site, content, value, path)
            case _:
                assert_never(content)

    def _scalar(self, site: _Site, name: str, value: Any, path: ResponsePath) -> Any:
        known = COERCIONS.get(name)
        if known is None:
            return value
        try:
            return known[1](value)
        except BadLeaf:
            return self._misfit(site, f"a value of {name}", value, path)

    def _object(self, site: _Site, shape: ObjectShape, value: Any, path: ResponsePath) -> Any:
        if not isinstance(value, dict):
            return self._misfit(site, "an object", value, path)
        if shape.typename is None:
            type_name = value.get("__typename")
            if not isinstance(type_name, str):
                if self._needs_type(shape):
                    return self._untyped(site, path)
            elif type_name not in shape.possible:
                return None
        return self.selection(shape, value, path)

    def _needs_type(self, shape: ObjectShape) -> bool:
        return any(
            depends_on_type(field) and holds(field.when, self._variables) for field in shape.fields
        )

    def _untyped(self, site: _Site, path: ResponsePath) -> Any:
        return self._malformed(f"an object of {site} came without its __typename", path)

    def _misfit(self, site: _Site, wanted: str, value: Any, path: ResponsePath) -> Any:
        return self._malformed(f"a subgraph gave {_kind(value)} where {site} is {wanted}", path)

    def _malformed(self, message: str, path: ResponsePath) -> Any:
        """Null in the misfit's place, and why."""
        self._failures.add(message, SUBREQUEST_MALFORMED_RESPONSE, path=path)
        return None


def depends_on_type(field: ShapeField) -> bool:
    """Whether a field can't be read without knowing the `__typename` of its object."""
    return field.types is not None or field.content == TypenameLeaf(name=None)


def _kind(value: Any) -> str:
    match value:
        case dict():
            return "an object"
        case list():
            return "a list"
        case str():
            return "a string"
        case bool():
            return "a boolean"
        case _:
            return "a number"
