"""Which fields of a subgraph a field set names."""

from collections.abc import Iterator, Mapping

from gateway.composition import type_ref
from gateway.composition.model import FieldDef, TypeDef
from gateway.spec.field_set import FieldPick, FieldSet, TypePick


def targets(
    types: Mapping[str, TypeDef], parent: str, selections: FieldSet
) -> Iterator[tuple[TypeDef, FieldDef]]:
    """Every field named, parents before children; names that lead nowhere are passed over."""
    for pick in selections:
        match pick:
            case TypePick(type_condition=condition, selections=below):
                yield from targets(types, condition, below)
            case FieldPick(name=name, selections=below):
                owner = types.get(parent)
                found = owner.fields.get(name) if owner else None
                if owner is not None and found is not None:
                    yield owner, found
                    yield from targets(types, type_ref.named(found.type), below)


def with_implementations(
    types: Mapping[str, TypeDef], found: Iterator[tuple[TypeDef, FieldDef]]
) -> Iterator[tuple[TypeDef, FieldDef]]:
    """The same fields, and for those of an interface also the ones that implement them."""
    for owner, field in found:
        yield owner, field
        for each in types.values():
            if owner.name in each.interfaces and field.name in each.fields:
                yield each, each.fields[field.name]
