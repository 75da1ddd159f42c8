"""From a position, all positions that hold the same object after any number of key jumps.

Laws: the answer is the least one that satisfies itself: tables only grow, and a round is repeated
until nothing grows, so keys and requirements that need each other are followed without guessing.
"""

from collections.abc import Callable, Iterable
from typing import TypeAlias

from gateway.composition import type_ref
from gateway.composition.model import FieldDef
from gateway.composition.satisfaction.world import Entry, Position, World
from gateway.spec import names
from gateway.spec.field_set import FieldPick, FieldSet, Pick, TypePick

Held: TypeAlias = tuple[str, Position]
"""A type of the supergraph, and where an object of it is."""
Asked: TypeAlias = tuple[str, Position, str]
"""The same, and a field with @requires."""


class Reach:
    """Answers `closure` and `resolves`; remembers final answers."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._closures: dict[Held, frozenset[Position]] = {}
        self._resolved: set[Asked] = set()
        self._final: set[Held | Asked] = set()
        self._round: set[Held | Asked] = set()
        self._in_round = False
        self._grew = False

    def closure(self, name: str, start: Position) -> frozenset[Position]:
        held = (name, start)
        if held not in self._final:
            self._settle(lambda: self._visit(held))
        return self._closures[held]

    def resolves(self, name: str, at: Position, field: FieldDef) -> bool:
        """Whether the @requires of a local field can be met from here, and the way back found."""
        if field.requires is None:
            return True
        asked = (name, at, field.name)
        wanted = field.requires.fields
        if asked not in self._final:
            self._settle(lambda: self._ask(asked, wanted))
        return asked in self._resolved

    def _settle(self, question: Callable[[], None]) -> None:
        """Ask until no table grows any more; a question inside a question is asked once a round."""
        if self._in_round:
            question()
            return
        self._in_round = self._grew = True
        while self._grew:
            self._grew = False
            self._round.clear()
            question()
        self._final |= self._round
        self._in_round = False

    def satisfied(self, name: str, positions: Iterable[Position], wanted: FieldSet) -> bool:
        """Whether all fields wanted of an object of this type can be had from these positions."""
        held = list(positions)
        return all(self._picked(name, held, pick) for pick in wanted)

    def _visit(self, held: Held) -> None:
        known = self._closures.setdefault(held, frozenset({held[1]}))
        if held in self._round:
            return
        self._round.add(held)
        name = held[0]
        waiting = [
            e for e in self._world.entries(name) if Position(e.subgraph, e.type) not in known
        ]
        while entered := [e for e in waiting if self._enters(held, e)]:
            waiting = [e for e in waiting if e not in entered]
            self._closures[held] |= {Position(e.subgraph, e.type) for e in entered}
            self._grew = True

    def _ask(self, asked: Asked, wanted: FieldSet) -> None:
        if asked in self._round or asked in self._resolved:
            return
        self._round.add(asked)
        if self._meets(asked[0], asked[1], wanted):
            self._resolved.add(asked)
            self._grew = True

    def _enters(self, held: Held, entry: Entry) -> bool:
        return self.satisfied(held[0], self._closures[held], entry.key)

    def _meets(self, name: str, at: Position, wanted: FieldSet) -> bool:
        elsewhere = self.closure(name, at)
        if not self.satisfied(name, elsewhere, wanted):
            return False
        if self.satisfied(name, [at], wanted):
            return True
        return any(
            self.satisfied(name, elsewhere, entry.key)
            for entry in self._world.entries(name)
            if (entry.subgraph, entry.type) == (at.subgraph, at.type)
        )

    def _picked(self, name: str, held: list[Position], pick: Pick) -> bool:
        if isinstance(pick, TypePick):
            return self._on_type(name, held, pick)
        if pick.name == names.TYPENAME:
            return True
        if self._world.is_abstract(name):
            return any(self._on_abstract(name, at, pick) for at in held)
        return any(self._field(name, at, pick) for at in held)

    def _on_type(self, name: str, held: list[Position], pick: TypePick) -> bool:
        wanted = self._world.possible(pick.type_condition)
        for concrete in self._world.possible(name):
            if concrete not in wanted:
                continue
            narrowed = [n for at in held if (n := self._world.narrow(at, concrete)) is not None]
            if narrowed and not self._from_any(concrete, narrowed, pick.selections):
                return False
        return True

    def _on_abstract(self, name: str, at: Position, pick: FieldPick) -> bool:
        if self._world.is_interface_object(at):
            return self._field(name, at, pick)
        concretes = [(c, self._world.narrow(at, c)) for c in self._world.possible(name)]
        return all(
            self._from_any(concrete, [narrowed], (pick,))
            for concrete, narrowed in concretes
            if narrowed is not None
        )

    def _from_any(self, name: str, starts: list[Position], wanted: FieldSet) -> bool:
        return any(self.satisfied(name, self.closure(name, at), wanted) for at in starts)

    def _field(self, name: str, at: Position, pick: FieldPick) -> bool:
        field = self._world.local(at, pick.name)
        if field is None or not self.resolves(name, at, field):
            return False
        if not pick.selections:
            return True
        below = type_ref.named(self._world.types[name].fields[pick.name].type)
        return self._from_any(below, [self._world.step(at, field)], pick.selections)
