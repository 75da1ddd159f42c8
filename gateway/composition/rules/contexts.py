"""@fromContext stands where a value can be handed down, and selects one value of the right type."""

import re
from collections.abc import Iterator, Sequence
from typing import Final, TypeAlias

from gateway.composition import type_ref
from gateway.composition.contexts import ContextUse, contexts_set_by, setting_types, uses_of
from gateway.composition.findings import ErrorCode, Findings
from gateway.composition.model import ArgumentDef, FieldDef, Kind, Subgraph, TypeDef
from gateway.composition.rules.selections import misfits
from gateway.composition.type_ref import ListOf, Named, NonNull, TypeRef
from gateway.spec import names
from gateway.spec.field_set import FieldPick, FieldSet, TypePick
from gateway.spec.field_set_reader import FieldSetError, read

Fault: TypeAlias = tuple[ErrorCode, str, str]

_NAME: Final = re.compile(r"^[A-Za-z][A-Za-z0-9]*$")
_SELECT: Final = 'select one field of the type that sets it: "$name { field }"'


def contexts_are_set_and_read(subgraph: Subgraph, findings: Findings) -> None:
    for each in subgraph.types.values():
        for name in contexts_set_by(each):
            if not _NAME.match(name):
                findings.error(
                    ErrorCode.CONTEXT_NAME_INVALID,
                    f'[{subgraph.name}] @context(name: "{name}") on {each.name}: the name must be '
                    "letters and digits, beginning with a letter",
                    [each.place],
                    advice="rename the context, without _",
                )
    _directives_take_none(subgraph, findings)
    for owner, field in subgraph.output_fields():
        for argument, use in uses_of(field):
            for code, message, advice in _faults(subgraph, owner, field, argument, use):
                findings.error(
                    code,
                    f"[{subgraph.name}] {owner.name}.{field.name}({argument.name}:) "
                    f'@fromContext(field: "{use.text}"): {message}',
                    [argument.place],
                    advice=advice,
                )


def _directives_take_none(subgraph: Subgraph, findings: Findings) -> None:
    for definition in subgraph.directives.values():
        for argument in definition.arguments.values():
            if any(each.name == names.FROM_CONTEXT for each in argument.applied):
                findings.error(
                    ErrorCode.CONTEXT_NOT_SET,
                    f"[{subgraph.name}] @{definition.name}({argument.name}:) uses @fromContext, "
                    "and a directive stands below no parent",
                    [argument.place],
                    advice="use @fromContext on arguments of fields only",
                )


def _faults(
    subgraph: Subgraph, owner: TypeDef, field: FieldDef, argument: ArgumentDef, use: ContextUse
) -> Iterator[Fault]:
    if owner.kind is not Kind.OBJECT:
        yield (
            ErrorCode.CONTEXT_NOT_SET,
            f"{owner.name} is an interface",
            "use it on the fields of the object types",
        )
        return
    yield from _misplaced(subgraph, owner, field, argument)
    if not use.context or not use.selection.strip():
        yield (
            ErrorCode.NO_CONTEXT_IN_SELECTION,
            "it names no context, or selects nothing",
            'write it as "$name { field }"',
        )
        return
    setting = setting_types(subgraph.types).get(use.context, [])
    if not setting:
        yield (
            ErrorCode.CONTEXT_NOT_SET,
            f"no type here sets the context {use.context}",
            f'put @context(name: "{use.context}") on a type above {owner.name}',
        )
    else:
        fault = _selection_fault(subgraph, argument, use, setting)
        if fault:
            yield ErrorCode.CONTEXT_INVALID_SELECTION, fault, _SELECT
    if not any(key.resolvable for key in owner.keys):
        yield (
            ErrorCode.CONTEXT_NO_RESOLVABLE_KEY,
            f"{owner.name} has no resolvable @key, so it can't be entered with the value",
            f'give {owner.name} a @key such as @key(fields: "id")',
        )


def _misplaced(
    subgraph: Subgraph, owner: TypeDef, field: FieldDef, argument: ArgumentDef
) -> Iterator[Fault]:
    for name in owner.interfaces:
        interface = subgraph.types.get(name)
        if interface is not None and field.name in interface.fields:
            yield (
                ErrorCode.CONTEXT_NOT_SET,
                f"the field implements {name}.{field.name}, whose callers know no such argument",
                "use a field that no interface asks for",
            )
    if argument.default is not None:
        yield (
            ErrorCode.CONTEXT_NOT_SET,
            "the argument has a default",
            "remove the default: the context fills the argument",
        )


def _selection_fault(
    subgraph: Subgraph, argument: ArgumentDef, use: ContextUse, setting: Sequence[TypeDef]
) -> str:
    try:
        selection = read(use.selection)
    except FieldSetError as error:
        return str(error)
    conditions = [pick.type_condition for pick in selection if isinstance(pick, TypePick)]
    if not conditions:
        if len(selection) != 1:
            return "it selects more than one field"
        return next(filter(None, (_misfit(subgraph, t, selection, argument) for t in setting)), "")
    if len(conditions) < len(selection) or len(set(conditions)) < len(conditions):
        return "it must be one field, or one `... on Type { field }` for each type"
    return _branches_fault(subgraph, selection, argument, setting)


def _branches_fault(
    subgraph: Subgraph, selection: FieldSet, argument: ArgumentDef, setting: Sequence[TypeDef]
) -> str:
    used: set[str] = set()
    for each in setting:
        possible = subgraph.possible(each.name)
        fitting = [
            pick
            for pick in selection
            if isinstance(pick, TypePick) and pick.type_condition in possible
        ]
        if not fitting:
            return f"no branch of it is for {each.name}"
        for pick in fitting:
            used.add(pick.type_condition)
            target = subgraph.types[pick.type_condition]
            fault = _misfit(subgraph, target, pick.selections, argument)
            if fault:
                return fault
    unused = [p.type_condition for p in selection if isinstance(p, TypePick)]
    return next(
        (f"no type that sets it can be a {name}" for name in unused if name not in used), ""
    )


def _misfit(subgraph: Subgraph, owner: TypeDef, selection: FieldSet, argument: ArgumentDef) -> str:
    wrong = next(misfits(subgraph.types, owner.name, selection), "")
    if wrong:
        return wrong
    if owner.interface_object:
        return f"{owner.name} is an @interfaceObject"
    found = _type_of(subgraph, owner, selection)
    if found is None:
        return "its fields have different types"
    if argument.type != found:
        return f"it gives {type_ref.show(found)}, the argument is {type_ref.show(argument.type)}"
    return ""


def _type_of(subgraph: Subgraph, owner: TypeDef, selection: FieldSet) -> TypeRef | None:
    """What the selection gives, null never excluded; None where its fields differ."""
    found: set[TypeRef | None] = set()
    for pick in selection:
        field = owner.fields.get(pick.name) if isinstance(pick, FieldPick) else None
        if field is None or not isinstance(pick, FieldPick):
            found.add(None)
        elif not pick.selections:
            found.add(_wrapped(field.type, Named(type_ref.named(field.type))))
        else:
            target = subgraph.types[type_ref.named(field.type)]
            below = _type_of(subgraph, target, pick.selections)
            found.add(_wrapped(field.type, below) if below is not None else None)
    return found.pop() if len(found) == 1 else None


def _wrapped(outer: TypeRef, below: TypeRef) -> TypeRef:
    if isinstance(outer, NonNull):
        return _wrapped(outer.item, below)
    return ListOf(_wrapped(outer.item, below)) if isinstance(outer, ListOf) else below
