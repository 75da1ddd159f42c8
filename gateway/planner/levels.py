"""Lays out the possibilities: who could answer which call at which place. Decides nothing.

Laws: a unit's ways are complete and in a fixed order; each way answers the call for all of the
unit's types; a view that would only repeat another one of the same subgraph is left out.
"""

from collections.abc import Iterable, Iterator, Mapping

from gateway.errors import PlanningFailed
from gateway.planner.budget import Budget
from gateway.planner.calls import TYPENAME_CALL, Call
from gateway.planner.slots import Slots
from gateway.planner.state import NO_TYPES, Level, Unit, View
from gateway.planner.world import World
from gateway.spec.field_set import FieldSet
from gateway.spec.names import TYPENAME, SubgraphName, TypeName
from gateway.supergraph.jumps import Landing
from gateway.supergraph.model import FieldJoin
from gateway.supergraph.possible import Standing, TypeNames


class Levels:
    """Makes levels, views and units on demand, numbered in the order of making."""

    def __init__(self, world: World, budget: Budget) -> None:
        self.world = world
        self.budget = budget
        self._units = 0
        self._views = 0
        self._levels = 0

    def root(self, name: TypeName, slots: Slots, *, only: SubgraphName | None) -> Level:
        """The level of a root type: one view for each subgraph that has it, or `only` for one."""
        level = self._level(None, name, slots)
        joins = self.world.supergraph.types[name].joins
        level.views = tuple(
            self._view(level, subgraph, name, self.world.standing(subgraph, name))
            for subgraph in sorted(joins)
            if only is None or subgraph == only
        )
        level.reach = level.possible = frozenset({name})
        return level

    def units(
        self, level: Level, call: Call, types: TypeNames, *, jointly: TypeNames = NO_TYPES
    ) -> tuple[Unit, ...]:
        """The units for a call of these types, found or made.

        `jointly` are types for which the call was asked at once, through an abstract type.
        """
        wanted = types & level.possible
        known = level.units.setdefault(call.identity, [])
        found = [unit for unit in known if unit.types & wanted]
        missing = wanted - frozenset().union(*(unit.types for unit in found))
        made = self._make_units(level, call, missing, jointly=jointly) if missing else []
        known.extend(made)
        return tuple(sorted((*found, *made), key=lambda unit: unit.number))

    def typename_unit(self, level: Level) -> Unit:
        """The unit for the runtime type of a level's objects."""
        known = level.units.setdefault(TYPENAME, [])
        if not known:
            ways = [view for view in level.views if view.standing.typed]
            ways += self._interface_jumps(level, "")
            known.append(self._unit(level, TYPENAME_CALL, level.reach, tuple(ways)))
        return known[0]

    # -- units ------------------------------------------------------------------------------

    def _make_units(
        self, level: Level, call: Call, types: TypeNames, *, jointly: TypeNames
    ) -> list[Unit]:
        groups: dict[tuple[object, ...], list[TypeName]] = {}
        for name in sorted(types):
            ref = self.world.ref(name, call.name)
            key = level.slots.slot(call, name).key
            groups.setdefault((ref.name, ref.lists, key), []).append(name)
        return [
            unit
            for names in groups.values()
            for unit in self._by_ways(level, call, names, jointly=jointly)
        ]

    def _by_ways(
        self, level: Level, call: Call, names: list[TypeName], *, jointly: TypeNames
    ) -> Iterator[Unit]:
        ways = {name: self._ways(level, call, name) for name in names}
        if len(jointly) > 1 and len(level.views) > 1:
            ways = self._from_one_origin(level, call, ways, jointly & level.possible)
        common = [way for way in ways[names[0]] if all(way in ways[name] for name in names)]
        if any(not way.is_jump or not _typed(way, names[0]) for way in common):
            yield self._unit(level, call, frozenset(names), tuple(common))
            return
        groups: dict[tuple[View, ...], list[TypeName]] = {}
        for name in names:
            if not ways[name]:
                raise _unsatisfiable(name, call)
            groups.setdefault(ways[name], []).append(name)
        for group, members in groups.items():
            yield self._unit(level, call, frozenset(members), group)

    def _from_one_origin(
        self,
        level: Level,
        call: Call,
        ways: Mapping[TypeName, tuple[View, ...]],
        jointly: TypeNames,
    ) -> dict[TypeName, tuple[View, ...]]:
        """Keep views that, with their own jumps, can answer for every type they may hold.

        Where several subgraphs show the same objects, one that is asked for all types together
        must be able to complete each of them; else parts of different answers would be mixed.
        """
        every = {
            name: ways.get(name) or self._ways(level, call, name)
            for name in jointly
            if self.world.has_field(name, call.name)
        }
        fit = [
            view
            for view in level.views
            if all(
                self._completes(view, ways_of)
                for name, ways_of in every.items()
                if name in view.standing.types
            )
        ]
        if not fit:
            raise _unsatisfiable(level.name, call)
        return {
            name: tuple(way for way in each if way.is_jump or way in fit)
            for name, each in ways.items()
        }

    def _completes(self, view: View, ways: Iterable[View]) -> bool:
        return any(way is view or (way.is_jump and self._can_jump(view, way)) for way in ways)

    def _can_jump(self, view: View, jump: View) -> bool:
        return any(
            self._has_key(view, name, landing)
            or self.world.jumps.distance(name, view.subgraph, jump.subgraph) is not None
            for name, landing in jump.landings.items()
            if name in view.standing.types
        )

    def _has_key(self, view: View, name: TypeName, landing: Landing) -> bool:
        return any(
            all(
                self.resolution(view, name, getattr(pick, "name", TYPENAME)) is not None
                for pick in key.fields
            )
            for key in landing.keys
        )

    def _unit(self, level: Level, call: Call, types: TypeNames, ways: tuple[View, ...]) -> Unit:
        if not ways and call.name != TYPENAME:
            raise _unsatisfiable(level.name, call)
        sample = min(types)
        unit = Unit(
            number=self._units,
            level=level,
            call=call,
            types=types,
            ref=self.world.ref(sample, call.name),
            key=level.slots.slot(call, sample).key if call.name != TYPENAME else TYPENAME,
            ways=ways,
        )
        self._units += 1
        if not self.world.is_leaf(unit.ref.name):
            unit.child = self._below(unit)
        return unit

    # -- ways -------------------------------------------------------------------------------

    def _ways(self, level: Level, call: Call, owner: TypeName) -> tuple[View, ...]:
        """Every view that can answer the call for one type."""
        self.budget.spend()
        if call.part and (apart := dict.fromkeys(self._apart(level, owner, call))):
            return tuple(apart)
        ways: list[View] = []
        for view in level.views:
            join = self.resolution(view, owner, call.name)
            if join is not None and not self._required(view, owner, call.name, join):
                ways.append(view)
        return (*ways, *dict.fromkeys(self._jumps(level, owner, call.name)))

    def _apart(self, level: Level, owner: TypeName, call: Call) -> Iterator[View]:
        """Views that answer a call of a deferred part without burdening earlier requests; what is
        part of a key would be asked for all the same, to enter them."""
        if self._is_in_key(owner, call.name):
            return
        if level.unit is None:
            yield from self._roots_apart(level, owner, call)
        for jump in self._jumps(level, owner, call.name, part=call.part):
            keyless = jump.declared in self._root_types()
            if keyless or any(self._can_jump(view, jump) for view in level.views):
                yield jump

    def _is_in_key(self, owner: TypeName, name: str) -> bool:
        return any(
            getattr(pick, "name", None) == name
            for landing in self.world.jumps.landings.get(owner, ())
            for key in landing.keys
            for pick in key.fields
        )

    def _roots_apart(self, level: Level, owner: TypeName, call: Call) -> Iterator[View]:
        for subgraph in sorted(self.world.supergraph.types[owner].joins):
            join = self.world.join(owner, call.name, subgraph)
            if join is None or not self.world.resolves(join):
                continue
            place = (subgraph, "", owner, call.part)
            if place not in level.jumps:
                standing = self.world.standing(subgraph, owner)
                level.jumps[place] = self._view(level, subgraph, owner, standing)
                level.jumps[place].part = call.part
            yield level.jumps[place]

    def _required(self, view: View, owner: TypeName, name: str, join: FieldJoin) -> bool:
        """Whether a field needs inputs that this view does not have by being provided."""
        if join.contexts:
            return True
        if not join.requires:
            return False
        return self.world.provided(view.provided, view.subgraph, owner, name) is None

    def resolution(self, view: View, owner: TypeName, name: str) -> FieldJoin | None:
        """What the view's subgraph says of a field it would answer here, else None."""
        if owner not in view.standing.types and owner not in view.landings:
            return None
        if view.is_jump and not view.declared:
            landing = view.landings.get(owner)
            source = landing.typename if landing else None
        else:
            source = owner if view.standing.typed else view.declared
        if source is None:
            return None
        join = self.world.join(source, name, view.subgraph)
        if join is None or self.world.resolves(join):
            return join
        provided = self.world.provided(view.provided, view.subgraph, owner, name)
        return join if provided is not None else None

    def _jumps(self, level: Level, owner: TypeName, name: str, *, part: int = 0) -> Iterator[View]:
        if level.unit is not None and owner in self._root_types():
            yield from self._root_jumps(level, owner, name, part)
        if not level.typed and not part:
            yield from self._through_interface(level, owner, name)
        for landing in self.world.jumps.landings.get(owner, ()):
            join = self.world.join(landing.typename, name, landing.subgraph)
            if join is not None and self.world.resolves(join):
                jump = self._jump(level, landing.subgraph, join.needs, TypeName(""), part=part)
                jump.landings.setdefault(owner, landing)
                yield jump

    def _root_types(self) -> frozenset[TypeName]:
        return frozenset({self.world.supergraph.roots["query"]})

    def _root_jumps(self, level: Level, owner: TypeName, name: str, part: int) -> Iterator[View]:
        """An object of the query type can be entered anew in any subgraph, without a key."""
        for subgraph in sorted(self.world.supergraph.types[owner].joins):
            join = self.world.join(owner, name, subgraph)
            if join is not None and self.world.resolves(join):
                yield self._jump(level, subgraph, "", owner, part=part)

    def _through_interface(self, level: Level, owner: TypeName, name: str) -> Iterator[View]:
        """Where only the interface is known, its own entity resolver tells type and fields."""
        for jump in self._interface_jumps(level, ""):
            if self.resolution(jump, owner, name) is not None:
                join = self.world.join(owner, name, jump.subgraph)
                if join is not None and not join.needs:
                    yield jump

    def _interface_jumps(self, level: Level, requirement: str) -> list[View]:
        names = dict.fromkeys(view.declared for view in level.views if not view.standing.typed)
        jumps = []
        for name in names:
            for landing in self.world.jumps.interface_landings.get(name, ()):
                jump = self._jump(level, landing.subgraph, requirement, name)
                jump.landings.setdefault(name, landing)
                jumps.append(jump)
        return jumps

    def _jump(
        self,
        level: Level,
        subgraph: SubgraphName,
        requirement: str,
        declared: TypeName,
        *,
        part: int = 0,
    ) -> View:
        """The jump to a subgraph; `declared` is empty if objects are named by their own types."""
        place = (subgraph, requirement, declared, part)
        if place not in level.jumps:
            standing = (
                self.world.standing(subgraph, declared)
                if declared
                else Standing(types=frozenset(), typed=True)
            )
            jump = self._view(level, subgraph, declared, standing)
            jump.is_jump, jump.requirement, jump.part = True, requirement, part
            level.jumps[place] = jump
        return level.jumps[place]

    # -- levels and views -------------------------------------------------------------------

    def _below(self, unit: Unit) -> Level:
        slots = unit.level.slots.slot(unit.call, min(unit.types)).below
        child = self._level(unit, unit.ref.name, slots)
        child.views = tuple(self._views_below(unit, child))
        standings = [view.standing for view in child.views]
        child.reach = frozenset().union(*(each.types for each in standings))
        child.possible = child.reach
        if self.world.supergraph.types[unit.ref.name].kind == "union":
            child.possible = _common([each.types for each in standings])
        return child

    def _views_below(self, unit: Unit, child: Level) -> Iterator[View]:
        by_place: dict[tuple[SubgraphName, TypeName, FieldSet], list[View]] = {}
        sample = min(unit.types)
        for way in unit.ways:
            join = self.resolution(way, sample, unit.call.name)
            if join is None:
                continue
            inherited = self.world.provided(way.provided, way.subgraph, sample, unit.call.name)
            provided = (*join.provides, *(inherited or ()))
            by_place.setdefault((way.subgraph, join.type.name, provided), []).append(way)
        for (subgraph, declared, provided), parents in by_place.items():
            standing = self.world.standing(subgraph, declared)
            view = self._view(child, subgraph, declared, standing)
            view.provided, view.parents = provided, tuple(parents)
            yield view

    def _level(self, unit: Unit | None, name: TypeName, slots: Slots) -> Level:
        self._levels += 1
        return Level(
            number=self._levels,
            unit=unit,
            name=name,
            abstract=self.world.is_abstract(name),
            slots=slots,
        )

    def _view(
        self, level: Level, subgraph: SubgraphName, declared: TypeName, standing: Standing
    ) -> View:
        self._views += 1
        return View(
            number=self._views,
            level=level,
            subgraph=subgraph,
            declared=declared,
            standing=standing,
        )


def _typed(way: View, name: TypeName) -> bool:
    if way.is_jump and name in way.landings:
        return way.landings[name].typed
    return way.standing.typed


def _common(sets: list[TypeNames]) -> TypeNames:
    return frozenset.intersection(*sets) if sets else frozenset()


def _unsatisfiable(owner: TypeName, call: Call) -> PlanningFailed:
    return PlanningFailed(
        f"no subgraph can be asked for {owner}.{call.name} from where it is needed"
    )
