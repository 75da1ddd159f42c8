"""Which selections of an operation a caller may not make, decided on the document alone.

Laws, Apollo's rules and where they leave a gap the stricter reading:

* A field is refused when its own guards or those of its type (object, interface, enum, scalar)
  are not met; a fragment when those of its type condition are not; everything at the root when
  those of the root type are not.
* A field asked of an abstract type needs the guards of that field on every object type that may
  stand there: who may see some of them only asks by fragments on these.
* Likewise, whoever asks an abstract type for fields directly needs the type guards of all its
  objects; fragments on them, and `__typename`, need nothing of the kind.
* `__typename` is never refused on its own: it says nothing that a fragment's absence does not.
* A field of which nothing is left is not asked for either; it needs no entry of its own.
* A selection that @skip or @include surely removes is not looked at.

A refusal is a fact of one node and the types above it, so a sibling fragment is never affected.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    get_named_type,
    is_abstract_type,
    is_list_type,
    is_non_null_type,
)

from gateway.access.grants import Grants
from gateway.access.guarded import Guarded
from gateway.plan.shape import ALWAYS, When
from gateway.planner.conditions import NEVER, both
from gateway.planner.normalise import condition_of
from gateway.spec.names import TYPENAME

EACH: Final = "@"
"""Stands in a path for every element of a list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """One refused selection: where the client sees it, on which type, and under which variables."""

    path: tuple[str, ...]
    on: str | None
    when: When


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusals:
    """`nodes` are the identities of refused fields and fragments of the document."""

    nodes: frozenset[int] = frozenset()
    refused: tuple[Refused, ...] = ()


@dataclass(frozen=True, slots=True)
class _Place:
    """Where in the response a selection set applies: `on` is the last type condition passed."""

    type_name: str
    path: tuple[str, ...] = ()
    on: str | None = None
    when: When = ALWAYS


def refuse(
    guarded: Guarded,
    schema: GraphQLSchema,
    document: DocumentNode,
    operation: OperationDefinitionNode,
    grants: Grants,
    *,
    spend: Callable[[], None],
) -> Refusals:
    """What these grants do not cover of a valid operation; `spend` is called for every selection
    looked at, and may raise when there are too many."""
    root = schema.get_root_type(operation.operation)
    if not guarded or root is None:
        return Refusals()
    fragments = {
        node.name.value: node
        for node in document.definitions
        if isinstance(node, FragmentDefinitionNode)
    }
    judge = _Judge(guarded, schema, grants, fragments, spend)
    closed = not grants.meets(guarded.type(root.name))
    judge.level(operation.selection_set, _Place(root.name), closed=closed)
    return Refusals(nodes=frozenset(judge.nodes), refused=tuple(judge.refused))


@dataclass(slots=True)
class _Judge:
    guarded: Guarded
    schema: GraphQLSchema
    grants: Grants
    fragments: Mapping[str, FragmentDefinitionNode]
    spend: Callable[[], None]
    left: dict[tuple[int, _Place, bool], bool] = field(default_factory=dict)
    nodes: set[int] = field(default_factory=set)
    refused: dict[Refused, None] = field(default_factory=dict)

    def level(self, selections: SelectionSetNode, place: _Place, *, closed: bool = False) -> bool:
        """Whether something of it is left. `closed`: every field is refused, whatever it is."""
        mark = (id(selections), place, closed)
        if mark not in self.left:
            self.left[mark] = False
            self.left[mark] = self._level(selections, place, closed=closed)
        return self.left[mark]

    def _level(self, selections: SelectionSetNode, place: _Place, *, closed: bool) -> bool:
        left = False
        for node in selections.selections:
            self.spend()
            when = both(place.when, condition_of(node))
            if when == NEVER:
                left = True  # what a fragment loses in one place must not count in another
                continue
            here = _Place(place.type_name, place.path, place.on, when)
            if isinstance(node, FieldNode):
                left |= self._field(node, here, closed=closed)
            else:
                left |= self._fragment(node, here, closed=closed)
        return left

    def _field(self, node: FieldNode, place: _Place, *, closed: bool) -> bool:
        name = node.name.value
        definition = self._definition(place.type_name, name)
        if definition is None:  # __typename, __schema, __type
            return True
        kind = get_named_type(definition.type).name
        response = node.alias.value if node.alias else name
        path = (*place.path, response)
        below = _Place(kind, (*path, *([EACH] * _lists(definition.type))), None, place.when)
        if closed or not self._may(place.type_name, name, kind, node.selection_set):
            return self._refuse(node, Refused(path=path, on=place.on, when=place.when))
        if node.selection_set is None or self.level(node.selection_set, below):
            return True
        self.nodes.add(id(node))
        return False

    def _fragment(self, node: SelectionNode, place: _Place, *, closed: bool) -> bool:
        condition, selections = self._inner(node, place.type_name)
        on = place.on if condition == place.type_name else condition
        inner = _Place(condition, place.path, on, place.when)
        if not closed and not self._opens(condition, selections):
            return self._refuse(node, Refused(path=place.path, on=on, when=place.when))
        return self.level(selections, inner, closed=closed)

    def _refuse(self, node: SelectionNode, refused: Refused) -> bool:
        self.nodes.add(id(node))
        self.refused[refused] = None
        return False

    def _may(self, owner: str, name: str, kind: str, selections: SelectionSetNode | None) -> bool:
        guards = [self.guarded.field(each, name) for each in (owner, *self._objects(owner))]
        return all(map(self.grants.meets, guards)) and self._opens(kind, selections)

    def _opens(self, kind: str, selections: SelectionSetNode | None) -> bool:
        """Whether the selection may be made on this type, guards of its fields left aside."""
        asked = [kind]
        if selections is not None and _asks_directly(selections):
            asked += self._objects(kind)
        return all(self.grants.meets(self.guarded.type(each)) for each in asked)

    def _objects(self, name: str) -> Iterator[str]:
        type_ = self.schema.get_type(name)
        if type_ is not None and is_abstract_type(type_):
            for each in self.schema.get_possible_types(type_):
                yield each.name

    def _definition(self, owner: str, name: str) -> GraphQLField | None:
        type_ = self.schema.get_type(owner)
        if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType):
            found: GraphQLField | None = type_.fields.get(name)
            return found
        return None

    def _inner(self, node: SelectionNode, outer: str) -> tuple[str, SelectionSetNode]:
        if isinstance(node, FragmentSpreadNode):
            fragment = self.fragments[node.name.value]
            return fragment.type_condition.name.value, fragment.selection_set
        assert isinstance(node, InlineFragmentNode)  # noqa: S101 - GraphQL has no fourth kind
        condition = node.type_condition.name.value if node.type_condition else outer
        return condition, node.selection_set


def _asks_directly(selections: SelectionSetNode) -> bool:
    return any(
        node.name.value != TYPENAME for node in selections.selections if isinstance(node, FieldNode)
    )


def _lists(type_: object) -> int:
    levels = 0
    while is_list_type(type_) or is_non_null_type(type_):
        levels += is_list_type(type_)
        type_ = type_.of_type
    return levels
