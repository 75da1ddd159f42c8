"""Walks every path clients may take, shortest first, and reports fields that can't be fetched.

Laws: a state is a type, the positions its object may be in and the contexts set above; more of them
can only help, so a state is skipped where one with fewer was seen; the number of states is bounded.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from gateway.composition import type_ref
from gateway.composition.findings import ErrorCode
from gateway.composition.merged import MergedField, Supergraph
from gateway.composition.merging.context import Merge
from gateway.composition.model import FieldDef
from gateway.composition.satisfaction.contexts import Contexts
from gateway.composition.satisfaction.explain import Path, Stuck, describe
from gateway.composition.satisfaction.reach import Reach
from gateway.composition.satisfaction.runtime_types import check_runtime_types
from gateway.composition.satisfaction.world import Position, World, ordered
from gateway.spec import names

MAX_STATES: Final = 100_000


@dataclass(frozen=True, slots=True)
class _State:
    """What is known after walking `path`."""

    type: str
    positions: frozenset[Position]
    path: Path
    contexts: frozenset[str] = frozenset()
    """Contexts that something above has set, by the names of the supergraph."""


def check_satisfiable(supergraph: Supergraph, merge: Merge) -> None:
    world = World(supergraph, merge.subgraphs, merge.overrides)
    _Search(world, merge).run()


class _Search:
    def __init__(self, world: World, merge: Merge) -> None:
        self._world = world
        self._merge = merge
        self._reach = Reach(world)
        self._queue: deque[_State] = deque()
        self._contexts = Contexts(world, self._reach)
        self._seen: dict[str, list[tuple[frozenset[Position], frozenset[str]]]] = {}
        self._count = 0
        self._compared: set[str] = set()
        self._reported: set[tuple[str, str]] = set()

    def run(self) -> None:
        for root in names.ROOT_TYPES:
            if root in self._world.types:
                entries = self._world.entries(root)
                positions = frozenset(Position(e.subgraph, e.type) for e in entries)
                self._add(_State(root, positions, (root,)))
        while self._queue and self._count <= MAX_STATES:
            self._expand(self._queue.popleft())
        if self._queue:
            self._merge.findings.error(
                ErrorCode.MAX_VALIDATION_SUBGRAPH_PATHS_EXCEEDED,
                f"more than {MAX_STATES} ways through the supergraph: it can't be proved sound",
                advice="share fewer fields between fewer subgraphs, or give shared types keys",
            )

    def _add(self, state: _State) -> None:
        reached = self._reached(state)
        seen = self._seen.setdefault(state.type, [])
        if any(other <= reached and fewer <= state.contexts for other, fewer in seen):
            return
        seen.append((reached, state.contexts))
        self._queue.append(replace(state, positions=reached))
        self._count += 1

    def _reached(self, state: _State) -> frozenset[Position]:
        """All positions an object is as good as in; of an abstract type only the real ones."""
        if self._world.is_abstract(state.type):
            return state.positions
        closures = (self._reach.closure(state.type, at) for at in state.positions)
        return frozenset[Position]().union(*closures)

    def _expand(self, state: _State) -> None:
        if self._world.is_abstract(state.type):
            for concrete in self._concretes(state):
                self._add(concrete)
            return
        reached = ordered(state.positions)
        below = state.contexts | self._contexts.set_at(state.type, reached)
        for field in self._world.types[state.type].fields.values():
            if self._world.visible(field.directives):
                self._follow(state, field, reached, below)

    def _follow(
        self,
        state: _State,
        field: MergedField,
        reached: list[Position],
        below: frozenset[str],
    ) -> None:
        carriers = [
            (at, local)
            for at in reached
            if (local := self._world.local(at, field.name)) is not None
            and self._reach.resolves(state.type, at, local)
            and self._contexts.needed(at, local) <= state.contexts
        ]
        path = (*state.path, field.name)
        if not carriers:
            self._report(state, field, reached, path)
            return
        target = type_ref.named(field.type)
        if self._world.is_abstract(target):
            self._compare(f"{state.type}.{field.name}", carriers)
        if self._world.is_composite(target):
            positions = frozenset(self._world.step(at, local) for at, local in carriers)
            self._add(_State(target, positions, path, below))

    def _compare(self, coordinate: str, carriers: list[tuple[Position, FieldDef]]) -> None:
        if coordinate not in self._compared:
            ok = check_runtime_types(self._world, coordinate, carriers, self._merge.findings)
            self._compared.update(() if ok else (coordinate,))

    def _concretes(self, state: _State) -> Iterator[_State]:
        anchored = self._anchored(state)
        for concrete in self._world.possible(state.type):
            narrowed = {n for at in ordered(anchored) if (n := self._world.narrow(at, concrete))}
            real = any(not self._world.is_interface_object(at) for at in narrowed)
            if real and self._world.visible(self._world.types[concrete].directives):
                path = (*state.path, f"... on {concrete}")
                yield _State(concrete, frozenset(narrowed), path, state.contexts)

    def _anchored(self, state: _State) -> set[Position]:
        """An interface object alone can't tell of what type the object is: somebody else must."""
        anchored = set(state.positions)
        for at in ordered(state.positions):
            if self._world.is_interface_object(at):
                reached = self._reach.closure(state.type, at)
                anchored |= reached
                if all(self._world.is_interface_object(other) for other in reached):
                    self._report_typename(state, at)
        return anchored

    def _report(
        self, state: _State, field: MergedField, reached: list[Position], path: Path
    ) -> None:
        if (state.type, field.name) in self._reported:
            return
        self._reported.add((state.type, field.name))
        stuck = Stuck(
            type=state.type,
            field=field.name,
            reached=tuple(reached),
            path=path,
            contexts=state.contexts,
        )
        finding = describe(self._world, self._reach, stuck)
        self._merge.findings.error(
            ErrorCode.SATISFIABILITY_ERROR, finding.message, finding.places, advice=finding.advice
        )

    def _report_typename(self, state: _State, at: Position) -> None:
        if (state.type, names.TYPENAME) in self._reported:
            return
        self._reported.add((state.type, names.TYPENAME))
        owner = self._world.type_def(at)
        self._merge.findings.error(
            ErrorCode.SATISFIABILITY_ERROR,
            f'"{at.subgraph}" knows {state.type} only as an @interfaceObject, and from there no '
            f"subgraph can tell the object's type (path {' > '.join(state.path)})",
            [owner.place] if owner else [],
            advice=f"give interface {state.type} the same resolvable @key where it is defined",
        )
