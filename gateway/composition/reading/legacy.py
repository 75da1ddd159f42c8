"""Federation 1 SDL brought up to the rules of federation 2.

Laws: only facts change, never the API; each step is named after what it does, and they run in the
order of UPGRADES because later ones read what earlier ones leave.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import reduce
from typing import Final, TypeAlias

from gateway.composition import type_ref
from gateway.composition.model import FieldDef, Kind, Subgraph, TypeDef
from gateway.composition.targets import targets, with_implementations
from gateway.composition.usage import named_by_federation
from gateway.spec import names
from gateway.spec.field_set import FieldPick, FieldSet, Pick, TypePick

Types: TypeAlias = Mapping[str, TypeDef]
Others: TypeAlias = Sequence[Subgraph]
Upgrade: TypeAlias = Callable[[Types, Others], Types]
Coordinate: TypeAlias = tuple[str, str]


def upgrade(subgraph: Subgraph, others: Others) -> Subgraph:
    """The same subgraph as a federation 2 team would have written it."""
    start: Types = subgraph.types
    return replace(subgraph, types=reduce(lambda types, step: step(types, others), UPGRADES, start))


def clear_interfaces(types: Types, _others: Others) -> Types:
    """Interfaces carried federation's directives without any effect."""

    def cleared(each: TypeDef) -> TypeDef:
        if each.kind is not Kind.INTERFACE:
            return each
        fields = {
            name: replace(field, external=False, requires=None, provides=None)
            for name, field in each.fields.items()
        }
        return replace(each, fields=fields, keys=())

    return {name: cleared(each) for name, each in types.items()}


def own_keys_of_extensions(types: Types, others: Others) -> Types:
    """A key field of an extension arrives with the reference, so it is not external."""
    own: set[Coordinate] = set()
    for each in types.values():
        if not each.extension or each.kind is not Kind.OBJECT:
            continue
        selections = [key.selection.fields for key in each.keys] or _owners_first_key(each, others)
        for fields in selections:
            own.update((o.name, f.name) for o, f in targets(types, each.name, fields))
    return _map_fields(
        types, lambda at, field: replace(field, external=False) if at in own else field
    )


def _owners_first_key(extension: TypeDef, others: Others) -> list[FieldSet]:
    owners = (each.types.get(extension.name) for each in others)
    return [o.keys[0].selection.fields for o in owners if o and o.keys and not o.extension][:1]


def drop_inactive_selections(types: Types, _others: Others) -> Types:
    """@requires and @provides of a field that is not external never had an effect."""

    def active(at: Coordinate, field: FieldDef) -> FieldDef:
        requires, provides = field.requires, field.provides
        if requires is not None:
            kept = _external_only(types, at[0], requires.fields)
            requires = replace(requires, fields=kept) if kept else None
        if provides is not None:
            kept = _external_only(types, type_ref.named(field.type), provides.fields)
            provides = replace(provides, fields=kept) if kept else None
        return replace(field, requires=requires, provides=provides)

    return _map_fields(types, active)


def _external_only(types: Types, parent: str, selections: FieldSet) -> FieldSet:
    return tuple(
        kept for pick in selections if (kept := _external_pick(types, parent, pick)) is not None
    )


def _external_pick(types: Types, parent: str, pick: Pick) -> Pick | None:
    if isinstance(pick, TypePick):
        below = _external_only(types, pick.type_condition, pick.selections)
        return replace(pick, selections=below) if below else None
    owner = types.get(parent)
    field = owner.fields.get(pick.name) if owner else None
    if owner is None or field is None:
        return pick
    if _external_somewhere(types, owner, field):
        return pick
    if not pick.selections:
        return None
    below = _external_only(types, type_ref.named(field.type), pick.selections)
    return FieldPick(name=pick.name, arguments=pick.arguments, selections=below) if below else None


def _external_somewhere(types: Types, owner: TypeDef, field: FieldDef) -> bool:
    every = with_implementations(types, iter([(owner, field)]))
    return any(each.external for _, each in every)


def close_extensions(types: Types, _others: Others) -> Types:
    """`extend type` said where the base is; in federation 2 every definition is equal."""
    return {
        name: replace(
            each,
            extension=each.marked_extends,
            keys=tuple(replace(key, of_extension=each.marked_extends) for key in each.keys),
        )
        for name, each in types.items()
    }


def drop_unused_externals(types: Types, _others: Others) -> Types:
    """An external field that nothing names was allowed, and meant nothing."""
    used = named_by_federation(types)

    def kept(each: TypeDef) -> TypeDef:
        fields = {
            name: field
            for name, field in each.fields.items()
            if not field.external or (each.name, name) in used
        }
        return replace(each, fields=fields) if len(fields) < len(each.fields) else each

    slim = {name: kept(each) for name, each in types.items()}
    return {name: each for name, each in slim.items() if each.fields or not types[name].fields}


def share_what_others_resolve(types: Types, others: Others) -> Types:
    """Sharing needed no word in federation 1."""

    def shared(at: Coordinate, field: FieldDef) -> FieldDef:
        owner, name = at
        if types[owner].kind is not Kind.OBJECT or owner == "Subscription":
            return field
        elsewhere = [each.types[owner] for each in others if owner in each.types]
        if types[owner].keys or owner in names.ROOT_TYPES:
            share = any(
                other.kind is Kind.OBJECT and name in other.fields and other.fields[name].resolved
                for other in elsewhere
            )
        else:
            share = bool(elsewhere)
        return replace(field, shareable=True) if share else field

    return _map_fields(types, shared)


def drop_tags_on_externals(types: Types, _others: Others) -> Types:
    """A tag belongs to the subgraph that resolves the field."""
    return _map_fields(
        types,
        lambda _at, field: (
            replace(field, applied=tuple(a for a in field.applied if a.name != names.TAG))
            if field.external
            else field
        ),
    )


UPGRADES: Final[tuple[Upgrade, ...]] = (
    clear_interfaces,
    own_keys_of_extensions,
    drop_inactive_selections,
    close_extensions,
    drop_unused_externals,
    share_what_others_resolve,
    drop_tags_on_externals,
)


def _map_fields(types: Types, change: Callable[[Coordinate, FieldDef], FieldDef]) -> Types:
    return {
        name: replace(
            each,
            fields={key: change((name, key), field) for key, field in each.fields.items()},
        )
        if each.fields
        else each
        for name, each in types.items()
    }
