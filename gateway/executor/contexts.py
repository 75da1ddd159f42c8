"""Objects that are asked about with a value from above them: found together with those above, and
grouped by the values they hand down."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from gateway.executor.paths import Tree
from gateway.executor.representations import ABSENT, exact, represent
from gateway.plan.nodes import (
    ContextSource,
    ContextVariable,
    Path,
    Representation,
    RepresentationField,
    Target,
)


class Group(NamedTuple):
    """Representations that go out with the same values, and beside each who waits for it."""

    given: dict[str, Any]
    sent: list[Tree]
    holders: list[list[Tree]]


def groups(target: Target, tree: Tree) -> list[Group]:
    """The groups of a target's objects, in the order of the tree; nobody is in two of them."""
    found: dict[object, Group] = {}
    places: dict[tuple[object, object], int] = {}
    for way in _ways(target.path, tree):
        values = _values(target.contexts, way)
        sendable = None if values is None else _represented(target.representations, way[-1])
        if values is None or sendable is None:
            continue
        apart = tuple(exact(value) for value in values.values())
        group = found.setdefault(apart, Group(values, [], []))
        at = places.setdefault((apart, exact(sendable)), len(group.sent))
        if at == len(group.sent):
            group.sent.append(sendable)
            group.holders.append([])
        group.holders[at].append(way[-1])
    return list(found.values())


def _ways(path: Path, tree: Tree) -> Iterator[tuple[Tree, ...]]:
    """Each object at a path with all those that lead to it, from the root."""
    found: list[tuple[Tree, ...]] = [(tree,)]
    for step in path:
        found = [
            (*way, item)
            for way in found
            for item in _items(way[-1].get(step.key), step.lists)
            if step.types is None or _is_of(item, step.types)
        ]
    yield from found


def _items(value: Any, lists: int) -> Iterator[Tree]:
    if lists and isinstance(value, list):
        for item in value:
            yield from _items(item, lists - 1)
    elif not lists and isinstance(value, dict):
        yield value


def _is_of(item: Tree, types: frozenset[str]) -> bool:
    type_name = item.get("__typename")
    return isinstance(type_name, str) and type_name in types


def _values(contexts: Sequence[ContextVariable], way: tuple[Tree, ...]) -> dict[str, Any] | None:
    """The values on one way, None where one is missing."""
    values = {}
    for each in contexts:
        value = _value(each.sources, way)
        if value is ABSENT or (value is None and each.non_null):
            return None
        values[each.variable] = value
    return values


def _value(sources: Sequence[ContextSource], way: tuple[Tree, ...]) -> Any:
    for source in sources:
        holder = way[source.depth]
        if source.types is None or _is_of(holder, source.types):
            return _read(source.fields, holder)
    return ABSENT


def _read(fields: Sequence[RepresentationField], holder: Any) -> Any:
    """What a selection of one leaf comes to: lists stay lists."""
    if isinstance(holder, list):
        items = [_read(fields, item) for item in holder]
        return ABSENT if any(item is ABSENT for item in items) else items
    if not isinstance(holder, dict):
        return None
    for field in fields:
        if field.key == "__typename" or (field.types and not _is_of(holder, field.types)):
            continue
        value = holder.get(field.key, ABSENT)
        return _read(field.fields, value) if field.fields and value is not ABSENT else value
    return ABSENT


def _represented(representations: Sequence[Representation], item: Tree) -> Tree | None:
    for each in representations:
        if each.types is None or _is_of(item, each.types):
            return represent(each, item)
    return None
