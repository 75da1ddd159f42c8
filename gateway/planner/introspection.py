"""The part of an operation that is about the schema itself, as a document of its own."""

from collections.abc import Mapping

from graphql import (
    DirectiveNode,
    FieldNode,
    FragmentDefinitionNode,
    OperationDefinitionNode,
    print_ast,
)
from graphql.language.ast import (
    DocumentNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    NameNode,
    SelectionNode,
    SelectionSetNode,
)
from graphql.utilities import separate_operations

from gateway.planner.normalise import INTROSPECTION
from gateway.planner.shapes import introspection_key
from gateway.planner.world import World
from gateway.spec.names import DEFER


def introspection_document(
    world: World,
    operation: OperationDefinitionNode,
    fragments: Mapping[str, FragmentDefinitionNode],
) -> str | None:
    """A document of the `__schema` and `__type` fields under their keys, None without such."""
    selections = _Keeper(world, fragments).keep(operation.selection_set)
    if not selections.selections:
        return None
    kept = OperationDefinitionNode(
        operation=operation.operation,
        name=NameNode(value="Introspection"),
        variable_definitions=operation.variable_definitions,
        directives=(),
        selection_set=selections,
    )
    document = DocumentNode(definitions=(kept, *fragments.values()))
    return print_ast(separate_operations(document)["Introspection"])


class _Keeper:
    """Keeps introspection at the root, fragments there written out."""

    def __init__(self, world: World, fragments: Mapping[str, FragmentDefinitionNode]) -> None:
        self._world = world
        self._fragments = fragments

    def keep(self, selections: SelectionSetNode) -> SelectionSetNode:
        kept = [each for node in selections.selections if (each := self._kept(node)) is not None]
        return SelectionSetNode(selections=tuple(kept))

    def _kept(self, node: SelectionNode) -> SelectionNode | None:
        match node:
            case FieldNode() if node.name.value in INTROSPECTION:
                response = node.alias.value if node.alias else node.name.value
                return FieldNode(
                    name=node.name,
                    alias=NameNode(value=introspection_key(self._world, response)),
                    arguments=node.arguments,
                    directives=node.directives,
                    selection_set=node.selection_set,
                )
            case InlineFragmentNode():
                inner = self.keep(node.selection_set)
            case FragmentSpreadNode():
                inner = self.keep(self._fragments[node.name.value].selection_set)
            case _:
                return None
        if not inner.selections:
            return None
        return InlineFragmentNode(
            type_condition=None, directives=_conditions(node), selection_set=inner
        )


def _conditions(node: SelectionNode) -> tuple[DirectiveNode, ...]:
    return tuple(each for each in node.directives or () if each.name.value != DEFER)
