"""Records to stored documents and back, by their type hints: the store's only translation.

Laws: `id` is stored as `_id`; enums by value, dates as ISO text, tuples as lists; a document that
does not fit its record is a bug and raises, but a member that came later has its default.
"""

from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import cache
from types import UnionType
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

R = TypeVar("R")


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
def _hints(record: type[Any]) -> dict[str, Any]:
    return get_type_hints(record)


@cache
def _defaulted(record: type[Any]) -> frozenset[str]:
    return frozenset(one.name for one in fields(record) if one.default is not MISSING)


def _record(record: type[Any], values: Mapping[str, Any]) -> object:
    later = _defaulted(cast("Any", record))
    hints = _hints(cast("Any", record)).items()
    return record(
        **{
            name: _unpack(hint, values[name])
            for name, hint in hints
            if name in values or name not in later
        }
    )


def _unpack(hint: Any, value: Any) -> Any:
    hint = getattr(hint, "__supertype__", hint)
    origin = get_origin(hint)
    if origin in (Union, UnionType):
        (inner,) = (part for part in get_args(hint) if part is not type(None))
        return None if value is None else _unpack(inner, value)
    if origin is tuple:
        return _tuple(get_args(hint), value)
    return _plain(hint, value)


def _plain(hint: Any, value: Any) -> Any:
    if is_dataclass(hint):
        return _record(cast("type[Any]", hint), value)
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return hint(value)
    return date.fromisoformat(value) if hint is date else value


def _tuple(hints: tuple[Any, ...], values: list[Any]) -> tuple[Any, ...]:
    if hints[-1] is Ellipsis:
        return tuple(_unpack(hints[0], value) for value in values)
    return tuple(_unpack(hint, value) for hint, value in zip(hints, values, strict=True))
