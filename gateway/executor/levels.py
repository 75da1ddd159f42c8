"""The objects at each place of a plan: found once a run, and kept until an answer may have moved
them.

Fetches of one plan mostly ask about objects at the same places, or below the same ones. Laws: what
is kept is what a walk from the root would find; an answer that brings objects forgets whatever is
at or below where it was merged; equal objects become one only where that is remembered.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from gateway.executor.paths import Tree, compile_step
from gateway.plan.nodes import Path, Step

Found: TypeAlias = list[Tree]
Down: TypeAlias = Callable[[Sequence[Tree]], Found]


@dataclass(slots=True, eq=False)
class _Kin:
    """The levels at one chain of keys or below it, whatever their types."""

    members: list[Level] = field(default_factory=list)
    below: dict[str, _Kin] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Level:
    """One place of a plan: where one step leads from the objects above."""

    step: Step | None
    above: Level | None
    down: Down
    kin: _Kin

    @property
    def leads_on(self) -> bool:
        """Whether other objects of the plan stand here or below."""
        return len(self.kin.members) > 1


class Levels:
    """The levels of one plan, each made once."""

    def __init__(self) -> None:
        self._root = Level(None, None, list, _Kin())
        self._known: dict[tuple[Level, Step], Level] = {}

    def at(self, path: Path) -> Level:
        level, lineage = self._root, [self._root.kin]
        for step in path:
            lineage.append(lineage[-1].below.setdefault(step.key, _Kin()))
            place = level, step
            if place not in self._known:
                self._known[place] = new = Level(step, level, compile_step(step), lineage[-1])
                for kin in lineage:
                    kin.members.append(new)
            level = self._known[place]
        return level


class Finds:
    """What was found in one tree so far."""

    __slots__ = ("_found", "_united", "tree")

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self._found: dict[Level, Found] = {}
        self._united: set[Level] = set()

    def at(self, level: Level) -> Found:
        """The objects at a level, in the order of the tree; some may stand there twice."""
        way = []
        while (found := self._found.get(level)) is None and level.above is not None:
            way.append(level)
            level = level.above
        if found is None:
            found = [self.tree]
        for each in reversed(way):
            found = self._found[each] = each.down(found)
        return found

    def united(self, level: Level, unite: Down) -> Found:
        """The objects at a level, each once, where `unite` finds them below those above and makes
        equal ones one; only the first to ask does so."""
        if level.above is None:
            return [self.tree]
        if level in self._united:
            return self._found[level]
        above = self.at(level.above)
        for other in level.kin.members:
            if other.kin is level.kin:  # of other types: it may hold objects that are replaced now
                self._forget(other)
        found = self._found[level] = unite(above)
        self._united.add(level)
        return found

    def moved(self, level: Level | None) -> None:
        """Answers with objects in them were merged at a level; None: anywhere."""
        if level is None:
            self._found.clear()
            self._united.clear()
            return
        for other in level.kin.members:
            if other is not level:
                self._forget(other)

    def _forget(self, level: Level) -> None:
        self._found.pop(level, None)
        self._united.discard(level)
