"""Leaf values as GraphQL wants them: what a well-behaved subgraph sends passes untouched.

Custom scalars are never looked into. A built-in scalar of a neighbouring kind is coerced as a
GraphQL server coerces results (an integer for an `ID` becomes its digits); a list or an object in
its place is no leaf at all and raises `BadLeaf`.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final


class BadLeaf(Exception):  # raised and caught inside the projection only
    """The value is not of its scalar."""


def as_string(value: Any) -> str:
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(value)
        case _:
            raise BadLeaf


def as_id(value: Any) -> str:
    match value:
        case str():
            return value
        case int() if value is not True and value is not False:
            return str(value)
        case _:
            raise BadLeaf


def as_int(value: Any) -> int:
    match value:
        case int():
            return int(value)
        case float() if value.is_integer():
            return int(value)
        case _:
            raise BadLeaf


def as_float(value: Any) -> float:
    match value:
        case bool():
            return float(value)
        case int() | float():
            return value
        case _:
            raise BadLeaf


def as_boolean(value: Any) -> bool:
    match value:
        case bool():
            return value
        case int():
            return value != 0
        case _:
            raise BadLeaf


COERCIONS: Final[Mapping[str, tuple[type, Callable[[Any], Any]]]] = {
    "String": (str, as_string),
    "ID": (str, as_id),
    "Int": (int, as_int),
    "Float": (float, as_float),
    "Boolean": (bool, as_boolean),
}
"""For each built-in scalar: the class that needs no look, and what to do about any other."""
