"""Generates what happens before an entity fetch: find the objects, name each of them once.

Laws: equal representations are sent once, equal meaning the same JSON. An object that cannot be
named is left out. `holders` keeps, for each representation sent, who waits for its answer. Where
several objects hold nothing but the parts of one and the same representation, they become one
object of the tree: what is fetched, merged and projected for it then happens once, not at each of
its places. They stand at one place of the plan, so no later step could tell them apart.
"""

from collections.abc import Callable, Sequence
from typing import TypeAlias

from gateway.executor.paths import Tree, enter_lists, type_test, walk
from gateway.executor.representations import ABSENT, exact, represent
from gateway.executor.source import build
from gateway.plan.nodes import Path, Representation, Step

Collect: TypeAlias = Callable[[Tree], tuple[list[Tree], list[list[Tree]]]]


def compile_collect(
    path: Path, representations: Sequence[Representation], *, twins: bool = True
) -> Collect:
    """A function from the tree to distinct representations and, beside each, its holders; without
    `twins` every object stays where it is."""
    twin = f"o[{path[-1].key!r}]" if path[-1].lists == 0 else "o[n]"
    namespace: dict[str, object] = {"exact": exact, "ABSENT": ABSENT, "represent": represent}
    lines = [
        "def collect(tree):",
        "    sent, holders, seen, met = [], [], {}, {}",
        *walk(path[:-1], namespace),
        *_last_step(path[-1], namespace, twin),
    ]
    if any(each.types is not None for each in representations):
        lines.append("        t = v.get('__typename')")
    alone = len(representations) == 1
    for number, representation in enumerate(representations):
        lines.append(f"        if {_applies(representation, number, namespace)}:")
        body = (
            _flat(representation, None if alone else number, twin if twins else None)
            if _is_flat(representation)
            else _nested(representation, number, namespace)
        )
        lines += ["            " + line for line in body]
    lines.append("    return sent, holders")
    return build("collect", lines, namespace)


def _last_step(step: Step, namespace: dict[str, object], twin: str) -> list[str]:
    """Loops over the objects `v`, each once, so that `v` can be replaced in its container `o`; one
    that was replaced in another container is replaced here too."""
    lines = []
    source = f"o in found for v in (o.get({step.key!r}),)"
    for _ in range(step.lists):
        lines.append(enter_lists(source))
        source = "items in found for v in items"
    test = type_test(step, "last", namespace)
    if step.lists == 0:
        lines.append(f"    for o, v in [(o, o.get({step.key!r})) for o in found]:")
    else:
        lines.append("    for o, n, v in [(o, n, v) for o in found for n, v in enumerate(o)]:")
    return [
        *lines,
        f"        if v.__class__ is not dict{_unless(test)}:",
        "            continue",
        "        known = met.get(id(v))",
        "        if known is not None:",
        "            if known is not v:",
        f"                {twin} = known",
        "            continue",
        "        met[id(v)] = v",
    ]


def _unless(test: str) -> str:
    return f" or not ({test.removeprefix(' and ')})" if test else ""


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


def _flat(representation: Representation, number: int | None, twin: str | None) -> list[str]:
    every = (*representation.keys, *representation.requires)
    values = [f"v{i}" for i in range(len(every))]
    parts = [f"{v} if {v}.__class__ is str or {v}.__class__ is int else exact({v})" for v in values]
    if number is not None or len(parts) != 1:
        parts = [f"({number}, {', '.join(parts)})"]
    identity = parts[0]
    items = "".join(f", {f.name!r}: {v}" for f, v in zip(every, values, strict=True))
    return [
        *(f"{v} = v.get({f.key!r}, ABSENT)" for f, v in zip(every, values, strict=True)),
        f"if {_unfit(representation)}:",
        "    continue",
        f"k = {identity}",
        "at = seen.get(k)",
        "if at is None:",
        f"    r = {{'__typename': {representation.typename!r}{items}}}",
        *_first(),
        *(_twins(representation, twin) if twin else ()),
        "else:",
        "    holders[at].append(v)",
        "continue",
    ]


def _unfit(representation: Representation) -> str:
    """What keeps an object from being named, once its values are in `v0`, `v1`, …"""
    every = (*representation.keys, *representation.requires)
    if len(every) == len(representation.keys) == 1:
        return "v0 is ABSENT or v0 is None"
    tests = [f"v{i} is ABSENT" for i in range(len(every))]
    tests += [f"v{i} is None" for i, field in enumerate(every) if field.non_null]
    if representation.keys:
        nulls = " and ".join(f"v{i} is None" for i in range(len(representation.keys)))
        tests.append(f"({nulls})")
    return " or ".join(tests) or "False"


def _first() -> list[str]:
    return ["    seen[k] = len(sent)", "    sent.append(r)", "    holders.append([v])"]


def _twins(representation: Representation, twin: str) -> list[str]:
    """Where an object holds its representation and nothing else, it becomes the first of these.

    Not where objects of several types are named alike: their `__typename` tells them apart."""
    types = representation.types
    if types is not None and len(types) > 1:
        return []
    keys = {field.key for field in (*representation.keys, *representation.requires)}
    size = len(keys | ({"__typename"} if types is not None else set()))
    return [
        f"elif len(v) == {size} == len(holders[at][0]):",
        f"    {twin} = met[id(v)] = holders[at][0]",
    ]


def _nested(representation: Representation, number: int, namespace: dict[str, object]) -> list[str]:
    namespace[f"R{number}"] = representation
    return [
        f"r = represent(R{number}, v)",
        "if r is None:",
        "    continue",
        "k = exact(r)",
        "at = seen.get(k)",
        "if at is None:",
        *_first(),
        "else:",
        "    holders[at].append(v)",
        "continue",
    ]
