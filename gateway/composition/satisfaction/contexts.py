"""Which contexts a path sets, and which a field needs.

Laws: a context is set for what lies below its type, never for the type itself; it counts only where
all that anybody selects of it can be fetched there.
"""

from collections.abc import Sequence

from gateway.composition.contexts import (
    contexts_set_by,
    global_name,
    selection_of,
    uses_of,
)
from gateway.composition.model import FieldDef, Subgraph
from gateway.composition.satisfaction.reach import Reach
from gateway.composition.satisfaction.world import Position, World
from gateway.spec.field_set import FieldSet

_NONE: frozenset[str] = frozenset()


class Contexts:
    """Knows nothing, and costs nothing, where no subgraph uses @fromContext."""

    def __init__(self, world: World, reach: Reach) -> None:
        self._world = world
        self._reach = reach
        self._selected: dict[str, list[FieldSet]] = {}
        for subgraph in world.subgraphs.values():
            for _, field in subgraph.output_fields():
                for _, use in uses_of(field):
                    name = global_name(subgraph, use.context)
                    self._selected.setdefault(name, []).append(selection_of(use))

    def set_at(self, name: str, reached: Sequence[Position]) -> frozenset[str]:
        """What an object of this type, held at these positions, sets for all below it."""
        if not self._selected:
            return _NONE
        return frozenset(
            context
            for at in reached
            for context in _set_in(self._world.subgraphs[at.subgraph], name)
            if all(
                self._reach.satisfied(name, reached, wanted)
                for wanted in self._selected.get(context, ())
            )
        )

    def needed(self, at: Position, field: FieldDef) -> frozenset[str]:
        """What must be set above before this subgraph can resolve the field."""
        if not self._selected:
            return _NONE
        subgraph = self._world.subgraphs[at.subgraph]
        return frozenset(global_name(subgraph, use.context) for _, use in uses_of(field))


def _set_in(subgraph: Subgraph, name: str) -> list[str]:
    return [
        global_name(subgraph, context)
        for each in subgraph.types.values()
        for context in contexts_set_by(each)
        if each.name == name or name in subgraph.possible(each.name)
    ]
