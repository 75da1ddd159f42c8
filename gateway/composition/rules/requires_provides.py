"""@requires and @provides name fields that another subgraph resolves, marked @external here."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from gateway.composition import type_ref
from gateway.composition.findings import ErrorCode, Findings
from gateway.composition.model import FieldDef, Kind, Selection, Subgraph, TypeDef
from gateway.composition.rules.selections import fields_picked, is_composite, misfits
from gateway.composition.targets import with_implementations
from gateway.spec.field_set import FieldPick, FieldSet, TypePick
from gateway.spec.names import PROVIDES, REQUIRES

_ADVICE_MISSING: Final = "mark it @external if another subgraph resolves it, or leave it out"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Use:
    """One @requires or @provides, and the type its fields are read on."""

    directive: str
    coordinate: str
    selection: Selection
    parent: str

    def code(self, ending: str) -> ErrorCode:
        return ErrorCode(f"{self.directive.upper()}_{ending}")


def requirements_and_provisions_are_external(subgraph: Subgraph, findings: Findings) -> None:
    for owner, field in subgraph.output_fields():
        if field.external and field.provides is not None:
            _collision(subgraph, owner, field, findings)
            continue
        for use in _uses(owner, field):
            for code, message, advice in _faults(subgraph, owner, use):
                text = use.selection.text
                findings.error(
                    code,
                    f"[{subgraph.name}] "
                    f'@{use.directive}(fields: "{text}") on {use.coordinate}: {message}',
                    [use.selection.place],
                    advice=advice,
                )


def _collision(subgraph: Subgraph, owner: TypeDef, field: FieldDef, findings: Findings) -> None:
    findings.error(
        ErrorCode.EXTERNAL_COLLISION_WITH_ANOTHER_DIRECTIVE,
        f"[{subgraph.name}] {owner.name}.{field.name} is @external and has @provides: what others "
        "resolve can't provide anything here",
        [field.place],
        advice="remove @provides, or @external if this subgraph resolves the field",
    )


def _uses(owner: TypeDef, field: FieldDef) -> Iterator[_Use]:
    coordinate = f"{owner.name}.{field.name}"
    if field.requires is not None:
        yield _Use(
            directive=REQUIRES, coordinate=coordinate, selection=field.requires, parent=owner.name
        )
    if field.provides is not None:
        target = type_ref.named(field.type)
        yield _Use(
            directive=PROVIDES, coordinate=coordinate, selection=field.provides, parent=target
        )


def _faults(subgraph: Subgraph, owner: TypeDef, use: _Use) -> Iterator[tuple[ErrorCode, str, str]]:
    if use.directive == PROVIDES and not is_composite(subgraph.types, use.parent):
        yield (
            ErrorCode.PROVIDES_ON_NON_OBJECT_FIELD,
            f"{use.parent} has no fields to provide",
            "remove @provides",
        )
        return
    if owner.kind is Kind.INTERFACE:
        yield (
            use.code("UNSUPPORTED_ON_INTERFACE"),
            "it can't stand on the field of an interface",
            "put it on that field of the implementing types",
        )
    wrong = list(misfits(subgraph.types, use.parent, use.selection.fields))
    for message in wrong:
        yield (
            use.code("INVALID_FIELDS"),
            message,
            f"add the field to {use.parent} here, with its type and @external, or correct the name",
        )
    if not wrong and owner.kind is not Kind.INTERFACE:
        yield from _content_faults(subgraph, use)


def _content_faults(subgraph: Subgraph, use: _Use) -> Iterator[tuple[ErrorCode, str, str]]:
    if use.directive == PROVIDES:
        for parent, field, _ in fields_picked(subgraph.types, use.parent, use.selection.fields):
            if field.arguments:
                yield (
                    ErrorCode.PROVIDES_FIELDS_HAS_ARGS,
                    f"{parent.name}.{field.name} has arguments",
                    "only fields without arguments can be provided",
                )
    for coordinate in _not_external(subgraph, use.parent, use.selection.fields):
        yield (
            use.code("FIELDS_MISSING_EXTERNAL"),
            f"{coordinate} is not @external here",
            _ADVICE_MISSING,
        )


def _not_external(subgraph: Subgraph, parent: str, selections: FieldSet) -> Iterator[str]:
    for pick in selections:
        if isinstance(pick, TypePick):
            yield from _not_external(subgraph, pick.type_condition, pick.selections)
        else:
            yield from _pick_not_external(subgraph, parent, pick)


def _pick_not_external(subgraph: Subgraph, parent: str, pick: FieldPick) -> Iterator[str]:
    owner = subgraph.types.get(parent)
    field = owner.fields.get(pick.name) if owner else None
    if owner is None or field is None:
        return
    every = with_implementations(subgraph.types, iter([(owner, field)]))
    if any(each.external for _, each in every):
        return
    if pick.selections:
        yield from _not_external(subgraph, type_ref.named(field.type), pick.selections)
    else:
        yield f"{owner.name}.{field.name}"
