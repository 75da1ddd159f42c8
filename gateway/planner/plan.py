"""Operation to plan: normalise, choose, tidy up, emit. Pure and deterministic."""

from collections.abc import Callable
from functools import reduce
from typing import Final

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    OperationDefinitionNode,
    VariableDefinitionNode,
    print_ast,
)

from gateway.errors import PlanningFailed
from gateway.plan.nodes import (
    Condition,
    Defer,
    DeferredPart,
    Fetch,
    Parallel,
    PlanNode,
    QueryPlan,
    Sequence,
    Subscribe,
)
from gateway.planner.budget import Budget, PlanBudgetExceeded
from gateway.planner.calls import TYPENAME_CALL
from gateway.planner.choice import Choice, cost_of
from gateway.planner.emit import Emitter
from gateway.planner.improve import improved
from gateway.planner.introspection import introspection_document
from gateway.planner.normalise import Normaliser, Pick
from gateway.planner.parts import Part, Parts
from gateway.planner.passes.ask_everybody_for_what_must_be_there import (
    ask_everybody_for_what_must_be_there,
)
from gateway.planner.passes.merge_jumps_into_one_subgraph import merge_jumps_into_one_subgraph
from gateway.planner.shapes import ShapeWriter
from gateway.planner.slots import Slots
from gateway.planner.walk import Walk
from gateway.planner.world import World
from gateway.spec.names import SubgraphName
from gateway.supergraph.model import RootKind

_KINDS: Final[dict[str, RootKind]] = {
    "query": "query",
    "mutation": "mutation",
    "subscription": "subscription",
}

Pass = Callable[[Choice], Choice]
PASSES: Final[tuple[Pass, ...]] = (
    merge_jumps_into_one_subgraph,
    ask_everybody_for_what_must_be_there,
)


def plan_operation(
    world: World,
    document: DocumentNode,
    operation_name: str | None = None,
    *,
    budget: Budget | None = None,
    refused: frozenset[int] = frozenset(),
    in_parts: bool = False,
) -> QueryPlan:
    """Plan one operation of a document that is valid against the API schema. `refused` are the
    identities of fields and fragments that are not fetched and become null.

    `in_parts` heeds @defer: where there is any, the plan's node is a `Defer`; else the operation is
    answered whole. Raises PlanBudgetExceeded, or PlanningFailed where no plan exists.
    """
    operation = _operation(document, operation_name)
    limits = budget or Budget()
    try:
        return _Planning(
            world, document, operation, limits, refused=refused, in_parts=in_parts
        ).plan()
    except RecursionError:
        raise PlanBudgetExceeded(limits.paths) from None


def _operation(document: DocumentNode, name: str | None) -> OperationDefinitionNode:
    for node in document.definitions:
        if isinstance(node, OperationDefinitionNode):
            own = node.name.value if node.name else None
            if name is None or own == name:
                return node
    raise PlanningFailed("the document has no such operation")


class _Planning:
    def __init__(
        self,
        world: World,
        document: DocumentNode,
        operation: OperationDefinitionNode,
        budget: Budget,
        *,
        refused: frozenset[int],
        in_parts: bool,
    ) -> None:
        self._world = world
        self._operation = operation
        self._budget = budget
        self._kind: RootKind = _KINDS[operation.operation.value]
        self._root = world.supergraph.roots[self._kind]
        self._slots = Slots(world)
        self._parts = Parts()
        self._needed: dict[int, set[int]] = {}
        self._later: dict[int, tuple[Pick, ...]] = {}
        self._normaliser = Normaliser(
            world=world,
            fragments={
                node.name.value: node
                for node in document.definitions
                if isinstance(node, FragmentDefinitionNode)
            },
            budget=budget,
            serial=self._kind == "mutation",
            refused=refused,
            parts=self._parts if in_parts and self._kind != "subscription" else None,
        )
        self._emitter = Emitter(
            world=world,
            kind=self._kind,
            operation_name=operation.name.value if operation.name else None,
            definitions={
                each.variable.name.value: _definition(each)
                for each in operation.variable_definitions or ()
            },
        )

    def plan(self) -> QueryPlan:
        selections = self._operation.selection_set
        wanted = self._normaliser.by_call(selections, self._root)
        for part in self._parts.reading():
            self._later[part.number] = self._normaliser.by_call(selections, self._root, part.number)
        nodes = self._nodes(wanted)
        # before the first answer's shape, which also has keys of what nobody was asked for
        node = self._deferring(nodes) if self._parts.found else nodes.get(0)
        given = self._normaliser.by_response(selections, self._root)
        shape = ShapeWriter(self._world).object_shape(self._root, given, self._slots)
        return QueryPlan(
            kind=self._kind,
            operation_name=self._emitter.operation_name,
            node=node,
            shape=shape,
            introspection=introspection_document(
                self._world, self._operation, self._normaliser.fragments
            ),
        )

    def _nodes(self, wanted: tuple[Pick, ...]) -> dict[int, PlanNode]:
        """The nodes of each part; 0 is the first answer."""
        if self._kind == "mutation":
            return self._serial(wanted)
        nodes = self._emitter.nodes(self._improved(wanted))
        if self._kind == "subscription" and 0 in nodes:
            nodes[0] = _as_subscription(nodes[0])
        return nodes

    def _deferring(self, nodes: dict[int, PlanNode]) -> PlanNode:
        selections = self._operation.selection_set
        parts = []
        for part in self._parts.found:
            picks = self._normaliser.by_response(selections, self._root, part.number)
            writer = ShapeWriter(self._world, part.number)
            parts.append(
                DeferredPart(
                    label=part.label,
                    when=part.when,
                    depth=part.depth,
                    after=tuple(sorted(number - 1 for number in self._awaited(part))),
                    node=nodes.get(part.number),
                    shape=writer.object_shape(self._root, picks, self._slots),
                )
            )
        return Defer(first=nodes.get(0), parts=tuple(parts))

    def _awaited(self, part: Part) -> set[int]:
        """The parts that must be there before one: what it is within, what it needs or tells."""
        needed = self._needed.get(part.number, set()) | {part.parent}
        return needed - {0, part.number}

    def _improved(self, wanted: tuple[Pick, ...]) -> Choice:
        def settle(banned: frozenset[str], budget: Budget) -> Choice:
            walk = Walk(self._world, budget, banned=banned)
            return _tidied(walk.choose(self._root, Slots(self._world), wanted, later=self._later))

        choice = improved(settle, self._budget)
        self._slots = choice.root.slots
        self._note_needs(choice)
        return choice

    def _note_needs(self, choice: Choice) -> None:
        for part, needed in choice.awaited():
            self._needed.setdefault(part, set()).add(needed)

    def _settled(self, wanted: tuple[Pick, ...], *, only: SubgraphName | None = None) -> Choice:
        walk = Walk(self._world, self._budget)
        calls = {pick.call for pick in wanted}
        later = {
            part: tuple(pick for pick in picks if pick.call in calls)
            for part, picks in self._later.items()
        }
        return _tidied(walk.choose(self._root, self._slots, wanted, only=only, later=later))

    # -- mutations --------------------------------------------------------------------------

    def _serial(self, wanted: tuple[Pick, ...]) -> dict[int, PlanNode]:
        """One root field after the other, each with all that follows from it.

        Neighbours for which one subgraph is enough travel together: it runs them in order.
        """
        groups: list[tuple[SubgraphName | None, list[Pick]]] = []
        for pick in wanted:
            if pick.call == TYPENAME_CALL:  # the shape knows it; nobody is asked
                continue
            choice = self._best_home(pick)
            home = choice.steps[0].subgraph if len(choice.steps) == 1 else None
            if groups and home is not None and groups[-1][0] == home:
                groups[-1][1].append(pick)
            else:
                groups.append((home, [pick]))
        by_part: dict[int, list[PlanNode]] = {}
        for _, picks in groups:
            choice = self._home_of(tuple(picks))
            self._note_needs(choice)
            for part, node in self._emitter.nodes(choice).items():
                by_part.setdefault(part, []).append(node)
        return {
            part: nodes[0] if len(nodes) == 1 else _all_of(part, tuple(nodes))
            for part, nodes in by_part.items()
        }

    def _home_of(self, picks: tuple[Pick, ...]) -> Choice:
        if len(picks) == 1:
            return self._best_home(picks[0])
        home = self._best_home(picks[0]).steps[0].subgraph
        return self._settled(picks, only=home)

    def _best_home(self, pick: Pick) -> Choice:
        """The subgraph to run a root field in, so that least is left to be fetched after it."""
        field = self._world.supergraph.types[self._root].fields.get(pick.call.name)
        best: Choice | None = None
        for subgraph in sorted(field.joins if field else ()):
            try:
                choice = self._settled((pick,), only=subgraph)
            except PlanningFailed:
                continue
            if best is None or cost_of(choice) < cost_of(best):
                best = choice
        if best is None:
            if field is None:
                return self._settled((pick,))
            raise PlanningFailed(f"no subgraph can run {self._root}.{pick.call.name}")
        return best


def _all_of(part: int, nodes: tuple[PlanNode, ...]) -> PlanNode:
    """What follows from several root fields: their order matters to the first answer only."""
    return Parallel(nodes=nodes) if part else Sequence(nodes=nodes)


def _tidied(choice: Choice) -> Choice:
    return reduce(lambda each, step: step(each), PASSES, choice)


def _definition(node: VariableDefinitionNode) -> str:
    default = f" = {print_ast(node.default_value)}" if node.default_value else ""
    return f"${node.variable.name.value}: {print_ast(node.type)}{default}"


def _as_subscription(node: PlanNode) -> PlanNode:
    match node:
        case Fetch():
            return Subscribe(fetch=node, rest=None)
        case Sequence(nodes=(Fetch() as first, *rest)):
            after = rest[0] if len(rest) == 1 else Sequence(nodes=tuple(rest))
            return Subscribe(fetch=first, rest=after)
        case Condition(node=inner):
            return _as_subscription(inner)
        case _:
            raise PlanningFailed("a subscription must have one root field in one subgraph")
