"""Prints the supergraph as SDL.

Laws: types by name, members in the order in which subgraphs (by name) define them; the same
supergraph is the same text, byte for byte; nothing but join v0.5, link v1.0 and what is used.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from gateway.composition import type_ref
from gateway.composition.merged import (
    ContextArgument,
    JoinField,
    JoinType,
    MergedField,
    MergedInput,
    MergedType,
    MergedValue,
    SpecLink,
    Supergraph,
)
from gateway.composition.model import Kind
from gateway.composition.sdl_text import print_description, print_input
from gateway.spec import names

_CORE_DEFINITIONS: Final = """\
directive @link(url: String, as: String, for: link__Purpose, import: [link__Import]) \
repeatable on SCHEMA

directive @join__directive(graphs: [join__Graph!], name: String!, args: join__DirectiveArguments) \
repeatable on SCHEMA | OBJECT | INTERFACE | FIELD_DEFINITION

directive @join__enumValue(graph: join__Graph!) repeatable on ENUM_VALUE

directive @join__field(graph: join__Graph, requires: join__FieldSet, provides: join__FieldSet, \
type: String, external: Boolean, override: String, usedOverridden: Boolean, \
overrideLabel: String, contextArguments: [join__ContextArgument!]) \
repeatable on FIELD_DEFINITION | INPUT_FIELD_DEFINITION

directive @join__graph(name: String!, url: String!) on ENUM_VALUE

directive @join__implements(graph: join__Graph!, interface: String!) \
repeatable on OBJECT | INTERFACE

directive @join__type(graph: join__Graph!, key: join__FieldSet, extension: Boolean! = false, \
resolvable: Boolean! = true, isInterfaceObject: Boolean! = false) \
repeatable on OBJECT | INTERFACE | UNION | ENUM | INPUT_OBJECT | SCALAR

directive @join__unionMember(graph: join__Graph!, member: String!) repeatable on UNION"""

_CORE_TYPES: Final = '''\
input join__ContextArgument {
  name: String!
  type: String!
  context: String!
  selection: join__FieldValue!
}

scalar join__DirectiveArguments

scalar join__FieldSet

scalar join__FieldValue

scalar link__Import

enum link__Purpose {
  """
  `SECURITY` features provide metadata necessary to securely resolve fields.
  """
  SECURITY

  """
  `EXECUTION` features provide metadata necessary for operation execution.
  """
  EXECUTION
}'''


def print_supergraph(supergraph: Supergraph) -> str:
    blocks = [
        _schema(supergraph),
        _CORE_DEFINITIONS,
        *supergraph.definitions,
        _graphs(supergraph),
        _CORE_TYPES,
        *(_type(each) for _, each in sorted(supergraph.types.items())),
    ]
    return "\n\n".join(blocks) + "\n"


def _schema(supergraph: Supergraph) -> str:
    links = (
        SpecLink(url=f"{names.LINK_IDENTITY}/v1.0"),
        SpecLink(url=f"{names.JOIN_IDENTITY}/v0.5", purpose="EXECUTION"),
        *supergraph.links,
    )
    roots = [root for root in names.ROOT_TYPES if root in supergraph.types]
    lines = ["schema", *(f"  {_link(link)}" for link in links), "{"]
    lines += [f"  {root.lower()}: {root}" for root in roots]
    return "\n".join([*lines, "}"])


def _link(link: SpecLink) -> str:
    purpose = f", for: {link.purpose}" if link.purpose else ""
    imported = ", ".join(_quoted(name) for name in link.imports)
    imports = f", import: [{imported}]" if link.imports else ""
    return f"@link(url: {_quoted(link.url)}{purpose}{imports})"


def _graphs(supergraph: Supergraph) -> str:
    lines = [
        f"  {graph} @join__graph(name: {_quoted(name)}, url: {_quoted(url)})"
        for graph, name, url in supergraph.graphs
    ]
    return "\n".join([f"enum {names.JOIN_GRAPH_ENUM} {{", *lines, "}"])


def _type(each: MergedType) -> str:
    head = f"{each.kind.value} {each.name}"
    if each.interfaces:
        head += f" implements {' & '.join(each.interfaces)}"
    lines = [head, *(f"  {text}" for text in _type_directives(each))]
    body = list(_body(each))
    if each.kind is Kind.UNION:
        lines.append(f"  = {' | '.join(each.member_names)}")
    elif body:
        lines += ["{", *body, "}"]
    return print_description(each.description) + "\n".join(lines)


def _type_directives(each: MergedType) -> Iterator[str]:
    for graph, interface in each.implements:
        yield f"@join__implements(graph: {graph}, interface: {_quoted(interface)})"
    for join in each.joins:
        yield _join_type(join)
    for graph, member in each.members:
        yield f"@join__unionMember(graph: {graph}, member: {_quoted(member)})"
    yield from each.directives


def _join_type(join: JoinType) -> str:
    parts = [f"graph: {join.graph}"]
    if join.key is not None:
        parts.append(f"key: {_quoted(join.key)}")
    if join.extension:
        parts.append("extension: true")
    if not join.resolvable:
        parts.append("resolvable: false")
    if join.interface_object:
        parts.append("isInterfaceObject: true")
    return f"@join__type({', '.join(parts)})"


def _body(each: MergedType) -> Iterator[str]:
    for field in each.fields.values():
        yield _field(field)
    for given in each.inputs.values():
        described = print_description(given.description, "  ")
        yield f"{described}  {print_input(given, _suffix(map(_join_field, given.joins)))}"
    for value in each.values.values():
        yield _value(value)


def _field(field: MergedField) -> str:
    head = f"  {field.name}{_arguments(list(field.arguments.values()))}"
    tail = _suffix([*map(_join_field, field.joins), *field.directives])
    return f"{print_description(field.description, '  ')}{head}: {type_ref.show(field.type)}{tail}"


def _arguments(given: Sequence[MergedInput]) -> str:
    if not given:
        return ""
    if not any(each.description for each in given):
        return f"({', '.join(print_input(each) for each in given)})"
    lines = [
        f"{print_description(each.description, '    ')}    {print_input(each)}" for each in given
    ]
    return "(\n" + "\n".join(lines) + "\n  )"


def _join_field(join: JoinField) -> str:
    parts: list[str] = []
    if join.graph is not None:
        parts.append(f"graph: {join.graph}")
    texts = {"requires": join.requires, "provides": join.provides, "type": join.type}
    parts += [f"{key}: {_quoted(text)}" for key, text in texts.items() if text is not None]
    if join.external:
        parts.append("external: true")
    if join.override is not None:
        parts.append(f"override: {_quoted(join.override)}")
    if join.used_overridden:
        parts.append("usedOverridden: true")
    if join.override_label is not None:
        parts.append(f"overrideLabel: {_quoted(join.override_label)}")
    if join.contexts:
        parts.append(f"contextArguments: [{', '.join(map(_context, join.contexts))}]")
    return f"@join__field({', '.join(parts)})" if parts else "@join__field"


def _context(given: ContextArgument) -> str:
    return (
        f"{{context: {_quoted(given.context)}, name: {_quoted(given.name)}, "
        f"type: {_quoted(given.type)}, selection: {_quoted(given.selection)}}}"
    )


def _value(value: MergedValue) -> str:
    joins = [f"@join__enumValue(graph: {graph})" for graph in value.graphs]
    described = print_description(value.description, "  ")
    return f"{described}  {value.name}{_suffix([*joins, *value.directives])}"


def _suffix(directives: Iterable[str]) -> str:
    return "".join(f" {text}" for text in directives)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
