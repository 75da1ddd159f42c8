"""The response's shape: which key of the tree each response name is read from."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from gateway.plan.shape import (
    Content,
    EnumLeaf,
    ObjectShape,
    RefusedLeaf,
    ScalarLeaf,
    ShapeField,
    TypenameLeaf,
    VerbatimLeaf,
)
from gateway.planner.calls import TYPENAME_CALL, Call
from gateway.planner.normalise import INTROSPECTION, Pick
from gateway.planner.slots import Slots
from gateway.planner.world import World
from gateway.spec.names import TYPENAME, TypeName
from gateway.supergraph.possible import TypeNames


@dataclass(frozen=True, slots=True)
class ShapeWriter:
    """Writes shapes from picks by response name, of one part of the answer."""

    world: World
    part: int = 0

    def object_shape(self, name: TypeName, picks: tuple[Pick, ...], slots: Slots) -> ObjectShape:
        """The shape of a selection on the type."""
        possible = self.world.visible_types(name)
        return ObjectShape(
            type_name=name,
            typename=None if self.world.is_abstract(name) else name,
            possible=frozenset(possible),
            fields=tuple(
                field for pick in picks for field in self._fields(name, possible, pick, slots)
            ),
        )

    def _fields(
        self, owner: TypeName, possible: TypeNames, pick: Pick, slots: Slots
    ) -> Iterator[ShapeField]:
        if pick.refused:
            yield self._refused(possible, pick)
            return
        for key, types, below in self._keys(pick, slots):
            yield ShapeField(
                response_key=pick.name,
                key=key,
                field=pick.call.name,
                types=None if types >= possible else types,
                when=pick.when,
                non_null=pick.ref.non_null,
                content=self._content(owner, pick, below),
            )

    def _refused(self, possible: TypeNames, pick: Pick) -> ShapeField:
        return ShapeField(
            response_key=pick.name,
            key=f"{self.world.prefix}_refused",
            field=pick.call.name,
            types=None if pick.types >= possible else pick.types,
            when=pick.when,
            non_null=pick.ref.non_null,
            content=RefusedLeaf(),
        )

    def _keys(self, pick: Pick, slots: Slots) -> Iterator[tuple[str, TypeNames, Slots]]:
        """The keys of a pick, each with its types: more than one where subgraphs made it so."""
        if pick.call == TYPENAME_CALL:
            yield TYPENAME, pick.types, slots
            return
        if pick.call.name in INTROSPECTION:
            yield introspection_key(self.world, pick.name), pick.types, slots
            return
        groups: dict[str, tuple[set[TypeName], Slots]] = {}
        for name in sorted(pick.types):
            slot = slots.slot(self._call(pick, name, slots), name)
            groups.setdefault(slot.key, (set(), slot.below))[0].add(name)
        for key, (types, below) in groups.items():
            yield key, frozenset(types), below

    def _call(self, pick: Pick, name: TypeName, slots: Slots) -> Call:
        """The call that was made for a pick: the part's own where there is one.

        A type that can't stand here was not asked about at all; it goes with the others."""
        apart = replace(pick.call, part=self.part)
        if slots.has(apart, name):
            return apart
        asked = slots.has(pick.call, name) or not any(slots.has(apart, t) for t in pick.types)
        return pick.call if asked else apart

    def _content(self, owner: TypeName, pick: Pick, below: Slots) -> Content:
        if pick.call == TYPENAME_CALL:
            return TypenameLeaf(name=None if self.world.is_abstract(owner) else owner)
        if pick.call.name in INTROSPECTION:
            return VerbatimLeaf()
        type_ = self.world.supergraph.types.get(pick.ref.name)
        if type_ is not None and type_.kind == "enum":
            return EnumLeaf(name=pick.ref.name, values=type_.values)
        if self.world.is_leaf(pick.ref.name):
            return ScalarLeaf(name=pick.ref.name)
        return self.object_shape(pick.ref.name, pick.picks, below)


def introspection_key(world: World, response: str) -> str:
    """The key under which the answer to an introspection field is kept."""
    return f"{world.prefix}_{response}"
