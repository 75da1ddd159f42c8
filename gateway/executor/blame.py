"""Says in the client's words what a subgraph did wrong: internal places become response paths."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any, NamedTuple

from gateway.errors import DOWNSTREAM_SERVICE_ERROR
from gateway.executor.conditions import holds
from gateway.executor.failures import Failures, ResponsePath
from gateway.executor.levels import Level
from gateway.executor.paths import Place, Tree, places
from gateway.executor.ports import Fault
from gateway.plan.nodes import Fetch, Target
from gateway.plan.shape import ObjectShape, ShapeField


class Asked(NamedTuple):
    """What one target of a fetch asked about: for each entity, in order, who waits for it.
    `level` is where all of them stand, None if they stand apart."""

    target: Target
    holders: Sequence[Sequence[Tree]]
    level: Level | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """One fault, or the errors of one reply. `asked` is empty for a fetch at the root."""

    fetch: Fetch
    asked: Sequence[Asked]
    problem: Fault | Sequence[object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Blame:
    """Turns troubles into entries of `errors`, once the tree is complete."""

    shape: ObjectShape
    tree: Tree
    variables: Mapping[str, object]
    failures: Failures

    def report(self, trouble: Trouble) -> None:
        if isinstance(trouble.problem, Fault):
            for path in self._lost(trouble):
                self._add(trouble, trouble.problem.message, trouble.problem.code, path, {})
            return
        for error in trouble.problem:
            if isinstance(error, Mapping):
                self._report_error(trouble, error)

    def _report_error(self, trouble: Trouble, error: Mapping[str, object]) -> None:
        message = error.get("message")
        extensions = error.get("extensions")
        known = extensions if isinstance(extensions, dict) else {}
        code = known.get("code")
        for path in self._paths(trouble, error.get("path")):
            self._add(
                trouble,
                message if isinstance(message, str) else "the subgraph gave an error",
                code if isinstance(code, str) else DOWNSTREAM_SERVICE_ERROR,
                path,
                known,
            )

    def _add(
        self,
        trouble: Trouble,
        message: str,
        code: str,
        path: ResponsePath,
        extensions: Mapping[str, object],
    ) -> None:
        service = trouble.fetch.subgraph
        self.failures.add(message, code, path=path, service=service, extensions=extensions)

    def _paths(self, trouble: Trouble, path: object) -> Iterator[ResponsePath]:
        if (
            not path
            or not isinstance(path, list)
            or not all(isinstance(part, str | int) for part in path)
        ):
            return self._lost(trouble)
        if not trouble.asked:
            return self.response_paths(tuple(path))
        for ask in trouble.asked:
            if not ask.target.representations:
                return self._below(ask, _everybody(ask), path)
            if ask.target.response_key == path[0] and _is_index(path[1:2], len(ask.holders)):
                return self._below(ask, ask.holders[path[1]], path[2:])
        return self._lost(trouble)

    def _below(
        self, ask: Asked, waiting: Sequence[Tree], rest: Sequence[str | int]
    ) -> Iterator[ResponsePath]:
        for place in self._places(ask, waiting):
            yield from self.response_paths((*place, *rest))

    def _places(self, ask: Asked, waiting: Sequence[Tree]) -> Iterator[Place]:
        wanted = {id(holder) for holder in waiting}
        for place, here in places(ask.target.path, self.tree):
            if id(here) in wanted:
                yield place

    def _lost(self, trouble: Trouble) -> Iterator[ResponsePath]:
        """Where something is missing when a whole answer is: top-level fields, or one place."""
        for ask in trouble.asked:
            found = list(self._places(ask, _everybody(ask)))
            yield from self.response_paths(_common_prefix(found))
        if not trouble.asked:
            yield from self._lost_roots(trouble.fetch) or [()]

    def _lost_roots(self, fetch: Fetch) -> list[ResponsePath]:
        return [
            (field.response_key,)
            for field in self._visible(self.shape, self.tree)
            if self._is_lost(fetch, field)
        ]

    def _is_lost(self, fetch: Fetch, field: ShapeField) -> bool:
        if fetch.roots:
            return field.key in fetch.roots
        return self.tree.get(field.key) is None

    def response_paths(self, place: Place) -> Iterator[ResponsePath]:
        """The paths at which the client sees a place; cut short where it sees no further."""
        yield from self._walk(self.shape, self.tree, place, ())

    def _walk(
        self, shape: ObjectShape, here: Any, place: Place, above: ResponsePath
    ) -> Iterator[ResponsePath]:
        fields = [field for field in self._visible(shape, here) if place and field.key == place[0]]
        if not fields:
            yield above
        for field in fields:
            levels = len(field.non_null) - 1
            indices = tuple(takewhile(lambda part: isinstance(part, int), place[1 : 1 + levels]))
            path = (*above, field.response_key, *indices)
            below = place[1 + len(indices) :]
            if isinstance(field.content, ObjectShape) and below:
                value = _item(here, (place[0], *indices))
                yield from self._walk(field.content, value, below, path)
            else:
                yield path

    def _visible(self, shape: ObjectShape, here: Any) -> Iterator[ShapeField]:
        """As the projection sees it, but an object of unknown type may have any of its fields."""
        known = here.get("__typename") if isinstance(here, dict) else None
        type_name = shape.typename or (known if isinstance(known, str) else None)
        seen: set[tuple[str, str]] = set()
        for field in shape.fields:
            fits = field.types is None or type_name is None or type_name in field.types
            place = field.response_key, field.key
            if fits and place not in seen and holds(field.when, self.variables):
                seen.add(place)
                yield field


def _everybody(ask: Asked) -> list[Tree]:
    return [holder for waiting in ask.holders for holder in waiting]


def _is_index(part: Sequence[object], bound: int) -> bool:
    return len(part) == 1 and isinstance(part[0], int) and 0 <= part[0] < bound


def _item(here: Any, steps: Sequence[str | int]) -> Any:
    for step in steps:
        try:
            here = here[step]
        except (KeyError, IndexError, TypeError):
            return None
    return here


def _common_prefix(found: Sequence[Place]) -> Place:
    if not found:
        return ()
    first = found[0]
    for length in range(len(first), 0, -1):
        if all(place[:length] == first[:length] for place in found):
            return first[:length]
    return ()
