"""A field computed from guarded fields is guarded at least as well, or it would leak them."""

from collections.abc import Iterator

from gateway.composition import type_ref
from gateway.composition.findings import ErrorCode
from gateway.composition.merged import MergedType, Supergraph
from gateway.composition.merging.context import Merge
from gateway.composition.merging.guards import Guards, guards_of
from gateway.composition.model import FieldDef, Subgraph
from gateway.spec.field_set import FieldSet, TypePick


def requirements_are_guarded_alike(supergraph: Supergraph, merge: Merge) -> None:
    for subgraph in merge.subgraphs:
        for owner, field in subgraph.output_fields():
            merged = supergraph.types.get(owner.name)
            if field.requires is not None and merged is not None and field.name in merged.fields:
                _check(supergraph, merge, subgraph, (merged, field))


def _check(
    supergraph: Supergraph, merge: Merge, subgraph: Subgraph, at: tuple[MergedType, FieldDef]
) -> None:
    owner, field = at
    selections = field.requires.fields if field.requires else ()
    held = guards_of(owner.directives) & guards_of(owner.fields[field.name].directives)
    for coordinate, wanted in _needed(supergraph, owner.name, selections):
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
