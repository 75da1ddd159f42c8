"""Finds the objects at a path of the internal tree."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from operator import itemgetter
from typing import Any, TypeAlias

from gateway.plan.nodes import Path, Step

Tree: TypeAlias = dict[str, Any]
Place: TypeAlias = tuple[str | int, ...]


def compile_step(step: Step) -> Callable[[Sequence[Tree]], list[Tree]]:
    """A function from objects to those one step further down, in order; what is not there is
    passed over. A list that several objects share (see `merge`) is entered once."""
    key, lists, types = step.key, step.lists, step.types
    take = itemgetter(key)

    def down(found: Sequence[Tree]) -> list[Tree]:
        values: Iterable[Any]
        try:
            values = [*map(take, found)]
        except KeyError:
            values = [each.get(key) for each in found]
        for _ in range(lists):
            entered = {id(value): value for value in values if value.__class__ is list}
            values = chain.from_iterable(entered.values())
        if types is None:
            return [value for value in values if value.__class__ is dict]
        return [value for value in values if value.__class__ is dict and _is_of(value, types)]

    return down


def enter_lists(step: Step) -> tuple[str, list[str]]:
    """Where the values `v` of a step come from, as the clauses of a loop, and the lines that must
    stand before it."""
    source, lines = f"o in found for v in (o.get({step.key!r}),)", []
    for _ in range(step.lists):
        each = f"{{id(v): v for {source} if v.__class__ is list}}"
        lines.append(f"    found = {each}.values()")
        source = "items in found for v in items"
    return source, lines


def type_test(step: Step, name: str, namespace: dict[str, object]) -> str:
    """What else must be true of an object `v` for the step, beginning with `and`; or nothing."""
    if step.types is None:
        return ""
    if len(step.types) == 1:
        return f" and v.get('__typename') == {next(iter(step.types))!r}"
    namespace[name] = step.types
    return f" and (t := v.get('__typename')).__class__ is str and t in {name}"


def places(path: Path, tree: Tree) -> Iterator[tuple[Place, Tree]]:
    """Each place of the path where an object stands (internal keys and indices); for faults."""
    found: list[tuple[Place, Any]] = [((), tree)]
    for step in path:
        found = [((*place, step.key), here.get(step.key)) for place, here in found]
        for _ in range(step.lists):
            found = [
                ((*place, index), item)
                for place, items in found
                if isinstance(items, list)
                for index, item in enumerate(items)
            ]
        found = [(place, here) for place, here in found if _is_object_of(here, step)]
    yield from found


def _is_object_of(value: Any, step: Step) -> bool:
    return isinstance(value, dict) and (step.types is None or _is_of(value, step.types))


def _is_of(value: Tree, types: frozenset[str]) -> bool:
    type_name = value.get("__typename")
    return isinstance(type_name, str) and type_name in types
