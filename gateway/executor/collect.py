"""Generates what happens before an entity fetch: find the objects, name each of them once.

Laws: equal representations are sent once, equal meaning the same JSON. An object that cannot be
named is left out. `holders` keeps, for each representation sent, who waits for its answer. Where
several objects with one representation are equal in all that they hold, they become one object of
the tree: what is fetched, merged and projected for it then happens once, not at each of its places.
They stand at one place of the plan, so no later step could tell them apart. Here too equal means
the same JSON: to Python 1, 1.0 and true are equal, to a client they are not.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import orjson

from gateway.executor.levels import Down, Finds, Level
from gateway.executor.paths import Tree, enter_lists, type_test
from gateway.executor.representations import ABSENT, exact, represent
from gateway.executor.source import build, indented
from gateway.plan.nodes import Representation, RepresentationField, Step

Named: TypeAlias = tuple[list[Tree], list[list[Tree]]]
"""Distinct representations and, beside each, its holders."""


@dataclass(frozen=True, slots=True)
class Collect:
    """`unite` finds the objects of a level below those above, `name` names them."""

    level: Level
    unite: Down
    name: Callable[[Sequence[Tree]], Named]

    def __call__(self, finds: Finds) -> Named:
        return self.name(finds.united(self.level, self.unite))


def compile_collect(
    level: Level, representations: Sequence[Representation], *, twins: bool = True
) -> Collect:
    """Without `twins` every object stays where it is."""
    if level.step is None:
        raise TypeError("the root of an answer is no entity")
    return Collect(
        level,
        _compile_unite(level.step, representations if twins else ()),
        _naming(representations),
    )


def _compile_unite(step: Step, representations: Sequence[Representation]) -> Down:
    """Lists the objects `v` of a step, each once. Each is looked at in its container `o`, where a
    twin that was met before can take its place."""
    namespace: dict[str, object] = {"exact": exact, "ABSENT": ABSENT, "alike": _alike}
    source, lines = enter_lists(step)
    wanted = f"v.__class__ is dict{type_test(step, 'last', namespace)}"
    place = "o[n]" if step.lists else f"o[{step.key!r}]"
    twins = [
        line
        for number, representation in enumerate(representations)
        for line in _twin(
            representation, _applies(representation, number, namespace), number, place
        )
    ]
    if twins:
        body = [*_typed(representations), *twins, "kept[id(v)] = v"]
        loop = [*_loop(step), *_block(f"if {wanted}:", body, 2 + bool(step.lists))]
    else:
        loop = [f"    kept = {{id(v): v for {source} if {wanted}}}"]
    return build(
        "unite", ["def unite(found):", *lines, *loop, "    return [*kept.values()]"], namespace
    )


def _loop(step: Step) -> list[str]:
    lines = ["kept, seen, told = {}, {}, {}", "for o in found:"]
    item = "    for n, v in enumerate(o):" if step.lists else f"    v = o.get({step.key!r})"
    return [indented(1, line) for line in (*lines, item)]


def _block(head: str, body: Sequence[str], depth: int) -> list[str]:
    return [indented(depth, head), *(indented(depth + 1, line) for line in body)]


def _twin(representation: Representation, applies: str, number: int, place: str) -> list[str]:
    if not _is_flat(representation):
        return []
    lines = [
        *_read(representation),
        f"if not ({_unfit(representation)}):",
        f"    k = {_identity(representation, number)}",
        "    first = seen.get(k)",
        "    if first is None:",
        "        seen[k] = v",
        "    elif first is v or alike(first, v, told):",
        f"        if first is not v: {place} = first",
        "        continue",
    ]
    return _block(f"if {applies}:", lines, 0) if applies else lines


def _alike(first: Tree, other: Tree, told: dict[int, bytes]) -> bool:
    """Whether two objects hold the same JSON; `told` keeps that of each first one."""
    if len(first) != len(other):
        return False
    try:
        known = told.get(id(first))
        if known is None:
            known = told[id(first)] = orjson.dumps(first)
        return orjson.dumps(other) == known
    except orjson.JSONEncodeError:  # a custom scalar nested deeper than is written, say
        return False


def _naming(
    representations: Sequence[Representation],
) -> Callable[[Sequence[Tree]], Named]:
    namespace: dict[str, object] = {"exact": exact, "ABSENT": ABSENT, "represent": represent}
    lines = ["def name(objects):", "    sent, holders = [], {}", "    for v in objects:"]
    lines += [indented(2, line) for line in _typed(representations)]
    alone = len(representations) == 1
    for number, representation in enumerate(representations):
        body = (
            _flat(representation, None if alone else number)
            if _is_flat(representation)
            else _nested(representation, number, namespace)
        )
        applies = _applies(representation, number, namespace)
        lines += _block(f"if {applies}:", body, 2) if applies else [indented(2, x) for x in body]
        if not applies:
            break
    return build("name", [*lines, "    return sent, [*holders.values()]"], namespace)


def _typed(representations: Sequence[Representation]) -> list[str]:
    needed = any(each.types is not None for each in representations)
    return ["t = v.get('__typename')"] if needed else []


def _applies(representation: Representation, number: int, namespace: dict[str, object]) -> str:
    types = representation.types
    if types is None:
        return ""
    if len(types) == 1:
        return f"t == {next(iter(types))!r}"
    namespace[f"T{number}"] = types
    return f"t.__class__ is str and t in T{number}"


def _every(representation: Representation) -> tuple[RepresentationField, ...]:
    return (*representation.keys, *representation.requires)


def _is_flat(representation: Representation) -> bool:
    return not any(field.fields or field.types for field in _every(representation))


def _flat(representation: Representation, number: int | None) -> list[str]:
    items = "".join(f", {f.name!r}: v{i}" for i, f in enumerate(_every(representation)))
    return [
        *_read(representation),
        f"if {_unfit(representation)}:",
        "    continue",
        f"k = {_identity(representation, number)}",
        *_held(f"{{'__typename': {representation.typename!r}{items}}}"),
    ]


def _held(representation: str) -> list[str]:
    return [
        "waiting = holders.get(k)",
        "if waiting is None:",
        "    holders[k] = [v]",
        f"    sent.append({representation})",
        "else:",
        "    waiting.append(v)",
        "continue",
    ]


def _read(representation: Representation) -> list[str]:
    return [
        f"v{i} = v.get({field.key!r}{'' if _must_be(field, representation) else ', ABSENT'})"
        for i, field in enumerate(_every(representation))
    ]


def _must_be(field: RepresentationField, representation: Representation) -> bool:
    """Whether null will not do, so that it may as well stand for what is absent."""
    return field.non_null or (field,) == representation.keys


def _unfit(representation: Representation) -> str:
    """What keeps an object from being named, once its values are in `v0`, `v1`, …"""
    keys = representation.keys
    tests = [
        f"v{i} is {'None' if _must_be(field, representation) else 'ABSENT'}"
        for i, field in enumerate(_every(representation))
    ]
    if keys and not any(_must_be(field, representation) for field in keys):
        tests.append(" and ".join(f"v{i} is None" for i in range(len(keys))))
    return " or ".join(tests) or "False"


def _identity(representation: Representation, number: int | None) -> str:
    """What equal representations have in common, and others have not."""
    names = [f"v{i}" for i in range(len(_every(representation)))]
    parts = [f"{v} if {v}.__class__ is str or {v}.__class__ is int else exact({v})" for v in names]
    if number is None and len(parts) == 1:
        return parts[0]
    return f"({number}, {', '.join(parts)})"


def _nested(representation: Representation, number: int, namespace: dict[str, object]) -> list[str]:
    namespace[f"R{number}"] = representation
    return [
        f"r = represent(R{number}, v)",
        "if r is None:",
        "    continue",
        "k = exact(r)",
        *_held("r"),
    ]
