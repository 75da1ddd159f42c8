"""What subgraphs can do with an object: fields they resolve, keys by which they can be entered.

Laws: a field counts as resolved where it is neither external nor overridden, or where the path
provides it; a type that has no word in a subgraph may still be there as its @interfaceObject.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from gateway.composition import type_ref
from gateway.composition.merged import MergedType, Supergraph
from gateway.composition.merging.applied import carries
from gateway.composition.merging.overrides import Overrides
from gateway.composition.model import FieldDef, Kind, Subgraph, TypeDef
from gateway.spec import names
from gateway.spec.field_set import FieldPick, FieldSet, TypePick, render
from gateway.spec.names import SubgraphName

ABSTRACT: Final = (Kind.INTERFACE, Kind.UNION)


@dataclass(frozen=True, slots=True)
class Position:
    """An object, held by one subgraph under one of its type names, with what the path provides."""

    subgraph: SubgraphName
    type: str
    provided: FieldSet = ()


def ordered(positions: Iterable[Position]) -> list[Position]:
    """In a fixed order: sets have none, and findings must not change between runs."""
    return sorted(positions, key=lambda at: (at.subgraph, at.type, render(at.provided)))


@dataclass(frozen=True, slots=True)
class Entry:
    """A key by which a subgraph takes over an object of some type."""

    subgraph: SubgraphName
    type: str
    key: FieldSet


class World:
    """All subgraphs and the supergraph they make, as the search asks about them."""

    def __init__(
        self, supergraph: Supergraph, subgraphs: Sequence[Subgraph], overrides: Overrides
    ) -> None:
        self.types: Mapping[str, MergedType] = supergraph.types
        self.subgraphs = {each.name: each for each in subgraphs}
        self._overridden = overrides.dropped | overrides.used
        self._defining: dict[str, list[Subgraph]] = {}
        for subgraph in subgraphs:
            for name in subgraph.types:
                self._defining.setdefault(name, []).append(subgraph)
        self.entries = cache(self._entries)
        self.possible = cache(self._possible)
        self.local_possible = cache(self._local_possible)

    def type_def(self, at: Position) -> TypeDef | None:
        return self.subgraphs[at.subgraph].types.get(at.type)

    def local(self, at: Position, name: str) -> FieldDef | None:
        """The field as resolved right here, its @requires aside; None where it is not."""
        owner = self.type_def(at)
        field = owner.fields.get(name) if owner else None
        if field is None:
            return None
        if any(isinstance(pick, FieldPick) and pick.name == name for pick in at.provided):
            return field
        if field.external or (at.subgraph, at.type, name) in self._overridden:
            return None
        return field

    def step(self, at: Position, field: FieldDef) -> Position:
        """The object behind a field, held by the same subgraph."""
        below = field.provides.fields if field.provides else ()
        for pick in at.provided:
            if isinstance(pick, FieldPick) and pick.name == field.name:
                below += pick.selections
        return Position(at.subgraph, type_ref.named(field.type), below)

    def narrow(self, at: Position, concrete: str) -> Position | None:
        """The same object known to be of a concrete type; None where that can't be here."""
        owner = self.type_def(at)
        if owner is not None and owner.interface_object:
            return at
        if concrete not in self.local_possible(at.subgraph, at.type):
            return None
        provided = tuple(self._apply(at.provided, concrete))
        return Position(at.subgraph, concrete, provided)

    def is_interface_object(self, at: Position) -> bool:
        owner = self.type_def(at)
        return owner is not None and owner.interface_object

    def is_abstract(self, name: str) -> bool:
        return name in self.types and self.types[name].kind in ABSTRACT

    def is_composite(self, name: str) -> bool:
        return name in self.types and self.types[name].kind in (*ABSTRACT, Kind.OBJECT)

    def visible(self, directives: tuple[str, ...]) -> bool:
        return not carries(directives, names.INACCESSIBLE)

    def _apply(self, provided: FieldSet, concrete: str) -> Iterator[FieldPick | TypePick]:
        for pick in provided:
            if isinstance(pick, FieldPick):
                yield pick
            elif concrete in self.possible(pick.type_condition):
                yield from self._apply(pick.selections, concrete)

    def _possible(self, name: str) -> tuple[str, ...]:
        each = self.types.get(name)
        if each is None:
            return ()
        if each.kind is Kind.UNION:
            return each.member_names
        if each.kind is Kind.INTERFACE:
            return tuple(
                other.name
                for other in self.types.values()
                if other.kind is Kind.OBJECT and name in other.interfaces
            )
        return (name,)

    def _local_possible(self, subgraph: SubgraphName, name: str) -> frozenset[str]:
        return frozenset(self.subgraphs[subgraph].possible(name))

    def _entries(self, name: str) -> tuple[Entry, ...]:
        """Every way into an object of this type, in order of subgraph."""
        if name in names.ROOT_TYPES:
            return tuple(Entry(s.name, name, ()) for s in self._defining[name])
        merged = self.types[name]
        known_as = (name, *merged.interfaces) if merged.kind is Kind.OBJECT else (name,)
        found = [
            Entry(subgraph.name, alias, key.selection.fields)
            for alias in known_as
            for subgraph in self._defining[alias]
            if alias == name or subgraph.types[alias].interface_object
            for key in subgraph.types[alias].keys
            if key.resolvable
        ]
        return tuple(sorted(found, key=lambda entry: entry.subgraph))
