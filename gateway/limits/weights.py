"""What each field of a graph costs, as its `@cost` and `@listSize` say. Pure.

Without a word in the schema an object costs 1, a leaf 0, and a list as much as one element of
each of its sizes; a mutation costs 10 by itself.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from graphql import (
    DirectiveNode,
    DocumentNode,
    EnumTypeDefinitionNode,
    FieldDefinitionNode,
    InterfaceTypeDefinitionNode,
    ListTypeNode,
    NamedTypeNode,
    NonNullTypeNode,
    ObjectTypeDefinitionNode,
    ScalarTypeDefinitionNode,
    TypeNode,
    UnionTypeDefinitionNode,
    parse,
)
from graphql.utilities import value_from_ast_untyped

from gateway.spec import names
from gateway.supergraph.features import UNDERSTOOD, read_features

_Composite: TypeAlias = (
    ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode | UnionTypeDefinitionNode
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListSize:
    """How many elements a list has, in the schema's own words."""

    assumed: int
    slicing: tuple[str, ...] = ()
    defaults: Mapping[str, object] = field(default_factory=dict)
    sized: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldWeight:
    """One field: what one value of it costs without its children, and what arguments add."""

    type: str
    weight: int
    is_list: bool
    size: ListSize | None = None
    arguments: Mapping[str, int] = field(default_factory=dict)


_ENTITIES: Final = FieldWeight(
    type="_Entity", weight=1, is_list=True, size=ListSize(assumed=0, slicing=("representations",))
)
"""For documents that go to subgraphs: one for each entity, and what is selected of it. No client
can ask this way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """All fields by type and name; `objects` are the types no value has two of."""

    fields: Mapping[tuple[str, str], FieldWeight]
    objects: frozenset[str]
    roots: Mapping[str, str]

    @classmethod
    def of(cls, sdl: str) -> "Weights":
        """Raises BadSupergraph for a text that is none."""
        return _Reader(parse(sdl, no_location=True)).weights()


class _Reader:
    def __init__(self, document: DocumentNode) -> None:
        feature = read_features(
            document, UNDERSTOOD | names.GUARD_IDENTITIES | {names.COST_IDENTITY}
        ).by_identity.get(names.COST_IDENTITY)
        self._cost = feature.local(names.COST) if feature else names.COST
        self._list_size = feature.local(names.LIST_SIZE) if feature else names.LIST_SIZE
        self._document = document
        self._types = dict(self._type_weights())

    def weights(self) -> Weights:
        found: dict[tuple[str, str], FieldWeight] = {}
        objects = set()
        for node in self._document.definitions:
            if isinstance(node, ObjectTypeDefinitionNode):
                objects.add(node.name.value)
            if isinstance(node, ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode):
                for each in node.fields or ():
                    found[node.name.value, each.name.value] = self._field(each)
        roots = self._roots()
        found[roots["query"], names.ENTITIES] = _ENTITIES
        return Weights(fields=found, objects=frozenset(objects), roots=roots)

    def _roots(self) -> dict[str, str]:
        roots = {"query": "Query", "mutation": "Mutation", "subscription": "Subscription"}
        for node in self._document.definitions:
            for each in getattr(node, "operation_types", None) or ():
                roots[each.operation.value] = each.type.name.value
        return roots

    def _type_weights(self) -> Iterator[tuple[str, int]]:
        for node in self._document.definitions:
            if isinstance(node, _Composite):
                yield node.name.value, self._weight(node.directives, 1)
            elif isinstance(node, ScalarTypeDefinitionNode | EnumTypeDefinitionNode):
                yield node.name.value, self._weight(node.directives, 0)

    def _field(self, node: FieldDefinitionNode) -> FieldWeight:
        name = _named(node.type)
        return FieldWeight(
            type=name,
            weight=self._weight(node.directives, self._types.get(name, 0)),
            is_list=_is_list(node.type),
            size=self._size(node),
            arguments={
                each.name.value: weight
                for each in node.arguments or ()
                if (weight := self._weight(each.directives, 0))
            },
        )

    def _weight(self, directives: tuple[DirectiveNode, ...] | None, default: int) -> int:
        given = _values(directives, self._cost).get("weight", default)
        return int(given) if isinstance(given, int | float | str) else default

    def _size(self, node: FieldDefinitionNode) -> ListSize | None:
        given = _values(node.directives, self._list_size)
        if not given:
            return None
        assumed = given.get("assumedSize")
        return ListSize(
            assumed=assumed if isinstance(assumed, int) else 1,
            slicing=_texts(given.get("slicingArguments")),
            defaults={
                each.name.value: value_from_ast_untyped(each.default_value)
                for each in node.arguments or ()
                if each.default_value is not None
            },
            sized=frozenset(_texts(given.get("sizedFields"))),
        )


def _values(directives: tuple[DirectiveNode, ...] | None, name: str) -> dict[str, object]:
    for directive in directives or ():
        if directive.name.value == name:
            return {
                each.name.value: value_from_ast_untyped(each.value)
                for each in directive.arguments or ()
            }
    return {}


def _texts(value: object) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, list) else ()


def _named(node: TypeNode) -> str:
    while not isinstance(node, NamedTypeNode):
        node = node.type  # type: ignore[attr-defined]  # lists and non-nulls have one
    return node.name.value


def _is_list(node: TypeNode) -> bool:
    inner = node.type if isinstance(node, NonNullTypeNode) else node
    return isinstance(inner, ListTypeNode)


MUTATION_WEIGHT: Final = 10
