"""An operation without fragments, repeats and conditions that are known beforehand.

The same selection is wanted in two forms. *By response name* it says what the client gets, and
becomes the shape. *By call* (field and arguments) it says what must be fetched: two aliases of
one call are one call there. Either way a level is a list of picks, each for a set of runtime
types; types that are treated alike stay together, and no two picks of one name share a type.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from graphql import (
    DirectiveNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    SelectionNode,
    SelectionSetNode,
)
from graphql.language.ast import BooleanValueNode, VariableNode

from gateway.plan.shape import ALWAYS, Guard, When
from gateway.planner.budget import Budget
from gateway.planner.calls import TYPENAME_CALL, Call, read_call
from gateway.planner.conditions import NEVER, any_of, both, within
from gateway.planner.world import World
from gateway.spec.names import TYPENAME, TypeName
from gateway.supergraph.model import TypeRef
from gateway.supergraph.possible import TypeNames

INTROSPECTION: Final = frozenset({"__schema", "__type"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Pick:
    """One field wanted of objects of certain types.

    `jointly` are types of which some selection asked for it at once, through an abstract type; it
    may hold more than `types`. `ref` is the field's type for all of `types`. Conditions of a pick
    by call include those above it; of a pick by response name they don't.
    """

    name: str
    call: Call
    types: TypeNames
    ref: TypeRef
    when: When
    jointly: TypeNames
    picks: tuple["Pick", ...]


@dataclass(frozen=True, slots=True)
class _Place:
    """A selection set, with the types and conditions under which it applies."""

    selections: SelectionSetNode
    types: TypeNames
    site: TypeNames
    when: When


@dataclass(frozen=True, slots=True)
class _Occurrence:
    call: Call
    types: TypeNames
    site: TypeNames
    when: When
    selections: SelectionSetNode | None


_Naming = Callable[[str, Call], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Normaliser:
    """Reads selections of one operation. `serial` keeps equal calls of the root apart."""

    world: World
    fragments: Mapping[str, FragmentDefinitionNode]
    budget: Budget
    serial: bool = False
    _visible: dict[TypeName, TypeNames] = field(default_factory=dict)

    def by_response(self, selections: SelectionSetNode, root: TypeName) -> tuple[Pick, ...]:
        """The picks in the form of the response."""
        return self._top(selections, root, lambda response, _call: response, relative=True)

    def by_call(self, selections: SelectionSetNode, root: TypeName) -> tuple[Pick, ...]:
        """The picks in the form of what to fetch, introspection left out."""
        picks = self._top(selections, root, lambda _response, call: call.identity, relative=False)
        return tuple(pick for pick in picks if pick.call.name not in INTROSPECTION)

    def _top(
        self, selections: SelectionSetNode, root: TypeName, naming: _Naming, *, relative: bool
    ) -> tuple[Pick, ...]:
        types = frozenset({root})
        reader = _Reader(normaliser=self, naming=naming, relative=relative)
        return reader.level([_Place(selections, types, types, ALWAYS)], serial=self.serial)

    def visible(self, name: TypeName) -> TypeNames:
        found = self._visible.get(name)
        if found is None:
            found = self._visible[name] = self.world.visible_types(name)
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reader:
    normaliser: Normaliser
    naming: _Naming
    relative: bool

    def level(self, places: Iterable[_Place], *, serial: bool = False) -> tuple[Pick, ...]:
        found: dict[str, list[_Occurrence]] = {}
        for place in dict.fromkeys(places):
            for response, occurrence in self._occurrences(place, serial=serial):
                name = self.naming(response, occurrence.call)
                found.setdefault(name, []).append(occurrence)
        return tuple(
            self._pick(name, types, ref, [occurrences[i] for i in indexes])
            for name, occurrences in found.items()
            for (indexes, ref), types in self._groups(occurrences).items()
        )

    def _occurrences(self, place: _Place, *, serial: bool) -> Iterator[tuple[str, _Occurrence]]:
        for node in place.selections.selections:
            self.normaliser.budget.spend()
            when = both(place.when, condition_of(node))
            if when == NEVER:
                continue
            if isinstance(node, FieldNode):
                response = node.alias.value if node.alias else node.name.value
                call = read_call(node, salt=response if serial and not _told(node) else "")
                yield (
                    response,
                    _Occurrence(call, place.types, place.site, when, node.selection_set),
                )
                continue
            selections, site = self._inner(node, place.site)
            if types := place.types & site:
                inner = _Place(selections, types, site, when)
                yield from self._occurrences(inner, serial=serial)

    def _inner(self, node: SelectionNode, site: TypeNames) -> tuple[SelectionSetNode, TypeNames]:
        if isinstance(node, FragmentSpreadNode):
            fragment = self.normaliser.fragments[node.name.value]
            name = fragment.type_condition.name.value
            return fragment.selection_set, self.normaliser.visible(TypeName(name))
        assert isinstance(node, InlineFragmentNode)  # noqa: S101 - GraphQL has no fourth kind
        if node.type_condition is None:
            return node.selection_set, site
        return node.selection_set, self.normaliser.visible(TypeName(node.type_condition.name.value))

    def _groups(
        self, occurrences: list[_Occurrence]
    ) -> dict[tuple[tuple[int, ...], TypeRef], TypeNames]:
        """Types by which occurrences apply to them and what the field is there."""
        groups: dict[tuple[tuple[int, ...], TypeRef], set[TypeName]] = {}
        for type_name in sorted(frozenset().union(*(each.types for each in occurrences))):
            applying = tuple(i for i, each in enumerate(occurrences) if type_name in each.types)
            # one response name may stand for other fields on other types
            name = occurrences[applying[0]].call.name
            if name not in INTROSPECTION and not self._has(type_name, name):
                continue
            ref = self.normaliser.world.ref(type_name, TYPENAME if name in INTROSPECTION else name)
            groups.setdefault((applying, ref), set()).add(type_name)
        return {key: frozenset(types) for key, types in groups.items()}

    def _has(self, owner: TypeName, name: str) -> bool:
        return self.normaliser.world.has_field(owner, name)

    def _pick(
        self, name: str, types: TypeNames, ref: TypeRef, occurrences: list[_Occurrence]
    ) -> Pick:
        when = any_of(occurrence.when for occurrence in occurrences)
        below = [
            _Place(
                occurrence.selections,
                self.normaliser.visible(ref.name),
                self.normaliser.visible(ref.name),
                within(occurrence.when, when) if self.relative else occurrence.when,
            )
            for occurrence in occurrences
            if occurrence.selections is not None and occurrence.call.name not in INTROSPECTION
        ]
        return Pick(
            name=name,
            call=occurrences[0].call,
            types=types,
            ref=ref,
            when=when,
            jointly=frozenset().union(*(each.types for each in occurrences)),
            picks=self.level(below),
        )


def condition_of(node: SelectionNode) -> When:
    """What @skip and @include on a selection come to."""
    total = ALWAYS
    for directive in node.directives or ():
        if directive.name.value in {"skip", "include"}:
            total = both(total, _guard(directive))
    return total


def _guard(directive: DirectiveNode) -> When:
    wanted = directive.name.value == "include"
    for argument in directive.arguments or ():
        match argument.value:
            case VariableNode(name=name):
                return ((Guard(name.value, wanted),),)
            case BooleanValueNode(value=value):
                return ALWAYS if value is wanted else NEVER
    return ALWAYS


def _told(node: FieldNode) -> bool:
    return node.name.value == TYPENAME_CALL.name  # the same at any moment, so never kept apart
