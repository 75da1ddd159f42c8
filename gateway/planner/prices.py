"""What it would cost to take something, given what is taken already. Changes nothing.

Laws: fewer new requests win, then the earlier answer, then fewer fields, then the view made first,
so plans are stable. A price never counts on what is being bought (`Trail.open`): a key can't come
from the jump it is for. The search deepens by one request at a time, so that what is far away is
never looked at while something nearer will do.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final, Generic, NamedTuple, TypeAlias, TypeVar

from gateway.errors import PlanningFailed
from gateway.planner.budget import Budget
from gateway.planner.calls import required_call
from gateway.planner.levels import Levels
from gateway.planner.state import NO_TYPES, ContextInput, Level, Unit, View
from gateway.planner.world import TYPENAME_REF, World
from gateway.spec.field_set import FieldPick, FieldSet
from gateway.spec.names import SubgraphName, TypeName
from gateway.supergraph.jumps import Landing
from gateway.supergraph.model import FieldJoin, Key
from gateway.supergraph.possible import TypeNames

_T = TypeVar("_T")


class Price(NamedTuple):
    """`steps` are requests that nobody makes yet; `depth` is when the answer is there."""

    steps: frozenset[View]
    depth: int
    fields: int

    def plus(self, other: "Price") -> "Price":
        return Price(
            self.steps | other.steps, max(self.depth, other.depth), self.fields + other.fields
        )

    @property
    def rank(self) -> tuple[int, int, int]:
        return len(self.steps), self.depth, self.fields


FREE: Final = Price(frozenset(), 0, 0)


_MOST_STEPS: Final = 16


@dataclass(frozen=True, slots=True)
class Trail:
    """`open` are jumps in the making; `bought` are views already counted on.

    `limit` is how many new requests may still be made.
    """

    open: frozenset[View] = frozenset()
    bought: frozenset[View] = frozenset()
    limit: int = _MOST_STEPS

    def opening(self, view: View) -> "Trail":
        return replace(self, open=self.open | {view})

    def within(self, limit: int) -> "Trail":
        return replace(self, limit=min(limit, self.limit))

    def with_price(self, price: Price) -> "Trail":
        return Trail(self.open, self.bought | price.steps, self.limit - len(price.steps))

    def forbids(self, view: View) -> bool:
        """Whether the view is in the making, or would wait for something that is."""
        if view in self.open:
            return True
        step = view.step
        return step is not None and any(
            each.step is not None and step.waits_for(each.step) for each in self.open
        )


Offer: TypeAlias = tuple[_T, Price]


class _Searched(NamedTuple, Generic[_T]):
    """What a search came to. Without `stopped`, looking farther would find nothing either."""

    found: Offer[_T] | None
    limit: int
    stopped: bool

    def is_too_short_for(self, limit: int) -> bool:
        return self.found is None and self.stopped and self.limit < limit


class Demand(NamedTuple):
    """A unit that an input needs, with what is needed below it."""

    unit: Unit
    below: FieldSet


class Prices:
    """Prices of units, views and inputs. What is at a `banned` place is not for sale."""

    def __init__(
        self, world: World, levels: Levels, budget: Budget, banned: frozenset[str]
    ) -> None:
        self._world = world
        self._levels = levels
        self._budget = budget
        self._banned = banned
        self._stopped = False  # whether a limit, and nothing else, ended some search
        self._known: dict[tuple[object, frozenset[View], frozenset[View]], _Searched[View]] = {}

    # -- what is nearest ----------------------------------------------------------------------

    def best_way(self, unit: Unit, trail: Trail) -> Offer[View] | None:
        """The cheapest view to take a unit from, None if there is none on this trail."""
        return self._nearest(unit, unit.ways, unit.types, trail)

    def best_parent(self, view: View, trail: Trail) -> Offer[View] | None:
        """The view of the level above through which to come here."""
        unit = view.level.unit
        return self._nearest(view, view.parents, unit.types, trail) if unit else None

    def best_presence(self, level: Level, trail: Trail) -> Offer[View] | None:
        """The view without a jump that shows the objects of a level at all."""
        return self._nearest(level, level.views, level.reach, trail)

    def forget(self) -> None:
        """Something was taken: what was found out about prices is no longer true."""
        self._known.clear()

    def _nearest(
        self, place: object, ways: Iterable[View], types: TypeNames, trail: Trail
    ) -> Offer[View] | None:
        active = self._priced([way for way in ways if way.step], types, trail.within(0))
        if active:
            return min(active, key=_by_rank)
        known = self._known.get((place, trail.open, trail.bought))
        if known is None or known.is_too_short_for(trail.limit):
            known = self._search(lambda inside: self._priced(ways, types, inside), trail)
            self._known[place, trail.open, trail.bought] = known
        if known.found is None or len(known.found[1].steps) > trail.limit:
            self._stopped = self._stopped or known.stopped
            return None
        return known.found

    def _search(self, offers: Callable[[Trail], list[Offer[_T]]], trail: Trail) -> "_Searched[_T]":
        """Look for the cheapest offer, no farther than the nearest one lies."""
        outside = self._stopped
        try:
            for limit in range(trail.limit + 1):
                self._stopped = False
                found = offers(trail.within(limit))
                if found:
                    return _Searched(min(found, key=_by_rank), limit, stopped=True)
                if not self._stopped:
                    return _Searched(None, limit, stopped=False)
            return _Searched(None, trail.limit, stopped=True)
        finally:
            self._stopped = outside

    def _priced(self, ways: Iterable[View], types: TypeNames, trail: Trail) -> list[Offer[View]]:
        prices = ((way, self.view(way, types, trail)) for way in ways)
        return [(way, price) for way, price in prices if price is not None]

    # -- views ------------------------------------------------------------------------------

    def view(self, view: View, types: TypeNames, trail: Trail) -> Price | None:
        """What it costs to have this view for these types."""
        self._budget.spend()
        if trail.forbids(view):
            return None
        if view.is_jump:
            return self._jump(view, types, trail)
        if view.step is not None:
            return Price(frozenset(), view.step.depth, 0)
        if view.level.unit is None:
            new = self._new_step(view, trail)
            return None if new is None else Price(new, 0, 0)
        return self._through_parents(view, trail)

    def _through_parents(self, view: View, trail: Trail) -> Price | None:
        parent = self.best_parent(view, trail)
        if parent is None:
            return None
        price = parent[1]
        return price._replace(fields=price.fields + 1)

    def _jump(self, view: View, types: TypeNames, trail: Trail) -> Price | None:
        missing = missing_types(view, types)
        if view.step is not None and not missing:
            return Price(frozenset(), view.step.depth, 0)
        new = frozenset() if view.step is not None else self._new_step(view, trail)
        if new is None:
            return None
        inside = trail.opening(view)
        total = Price(new, 0, 0)
        for landing, group in landings(view, missing):
            price = self.entry(view, landing, group, inside.with_price(total))
            if price is None:
                return None
            total = total.plus(price)
        depth = total.depth + 1
        return total._replace(depth=max(view.step.depth, depth) if view.step else depth)

    def _new_step(self, view: View, trail: Trail) -> frozenset[View] | None:
        """The request a view would start; none if it is bought, None if it is one too many."""
        if view in trail.bought:
            return frozenset()
        if self._banned and view.place in self._banned:
            return None
        if trail.limit < 1:
            self._stopped = True
            return None
        return frozenset({view})

    def entry(
        self, view: View, landing: Landing | None, types: TypeNames, trail: Trail
    ) -> Price | None:
        """What the inputs for one landing cost: the best key and everything required."""
        if landing is None:
            present = self.best_presence(view.level, trail)
            return present[1] if present else None
        choice = self.best_key(view, landing, types, trail)
        if choice is None:
            return None
        total = choice[1]
        if view.requirement:
            required = requirement_of(self._world, view, landing, min(types)).requires
            after = trail.with_price(total)
            price = self.fields(view.level, types, required, view.subgraph, after)
            if price is None:
                return None
            total = total.plus(price)
            for each in context_inputs(self._world, view, landing, min(types)):
                handed = self._handed_down(each, view.subgraph, trail.with_price(total))
                if handed is None:
                    return None
                total = total.plus(handed)
        if needs_typename(view, landing, types):
            found = self.best_way(self._levels.typename_unit(view.level), trail.with_price(total))
            return total.plus(found[1]) if found else None
        return total

    def _handed_down(
        self, wanted: ContextInput, subgraph: SubgraphName, trail: Trail
    ) -> Price | None:
        total = FREE if wanted.sources else None
        for level, types in wanted.sources:
            fields = wanted.argument.selection
            price = self.fields(level, types, fields, subgraph, trail)
            if price is None or total is None:
                return None
            total = total.plus(price)
        return total

    def best_key(
        self, view: View, landing: Landing, types: TypeNames, trail: Trail
    ) -> Offer[Key] | None:
        """The key of a landing whose fields come cheapest."""

        def offers(inside: Trail) -> list[Offer[Key]]:
            prices = (
                (key, self.fields(view.level, types, key.fields, view.subgraph, inside))
                for key in landing.keys
            )
            return [(key, price) for key, price in prices if price is not None]

        searched = self._search(offers, trail)
        self._stopped = self._stopped or (searched.found is None and searched.stopped)
        return searched.found

    # -- field sets -------------------------------------------------------------------------

    def fields(
        self,
        level: Level,
        types: TypeNames,
        fields: FieldSet,
        subgraph: SubgraphName,
        trail: Trail,
    ) -> Price | None:
        """What it costs to have a field set of objects of these types."""
        total = FREE
        try:
            wanted = list(demands(self._levels, level, types, fields, subgraph=subgraph))
        except PlanningFailed:
            return None
        for demand in wanted:
            price = self._demand(demand, subgraph, trail.with_price(total))
            if price is None:
                return None
            total = total.plus(price)
        return total

    def _demand(self, demand: Demand, subgraph: SubgraphName, trail: Trail) -> Price | None:
        child = demand.unit.child
        if child is None:
            found = self.best_way(demand.unit, trail)
            return found[1] if found else None
        types = child.possible
        return self.fields(child, types, demand.below, subgraph, trail)


def demands(
    levels: Levels, level: Level, types: TypeNames, fields: FieldSet, *, subgraph: SubgraphName
) -> Iterator[Demand]:
    """The units a field set of one subgraph comes to, for objects of these types."""
    for pick in fields:
        if isinstance(pick, FieldPick):
            for unit in levels.units(level, required_call(pick), types):
                yield Demand(unit, pick.selections)
            continue
        fitting = types & levels.world.condition(subgraph, pick.type_condition)
        if fitting:
            yield from demands(levels, level, fitting, pick.selections, subgraph=subgraph)


def missing_types(view: View, types: TypeNames) -> TypeNames:
    """Those of the types for which a jump has no inputs yet."""
    if view.declared:  # named by the place, not by the object: prepared once, for all
        return NO_TYPES if view.entries else frozenset({view.declared})
    return types - view.entered


def landings(view: View, types: TypeNames) -> Iterator[tuple[Landing | None, TypeNames]]:
    """The landings of a jump for these types, each with its types. None: no key is needed."""
    if view.declared:
        if types:
            yield view.landings.get(view.declared), view.level.reach
        return
    groups: dict[TypeName, tuple[Landing, set[TypeName]]] = {}
    for name in sorted(types):
        landing = view.landings[name]
        groups.setdefault(landing.typename, (landing, set()))[1].add(name)
    for landing, names in groups.values():
        yield landing, frozenset(names)


def requirement_of(world: World, view: View, landing: Landing, name: TypeName) -> FieldJoin:
    """A field that stands for all whose inputs the view's requirement names, at one type."""
    owner = world.supergraph.types[landing.typename if not landing.typed else name]
    for each in owner.fields.values():
        join = each.joins.get(view.subgraph)
        if join is not None and join.needs == view.requirement:
            return join
    return FieldJoin(type=TYPENAME_REF)


def context_inputs(
    world: World, view: View, landing: Landing, name: TypeName
) -> tuple[ContextInput, ...]:
    """What a jump hands down from above, with where it may come from: the nearest object that
    sets a context counts, so whoever surely sets it ends the search."""
    join = requirement_of(world, view, landing, name)
    return tuple(
        ContextInput(argument=each, sources=tuple(_setters(world, view.level, each.context)))
        for each in join.contexts
    )


def _setters(world: World, level: Level, context: str) -> Iterator[tuple[Level, TypeNames]]:
    setting, unit = world.setting(context), level.unit
    while unit is not None:
        found = setting & unit.types
        if found:
            yield unit.level, found
        unit = None if found == unit.types else unit.level.unit


def needs_typename(view: View, landing: Landing, types: TypeNames) -> bool:
    """Whether the object's own type must be had, and does not come along, before it can be named
    as one of these types."""
    level = view.level
    if view.declared or not level.abstract or level.typed:
        return False
    return landing.typed or not types >= level.reach


def _by_rank(offer: Offer[_T]) -> tuple[int, int, int]:
    """Among equals the first offered wins: offers come in the order in which views were made."""
    return offer[1].rank
