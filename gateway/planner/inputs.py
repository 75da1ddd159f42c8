"""How objects of the tree are named to a subgraph: paths to them, and their representations."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from gateway.plan.nodes import ContextSource, Path, Representation, RepresentationField, Step
from gateway.planner.calls import required_call
from gateway.planner.slots import Slots
from gateway.planner.state import ContextInput, Entry, Level, Unit, View
from gateway.planner.world import World
from gateway.spec.field_set import FieldPick, FieldSet
from gateway.spec.names import TYPENAME, SubgraphName, TypeName
from gateway.supergraph.possible import TypeNames


def path_to(level: Level) -> Path:
    """The way from the root of the tree to the objects of a level."""
    if level.unit is None:
        return ()
    unit = level.unit
    above = path_to(unit.level)
    if above and shares_key(unit):
        last = above[-1]
        above = (*above[:-1], Step(key=last.key, lists=last.lists, types=unit.types))
    return (*above, Step(key=unit.key, lists=unit.ref.lists))


def shares_key(unit: Unit) -> bool:
    """Whether other objects of the level keep something else under the same key, so that the path
    must tell them apart by their types."""
    others = (each for units in unit.level.units.values() for each in units)
    return any(other.key == unit.key and other is not unit for other in others)


def representations(world: World, view: View) -> tuple[Representation, ...]:
    """One representation for each way in which the jump's objects are named."""
    writer = _Writer(world, view.subgraph)
    return tuple(
        writer.representation(view, entry, group)
        for entry in view.entries
        for group in _alike(view.level.slots, entry)
    )


def tells_types_apart(view: View, entry: Entry) -> bool:
    """Whether objects of an entry must show their types before they can be named."""
    return any(_told(view, entry, group) for group in _alike(view.level.slots, entry))


def _told(view: View, entry: Entry, types: TypeNames) -> bool:
    """A stand-in for all types of the level names all of its objects alike."""
    if view.declared or entry.landing is None or not view.level.abstract:
        return False
    return entry.landing.typed or not types >= view.level.reach


def _alike(slots: Slots, entry: Entry) -> Iterable[TypeNames]:
    """Types of an entry whose inputs are kept under the same keys."""
    fields = (*(entry.key.fields if entry.key else ()), *entry.requires)
    groups: dict[tuple[str, ...], set[TypeName]] = {}
    for name in sorted(entry.types):
        keys = tuple(
            slots.slot(required_call(pick), name).key
            for pick in fields
            if isinstance(pick, FieldPick)
        )
        groups.setdefault(keys, set()).add(name)
    return [frozenset(names) for names in groups.values()]


def context_sources(world: World, view: View, wanted: ContextInput) -> tuple[ContextSource, ...]:
    """Where the values for an argument stand, nearest first."""
    writer = _Writer(world, view.subgraph)
    return tuple(
        ContextSource(
            depth=len(path_to(level)),
            types=types if level.abstract else None,
            fields=writer.fields(level.slots, min(types), types, wanted.argument.selection),
        )
        for level, types in wanted.sources
    )


class _Writer:
    def __init__(self, world: World, subgraph: SubgraphName) -> None:
        self._world = world
        self._subgraph = subgraph

    def representation(self, view: View, entry: Entry, types: TypeNames) -> Representation:
        if entry.landing is None or entry.key is None:
            raise AssertionError(view.subgraph)
        owner = entry.landing.typename
        slots = view.level.slots
        return Representation(
            types=types if _told(view, entry, types) else None,
            typename=owner,
            keys=self.fields(slots, owner, types, entry.key.fields),
            requires=self.fields(slots, owner, types, entry.requires),
        )

    def fields(
        self, slots: Slots, owner: TypeName, types: TypeNames, fields: FieldSet
    ) -> tuple[RepresentationField, ...]:
        return _merged(self._each(slots, owner, types, fields))

    def _each(
        self, slots: Slots, owner: TypeName, types: TypeNames, fields: FieldSet
    ) -> Iterator[RepresentationField]:
        for pick in fields:
            if isinstance(pick, FieldPick):
                yield from self._field(slots, owner, types, pick)
                continue
            fitting = types & self._world.condition(self._subgraph, pick.type_condition)
            inner_owner = TypeName(pick.type_condition)
            for each in self._each(slots, inner_owner, fitting, pick.selections):
                yield replace(each, types=fitting if each.types is None else each.types & fitting)

    def _field(
        self, slots: Slots, owner: TypeName, types: TypeNames, pick: FieldPick
    ) -> Iterator[RepresentationField]:
        call = required_call(pick)
        by_key: dict[str, set[TypeName]] = {}
        for name in sorted(types):
            by_key.setdefault(slots.slot(call, name).key, set()).add(name)
        join = self._world.join(owner, pick.name, self._subgraph)
        ref = join.type if join else self._world.ref(owner, pick.name)
        for key, names in by_key.items():
            below = slots.slot(call, min(names)).below
            yield RepresentationField(
                name=pick.name,
                key=key,
                non_null=ref.non_null[0],
                types=None if len(by_key) == 1 else frozenset(names),
                fields=self._below(below, ref.name, pick.selections),
            )

    def _below(
        self, slots: Slots, owner: TypeName, fields: FieldSet
    ) -> tuple[RepresentationField, ...]:
        if not fields:
            return ()
        types = self._world.standing(self._subgraph, owner).types
        found = self.fields(slots, owner, types, fields)
        if not self._world.is_abstract(owner):
            return found
        name = RepresentationField(name=TYPENAME, key=TYPENAME, types=types)
        return (name, *(each if each.types else replace(each, types=types) for each in found))


_FieldPlace = tuple[str, str, frozenset[str] | None]


def _merged(fields: Iterator[RepresentationField]) -> tuple[RepresentationField, ...]:
    """Say the same field once, with everything that is wanted below it."""
    found: dict[_FieldPlace, RepresentationField] = {}
    for each in fields:
        place = each.name, each.key, each.types
        known = found.get(place)
        below = _merged(iter((*known.fields, *each.fields))) if known else each.fields
        found[place] = replace(each, fields=below)
    return tuple(found.values())
