"""Finds the objects at a path of the internal tree, fast by generated loops."""

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

from gateway.executor.source import build
from gateway.plan.nodes import Path, Step

Tree: TypeAlias = dict[str, Any]
Gather: TypeAlias = Callable[[Tree], list[Tree]]
Place: TypeAlias = tuple[str | int, ...]


def compile_gather(path: Path) -> Gather:
    """A function that lists the objects at `path`, in order; what is not there is passed over.

    It takes the whole tree one step down at a time, so a long path nests nothing."""
    lines = ["def gather(tree):", "    found = [tree]"]
    namespace: dict[str, object] = {}
    for number, step in enumerate(path):
        wanted = _object_test(step, number, namespace)
        tests = ["v.__class__ is list"] * step.lists + [wanted]
        taken = f"v for o in found for v in (o.get({step.key!r}),)"
        lines.append(f"    found = [{taken} if {tests[0]}]")
        lines += [f"    found = [v for items in found for v in items if {t}]" for t in tests[1:]]
    lines.append("    return found")
    return build("gather", lines, namespace)


def _object_test(step: Step, number: int, namespace: dict[str, object]) -> str:
    test = "v.__class__ is dict"
    if step.types is None:
        return test
    if len(step.types) == 1:
        return f"{test} and v.get('__typename') == {next(iter(step.types))!r}"
    namespace[f"T{number}"] = step.types
    return f"{test} and (t := v.get('__typename')).__class__ is str and t in T{number}"


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
