"""What the planner knows while it thinks: levels, units, views and steps. Grows, never shrinks.

* A `Level` is one place of the internal tree, where objects of certain types stand.
* A `Unit` is one call wanted there of some types, answered by one subgraph for all of them.
* A `View` is the same objects as one subgraph shows them. Most views are only possibilities; one
  becomes active when something is taken from it. A view is entered from the query root, from a
  view of the level above through the field that leads here, or by a jump with a key.
* A `Step` is one request: a root of views entered without a further request.
"""

from dataclasses import dataclass, field
from typing import Final

from gateway.plan.shape import When
from gateway.planner.calls import Call
from gateway.planner.conditions import NEVER
from gateway.planner.slots import Slots
from gateway.spec.field_set import FieldSet
from gateway.spec.names import SubgraphName, TypeName
from gateway.supergraph.jumps import Landing
from gateway.supergraph.model import ContextArgument, Key, TypeRef
from gateway.supergraph.possible import Standing, TypeNames

NO_TYPES: Final[TypeNames] = frozenset()


@dataclass(slots=True, eq=False, kw_only=True)
class Step:
    """One request for a part of the answer. `needs` are the steps that must have answered before;
    their parts are no later ones."""

    number: int
    subgraph: SubgraphName
    view: "View"
    part: int = 0
    needs: "set[Step]" = field(default_factory=set)
    depth: int = 0

    def waits_for(self, other: "Step") -> bool:
        """Whether `other` must run before this one, or is this one."""
        return other is self or any(need.waits_for(other) for need in self.needs)


@dataclass(slots=True, eq=False, kw_only=True)
class Unit:
    """A call at a level, for all of `types` at once. `taken` are the views that answer it."""

    number: int
    level: "Level"
    call: Call
    types: TypeNames
    ref: TypeRef
    key: str
    ways: "tuple[View, ...]"
    child: "Level | None" = None
    taken: "list[View]" = field(default_factory=list)


@dataclass(slots=True, eq=False, kw_only=True)
class Entry:
    """How a jump names objects of certain types. Without landing: not at all, it needs no key."""

    landing: Landing | None
    types: TypeNames
    key: Key | None
    requires: FieldSet


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextInput:
    """A value from above that a jump hands down: the levels it may come from, nearest first, and
    the types that set it there. `argument` is one of those filled with it."""

    argument: ContextArgument
    sources: "tuple[tuple[Level, TypeNames], ...]"


@dataclass(slots=True, eq=False, kw_only=True)
class View:
    """Objects of a level as one subgraph shows them.

    `declared` is the subgraph's own type of the place (for a jump: empty, its landings say it).
    `parents` are views of the level above of which one leads here; `parent` is the one chosen.
    `requirement` is the field set a jump must satisfy beside its key, as text. `part` is the
    deferred part for whose sake a request of its own is made here.
    """

    number: int
    level: "Level"
    subgraph: SubgraphName
    declared: TypeName
    standing: Standing
    provided: FieldSet = ()
    parents: "tuple[View, ...]" = ()
    landings: dict[TypeName, Landing] = field(default_factory=dict)
    requirement: str = ""
    part: int = 0
    is_jump: bool = False
    parent: "View | None" = None
    step: Step | None = None
    when: When = NEVER
    chosen: dict[Unit, When] = field(default_factory=dict)
    children: "dict[Unit, View]" = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    sources: "list[tuple[View, Unit]]" = field(default_factory=list)
    contexts: "tuple[ContextInput, ...]" = ()

    @property
    def place(self) -> str:
        """The same for the same view in another walk over the same operation."""
        kind = f"+{self.requirement}" if self.is_jump else ""
        apart = f"@{self.part}" if self.part else ""
        return f"{self.level.place} {self.subgraph} {self.declared}{kind}{apart}"

    @property
    def entered(self) -> TypeNames:
        """The types a jump has been prepared for."""
        return frozenset().union(*(entry.types for entry in self.entries))


@dataclass(slots=True, eq=False, kw_only=True)
class Level:
    """A place of the tree. `unit` leads here; None at the root.

    `reach` are the types that may really stand here, `possible` those worth planning for;
    they differ where subgraphs disagree on the members of a union.
    """

    number: int
    unit: Unit | None
    name: TypeName
    abstract: bool
    slots: Slots
    views: tuple[View, ...] = ()
    reach: TypeNames = NO_TYPES
    possible: TypeNames = NO_TYPES
    units: dict[str, list[Unit]] = field(default_factory=dict)
    jumps: dict[tuple[SubgraphName, str, TypeName, int], View] = field(default_factory=dict)
    typename_when: When = NEVER

    @property
    def place(self) -> str:
        """The way here, the same in another walk over the same operation."""
        if self.unit is None:
            return ""
        return f"{self.unit.level.place}/{self.unit.call.identity}:{min(self.unit.types)}"

    @property
    def typed(self) -> bool:
        """Whether every view that needs no jump can tell the types."""
        return all(view.standing.typed for view in self.views)
