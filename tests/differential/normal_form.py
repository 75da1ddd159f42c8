"""The same operation said plainly: fragments inlined, repeats merged, conditions evaluated.

Every selection of the normal form stands under one condition on the type at most, which names an
object type; so it has nothing left that a planner could get wrong by merging.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    is_abstract_type,
    parse,
    print_ast,
    value_from_ast_untyped,
)

Found = dict[str, list[FieldNode]]


@dataclass(frozen=True, slots=True)
class _Normaliser:
    schema: GraphQLSchema
    fragments: Mapping[str, FragmentDefinitionNode]
    variables: Mapping[str, Any]

    def selection_set(self, type_: Any, sets: list[SelectionSetNode]) -> str:
        if not is_abstract_type(type_):
            return self.fields(type_, self.found(type_, sets))
        parts = [
            f"... on {member.name} {body}"
            for member in self.schema.get_possible_types(type_)
            if (body := self.fields(member, self.found(member, sets), empty=""))
        ]
        return f"{{ {'  '.join(parts) or '_: __typename @skip(if: true)'} }}"

    def fields(self, type_: GraphQLObjectType, found: Found, empty: str | None = None) -> str:
        if not found:
            return "{ _: __typename @skip(if: true) }" if empty is None else empty
        return f"{{ {'  '.join(self.field(type_, k, nodes) for k, nodes in found.items())} }}"

    def field(self, type_: GraphQLObjectType, key: str, nodes: list[FieldNode]) -> str:
        first = nodes[0]
        name = first.name.value
        arguments = ", ".join(map(self.argument, first.arguments or ()))
        text = f"{key}: {name}{f'({arguments})' if arguments else ''}"
        sets = [node.selection_set for node in nodes if node.selection_set is not None]
        if not sets:
            return text
        return f"{text} {self.selection_set(get_named_type(type_.fields[name].type), sets)}"

    def argument(self, node: Any) -> str:
        value = node.value
        if isinstance(value, VariableNode):
            return f"{node.name.value}: ${value.name.value}"
        return print_ast(node)

    def found(self, type_: GraphQLObjectType, sets: list[SelectionSetNode]) -> Found:
        found: Found = {}
        for selection_set in sets:
            for node in self.visible(type_, selection_set):
                found.setdefault((node.alias or node.name).value, []).append(node)
        return found

    def visible(
        self, type_: GraphQLObjectType, selection_set: SelectionSetNode
    ) -> Iterator[FieldNode]:
        for node in selection_set.selections:
            if not self.wanted(node.directives or ()):
                continue
            if isinstance(node, FieldNode):
                yield node
                continue
            fragment: Any = node
            if isinstance(node, FragmentSpreadNode):
                fragment = self.fragments[node.name.value]
            if self.applies(type_, fragment.type_condition):
                yield from self.visible(type_, fragment.selection_set)

    def applies(self, type_: GraphQLObjectType, condition: Any) -> bool:
        if condition is None or condition.name.value == type_.name:
            return True
        other: Any = self.schema.get_type(condition.name.value)
        return is_abstract_type(other) and self.schema.is_sub_type(other, type_)

    def wanted(self, directives: tuple[DirectiveNode, ...]) -> bool:
        for directive in directives:
            (argument,) = directive.arguments or ()
            holds = value_from_ast_untyped(argument.value, dict(self.variables))
            if holds is (directive.name.value == "skip"):
                return False
        return True


def normal_form(schema: GraphQLSchema, text: str, variables: Mapping[str, Any]) -> str:
    """The normal form of a document's only operation, under these values of its variables."""
    document: DocumentNode = parse(text)
    fragments = {
        node.name.value: node
        for node in document.definitions
        if isinstance(node, FragmentDefinitionNode)
    }
    (operation,) = (n for n in document.definitions if isinstance(n, OperationDefinitionNode))
    normaliser = _Normaliser(schema, fragments, variables)
    body = normaliser.selection_set(schema.query_type, [operation.selection_set])
    used = [
        print_ast(definition)
        for definition in operation.variable_definitions or ()
        if f"${definition.variable.name.value}" in body
    ]
    return f"query ({' '.join(used)}) {body}" if used else body
