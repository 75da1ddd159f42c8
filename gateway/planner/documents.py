"""Writes what is taken from a view as a GraphQL document, one line, in a fixed order.

Laws: only types, fields and conditions the subgraph knows are written; response names are the
keys of the tree; a condition is written where it is narrower than what is around it. A selection
that would be empty asks for `__typename`, under a reserved name where the subgraph's own answer
would be misleading.
"""

from collections.abc import Iterable, Iterator, Mapping

from gateway.plan.shape import Guard, When
from gateway.planner.conditions import NEVER, within
from gateway.planner.state import Unit, View
from gateway.planner.world import World
from gateway.spec.names import TYPENAME, TypeName
from gateway.supergraph.model import ContextArgument
from gateway.supergraph.possible import TypeNames


class SelectionWriter:
    """Writes selections of views; collects the variables they use."""

    def __init__(self, world: World, contexts: Mapping[ContextArgument, str] | None = None) -> None:
        self._world = world
        self._contexts = contexts or {}
        self.variables: set[str] = set()

    def of_root(self, view: View) -> str:
        """The selection on a root type."""
        return self._braced(self._direct(view, view.when), view)

    def of_entities(self, view: View) -> str:
        """The selection on `_entities` for a jump: one fragment for each landing."""
        if view.declared:
            inside = self._braced(self._direct(view, view.when), view)
            return f"{{ ... on {view.declared} {inside} }}"
        groups: dict[TypeName, set[TypeName]] = {}
        for entry in view.entries:
            if entry.landing is not None:
                groups.setdefault(entry.landing.typename, set()).update(entry.types)
        parts = []
        for name, types in groups.items():
            units = [unit for unit in _in_order(view) if unit.types & types]
            if units:
                inside = " ".join(self._fields(view, units, view.when))
                parts.append(f"... on {name} {{ {inside} }}")
        return f"{{ {' '.join(parts)} }}" if parts else "{ __typename }"

    def _direct(self, view: View, around: When) -> Iterator[str]:
        """The parts of a selection where the subgraph says `view.declared`."""
        units = [unit for unit in _in_order(view) if unit.call.name != TYPENAME]
        if self._tells_type(view):
            yield TYPENAME
        kind = self._world.supergraph.types[view.declared].kind
        if kind == "object" or not view.standing.typed:
            yield from self._fields(view, units, around)
            return
        by_condition: dict[TypeName, list[Unit]] = {}
        for unit in units:
            for condition in self._conditions(view, unit):
                by_condition.setdefault(condition, []).append(unit)
        yield from self._fields(view, by_condition.pop(view.declared, []), around)
        for condition, group in by_condition.items():
            yield f"... on {condition} {{ {' '.join(self._fields(view, group, around))} }}"

    def _tells_type(self, view: View) -> bool:
        if not view.standing.typed or not view.level.abstract:
            return False
        chosen = any(unit.call.name == TYPENAME for unit in view.chosen)
        return chosen or (not view.is_jump and view.level.typename_when != NEVER)

    def _conditions(self, view: View, unit: Unit) -> Iterable[TypeName]:
        """The types to name so that a unit is asked of just its types: as few as possible."""
        here = view.standing.types
        wanted = unit.types & here
        visible = frozenset(t for t in here if not self._world.supergraph.types[t].inaccessible)
        for name in (view.declared, *self._interfaces(wanted)):
            covered = self._world.standing(view.subgraph, name).types & here
            if covered & visible == wanted & visible and self._same_shape(view, unit, name):
                return (name,)
        return sorted(wanted)

    def _interfaces(self, wanted: TypeNames) -> list[TypeName]:
        if len(wanted) < 2:
            return []
        shared = [set(self._world.possible.interfaces_of[name]) for name in wanted]
        return sorted(set.intersection(*shared))

    def _same_shape(self, view: View, unit: Unit, name: TypeName) -> bool:
        """Whether the subgraph has the field on `name` itself, looking as on each object type."""
        join = self._world.join(name, unit.call.name, view.subgraph)
        child = view.children.get(unit)
        if join is None or (child is not None and child.declared != join.type.name):
            return False
        own = [
            self._world.join(each, unit.call.name, view.subgraph)
            for each in view.standing.types & unit.types
        ]
        shape = self._world.shape(join)
        return all(each is not None and self._world.shape(each) == shape for each in own)

    def _fields(self, view: View, units: Iterable[Unit], around: When) -> Iterator[str]:
        for unit in units:
            when = view.chosen[unit]
            self.variables.update(unit.call.variables)
            for guards in within(when, around):
                yield self._guarded(
                    unit, self._call(view, unit), guards, self._below(view, unit, when)
                )

    def _call(self, view: View, unit: Unit) -> str:
        """The call with the arguments that clients do not know of."""
        if not (view.is_jump and self._contexts):
            return unit.call.text
        joins = (self._world.join(name, unit.call.name, view.subgraph) for name in unit.types)
        filled = [
            f"{each.name}: ${self._contexts[each]}"
            for join in dict.fromkeys(joins)
            for each in (join.contexts if join is not None else ())
        ]
        if not filled:
            return unit.call.text
        given = unit.call.arguments[1:-1]
        return f"{unit.call.name}({', '.join(filter(None, (given, *filled)))})"

    def _below(self, view: View, unit: Unit, when: When) -> str:
        child = view.children.get(unit)
        if child is None:
            return ""
        return f" {self._braced(self._direct(child, when), child)}"

    def _guarded(self, unit: Unit, call: str, guards: tuple[Guard, ...], below: str) -> str:
        alias = f"{unit.key}: " if unit.key != unit.call.name else ""
        *outer, last = guards or (None,)
        self.variables.update(guard.variable for guard in guards)
        text = f"{alias}{call}{_directive(last)}{below}"
        for guard in reversed(outer):
            text = f"...{_directive(guard)} {{ {text} }}"
        return text

    def _braced(self, parts: Iterable[str], view: View) -> str:
        text = " ".join(parts)
        if not text:
            text = TYPENAME if view.standing.typed else f"{self._world.prefix}0: {TYPENAME}"
        return f"{{ {text} }}"


def _directive(guard: Guard | None) -> str:
    if guard is None:
        return ""
    return f" @{'include' if guard.value else 'skip'}(if: ${guard.variable})"


def _in_order(view: View) -> list[Unit]:
    return sorted(view.chosen, key=lambda unit: unit.number)
