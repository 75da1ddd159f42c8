"""JSON as signatures need it: one meaning per document, and bounded before any work is done.

Laws: no key twice in one object; no fraction, exponent, NaN or integer beyond 2^53 - 1 (money and
large ids are strings); no lone surrogate; depth and size are checked before the tree is built.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from ledger_adapter.log import jcs
from subgraphs.vc.errors import MalformedJson

JsonValue: TypeAlias = bool | int | str | list["JsonValue"] | dict[str, "JsonValue"] | None
JsonObject: TypeAlias = dict[str, JsonValue]

_STRINGS: Final = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_BRACKETS: Final = re.compile(r"[\[\]{}]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a document may cost: bytes (or characters and members of a parsed one) and nesting."""

    size: int = 262_144
    depth: int = 24


DEFAULT_LIMITS: Final = Limits()


@dataclass(frozen=True, slots=True)
class _Flaw:
    """Left in the tree by the parser's hooks, so that the walk can name the place."""

    sentence: str


def parse(text: bytes | str, limits: Limits = DEFAULT_LIMITS) -> JsonValue:
    """Read one JSON document or say where it is not strict."""
    decoded = _decode(text, limits)
    if _depth(decoded) > limits.depth:
        raise MalformedJson(f"nested deeper than {limits.depth} levels")
    try:
        value = json.loads(
            decoded,
            object_pairs_hook=_object,
            parse_float=lambda _: _Flaw("a number with fraction or exponent"),
            parse_constant=lambda name: _Flaw(f"{name} is not JSON"),
            parse_int=_integer,
        )
    except (ValueError, RecursionError) as error:
        raise MalformedJson("not JSON") from error
    return check(value, limits)


def parse_object(text: bytes | str, limits: Limits = DEFAULT_LIMITS) -> JsonObject:
    """Read a document whose root is an object."""
    return as_object(parse(text, limits))


def check(value: object, limits: Limits = DEFAULT_LIMITS) -> JsonValue:
    """Hold an already parsed value (a GraphQL JSON argument) to the same rules; returns a copy."""
    return _Walk(limits).copy(value, "", 0)


def check_object(value: object, limits: Limits = DEFAULT_LIMITS) -> JsonObject:
    """Like check, for a root that has to be an object."""
    return as_object(check(value, limits))


def as_object(value: JsonValue, place: str = "") -> JsonObject:
    """Narrow to an object."""
    if not isinstance(value, dict):
        raise MalformedJson("an object is wanted", place)
    return value


def canonical(value: JsonValue) -> bytes:
    """RFC 8785 (JCS) bytes. Does not normalise Unicode: equal texts must be equal code points."""
    try:
        return jcs.dumps(value)
    except jcs.FAULTS as error:
        raise MalformedJson("no canonical form") from error


def pointer(place: str, name: str | int) -> str:
    """The JSON pointer (RFC 6901) one step below."""
    return f"{place}/{str(name).replace('~', '~0').replace('/', '~1')}"


def _decode(text: bytes | str, limits: Limits) -> str:
    if len(text) > limits.size:
        raise MalformedJson(f"larger than {limits.size} bytes")
    if isinstance(text, str):
        return text
    try:
        return text.decode("utf-8")
    except UnicodeDecodeError as error:
        raise MalformedJson("not UTF-8") from error


def _depth(text: str) -> int:
    level = deepest = 0
    for bracket in _BRACKETS.findall(_STRINGS.sub("", text)):
        level += 1 if bracket in "[{" else -1
        deepest = max(deepest, level)
    return deepest


def _integer(digits: str) -> int | _Flaw:
    if len(digits) > 17:
        return _Flaw("an integer beyond 2^53 - 1")
    return int(digits)


def _object(pairs: list[tuple[str, object]]) -> object:
    members = dict(pairs)
    if len(members) == len(pairs):
        return members
    names = [name for name, _ in pairs]
    return _Flaw(f"the key {max(names, key=names.count)[:40]!r} twice in one object")


class _Walk:
    def __init__(self, limits: Limits) -> None:
        self._depth = limits.depth
        self._budget = limits.size

    def copy(self, value: object, place: str, depth: int) -> JsonValue:
        if depth > self._depth:
            raise MalformedJson(f"nested deeper than {self._depth} levels", place)
        self._spend(1, place)
        match value:
            case str():
                return self._text(value, place)
            case dict():
                return self._members(value, place, depth)
            case list() | tuple():
                return [
                    self.copy(item, pointer(place, index), depth + 1)
                    for index, item in enumerate(value)
                ]
            case _:
                return _scalar(value, place)

    def _members(self, value: Mapping[object, object], place: str, depth: int) -> JsonObject:
        members: JsonObject = {}
        for name, item in value.items():
            if not isinstance(name, str):
                raise MalformedJson("a key that is no string", place)
            below = pointer(place, name)
            members[self._text(name, below)] = self.copy(item, below, depth + 1)
        return members

    def _text(self, value: str, place: str) -> str:
        self._spend(len(value), place)
        if not value.isascii() and any("\ud800" <= letter <= "\udfff" for letter in value):
            raise MalformedJson("a lone surrogate", place)
        return value

    def _spend(self, cost: int, place: str) -> None:
        self._budget -= cost
        if self._budget < 0:
            raise MalformedJson("too large", place)


def _scalar(value: object, place: str) -> JsonValue:
    match value:
        case None | bool():
            return value
        case int() if abs(value) <= jcs.LARGEST:
            return value
        case int():
            raise MalformedJson("an integer beyond 2^53 - 1", place)
        case _Flaw(sentence):
            raise MalformedJson(sentence, place)
        case _:
            raise MalformedJson("a number with fraction, or no JSON value", place)
