"""What clients see of a supergraph: the join machinery and everything inaccessible taken away."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, TypeVar

from graphql import (
    ConstDirectiveNode,
    DefinitionNode,
    DirectiveDefinitionNode,
    DocumentNode,
    EnumTypeDefinitionNode,
    FieldDefinitionNode,
    GraphQLSchema,
    InputObjectTypeDefinitionNode,
    InterfaceTypeDefinitionNode,
    NamedTypeNode,
    ObjectTypeDefinitionNode,
    ScalarTypeDefinitionNode,
    SchemaDefinitionNode,
    TypeDefinitionNode,
    UnionTypeDefinitionNode,
    build_ast_schema,
    parse,
)
from graphql.language.ast import (
    EnumValueDefinitionNode,
    InputValueDefinitionNode,
)

from gateway.spec.names import DEFER
from gateway.supergraph.features import Features, read_features
from gateway.supergraph.model import Supergraph

_KEPT: Final = frozenset({"deprecated", "specifiedBy", "oneOf"})
_EXECUTABLE: Final = frozenset(
    {
        "QUERY",
        "MUTATION",
        "SUBSCRIPTION",
        "FIELD",
        "FRAGMENT_DEFINITION",
        "FRAGMENT_SPREAD",
        "INLINE_FRAGMENT",
        "VARIABLE_DEFINITION",
    }
)
_OURS: Final = parse(
    """
    "The answer may come without this fragment first; the fragment follows when it is ready."
    directive @defer(
      "Told with the fragment, so that the client can tell several apart."
      label: String
      "With false the fragment is part of the first answer."
      if: Boolean! = true
    ) on FRAGMENT_SPREAD | INLINE_FRAGMENT
    """,
    no_location=True,
).definitions
"""What every API schema offers beside the graph's own."""

_Described = TypeVar(
    "_Described", EnumValueDefinitionNode, InputValueDefinitionNode, FieldDefinitionNode
)


def build_api_schema(supergraph: Supergraph) -> GraphQLSchema:
    """The schema operations are validated against and introspection is answered from."""
    document = supergraph.document
    features = read_features(document, frozenset(_purposeful(document)))
    cleaner = _Cleaner(features=features, known=frozenset(map(str, _visible(supergraph))))
    return build_ast_schema(
        DocumentNode(definitions=(*cleaner.definitions(document), *_OURS)), assume_valid_sdl=True
    )


def _purposeful(document: DocumentNode) -> Iterator[str]:
    """Every feature: the reader has already refused those that matter and are not known."""
    for definition in document.definitions:
        if isinstance(definition, SchemaDefinitionNode):
            for directive in definition.directives or ():
                for argument in directive.arguments or ():
                    yield getattr(argument.value, "value", "").rpartition("/")[0]


def _visible(supergraph: Supergraph) -> Iterator[str]:
    for name, type_ in supergraph.types.items():
        if not type_.inaccessible:
            yield name
    yield from ("Int", "Float", "String", "Boolean", "ID")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cleaner:
    features: Features
    known: frozenset[str]

    def definitions(self, document: DocumentNode) -> Iterator[DefinitionNode]:
        for node in document.definitions:
            match node:
                case SchemaDefinitionNode():
                    yield SchemaDefinitionNode(
                        description=node.description,
                        directives=(),
                        operation_types=tuple(
                            each
                            for each in node.operation_types
                            if each.type.name.value in self.known
                        ),
                    )
                case DirectiveDefinitionNode() if self._offered(node):
                    yield node
                case TypeDefinitionNode() if node.name.value in self.known:
                    yield self._type(node)
                case _:
                    continue

    def _offered(self, node: DirectiveDefinitionNode) -> bool:
        """Only directives that a client may write, and that are no part of a linked feature."""
        name = node.name.value
        if name == DEFER:  # ours is offered, whatever the supergraph says of it
            return False
        for feature in self.features.by_identity.values():
            if name == feature.name or name.startswith(f"{feature.name}__"):
                return False
            if name in feature.imports.values():
                return False
        return any(location.value in _EXECUTABLE for location in node.locations)

    def _type(self, node: TypeDefinitionNode) -> TypeDefinitionNode:
        match node:
            case ObjectTypeDefinitionNode() | InterfaceTypeDefinitionNode():
                return type(node)(
                    name=node.name,
                    description=node.description,
                    directives=(),
                    interfaces=self._named(node.interfaces),
                    fields=tuple(self._field(each) for each in self._shown(node.fields)),
                )
            case UnionTypeDefinitionNode():
                return UnionTypeDefinitionNode(
                    name=node.name,
                    description=node.description,
                    directives=(),
                    types=self._named(node.types),
                )
            case EnumTypeDefinitionNode():
                return EnumTypeDefinitionNode(
                    name=node.name,
                    description=node.description,
                    directives=(),
                    values=tuple(self._plain_value(each) for each in self._shown(node.values)),
                )
            case InputObjectTypeDefinitionNode():
                return InputObjectTypeDefinitionNode(
                    name=node.name,
                    description=node.description,
                    directives=_kept(node.directives),
                    fields=tuple(self._input(each) for each in self._shown(node.fields)),
                )
            case _:
                return ScalarTypeDefinitionNode(
                    name=node.name,
                    description=node.description,
                    directives=_kept(node.directives),
                )

    def _field(self, node: FieldDefinitionNode) -> FieldDefinitionNode:
        return FieldDefinitionNode(
            name=node.name,
            description=node.description,
            directives=_kept(node.directives),
            arguments=tuple(self._input(each) for each in self._shown(node.arguments)),
            type=node.type,
        )

    def _input(self, node: InputValueDefinitionNode) -> InputValueDefinitionNode:
        return InputValueDefinitionNode(
            name=node.name,
            description=node.description,
            directives=_kept(node.directives),
            type=node.type,
            default_value=node.default_value,
        )

    def _plain_value(self, node: EnumValueDefinitionNode) -> EnumValueDefinitionNode:
        return EnumValueDefinitionNode(
            name=node.name, description=node.description, directives=_kept(node.directives)
        )

    def _named(self, nodes: Iterable[NamedTypeNode] | None) -> tuple[NamedTypeNode, ...]:
        return tuple(node for node in nodes or () if node.name.value in self.known)

    def _shown(self, nodes: Iterable[_Described] | None) -> Iterator[_Described]:
        hidden = self.features.inaccessible
        for node in nodes or ():
            if not any(each.name.value == hidden for each in node.directives or ()):
                yield node


def _kept(directives: Iterable[ConstDirectiveNode] | None) -> tuple[ConstDirectiveNode, ...]:
    return tuple(each for each in directives or () if each.name.value in _KEPT)
