"""Which fields of a subgraph are there because a key, requirement, provision or interface says so.

An @external field outside this set has no effect.
"""

from collections.abc import Iterator, Mapping

from gateway.composition import type_ref
from gateway.composition.contexts import selection_of, setting_types, uses_of
from gateway.composition.model import TypeDef
from gateway.composition.targets import targets, with_implementations
from gateway.spec.field_set import FieldSet


def named_by_federation(types: Mapping[str, TypeDef]) -> set[tuple[str, str]]:
    used = {
        (owner.name, field.name)
        for parent, selections in _selections(types)
        for owner, field in with_implementations(types, targets(types, parent, selections))
    }
    for each in types.values():
        for interface in each.interfaces:
            if interface in types:
                used.update((each.name, name) for name in types[interface].fields)
    return used


def _selections(types: Mapping[str, TypeDef]) -> Iterator[tuple[str, FieldSet]]:
    setting = setting_types(types)
    for each in types.values():
        for key in each.keys:
            yield each.name, key.selection.fields
        for field in each.fields.values():
            if field.requires is not None:
                yield each.name, field.requires.fields
            if field.provides is not None:
                yield type_ref.named(field.type), field.provides.fields
            for _, use in uses_of(field):
                for above in setting.get(use.context, ()):
                    yield above.name, selection_of(use)
