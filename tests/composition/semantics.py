"""A supergraph SDL as plain data, so that two printers' texts can be compared by meaning."""

from collections.abc import Iterator, Mapping
from typing import TypeAlias

from graphql import ConstDirectiveNode, DocumentNode, Node, StringValueNode, parse, print_ast

from gateway.spec.field_set import render
from gateway.spec.field_set_reader import read

Facts: TypeAlias = dict[str, object]

_CORE = ("join__", "link__", "core__")
_IMPLIED = {("resolvable", "true"), ("extension", "false"), ("external", "false")}
_FIELD_SETS = ("key", "requires", "provides")


def facts(sdl: str) -> Facts:
    """What the supergraph says, by coordinate; order and layout left out."""
    document = parse(sdl, no_location=True)
    graphs = _graph_names(document)
    found: Facts = {}
    for definition in document.definitions:
        name = getattr(getattr(definition, "name", None), "value", None)
        kind = definition.kind.removesuffix("_definition")
        if name is None or name.startswith(_CORE) or "__" in name:
            continue
        if kind == "directive":
            continue
        found[name] = (kind, _described(definition), *_directives(definition, graphs))
        found.update(_members(name, definition, graphs))
    return found


def _graph_names(document: DocumentNode) -> dict[str, str]:
    names: dict[str, str] = {}
    for definition in document.definitions:
        name = getattr(definition, "name", None)
        if name is not None and name.value == "join__Graph":
            for value in getattr(definition, "values", ()):
                given = _arguments(value.directives[0], {})
                names[value.name.value] = given["name"]
    return names


def _members(
    owner: str, definition: Node, graphs: Mapping[str, str]
) -> Iterator[tuple[str, object]]:
    all_graphs = frozenset(
        _arguments(d, graphs)["graph"]
        for d in getattr(definition, "directives", ())
        if d.name.value == "join__type"
    )
    for field in getattr(definition, "fields", None) or ():
        joins, others = _directives(field, graphs)
        plain = frozenset(frozenset({("graph", g)}) for g in all_graphs)
        yield (
            f"{owner}.{field.name.value}",
            (print_ast(field.type), _described(field), _default(field), joins or plain, others),
        )
        for argument in getattr(field, "arguments", None) or ():
            yield (
                f"{owner}.{field.name.value}({argument.name.value}:)",
                (
                    print_ast(argument.type),
                    _described(argument),
                    _default(argument),
                    _directives(argument, graphs)[1],
                ),
            )
    for value in getattr(definition, "values", None) or ():
        yield f"{owner}.{value.name.value}", (_described(value), *_directives(value, graphs))


def _directives(
    node: Node, graphs: Mapping[str, str]
) -> tuple[frozenset[frozenset[tuple[str, str]]], frozenset[str]]:
    joins: set[frozenset[tuple[str, str]]] = set()
    others: set[str] = set()
    for directive in getattr(node, "directives", None) or ():
        given = _arguments(directive, graphs)
        if directive.name.value.startswith("join__"):
            joins.add(frozenset(given.items()))
        else:
            others.add(f"@{directive.name.value}({sorted(given.items())})")
    return frozenset(joins), frozenset(others)


def _arguments(directive: ConstDirectiveNode, graphs: Mapping[str, str]) -> dict[str, str]:
    given: dict[str, str] = {}
    for argument in directive.arguments or ():
        name = argument.name.value
        text = print_ast(argument.value)
        if name in _FIELD_SETS and isinstance(argument.value, StringValueNode):
            text = " ".join(sorted(render(read(argument.value.value)).split()))
        elif isinstance(argument.value, StringValueNode):
            text = argument.value.value
        given[name] = graphs.get(text, text)
    return {name: text for name, text in given.items() if (name, text) not in _IMPLIED}


def _described(node: Node) -> str | None:
    description = getattr(node, "description", None)
    return description.value if description is not None else None


def _default(node: Node) -> str | None:
    default = getattr(node, "default_value", None)
    return print_ast(default) if default is not None else None


def differences(ours: str, theirs: str) -> list[str]:
    """One line for each coordinate that the two supergraphs see differently."""
    mine, other = facts(ours), facts(theirs)
    return [
        f"{at}: {mine.get(at)} != {other.get(at)}"
        for at in sorted({*mine, *other})
        if mine.get(at) != other.get(at)
    ]
