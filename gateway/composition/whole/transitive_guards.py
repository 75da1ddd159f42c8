"""A field computed from guarded fields is guarded at least as well, or it would leak them."""

from collections.abc import Iterator

from gateway.composition import type_ref
from gateway.composition.contexts import selection_of, setting_types, uses_of
from gateway.composition.findings import ErrorCode
from gateway.composition.merged import MergedType, Supergraph
from gateway.composition.merging.context import Merge
from gateway.composition.merging.guards import guards_of
from gateway.composition.model import FieldDef, Subgraph, TypeDef
from gateway.spec.field_set import FieldSet, TypePick
from gateway.spec.guards import Guards


def requirements_are_guarded_alike(supergraph: Supergraph, merge: Merge) -> None:
    for subgraph in merge.subgraphs:
        for owner, field in subgraph.output_fields():
            merged = supergraph.types.get(owner.name)
            if merged is not None and field.name in merged.fields:
                for parent, selections in _read_elsewhere(subgraph, owner, field):
                    needed = _needed(supergraph, parent, selections)
                    _check(merge, subgraph, (merged, field), needed)


def _read_elsewhere(
    subgraph: Subgraph, owner: TypeDef, field: FieldDef
) -> Iterator[tuple[str, FieldSet]]:
    """What the field is computed from: its @requires, and what contexts hand down."""
    if field.requires is not None:
        yield owner.name, field.requires.fields
    for _, use in uses_of(field):
        for each in setting_types(subgraph.types).get(use.context, ()):
            yield each.name, (TypePick(type_condition=each.name, selections=selection_of(use)),)


def _check(
    merge: Merge,
    subgraph: Subgraph,
    at: tuple[MergedType, FieldDef],
    needed: Iterator[tuple[str, Guards]],
) -> None:
    owner, field = at
    held = guards_of(owner.directives) & guards_of(owner.fields[field.name].directives)
    for coordinate, wanted in needed:
        if not held.imply(wanted):
            merge.findings.error(
                ErrorCode.MISSING_TRANSITIVE_AUTH_REQUIREMENTS,
                f"[{subgraph.name}] {owner.name}.{field.name} requires {coordinate}, "
                "and is not guarded as well as that",
                [field.place],
                advice=f"repeat the guards of {coordinate} on {owner.name}.{field.name}",
            )


def _needed(
    supergraph: Supergraph, parent: str, selections: FieldSet
) -> Iterator[tuple[str, Guards]]:
    owner = supergraph.types.get(parent)
    for pick in selections:
        if isinstance(pick, TypePick):
            condition = supergraph.types.get(pick.type_condition)
            if condition is not None:
                yield pick.type_condition, guards_of(condition.directives)
            yield from _needed(supergraph, pick.type_condition, pick.selections)
        elif owner is not None and pick.name in owner.fields:
            field = owner.fields[pick.name]
            target = supergraph.types.get(type_ref.named(field.type))
            below = guards_of(target.directives) if target is not None else Guards()
            yield f"{parent}.{pick.name}", guards_of(field.directives) & below
            yield from _needed(supergraph, type_ref.named(field.type), pick.selections)
