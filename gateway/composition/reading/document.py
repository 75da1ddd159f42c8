"""Sorts the definitions of one SDL document, leaving out what is not the team's own.

Laws: the subgraph protocol (`_entities`, `_service`, `_Any` ...) and the subgraph's copies of
federation's and link's definitions are dropped; custom roots (`schema { query: RootQuery }`) are
reported by name; extensions stay beside what they extend.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias, TypeGuard

from graphql import (
    DefinitionNode,
    DirectiveDefinitionNode,
    DocumentNode,
    EnumTypeDefinitionNode,
    EnumTypeExtensionNode,
    FieldDefinitionNode,
    InputObjectTypeDefinitionNode,
    InputObjectTypeExtensionNode,
    InterfaceTypeDefinitionNode,
    InterfaceTypeExtensionNode,
    ObjectTypeDefinitionNode,
    ObjectTypeExtensionNode,
    ScalarTypeDefinitionNode,
    ScalarTypeExtensionNode,
    SchemaDefinitionNode,
    SchemaExtensionNode,
    UnionTypeDefinitionNode,
    UnionTypeExtensionNode,
)

from gateway.composition.reading.links import Links
from gateway.spec import names

ObjectNode: TypeAlias = ObjectTypeDefinitionNode | ObjectTypeExtensionNode
InterfaceNode: TypeAlias = InterfaceTypeDefinitionNode | InterfaceTypeExtensionNode
InputNode: TypeAlias = InputObjectTypeDefinitionNode | InputObjectTypeExtensionNode
EnumNode: TypeAlias = EnumTypeDefinitionNode | EnumTypeExtensionNode
UnionNode: TypeAlias = UnionTypeDefinitionNode | UnionTypeExtensionNode
ScalarNode: TypeAlias = ScalarTypeDefinitionNode | ScalarTypeExtensionNode
TypeNodes: TypeAlias = ObjectNode | InterfaceNode | InputNode | EnumNode | UnionNode | ScalarNode

EXTENSIONS: Final = (
    ObjectTypeExtensionNode,
    InterfaceTypeExtensionNode,
    InputObjectTypeExtensionNode,
    EnumTypeExtensionNode,
    UnionTypeExtensionNode,
    ScalarTypeExtensionNode,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sorted:
    """The definitions of one document by what they are."""

    types: Mapping[str, Sequence[TypeNodes]]
    directives: Mapping[str, DirectiveDefinitionNode]
    roots: Mapping[str, str]
    """`query`, `mutation`, `subscription` -> the type that plays it here."""


def sort_definitions(document: DocumentNode, links: Links) -> Sorted:
    roots = _roots(document)
    dropped = set(names.SUBGRAPH_TYPES) | set(links.types.values())
    own = set(links.spelled.values()) | {names.LINK}
    types: dict[str, list[TypeNodes]] = {}
    directives: dict[str, DirectiveDefinitionNode] = {}
    for definition in document.definitions:
        if isinstance(definition, DirectiveDefinitionNode):
            if definition.name.value not in own:
                directives[definition.name.value] = definition
        elif is_type(definition):
            name = definition.name.value
            if name in dropped or name.startswith("link__"):
                continue
            types.setdefault(name, []).append(definition)
    query = roots.get("query", "Query")
    if query in types:
        types[query] = [_without_protocol(node) for node in types[query]]
        if not any(_has_content(node) for node in types[query]):
            del types[query]
    return Sorted(types=types, directives=directives, roots=roots)


def is_type(node: DefinitionNode) -> TypeGuard[TypeNodes]:
    return hasattr(node, "name") and not isinstance(node, DirectiveDefinitionNode)


def fields_of(node: TypeNodes) -> tuple[FieldDefinitionNode, ...]:
    return tuple(getattr(node, "fields", None) or ())


def _roots(document: DocumentNode) -> dict[str, str]:
    found: dict[str, str] = {}
    for definition in document.definitions:
        if isinstance(definition, SchemaDefinitionNode | SchemaExtensionNode):
            for each in definition.operation_types or ():
                found[each.operation.value] = each.type.name.value
    return found


def _without_protocol(node: TypeNodes) -> TypeNodes:
    if not isinstance(node, ObjectTypeDefinitionNode | ObjectTypeExtensionNode):
        return node
    kept = tuple(f for f in fields_of(node) if f.name.value not in names.SUBGRAPH_FIELDS)
    if len(kept) == len(fields_of(node)):
        return node
    if isinstance(node, ObjectTypeExtensionNode):
        return ObjectTypeExtensionNode(
            name=node.name,
            interfaces=node.interfaces,
            directives=node.directives,
            fields=kept,
            loc=node.loc,
        )
    return ObjectTypeDefinitionNode(
        name=node.name,
        description=node.description,
        interfaces=node.interfaces,
        directives=node.directives,
        fields=kept,
        loc=node.loc,
    )


def _has_content(node: TypeNodes) -> bool:
    return bool(fields_of(node)) or bool(node.directives)
