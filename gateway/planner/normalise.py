"""An operation without fragments, repeats and conditions that are known beforehand.

The same selection is wanted in two forms. *By response name* it says what the client gets, and
becomes the shape. *By call* (field and arguments) it says what must be fetched: two aliases of
one call are one call there. Either way a level is a list of picks, each for a set of runtime
types; types that are treated alike stay together, and no two picks of one name share a type,
except that a response name whose first occurrence is under a condition is said again where the
others occur: which of them comes first is what decides the order of the response.

A deferred part is read from the root like a whole operation, of which just the way to its fragment
and what the fragment adds is left (see `_Reader._role`).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from operator import itemgetter
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
from gateway.planner.conditions import NEVER, any_of, both, either, implies, within
from gateway.planner.parts import Parts, deferral_of
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
    by call include those above it; of a pick by response name they don't. One that is `refused`
    is null in the response; by call there is none. One that is `spared` is fetched for the first
    answer already: a part that tells it again has but to know the types it is told of.
    """

    name: str
    call: Call
    types: TypeNames
    ref: TypeRef
    when: When
    jointly: TypeNames
    picks: tuple["Pick", ...]
    refused: bool = False
    spared: bool = False


@dataclass(frozen=True, slots=True)
class _Place:
    """A selection set, with the types and conditions under which it applies, and its part; `around`
    are conditions known to hold there."""

    selections: SelectionSetNode
    types: TypeNames
    site: TypeNames
    when: When
    part: int
    around: When = ALWAYS
    refused: bool = False


@dataclass(frozen=True, slots=True)
class _Occurrence:
    call: Call
    types: TypeNames
    site: TypeNames
    when: When
    selections: SelectionSetNode | None
    part: int
    position: int
    around: When = ALWAYS
    refused: bool = False


class _Role(Enum):
    """What a field is to the part being read: its own, on the way to what is its own, where the
    first answer has it or not, or neither."""

    OWN = auto()
    SHARED_WAY = auto()
    WAY = auto()
    NONE = auto()


_Naming = Callable[[str, Call], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Normaliser:
    """Reads selections of one operation. `serial` keeps equal calls of the root apart; `refused`
    are the identities of the fields and fragments that the caller may not have. Without `parts`
    @defer means nothing."""

    world: World
    fragments: Mapping[str, FragmentDefinitionNode]
    budget: Budget
    serial: bool = False
    refused: frozenset[int] = frozenset()
    parts: Parts | None = None
    _visible: dict[TypeName, TypeNames] = field(default_factory=dict)

    def by_response(
        self, selections: SelectionSetNode, root: TypeName, part: int = 0
    ) -> tuple[Pick, ...]:
        """The picks of a part in the form of the response."""
        naming: _Naming = lambda response, _call: response  # noqa: E731 - one of two
        return self._top(selections, root, _Reader(self, naming, part, relative=True))

    def by_call(
        self, selections: SelectionSetNode, root: TypeName, part: int = 0
    ) -> tuple[Pick, ...]:
        """The picks of a part in the form of what to fetch, introspection left out."""
        naming: _Naming = lambda _response, call: call.identity  # noqa: E731 - one of two
        picks = self._top(selections, root, _Reader(self, naming, part, relative=False))
        return tuple(pick for pick in picks if pick.call.name not in INTROSPECTION)

    def _top(
        self, selections: SelectionSetNode, root: TypeName, reader: "_Reader"
    ) -> tuple[Pick, ...]:
        types = frozenset({root})
        place = _Place(selections, types, types, ALWAYS, 0)
        return reader.level([place], 0, serial=self.serial)

    def visible(self, name: TypeName) -> TypeNames:
        found = self._visible.get(name)
        if found is None:
            found = self._visible[name] = self.world.visible_types(name)
        return found


class _Reader:
    """Reads one part. `relative` conditions leave out what the fields above are under."""

    def __init__(
        self, normaliser: Normaliser, naming: _Naming, part: int, *, relative: bool
    ) -> None:
        self.normaliser = normaliser
        self.naming = naming
        self.part = part
        self.relative = relative
        self._position = 0
        parts = normaliser.parts
        self.chain = parts.chain(part) if parts is not None else frozenset({0})

    def level(
        self, places: Iterable[_Place], depth: int, *, serial: bool = False, inside: bool = False
    ) -> tuple[Pick, ...]:
        """The picks of one object; `inside` is below a field that is the part's own."""
        found: dict[str, list[_Occurrence]] = {}
        for place in dict.fromkeys(places):
            for response, occurrence in self._occurrences(place, depth, serial=serial):
                if occurrence.part in self.chain:
                    name = self.naming(response, occurrence.call)
                    found.setdefault(name, []).append(occurrence)
        placed = [
            (position, pick)
            for name, occurrences in found.items()
            for (indexes, ref), types in self._groups(occurrences).items()
            for position, pick in self._picks(
                name, types, ref, [occurrences[i] for i in indexes], (depth, inside)
            )
        ]
        if self.relative:
            placed.sort(key=itemgetter(0))
        return tuple(pick for _, pick in placed)

    def _occurrences(
        self, place: _Place, depth: int, *, serial: bool
    ) -> Iterator[tuple[str, _Occurrence]]:
        for node in place.selections.selections:
            self.normaliser.budget.spend()
            when = both(place.when, condition_of(node))
            if both(place.around, when) == NEVER:
                continue
            refused = place.refused or id(node) in self.normaliser.refused
            if isinstance(node, FieldNode):
                refused = refused and not _told(node)
                if refused and not self.relative:
                    # not fetched; but of which type the object is decides what is null in it
                    told = _Occurrence(
                        TYPENAME_CALL, place.types, place.site, when, None, place.part, 0
                    )
                    yield TYPENAME, told
                    continue
                response = node.alias.value if node.alias else node.name.value
                call = read_call(node, salt=response if serial and not _told(node) else "")
                self._position += 1
                at = self._position
                yield (
                    response,
                    _Occurrence(
                        call, place.types, place.site, when, node.selection_set, place.part, at,
                        place.around, refused,
                    ),
                )  # fmt: skip
                continue
            selections, site = self._inner(node, place.site)
            if types := place.types & site:
                for part, condition in self._parted(node, place.part, depth, when):
                    inner = _Place(selections, types, site, condition, part, place.around, refused)
                    yield from self._occurrences(inner, depth, serial=serial)

    def _parted(
        self, node: SelectionNode, part: int, depth: int, when: When
    ) -> Iterator[tuple[int, When]]:
        """The parts in which a fragment's selections stand: by variable, here or in its own."""
        directive = deferral_of(node) if self.normaliser.parts is not None else None
        if directive is None or self.normaliser.parts is None:
            yield part, when
            return
        deferred, here = (both(when, each) for each in occasions(directive))
        if here != NEVER:
            yield part, here
        if deferred != NEVER:
            absolute = NEVER if self.relative else deferred
            number = self.normaliser.parts.number(
                directive, parent=part, depth=depth, when=absolute
            )
            yield number, deferred

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

    def _picks(
        self,
        name: str,
        types: TypeNames,
        ref: TypeRef,
        occurrences: list[_Occurrence],
        at: tuple[int, bool],
    ) -> Iterator[tuple[int, Pick]]:
        """The pick that occurrences of one name come to, at each position where it may be first."""
        depth, inside = at
        allowed = [each for each in occurrences if not each.refused]
        role, applying = self._role(allowed or occurrences)
        if role is _Role.NONE:
            yield from self._spared(name, types, ref, allowed)
            return
        deciding = [each for each in applying if each.part == self.part] or applying
        when = any_of(each.when for each in deciding)
        below = inside or (role is not _Role.SHARED_WAY and self.part > 0)
        lost = [each for each in occurrences if each.refused and self.relative]
        places = self._below(ref, [*applying, *lost], when) if allowed else []
        picks = self.level(places, depth + 1, inside=below)
        if role is _Role.SHARED_WAY and not self.relative:
            # without the first answer's field there would be nothing to lead on from
            when = any_of(each.when for each in picks)
            if not implies(when, any_of(each.when for each in applying if each.part == 0)):
                below = True
                places = [place for place in places if place.part]
                picks = self.level(places, depth + 1, inside=True)
        if role is not _Role.OWN and not picks:
            return
        call = applying[0].call
        if below and not inside and call != TYPENAME_CALL and not self.relative:
            call = replace(call, part=self.part)
        pick = Pick(
            name=name,
            call=call,
            types=types,
            ref=ref,
            when=when,
            jointly=frozenset().union(*(each.types for each in applying)),
            picks=picks,
            refused=not allowed,
        )
        yield from self._positions(pick, deciding)

    def _spared(
        self, name: str, types: TypeNames, ref: TypeRef, occurrences: list[_Occurrence]
    ) -> Iterator[tuple[int, Pick]]:
        own = [each for each in occurrences if each.part == self.part]
        if own and not self.relative:
            when = any_of(each.when for each in own)
            call = own[0].call
            yield 0, Pick(
                name=name, call=call, types=types, ref=ref, when=when, jointly=types, picks=(),
                spared=True,
            )  # fmt: skip

    def _positions(self, pick: Pick, occurrences: list[_Occurrence]) -> Iterator[tuple[int, Pick]]:
        first = occurrences[0]
        if not self.relative or self.part or first.when == pick.when:
            yield first.position, pick
            return
        before = NEVER
        for each in occurrences:
            if not implies(each.when, before):
                before = either(before, each.when)
                yield each.position, replace(pick, when=each.when)

    def _role(self, occurrences: list[_Occurrence]) -> tuple[_Role, list[_Occurrence]]:
        """What a field is to the part, and which of its occurrences tell what is below it.

        What an earlier part gives, under the conditions at hand, is not given again; below it
        there may still be more. To fetch is only spared what the first answer has.
        """
        if not self.part:
            return _Role.OWN, occurrences
        own = [each for each in occurrences if each.part == self.part]
        before = [each for each in occurrences if each.part != self.part]
        if not self.relative:
            before = [each for each in before if each.part == 0]
        given = bool(before) and implies(
            any_of(each.when for each in own), any_of(each.when for each in before)
        )
        composite = occurrences[0].selections is not None
        if own and not given:
            rest = [] if self.relative else [each for each in occurrences if each.part]
            return _Role.OWN, rest or own
        if not composite or occurrences[0].call.name in INTROSPECTION:
            return _Role.NONE, []
        return (_Role.SHARED_WAY if before else _Role.WAY), occurrences

    def _below(self, ref: TypeRef, occurrences: list[_Occurrence], when: When) -> list[_Place]:
        visible = self.normaliser.visible(ref.name)
        return [
            _Place(
                occurrence.selections,
                visible,
                visible,
                within(occurrence.when, when) if self.relative else occurrence.when,
                occurrence.part,
                both(occurrence.around, occurrence.when) if self.relative else ALWAYS,
                occurrence.refused,
            )
            for occurrence in occurrences
            if occurrence.selections is not None and occurrence.call.name not in INTROSPECTION
        ]


def condition_of(node: SelectionNode) -> When:
    """What @skip and @include on a selection come to."""
    total = ALWAYS
    for directive in node.directives or ():
        if directive.name.value in {"skip", "include"}:
            holding, failing = occasions(directive)
            total = both(total, holding if directive.name.value == "include" else failing)
    return total


def occasions(directive: DirectiveNode) -> tuple[When, When]:
    """When the `if` of a directive is true, and when it is false."""
    for argument in directive.arguments or ():
        match argument.value:
            case VariableNode(name=name):
                return ((Guard(name.value, True),),), ((Guard(name.value, False),),)  # noqa: FBT003
            case BooleanValueNode(value=value):
                return (ALWAYS, NEVER) if value else (NEVER, ALWAYS)
    return ALWAYS, NEVER


def _told(node: FieldNode) -> bool:
    return node.name.value == TYPENAME_CALL.name  # the same at any moment, so never kept apart
