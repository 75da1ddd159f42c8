"""Chooses for each call of the operation the view that answers it.

Laws: no clock, socket or chance. Calls with the fewest possible subgraphs are settled first, the
others then find most of what they need already on its way; among equals the order of the operation
decides. Whatever was taken stays taken, so every choice is priced against all before it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.errors import PlanningFailed
from gateway.plan.shape import When
from gateway.planner.budget import Budget
from gateway.planner.calls import TYPENAME_CALL
from gateway.planner.choice import Choice, settle_depths, settle_parts
from gateway.planner.conditions import either, implies
from gateway.planner.inputs import shares_key, tells_types_apart
from gateway.planner.levels import Levels
from gateway.planner.normalise import Pick
from gateway.planner.prices import (
    Prices,
    Trail,
    context_inputs,
    demands,
    landings,
    missing_types,
    requirement_of,
)
from gateway.planner.slots import Slots
from gateway.planner.state import ContextInput, Entry, Level, Step, Unit, View
from gateway.planner.wanting import want, widen
from gateway.planner.world import World
from gateway.spec.field_set import FieldSet
from gateway.spec.names import SubgraphName, TypeName
from gateway.supergraph.jumps import Landing
from gateway.supergraph.possible import TypeNames


@dataclass(frozen=True, slots=True)
class _Wish:
    unit: Unit
    when: When


@dataclass(frozen=True, slots=True)
class _Buying:
    """Under which conditions inputs are wanted, and what is in the making."""

    when: When
    trail: Trail


class Walk:
    """One operation being thought through."""

    def __init__(
        self, world: World, budget: Budget, *, banned: frozenset[str] = frozenset()
    ) -> None:
        self.world = world
        self.levels = Levels(world, budget)
        self._prices = Prices(world, self.levels, budget, banned)
        self._leaves: list[_Wish] = []
        self._places: list[_Wish] = []
        self._part = 0

    def choose(
        self,
        root: TypeName,
        slots: Slots,
        picks: tuple[Pick, ...],
        *,
        only: SubgraphName | None = None,
        later: Mapping[int, tuple[Pick, ...]] | None = None,
    ) -> Choice:
        """Settle everything the picks ask for; with `only`, from the root of one subgraph.

        `later` are the picks of deferred parts. Raises PlanningFailed, PlanBudgetExceeded.
        """
        self.choice = Choice(root=self.levels.root(root, slots, only=only))
        self._settle(picks)
        for part, wanted in (later or {}).items():
            self._part = part
            self._settle(wanted)
        for step in self.choice.steps:  # grows while types are asked for
            self._part = step.part
            self._tell_the_way(step.view)
        settle_parts(self.choice.steps)
        settle_depths(self.choice.steps)
        return self.choice

    def _settle(self, picks: tuple[Pick, ...]) -> None:
        self._leaves, self._places = [], []
        self._register(self.choice.root, picks)
        for wish in sorted(self._leaves, key=_fewest_subgraphs):
            self._show(self._take(wish.unit, wish.when, Trail()))
            self.choice.leaves.append(wish.unit)
        for wish in self._places:
            self._show(self._be_there(wish.unit, wish.when))

    def _show(self, view: View) -> None:
        if self._part:
            self.choice.shown.append((self._part, view))

    # -- what is wanted ---------------------------------------------------------------------

    def _register(self, level: Level, picks: tuple[Pick, ...]) -> None:
        everything = level.reach | self.world.visible_types(level.name)
        for pick in picks:
            if level.abstract and (pick.call == TYPENAME_CALL or not pick.types >= everything):
                self._want_typename(level, pick.when)
            if pick.call == TYPENAME_CALL or pick.spared:
                continue
            for unit in self.levels.units(level, pick.call, pick.types, jointly=pick.jointly):
                if unit.child is None:
                    self._leaves.append(_Wish(unit, pick.when))
                else:
                    self._places.append(_Wish(unit, pick.when))
                    self._register(unit.child, pick.picks)

    def _want_typename(self, level: Level, when: When) -> None:
        if self._part or not implies(when, level.typename_when):
            level.typename_when = either(level.typename_when, when)
            self._leaves.append(_Wish(self.levels.typename_unit(level), when))

    # -- taking -----------------------------------------------------------------------------

    def _take(self, unit: Unit, when: When, trail: Trail) -> View:
        for view in unit.taken:
            if not trail.forbids(view):
                self._select(view, unit, when, trail)
                return view
        best = self._prices.best_way(unit, trail)
        if best is None:
            raise PlanningFailed(
                f"no way leads to {unit.level.name}.{unit.call.name} from where it is needed"
            )
        self._select(best[0], unit, when, trail)
        unit.taken.append(best[0])
        return best[0]

    def _be_there(self, unit: Unit, when: When) -> View:
        """Make sure that some view shows whether the objects below a unit are there at all."""
        child = unit.child
        if child is None:
            raise AssertionError(unit.call)
        active = [view for view in child.views if view.step]
        if active:
            view = min(active, key=lambda each: (each.step.depth if each.step else 0, each.number))
        else:
            view = self._cheapest(child, Trail())
        self._activate(view, unit.types, when, Trail())
        return view

    def _cheapest(self, level: Level, trail: Trail) -> View:
        best = self._prices.best_presence(level, trail)
        if best is None:
            raise PlanningFailed(f"no way leads to any {level.name} that is needed")
        return best[0]

    def _select(self, view: View, unit: Unit, when: When, trail: Trail) -> None:
        self._activate(view, unit.types, when, trail)
        want(view, unit, when)

    def _activate(self, view: View, types: TypeNames, when: When, trail: Trail) -> None:
        if view.step is None:
            self._open(view, when, trail)
        if view.is_jump:
            for landing, group in list(landings(view, missing_types(view, types))):
                self._enter(view, landing, group, either(view.when, when), trail)
        widen(view, when)

    # -- entering ---------------------------------------------------------------------------

    def _open(self, view: View, when: When, trail: Trail) -> None:
        unit = view.level.unit
        if view.is_jump or unit is None:
            self._prices.forget()
            number = len(self.choice.steps)
            view.step = Step(number=number, subgraph=view.subgraph, view=view, part=self._part)
            self.choice.steps.append(view.step)
            return
        parent = self._prices.best_parent(view, trail)
        if parent is None:
            raise PlanningFailed(f"no way leads to {view.level.name} in {view.subgraph}")
        view.parent = parent[0]
        self._activate(parent[0], unit.types, when, trail)
        parent[0].children[unit] = view
        view.step = parent[0].step

    def _enter(
        self, view: View, landing: Landing | None, types: TypeNames, when: When, trail: Trail
    ) -> None:
        """Prepare a jump for further types: take its key and all it requires."""
        self._prices.forget()
        inside = trail.opening(view)
        if landing is None:
            present = self._cheapest(view.level, inside)
            self._activate(present, types, when, inside)
            self._wait_for(view, present)
            view.entries.append(Entry(landing=None, types=types, key=None, requires=()))
            return
        choice = self._prices.best_key(view, landing, types, inside)
        if choice is None:
            raise PlanningFailed(f"no key of {landing.typename} leads to {view.subgraph}")
        required: FieldSet = ()
        if view.requirement:
            required = requirement_of(self.world, view, landing, min(types)).requires
            view.contexts = context_inputs(self.world, view, landing, min(types))
        view.entries.append(Entry(landing=landing, types=types, key=choice[0], requires=required))
        at = _Buying(when, inside)
        self._gather(view, view.level, types, (*choice[0].fields, *required), at=at)
        if tells_types_apart(view, view.entries[-1]):
            self._tell_types(view, view.level, at)
        for each in view.contexts:
            self._hand_down(view, each, at)

    def _hand_down(self, jump: View, wanted: ContextInput, at: _Buying) -> None:
        """Take the values for an argument from the objects above that set its context."""
        for level, types in wanted.sources:
            if level.abstract:
                self._tell_types(jump, level, at)
            self._gather(jump, level, types, wanted.argument.selection, at=at)

    def _gather(
        self, jump: View, level: Level, types: TypeNames, fields: FieldSet, *, at: _Buying
    ) -> None:
        """Take the inputs of a jump, and have it wait for them."""
        for demand in list(demands(self.levels, level, types, fields, subgraph=jump.subgraph)):
            child = demand.unit.child
            if child is None:
                source = self._take(demand.unit, at.when, at.trail)
                jump.sources.append((source, demand.unit))
                self._wait_for(jump, source)
                continue
            if child.abstract:
                self._tell_types(jump, child, at)
            self._gather(jump, child, child.possible, demand.below, at=at)

    def _tell_types(self, jump: View, level: Level, at: _Buying) -> None:
        """Have the runtime types in the tree before the jump is made."""
        level.typename_when = either(level.typename_when, at.when)
        if level.typed:  # then every view of it that needs no jump tells them along the way
            return
        unit = self.levels.typename_unit(level)
        source = self._take(unit, at.when, at.trail)
        jump.sources.append((source, unit))
        self._wait_for(jump, source)

    def _tell_the_way(self, jump: View) -> None:
        """Have the types in the tree that the path to the jump's objects looks at."""
        above = jump.level.unit if jump.is_jump else None
        while above is not None:
            if above.level.abstract and shares_key(above):
                self._tell_types(jump, above.level, _Buying(jump.when, Trail()))
            above = above.level.unit

    def _wait_for(self, jump: View, source: View) -> None:
        if jump.step is None or source.step is None:
            raise AssertionError(jump.subgraph)
        jump.step.needs.add(source.step)
        jump.step.depth = max(jump.step.depth, source.step.depth + 1)


def _fewest_subgraphs(wish: _Wish) -> tuple[int, int]:
    return len({way.subgraph for way in wish.unit.ways}), wish.unit.number
