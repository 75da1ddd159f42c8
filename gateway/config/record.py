"""Settings declared once: a record's fields say name, kind, default, bounds and what they mean.

The reader below, the JSON Schema and the reference in docs/ are all made from those fields, so
none of them can say something else than another.
"""

from collections.abc import Iterator
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from functools import cache
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Self, Union, get_args, get_origin, get_type_hints

from gateway.config.section import Section
from gateway.errors import BadSettings


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a setting is for, and its bounds where it is a number: `Annotated` carries it."""

    text: str
    low: float | None = None
    high: float | None = None


class Record:
    """A section of the settings: a frozen dataclass whose fields are made by `setting`."""

    __slots__ = ()

    @classmethod
    def read(cls, section: Section) -> Self:
        """Raises BadSettings, naming the key, for anything unknown, missing or unfit."""
        values = {
            each.name: value
            for each in settings_of(cls)
            if (value := _value(section, each)) is not None
        }
        record = cls(**values)
        section.finish()
        for key, problem in record.problems():
            raise BadSettings(section.key(key) if key else section.path, problem)
        return record

    def problems(self) -> Iterator[tuple[str, str]]:
        """What is unfit though each value is of its kind: key and sentence."""
        return iter(())


@dataclass(frozen=True, slots=True)
class Setting:
    """One field of a record. `default` is MISSING where it must be set."""

    name: str
    kind: Any
    optional: bool
    default: object
    meaning: Meaning


def settings_of(record: type[Any]) -> tuple[Setting, ...]:
    """The fields of a record."""
    return _settings_of(record)  # type: ignore[arg-type]  # types are hashable


@cache
def _settings_of(record: Any) -> tuple[Setting, ...]:
    hints = get_type_hints(record, include_extras=True)
    return tuple(_setting(each, hints[each.name]) for each in fields(record))


def _setting(each: Field[Any], hint: Any) -> Setting:
    annotated, meaning = get_args(hint)
    plain = without_none(annotated)
    default = each.default if each.default_factory is MISSING else None
    optional = plain is not annotated
    return Setting(each.name, plain, optional, default, meaning)


def without_none(kind: Any) -> Any:
    """`X` for `X | None`."""
    if get_origin(kind) in {UnionType, Union}:
        return next(part for part in get_args(kind) if part is not NoneType)
    return kind


def _value(section: Section, each: Setting) -> object:
    """The value as given, or None where the default counts."""
    name, kind, meaning = each.name, each.kind, each.meaning
    if is_dataclass(kind) or get_origin(kind) is not None:
        return _compound(section, name, kind, optional=each.optional)
    if section.raw(name) is None:
        if each.default is MISSING:
            raise BadSettings(section.key(name), "is missing")
        return None
    if kind is bool:
        return section.flag(name, default=False)
    if kind is int:
        low, high = meaning.low, meaning.high
        return section.whole(name, 0, low=int(low or 0), high=int(high or 2**53))
    if kind is float:
        return section.number(name, low=meaning.low, high=meaning.high or 86_400)
    return Path(section.text(name)) if kind is Path else section.text(name)


def _compound(section: Section, name: str, kind: Any, *, optional: bool) -> object:
    given = section.raw(name)
    if isinstance(kind, type) and issubclass(kind, Record):
        return None if given is None and optional else kind.read(section.section(name))
    if get_origin(kind) is Literal:
        return section.choice(name, get_args(kind)) if given is not None else None
    if given is None:
        return None
    inner = get_args(kind)[0]
    if get_origin(kind) is not tuple:
        return _mapping(section.section(name), get_args(kind)[1])
    if isinstance(inner, type) and issubclass(inner, Record):
        return tuple(inner.read(item) for item in section.sections(name))
    return section.texts(name)


def _mapping(section: Section, kind: Any) -> dict[str, object]:
    if kind is object:
        return section.everything()
    if kind is str:
        return {name: section.text(name) for name in section.names()}
    if get_origin(kind) is tuple:
        return {name: section.texts(name) for name in section.names()}
    return {name: kind.read(section.section(name)) for name in section.names()}
