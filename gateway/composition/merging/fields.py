"""Fields of objects and interfaces: who resolves them, and as what."""

from collections.abc import Sequence
from dataclasses import replace

from gateway.composition import type_ref
from gateway.composition.findings import ErrorCode, HintCode
from gateway.composition.merged import JoinField, MergedField
from gateway.composition.merging.applied import Carried, merge_applied
from gateway.composition.merging.context import FieldSource, Merge, TypeSource, names_of
from gateway.composition.merging.contextual import context_arguments, open_arguments
from gateway.composition.merging.descriptions import merge_descriptions
from gateway.composition.merging.externals import check_externals
from gateway.composition.merging.inputs import merge_arguments
from gateway.composition.merging.sharing import check_sharing
from gateway.composition.model import Kind
from gateway.spec.field_set import render


def merge_fields(
    merge: Merge, type_name: str, sources: Sequence[TypeSource]
) -> dict[str, MergedField]:
    merged: dict[str, MergedField] = {}
    for name in dict.fromkeys(name for _, each in sources for name in each.fields):
        having = [
            (subgraph, each, each.fields[name]) for subgraph, each in sources if name in each.fields
        ]
        field = _merge_field(merge, f"{type_name}.{name}", sources, having)
        if field is not None:
            merged[name] = field
    return merged


def _merge_field(
    merge: Merge, coordinate: str, sources: Sequence[TypeSource], having: Sequence[FieldSource]
) -> MergedField | None:
    borrowed = merge.through_interface_objects(having[0][1].name, having[0][2].name)
    mine = [source for source in having if not source[2].external]
    if not mine and not borrowed:
        merge.findings.error(
            ErrorCode.EXTERNAL_MISSING_ON_BASE,
            f"{coordinate} is @external in {names_of(having)} and resolved nowhere",
            [field.place for *_, field in having],
            advice="define it without @external in the subgraph that resolves it",
        )
        return None
    check_sharing(merge, coordinate, [*having, *borrowed])
    said = mine or having
    merged = MergedField(
        name=having[0][2].name,
        type=_type(merge, coordinate, said),
        arguments=merge_arguments(
            merge,
            coordinate,
            [(s, given, field.place) for (s, _, field), given in open_arguments(merge, said)],
        ),
        description=merge_descriptions(
            coordinate, [(field.description, field.place) for *_, field in said], merge.findings
        ),
        directives=merge_applied(merge, coordinate, _carried(merge, said)),
        joins=_joins(merge, sources, having),
    )
    check_externals(merge, coordinate, merged, [s for s in having if s[2].external])
    return merged


def _carried(merge: Merge, said: Sequence[FieldSource]) -> list[Carried]:
    carried = [(subgraph, field.applied) for subgraph, _, field in said]
    _, owner, field = said[0]
    if owner.kind is Kind.INTERFACE:
        carried += merge.guards_below(owner.name, field.name)
    return carried


def _dropped(merge: Merge, source: FieldSource) -> bool:
    subgraph, owner, field = source
    return (subgraph.name, owner.name, field.name) in merge.overrides.dropped


def _type(merge: Merge, coordinate: str, sources: Sequence[FieldSource]) -> type_ref.TypeRef:
    found = list(dict.fromkeys(field.type for *_, field in sources))
    if len(found) == 1:
        return found[0]
    merged = type_ref.widest(found, merge.is_subtype)
    shown = " and ".join(type_ref.show(each) for each in found)
    places = [field.place for *_, field in sources]
    if merged is None:
        merge.findings.error(
            ErrorCode.FIELD_TYPE_MISMATCH,
            f"{coordinate} is {shown} in {names_of(sources)}",
            places,
            advice="give it the same type everywhere, or one that contains the others",
        )
        return found[0]
    merge.findings.hint(
        HintCode.INCONSISTENT_BUT_COMPATIBLE_FIELD_TYPE,
        f"{coordinate} is {shown} in {names_of(sources)}; "
        f"{type_ref.show(merged)} is what clients see",
        places,
    )
    return merged


def _joins(
    merge: Merge,
    sources: Sequence[TypeSource],
    having: Sequence[FieldSource],
) -> tuple[JoinField, ...]:
    typed = len({field.type for *_, field in having}) > 1
    joins = tuple(
        _join(merge, source, typed=typed) for source in having if not _dropped(merge, source)
    )
    everywhere = len(joins) == len(sources)
    plain = all(replace(join, override=None) == JoinField(graph=join.graph) for join in joins)
    return () if everywhere and plain else joins


def _join(merge: Merge, source: FieldSource, *, typed: bool) -> JoinField:
    subgraph, owner, field = source
    at = (subgraph.name, owner.name, field.name)
    active = field.override if at in merge.overrides.active else None
    return JoinField(
        graph=subgraph.graph,
        requires=render(field.requires.fields) if field.requires else None,
        provides=render(field.provides.fields) if field.provides else None,
        type=type_ref.show(field.type) if typed else None,
        external=field.external and owner.kind is not Kind.INTERFACE,
        override=field.override.source if field.override else None,
        override_label=active.label if active else merge.overrides.moving.get(at),
        used_overridden=at in merge.overrides.used,
        contexts=context_arguments(subgraph, field),
    )
