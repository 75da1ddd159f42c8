"""Directives that stay on an element of the supergraph, merged from all subgraphs that carry them.

Laws: only directives of _ORDER, GraphQL's own and composed ones stay; a repeatable one stays as
often as its arguments differ; guards grow stricter (all requirements hold), costs grow larger.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, TypeAlias

from graphql import (
    BooleanValueNode,
    IntValueNode,
    ListValueNode,
    StringValueNode,
    ValueNode,
    print_ast,
)

from gateway.composition.findings import HintCode
from gateway.composition.merging.context import Merge
from gateway.composition.merging.guards import requirement, show
from gateway.composition.model import Applied, Subgraph
from gateway.spec import names
from gateway.spec.guards import all_of

Carried: TypeAlias = tuple[Subgraph, tuple[Applied, ...]]

_ORDER: Final = (
    names.TAG,
    names.INACCESSIBLE,
    names.AUTHENTICATED,
    names.REQUIRES_SCOPES,
    names.POLICY,
    names.COST,
    names.LIST_SIZE,
    "deprecated",
    "specifiedBy",
    "oneOf",
)


def merge_applied(merge: Merge, coordinate: str, carried: Sequence[Carried]) -> tuple[str, ...]:
    """The directives of one element as SDL, in a fixed order."""
    found: dict[str, list[Applied]] = {}
    for subgraph, applied in carried:
        for each in applied:
            if each.name.startswith("@") and not _composes(subgraph, each.name):
                continue
            found.setdefault(each.name, []).append(each)
    if not found:
        return ()
    passed_on = tuple(_passed_on(carried, names.CACHE_TAG)) if names.CACHE_TAG in found else ()
    known = (name for name in _ORDER if name in found)
    custom = sorted(name for name in found if name in merge.composed)
    merged: list[str] = []
    for name in [*known, *custom]:
        merged.extend(_merge_one(merge, coordinate, name, found[name]))
    return (*passed_on, *merged)


def _passed_on(carried: Sequence[Carried], name: str) -> Iterator[str]:
    """Directives that mean something to whoever runs a subgraph, not to clients of the whole."""
    graphs: dict[str, list[str]] = {}
    for subgraph, applied in carried:
        for each in applied:
            if each.name == name:
                given = (f"{key}: {print_ast(value)}" for key, value in each.arguments.items())
                graphs.setdefault(", ".join(given), []).append(subgraph.graph)
    for text, where in graphs.items():
        yield (
            f'@{names.JOIN_DIRECTIVE}(graphs: [{", ".join(where)}], name: "federation__{name}", '
            f"args: {{{text}}})"
        )


def _composes(subgraph: Subgraph, directive: str) -> bool:
    return any(f"@{each.name}" == directive for each in subgraph.composed)


def carries(directives: Sequence[str], name: str) -> bool:
    """Whether a directive stands among merged ones."""
    head = f"@{name}"
    return any(text == head or text.startswith(f"{head}(") for text in directives)


def _merge_one(merge: Merge, coordinate: str, name: str, found: Sequence[Applied]) -> Iterator[str]:
    match name:
        case names.REQUIRES_SCOPES:
            yield f"@{name}(scopes: {_joined(merge, coordinate, found, 'scopes')})"
        case names.POLICY:
            yield f"@{name}(policies: {_joined(merge, coordinate, found, 'policies')})"
        case names.COST:
            _hint_merged(merge, coordinate, found)
            yield f"@{name}(weight: {max(_integer(each, 'weight') for each in found)})"
        case names.LIST_SIZE:
            _hint_merged(merge, coordinate, found)
            yield _list_size(found)
        case _ if name == names.TAG or name.startswith("@"):
            yield from dict.fromkeys(each.text() for each in found)
        case _:
            yield _first_of(merge, coordinate, found)


def _first_of(merge: Merge, coordinate: str, found: Sequence[Applied]) -> str:
    texts = list(dict.fromkeys(each.text() for each in found))
    if len(texts) > 1:
        merge.findings.hint(
            HintCode.INCONSISTENT_NON_REPEATABLE_DIRECTIVE_ARGUMENTS,
            f"{coordinate} carries @{found[0].name} in {len(texts)} ways; {texts[0]} is kept",
            [each.place for each in found],
        )
    return texts[0]


def _joined(merge: Merge, coordinate: str, found: Sequence[Applied], argument: str) -> str:
    _hint_merged(merge, coordinate, found)
    return show(all_of(requirement(each.arguments.get(argument)) for each in found))


def _hint_merged(merge: Merge, coordinate: str, found: Sequence[Applied]) -> None:
    if len({each.text() for each in found}) > 1:
        merge.findings.hint(
            HintCode.MERGED_NON_REPEATABLE_DIRECTIVE_ARGUMENTS,
            f"{coordinate} carries @{found[0].name} with different arguments, which are merged",
            [each.place for each in found],
        )


def _list_size(found: Sequence[Applied]) -> str:
    given: dict[str, str] = {}
    assumed = [_integer(each, "assumedSize") for each in found if "assumedSize" in each.arguments]
    if assumed:
        given["assumedSize"] = str(max(assumed))
    for name in ("slicingArguments", "sizedFields"):
        every = dict.fromkeys(text for each in found for text in _strings(each.arguments, name))
        if every:
            given[name] = "[" + ", ".join(every) + "]"
    flags = [each.arguments.get("requireOneSlicingArgument") for each in found]
    if any(isinstance(flag, BooleanValueNode) and not flag.value for flag in flags):
        demanding = any(not isinstance(f, BooleanValueNode) or f.value for f in flags)
        given["requireOneSlicingArgument"] = "true" if demanding else "false"
    return f"@{names.LIST_SIZE}(" + ", ".join(f"{k}: {v}" for k, v in given.items()) + ")"


def _strings(arguments: Mapping[str, ValueNode], name: str) -> list[str]:
    value = arguments.get(name)
    if isinstance(value, StringValueNode):
        return [print_ast(value)]
    return [print_ast(v) for v in value.values] if isinstance(value, ListValueNode) else []


def _integer(each: Applied, name: str) -> int:
    value = each.arguments.get(name)
    return int(value.value) if isinstance(value, IntValueNode) else 0
