"""Who may be entered for an entity, by which key, under which name; and how far it is.

A *landing* is a way into a subgraph for an object of a runtime type: the type name that is sent,
and the keys of which one must be had. Its distance counts the fetches of the shortest chain of
landings from a subgraph that already has the object, by the keys alone (a chain a -> b -> c where
c's key is only known to b has distance 2).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from gateway.spec.field_set import FieldPick, FieldSet
from gateway.spec.names import SubgraphName, TypeName
from gateway.supergraph.model import Key, Supergraph
from gateway.supergraph.possible import Possible


@dataclass(frozen=True, slots=True, kw_only=True)
class Landing:
    """Enter `subgraph` by sending `typename` and one of `keys`.

    `typed` is False where the subgraph knows only an interface object.
    """

    subgraph: SubgraphName
    typename: TypeName
    keys: tuple[Key, ...]
    typed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Jumps:
    """`landings` by runtime type; `interface_landings` by interface, for objects of which only
    the interface is known. `distances` by (runtime type, from, to)."""

    landings: Mapping[TypeName, tuple[Landing, ...]]
    interface_landings: Mapping[TypeName, tuple[Landing, ...]]
    distances: Mapping[tuple[TypeName, SubgraphName, SubgraphName], int]

    def distance(self, name: TypeName, start: SubgraphName, goal: SubgraphName) -> int | None:
        """Fetches from `start` to `goal`; None where no chain of keys leads there."""
        return 0 if start == goal else self.distances.get((name, start, goal))


def build_jumps(supergraph: Supergraph, possible: Possible) -> Jumps:
    """Precompute every landing and every distance."""
    runtime_types = sorted(frozenset().union(*possible.everywhere.values()))
    landings = {
        name: found
        for name in runtime_types
        if (found := tuple(_landings(supergraph, possible, name)))
    }
    interfaces = [name for name, each in supergraph.types.items() if each.kind == "interface"]
    return Jumps(
        landings=landings,
        interface_landings={
            name: found
            for name in interfaces
            if (found := tuple(_telling_landings(supergraph, possible, name)))
        },
        distances={
            (name, start, goal): steps
            for name, ways in landings.items()
            for start in supergraph.subgraphs
            for goal, steps in _distances(supergraph, name, ways, start).items()
        },
    )


def _landings(supergraph: Supergraph, possible: Possible, name: TypeName) -> Iterator[Landing]:
    own = list(_own_landings(supergraph, name, typed=True))
    yield from own
    seen = {landing.subgraph for landing in own}
    for interface in (*possible.interfaces_of[name], name):
        for landing in _own_landings(supergraph, interface, typed=False):
            if landing.subgraph not in seen:
                seen.add(landing.subgraph)
                yield landing


def _telling_landings(
    supergraph: Supergraph, possible: Possible, name: TypeName
) -> Iterator[Landing]:
    """Ways into subgraphs that know objects behind an interface, and so can tell their types."""
    for landing in _own_landings(supergraph, name, typed=True):
        if possible.in_subgraph(landing.subgraph, name).types - {name}:
            yield landing


def _own_landings(supergraph: Supergraph, name: TypeName, *, typed: bool) -> Iterator[Landing]:
    for subgraph, join in sorted(supergraph.types[name].joins.items()):
        keys = tuple(key for key in join.keys if key.resolvable)
        if keys and join.interface_object is not typed:
            yield Landing(subgraph=subgraph, typename=name, keys=keys, typed=typed)


def _distances(
    supergraph: Supergraph, name: TypeName, ways: tuple[Landing, ...], start: SubgraphName
) -> dict[SubgraphName, int]:
    reached = {start: 0}
    frontier = True
    while frontier:
        steps = max(reached.values()) + 1
        found = {
            way.subgraph: steps
            for way in ways
            if way.subgraph not in reached
            and any(_known(supergraph, name, key.fields, reached) for key in way.keys)
        }
        reached |= found
        frontier = bool(found)
    del reached[start]
    return reached


def _known(
    supergraph: Supergraph, name: TypeName, fields: FieldSet, reached: Mapping[SubgraphName, int]
) -> bool:
    """Whether the top of a key can be had from what was reached; what is below is hoped for."""
    own_fields = supergraph.types[name].fields
    for pick in fields:
        if isinstance(pick, FieldPick):
            field = own_fields.get(pick.name)
            if field is None:
                return False
            holders = {graph for graph, join in field.joins.items() if not join.external}
            if holders.isdisjoint(reached):
                return False
    return True
