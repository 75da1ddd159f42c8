"""Does a field set fit the types of its subgraph?"""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches

from gateway.composition import type_ref
from gateway.composition.model import FieldDef, Kind, TypeDef
from gateway.spec import names
from gateway.spec.field_set import FieldPick, FieldSet, Pick, TypePick

_COMPOSITE = (Kind.OBJECT, Kind.INTERFACE, Kind.UNION)


def misfits(types: Mapping[str, TypeDef], parent: str, selections: FieldSet) -> Iterator[str]:
    """One sentence for each pick that has no meaning on `parent`."""
    for pick in selections:
        yield from _misfits_of(types, parent, pick)


def fields_picked(
    types: Mapping[str, TypeDef], parent: str, selections: FieldSet
) -> Iterator[tuple[TypeDef, FieldDef, FieldPick]]:
    """Each field with the pick that names it, at every depth."""
    for pick in selections:
        match pick:
            case TypePick(type_condition=condition, selections=below):
                yield from fields_picked(types, condition, below)
            case FieldPick(name=name, selections=below):
                owner = types.get(parent)
                if owner is not None and name in owner.fields:
                    field = owner.fields[name]
                    yield owner, field, pick
                    yield from fields_picked(types, type_ref.named(field.type), below)


def is_composite(types: Mapping[str, TypeDef], name: str) -> bool:
    return name in types and types[name].kind in _COMPOSITE


def _misfits_of(types: Mapping[str, TypeDef], parent: str, pick: Pick) -> Iterator[str]:
    if isinstance(pick, TypePick):
        if not is_composite(types, pick.type_condition):
            yield f"there is no object, interface or union {pick.type_condition} here"
        else:
            yield from misfits(types, pick.type_condition, pick.selections)
        return
    if pick.name == names.TYPENAME:
        return
    owner = types.get(parent)
    field = owner.fields.get(pick.name) if owner else None
    if field is None:
        yield f'{parent} has no field "{pick.name}"{_meant(owner, pick.name)}'
        return
    yield from _arguments_misfit(parent, field, pick)
    target = type_ref.named(field.type)
    if is_composite(types, target):
        if not pick.selections:
            yield f'"{pick.name}" is a {target}: say which of its fields'
        yield from misfits(types, target, pick.selections)
    elif pick.selections:
        yield f'"{pick.name}" is a {target}, which has no fields'


def _arguments_misfit(parent: str, field: FieldDef, pick: FieldPick) -> Iterator[str]:
    given = {name for name, _ in pick.arguments}
    for name in sorted(given - set(field.arguments)):
        yield f'{parent}.{field.name} has no argument "{name}"'
    for name, argument in field.arguments.items():
        required = isinstance(argument.type, type_ref.NonNull) and argument.default is None
        if required and name not in given:
            yield f'{parent}.{field.name} needs its argument "{name}"'


def _meant(owner: TypeDef | None, name: str) -> str:
    close = get_close_matches(name, owner.fields, n=1) if owner else []
    return f' (did you mean "{close[0]}"?)' if close else ""
