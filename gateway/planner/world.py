"""What the planner asks of a supergraph, in its own words; built once for each supergraph.

Everything here is a fact of the schema. `labels` are the labels of progressive @override that are
active for the operation: with them a field moves from one subgraph to another.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Final, Self

from gateway.spec.field_set import FieldPick, FieldSet, TypePick
from gateway.spec.names import TYPENAME, SubgraphName, TypeName
from gateway.supergraph.jumps import Jumps, build_jumps
from gateway.supergraph.model import FieldJoin, Supergraph, TypeRef
from gateway.supergraph.possible import Possible, Standing, TypeNames, build_possible

_LEAVES: Final = frozenset({"enum", "scalar", "input"})
_BUILT_IN_LEAVES: Final = frozenset({"Int", "Float", "String", "Boolean", "ID"})
TYPENAME_REF: Final = TypeRef(TypeName("String"), (True,))

FieldSignature = tuple[tuple[SubgraphName, tuple[bool, ...], str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """A supergraph as the planner sees it. `prefix` starts no field's name."""

    supergraph: Supergraph
    possible: Possible
    jumps: Jumps
    prefix: str
    labels: frozenset[str] = frozenset()
    _signatures: dict[tuple[TypeName, str], FieldSignature] = field(default_factory=dict)

    @classmethod
    def of(cls, supergraph: Supergraph) -> Self:
        """Derive everything there is to know."""
        possible = build_possible(supergraph)
        return cls(
            supergraph=supergraph,
            possible=possible,
            jumps=build_jumps(supergraph, possible),
            prefix=_free_prefix(supergraph),
        )

    def with_labels(self, labels: frozenset[str]) -> Self:
        """The same world with these override labels active."""
        return replace(self, labels=labels) if labels != self.labels else self

    def is_leaf(self, name: TypeName) -> bool:
        """Whether values of this type have no selection."""
        type_ = self.supergraph.types.get(name)
        return name in _BUILT_IN_LEAVES if type_ is None else type_.kind in _LEAVES

    def is_abstract(self, name: TypeName) -> bool:
        """Whether an object at a place of this type may be of several types."""
        return self.supergraph.types[name].kind != "object"

    def runtime_types(self, name: TypeName) -> TypeNames:
        """Every object type that may stand where the supergraph says `name`."""
        return self.possible.everywhere.get(name, frozenset())

    def visible_types(self, name: TypeName) -> TypeNames:
        """Those of the runtime types that clients may see."""
        types = self.supergraph.types
        return frozenset(t for t in self.runtime_types(name) if not types[t].inaccessible)

    def standing(self, subgraph: SubgraphName, name: TypeName) -> Standing:
        """What may stand where the subgraph says `name`."""
        return self.possible.in_subgraph(subgraph, name)

    def has_field(self, owner: TypeName, name: str) -> bool:
        """Whether the type has the field anywhere."""
        return name == TYPENAME or name in self.supergraph.types[owner].fields

    def ref(self, owner: TypeName, name: str) -> TypeRef:
        """The type of a field, as the supergraph has it."""
        if name == TYPENAME:
            return TYPENAME_REF
        return self.supergraph.types[owner].fields[name].type

    def join(self, owner: TypeName, name: str, subgraph: SubgraphName) -> FieldJoin | None:
        """What the subgraph says of the field, None if it has no such field."""
        found = self.supergraph.types[owner].fields.get(name)
        return found.joins.get(subgraph) if found else None

    def resolves(self, join: FieldJoin) -> bool:
        """Whether the subgraph answers the field on its own, provided or not."""
        if join.external:
            return False
        return join.label is None or join.override is (join.label in self.labels)

    def condition(self, subgraph: SubgraphName, name: str) -> TypeNames:
        """The runtime types a type condition means in a field set of this subgraph."""
        return self.standing(subgraph, TypeName(name)).types

    def setting(self, context: str) -> TypeNames:
        """The runtime types whose objects set a context."""
        setters = (name for name, each in self.supergraph.types.items() if context in each.contexts)
        return frozenset().union(*(self.runtime_types(name) for name in setters))

    def provided(
        self, provided: FieldSet, subgraph: SubgraphName, owner: TypeName, name: str
    ) -> FieldSet | None:
        """What is provided below a field, None if the field itself is not provided."""
        found = [
            pick.selections
            for pick in self._applying(provided, subgraph, owner)
            if pick.name == name
        ]
        return tuple(pick for picks in found for pick in picks) if found else None

    def _applying(
        self, provided: FieldSet, subgraph: SubgraphName, owner: TypeName
    ) -> Iterator[FieldPick]:
        for pick in provided:
            match pick:
                case FieldPick():
                    yield pick
                case TypePick(type_condition=condition, selections=selections):
                    if owner in self.condition(subgraph, condition):
                        yield from self._applying(selections, subgraph, owner)

    def alike(self, one: TypeName, other: TypeName, name: str) -> bool:
        """Whether both types' fields may share a response name in every subgraph."""
        if one == other or name == TYPENAME:
            return True
        shapes = {subgraph: shape for subgraph, *shape in self._signature(one, name)}
        return all(
            shapes.get(subgraph, shape) == shape
            for subgraph, *shape in self._signature(other, name)
        )

    def _signature(self, owner: TypeName, name: str) -> FieldSignature:
        found = self._signatures.get((owner, name))
        if found is None:
            found = tuple(self._shapes(owner, name))
            self._signatures[owner, name] = found
        return found

    def _shapes(
        self, owner: TypeName, name: str
    ) -> Iterator[tuple[SubgraphName, tuple[bool, ...], str]]:
        own = self.supergraph.types[owner].fields.get(name)
        for subgraph, join in own.joins.items() if own else ():
            yield subgraph, *self.shape(join)

    def shape(self, join: FieldJoin) -> tuple[tuple[bool, ...], str]:
        """What must agree for two fields of one subgraph to share a response name."""
        return join.type.non_null, join.type.name if self.is_leaf(join.type.name) else "{}"


def _free_prefix(supergraph: Supergraph) -> str:
    taken = {name for type_ in supergraph.types.values() for name in type_.fields}
    prefix = "_cg"
    while any(name.startswith(prefix) for name in taken):
        prefix += "_"
    return prefix
