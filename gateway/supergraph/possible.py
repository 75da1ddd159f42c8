"""Which objects can stand where: runtime types of the whole graph and as each subgraph knows them.

A *runtime type* is an object type of the supergraph. An interface without a single implementation
(all anybody knows of it is an interface object) stands for itself, so that its objects have a
type to be planned by.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from gateway.spec.names import SubgraphName, TypeName
from gateway.supergraph.model import Supergraph, SupergraphType

TypeNames = frozenset[TypeName]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What can stand at a place of one subgraph.

    `typed` is False for an interface object: the subgraph can't tell which of `types` it holds.
    """

    types: TypeNames
    typed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Possible:
    """Answers of `build_possible`; all complete, nothing is computed later."""

    everywhere: Mapping[TypeName, TypeNames]
    by_subgraph: Mapping[tuple[SubgraphName, TypeName], Standing]
    interfaces_of: Mapping[TypeName, tuple[TypeName, ...]]

    def in_subgraph(self, subgraph: SubgraphName, name: TypeName) -> Standing:
        """What can stand where the subgraph says `name`; nothing if it has no such type."""
        return self.by_subgraph.get((subgraph, name)) or Standing(types=frozenset(), typed=True)


def build_possible(supergraph: Supergraph) -> Possible:
    """Derive the runtime types of every composite type, over all and by subgraph."""
    composite = {
        name: type_
        for name, type_ in supergraph.types.items()
        if type_.kind in {"object", "interface", "union"}
    }
    everywhere = {name: _everywhere(type_, composite) for name, type_ in composite.items()}
    by_subgraph = {
        (subgraph, name): _standing(type_, subgraph, composite, everywhere[name])
        for name, type_ in composite.items()
        for subgraph in type_.joins
    }
    return Possible(
        everywhere=everywhere,
        by_subgraph=by_subgraph,
        interfaces_of={
            name: tuple(sorted(frozenset().union(*type_.interfaces.values())))
            for name, type_ in composite.items()
        },
    )


def _everywhere(type_: SupergraphType, types: Mapping[TypeName, SupergraphType]) -> TypeNames:
    match type_.kind:
        case "object":
            return frozenset({type_.name})
        case "union":
            return frozenset().union(*type_.members.values()) & types.keys()
        case _:
            return frozenset(_implementations(type_.name, types)) or frozenset({type_.name})


def _implementations(
    interface: TypeName, types: Mapping[TypeName, SupergraphType]
) -> Iterator[TypeName]:
    for name, type_ in types.items():
        if type_.kind == "object" and any(interface in each for each in type_.interfaces.values()):
            yield name


def _standing(
    type_: SupergraphType,
    subgraph: SubgraphName,
    types: Mapping[TypeName, SupergraphType],
    everywhere: TypeNames,
) -> Standing:
    match type_.kind:
        case "object":
            return Standing(types=everywhere, typed=True)
        case "union":
            return Standing(types=type_.members.get(subgraph, frozenset()), typed=True)
        case _:
            if type_.joins[subgraph].interface_object:
                return Standing(types=everywhere, typed=False)
            local = frozenset(
                name
                for name in everywhere
                if subgraph in types[name].joins
                and type_.name in types[name].interfaces.get(subgraph, ())
            )
            alone = everywhere == {type_.name}
            return Standing(types=everywhere if alone else local, typed=True)
