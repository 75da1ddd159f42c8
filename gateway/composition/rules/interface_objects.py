"""Keys of interfaces, and objects that stand for an interface."""

from gateway.composition.findings import ErrorCode, Findings
from gateway.composition.model import Key, Kind, Subgraph, TypeDef
from gateway.spec.field_set import render


def interface_keys_reach_implementations(subgraph: Subgraph, findings: Findings) -> None:
    for each in subgraph.types.values():
        if each.interface_object and not each.keys:
            findings.error(
                ErrorCode.INTERFACE_OBJECT_USAGE_ERROR,
                f"[{subgraph.name}] {each.name} is an @interfaceObject without @key",
                [each.place],
                advice=f"add the @key that the interface {each.name} has elsewhere",
            )
        if each.kind is Kind.INTERFACE and each.keys:
            _check_implementations(subgraph, each, findings)


def _check_implementations(subgraph: Subgraph, interface: TypeDef, findings: Findings) -> None:
    for name in subgraph.possible(interface.name):
        owner = subgraph.types[name]
        for key in interface.keys:
            if not any(_same(key, other) for other in owner.keys):
                text = render(key.selection.fields)
                findings.error(
                    ErrorCode.INTERFACE_KEY_NOT_ON_IMPLEMENTATION,
                    f'[{subgraph.name}] interface {interface.name} has @key(fields: "{text}"), '
                    f"its implementation {name} has not, or not resolvable",
                    [owner.place, key.selection.place],
                    advice=f'add @key(fields: "{text}") to {name}',
                )


def _same(wanted: Key, other: Key) -> bool:
    same_fields = set(wanted.selection.fields) == set(other.selection.fields)
    return same_fields and (other.resolvable or not wanted.resolvable)
