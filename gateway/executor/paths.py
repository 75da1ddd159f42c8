"""Finds the objects at a path of the internal tree, fast by generated loops."""

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

from gateway.executor.source import build
from gateway.plan.nodes import Path, Step

Tree: TypeAlias = dict[str, Any]
Gather: TypeAlias = Callable[[Tree], list[Tree]]
Place: TypeAlias = tuple[str | int, ...]


def compile_gather(path: Path) -> Gather:
    """A function that lists the objects at `path`, in order; what is not there is passed over."""
    namespace: dict[str, object] = {}
    lines = ["def gather(tree):", *walk(path, namespace), "    return found"]
    return build("gather", lines, namespace)


def walk(path: Path, namespace: dict[str, object]) -> list[str]:
    """Lines that leave the objects at `path` of `tree` in `found`.

    They take the whole tree one step down at a time, so a long path nests nothing. A list that
    several objects share (see `merge`) is entered once."""
    lines = ["    found = [tree]"]
    for number, step in enumerate(path):
        source = f"o in found for v in (o.get({step.key!r}),)"
        for _ in range(step.lists):
            lines.append(enter_lists(source))
            source = "items in found for v in items"
        wanted = f"v.__class__ is dict{type_test(step, f'S{number}', namespace)}"
        lines.append(f"    found = [v for {source} if {wanted}]")
    return lines


def enter_lists(source: str) -> str:
    return f"    found = {{id(v): v for {source} if v.__class__ is list}}.values()"


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
    if not isinstance(value, dict):
        return False
    if step.types is None:
        return True
    type_name = value.get("__typename")
    return isinstance(type_name, str) and type_name in step.types
