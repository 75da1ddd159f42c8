"""Fields that an @interfaceObject adds to an interface belong to every implementation too."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from gateway.composition.findings import ErrorCode
from gateway.composition.merged import JoinField, MergedField, MergedType
from gateway.composition.merging.context import Merge, listed
from gateway.composition.model import Kind, Subgraph


def spread_interface_objects(
    merge: Merge, types: Mapping[str, MergedType]
) -> dict[str, MergedType]:
    """Give each implementation the fields that only interface objects resolve."""
    spread = dict(types)
    for interface in types.values():
        if interface.kind is not Kind.INTERFACE:
            continue
        objects = [
            s
            for s in merge.subgraphs
            if interface.name in s.types and s.types[interface.name].interface_object
        ]
        _check_implementations(merge, interface, types, objects)
        if objects:
            added = _resolved_by(objects, interface)
            for name in _implementations(types, interface.name):
                spread[name] = _with_fields(spread[name], added)
    return spread


def _implementations(types: Mapping[str, MergedType], interface: str) -> list[str]:
    return [
        each.name
        for each in types.values()
        if each.kind is Kind.OBJECT and interface in each.interfaces
    ]


def _resolved_by(objects: Sequence[Subgraph], interface: MergedType) -> dict[str, MergedField]:
    return {
        name: field
        for name, field in interface.fields.items()
        if any(
            name in s.types[interface.name].fields
            and not s.types[interface.name].fields[name].external
            for s in objects
        )
    }


def _with_fields(each: MergedType, added: Mapping[str, MergedField]) -> MergedType:
    missing = {
        name: replace(field, joins=(JoinField(),))
        for name, field in added.items()
        if name not in each.fields
    }
    return replace(each, fields={**each.fields, **missing}) if missing else each


def _check_implementations(
    merge: Merge,
    interface: MergedType,
    types: Mapping[str, MergedType],
    objects: Sequence[Subgraph],
) -> None:
    implementations = _implementations(types, interface.name)
    for subgraph in objects:
        clash = [name for name in implementations if name in subgraph.types]
        if clash:
            merge.findings.error(
                ErrorCode.INTERFACE_OBJECT_USAGE_ERROR,
                f"[{subgraph.name}] {interface.name} is an @interfaceObject, "
                f"and its implementations {listed(clash)} are defined beside it",
                [subgraph.types[interface.name].place],
                advice=f"move {listed(clash)} away, or make {interface.name} an interface here",
            )
    for subgraph in merge.subgraphs:
        mine = subgraph.types.get(interface.name)
        if mine is None or mine.kind is not Kind.INTERFACE or not mine.keys:
            continue
        missing = [name for name in implementations if name not in subgraph.types]
        if missing:
            merge.findings.error(
                ErrorCode.INTERFACE_KEY_MISSING_IMPLEMENTATION_TYPE,
                f"[{subgraph.name}] interface {interface.name} has a @key, "
                f"and its implementations {listed(missing)} are not defined here",
                [mine.place],
                advice="define them, or remove the @key of the interface",
            )
