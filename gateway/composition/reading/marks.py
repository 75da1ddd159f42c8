"""Facts about fields that only the whole subgraph tells: who is key, who is provided.

Laws: a field named by a @key is shareable; an @external field in the @key of an extension is the
extension's own (it arrives with the reference); a field named by a @provides is partly resolved.
"""

from collections.abc import Mapping
from dataclasses import replace

from gateway.composition import type_ref
from gateway.composition.model import FieldDef, TypeDef
from gateway.composition.targets import targets, with_implementations
from gateway.spec import names


def mark(types: Mapping[str, TypeDef]) -> dict[str, TypeDef]:
    in_key = _coordinates(types, of_extension=False)
    own = _coordinates(types, of_extension=True)
    provided = _provided(types)

    def marked(owner: str, field: FieldDef) -> FieldDef:
        at = (owner, field.name)
        return replace(
            field,
            external=field.external and at not in own,
            shareable=field.shareable or at in in_key or at in own or at in provided,
            provided=at in provided,
        )

    return {
        name: replace(each, fields={key: marked(name, field) for key, field in each.fields.items()})
        if each.fields
        else each
        for name, each in types.items()
    }


def _coordinates(types: Mapping[str, TypeDef], *, of_extension: bool) -> set[tuple[str, str]]:
    found: set[tuple[str, str]] = set()
    for each in types.values():
        for key in each.keys:
            if key.of_extension is of_extension:
                picked = targets(types, each.name, key.selection.fields)
                if not of_extension:
                    picked = with_implementations(types, picked)
                found.update((owner.name, field.name) for owner, field in picked)
    return found


def _provided(types: Mapping[str, TypeDef]) -> set[tuple[str, str]]:
    return {
        (owner.name, target.name)
        for each in types.values()
        for field in each.fields.values()
        if field.provides is not None
        for owner, target in with_implementations(
            types, targets(types, type_ref.named(field.type), field.provides.fields)
        )
        if target.name != names.TYPENAME
    }
