"""Names objects of the tree to a subgraph: equal representations are sent once.

Two representations are equal when they are the same JSON, so 1, 1.0 and true stay three things.
An object that cannot be named (a part was never fetched, or a key is null) is left out, and
`holders` keeps who is waiting for which answer.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final, TypeAlias

import orjson

from gateway.executor.paths import Tree
from gateway.executor.source import build, indented
from gateway.plan.nodes import Representation, RepresentationField

Represent: TypeAlias = Callable[[list[Tree]], tuple[list[Tree], list[list[Tree]]]]

_ABSENT: Final = object()


def exact(value: Any) -> object:
    """A hashable stand-in that is equal only for equal JSON."""
    if value.__class__ is str:
        return value
    try:
        return orjson.dumps(value)
    except orjson.JSONEncodeError:  # an integer past 64 bits, say, from an in-process subgraph
        return repr(value).encode()


def compile_represent(representations: Sequence[Representation]) -> Represent:
    """A function from objects to distinct representations and, beside each, its holders."""
    namespace: dict[str, object] = {"exact": exact, "ABSENT": _ABSENT, "build": _build}
    lines = [
        "def represent(found):",
        "    sent, holders, seen = [], [], {}",
        "    for o in found:",
        "        t = o.get('__typename')",
    ]
    for number, representation in enumerate(representations):
        lines.append(f"        if {_applies(representation, number, namespace)}:")
        if _is_flat(representation):
            lines.extend(_flat(representation, number))
        else:
            namespace[f"R{number}"] = representation
            lines.extend(_nested(number))
        lines.extend(_note())
    lines.append("    return sent, holders")
    return build("represent", lines, namespace)


def _applies(representation: Representation, number: int, namespace: dict[str, object]) -> str:
    types = representation.types
    if types is None:
        return "True"
    if len(types) == 1:
        return f"t == {next(iter(types))!r}"
    namespace[f"T{number}"] = types
    return f"t.__class__ is str and t in T{number}"


def _is_flat(representation: Representation) -> bool:
    every = (*representation.keys, *representation.requires)
    return not any(field.fields or field.types for field in every)


def _flat(representation: Representation, number: int) -> list[str]:
    every = (*representation.keys, *representation.requires)
    lines = [indented(3, f"v{i} = o.get({f.key!r}, ABSENT)") for i, f in enumerate(every)]
    unfit = [f"v{i} is ABSENT" for i in range(len(every))]
    unfit += [f"v{i} is None" for i, field in enumerate(every) if field.non_null]
    if representation.keys:
        nulls = " and ".join(f"v{i} is None" for i in range(len(representation.keys)))
        unfit.append(f"({nulls})")
    identity = ", ".join(
        f"v{i} if v{i}.__class__ is str else exact(v{i})" for i in range(len(every))
    )
    items = "".join(f", {field.name!r}: v{i}" for i, field in enumerate(every))
    return [
        *lines,
        *([indented(3, f"if {' or '.join(unfit)}:"), indented(4, "continue")] if unfit else []),
        indented(3, f"k = ({number}, {identity})"),
        indented(3, "at = seen.get(k)"),
        indented(3, "if at is None:"),
        indented(4, f"r = {{'__typename': {representation.typename!r}{items}}}"),
    ]


def _nested(number: int) -> list[str]:
    return [
        indented(3, f"r = build(R{number}, o)"),
        indented(3, "if r is None:"),
        indented(4, "continue"),
        indented(3, "k = exact(r)"),
        indented(3, "at = seen.get(k)"),
        indented(3, "if at is None:"),
    ]


def _note() -> list[str]:
    return [
        indented(4, "seen[k] = len(sent)"),
        indented(4, "sent.append(r)"),
        indented(4, "holders.append([o])"),
        indented(3, "else:"),
        indented(4, "holders[at].append(o)"),
        indented(3, "continue"),
    ]


class _Unsendable(Exception):  # control flow inside this file
    pass


def _build(representation: Representation, source: Tree) -> Tree | None:
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
        value = source.get(field.key, _ABSENT)
        if value is _ABSENT or (value is None and field.non_null):
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
