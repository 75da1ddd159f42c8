"""Finds the objects at a path of the internal tree, fast by generated loops."""

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

from gateway.executor.source import build, indented
from gateway.plan.nodes import Path, Step

Tree: TypeAlias = dict[str, Any]
Gather: TypeAlias = Callable[[Tree], list[Tree]]
Place: TypeAlias = tuple[str | int, ...]


def compile_gather(path: Path) -> Gather:
    """A function that lists the objects at `path`, in order; what is not there is passed over."""
    lines = ["def gather(tree):", "    found = []", "    o = tree"]
    namespace: dict[str, object] = {}
    depth = 1
    for number, step in enumerate(path):
        lines.append(indented(depth, f"o = o.get({step.key!r})"))
        for level in range(step.lists):
            items = f"l{number}_{level}"
            lines.append(indented(depth, f"{items} = o"))
            lines.append(indented(depth, f"if {items}.__class__ is list:"))
            lines.append(indented(depth + 1, f"for o in {items}:"))
            depth += 2
        lines.append(
            indented(depth, f"if o.__class__ is dict{_type_test(step, number, namespace)}:")
        )
        depth += 1
    lines.append(indented(depth, "found.append(o)"))
    lines.append("    return found")
    return build("gather", lines, namespace)


def _type_test(step: Step, number: int, namespace: dict[str, object]) -> str:
    if step.types is None:
        return ""
    if len(step.types) == 1:
        return f" and o.get('__typename') == {next(iter(step.types))!r}"
    namespace[f"T{number}"] = step.types
    return f" and (t := o.get('__typename')).__class__ is str and t in T{number}"


def places(path: Path, tree: Tree) -> Iterator[tuple[Place, Tree]]:
    """The same objects with where each stands (internal keys and indices); for faults only."""
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
