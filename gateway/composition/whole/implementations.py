"""An interface that grew in one subgraph binds the implementations of all."""

from gateway.composition.findings import ErrorCode
from gateway.composition.merged import MergedType, Supergraph
from gateway.composition.merging.context import Merge, listed
from gateway.composition.model import Kind


def interfaces_are_implemented(supergraph: Supergraph, merge: Merge) -> None:
    for each in supergraph.types.values():
        for name in each.interfaces:
            interface = supergraph.types.get(name)
            if interface is not None and interface.kind is Kind.INTERFACE:
                _check(each, interface, merge)


def _check(each: MergedType, interface: MergedType, merge: Merge) -> None:
    for field in interface.fields:
        if field in each.fields:
            continue
        asking = [s for s in merge.subgraphs if _has_field(s.types.get(interface.name), field)]
        defining = [s for s in merge.subgraphs if each.name in s.types]
        where = listed([s.name for s in asking])
        merge.findings.error(
            ErrorCode.INTERFACE_FIELD_NO_IMPLEM,
            f"interface {interface.name} has {field} in {where}, "
            f"and {each.name}, which implements it, has it nowhere",
            [
                *(s.types[interface.name].fields[field].place for s in asking),
                *(s.types[each.name].place for s in defining),
            ],
            advice=f"add {field} to {each.name} in {listed([s.name for s in defining])}",
        )


def _has_field(found: object, field: str) -> bool:
    return field in getattr(found, "fields", {})
