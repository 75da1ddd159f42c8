"""Records to stored documents and back, by their type hints: the store's only translation.

Laws: `id` is stored as `_id`; enums by value, dates as ISO text, tuples as lists; a document that
does not fit its record is a bug and raises, but a member that came later has its default.
"""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import cache
from types import UnionType
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

R = TypeVar("R")
Unpack = Callable[[Any], Any]


def to_document(record: object) -> dict[str, Any]:
    """The stored form of a record."""
    packed = _pack(record)
    return {"_id" if name == "id" else name: value for name, value in packed.items()}


def from_document(record: type[R], document: Mapping[str, Any]) -> R:
    """A record from its stored form; members the record does not have are left out."""
    values = {"id" if name == "_id" else name: value for name, value in document.items()}
    return cast("R", _record(record, values))


def to_value(value: object) -> Any:
    """The stored form of one member, for filters and updates."""
    return _pack(value)


def _pack(value: Any) -> Any:
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, tuple | list):
        return [_pack(item) for item in value]
    if is_dataclass(value):
        return {field.name: _pack(getattr(value, field.name)) for field in fields(value)}
    return value


@cache
def _members(record: type[Any]) -> tuple[tuple[str, Unpack, bool], ...]:
    """Each member's name, how it is read, and whether it may be missing."""
    hints = get_type_hints(record)
    return tuple(
        (one.name, _unpacker(hints[one.name]), one.default is not MISSING) for one in fields(record)
    )


def _record(record: type[Any], values: Mapping[str, Any]) -> object:
    return record(
        **{
            name: unpack(values[name])
            for name, unpack, later in _members(cast("Any", record))
            if name in values or not later
        }
    )


@cache
def _unpacker(hint: Any) -> Unpack:
    """How a stored value of this type is read; made once for each type there is."""
    hint = getattr(hint, "__supertype__", hint)
    origin = get_origin(hint)
    if origin in (Union, UnionType):
        (inner,) = (part for part in get_args(hint) if part is not type(None))
        unpack = _unpacker(inner)
        return lambda value: None if value is None else unpack(value)
    if origin is tuple:
        return _tuple(get_args(hint))
    return _plain(hint)


def _plain(hint: Any) -> Unpack:
    if is_dataclass(hint):
        return lambda value: _record(cast("type[Any]", hint), value)
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return hint
    return date.fromisoformat if hint is date else _as_it_is


def _as_it_is(value: Any) -> Any:
    return value


def _tuple(hints: tuple[Any, ...]) -> Unpack:
    if hints[-1] is Ellipsis:
        each = _unpacker(hints[0])
        return lambda values: tuple(map(each, values))
    unpackers = tuple(map(_unpacker, hints))
    return lambda values: tuple(
        unpack(value) for unpack, value in zip(unpackers, values, strict=True)
    )
