"""An @external field must look as it does where it is resolved."""

from collections.abc import Sequence
from typing import Final

from gateway.composition import type_ref
from gateway.composition.findings import ErrorCode
from gateway.composition.merged import MergedField, MergedInput
from gateway.composition.merging.context import FieldSource, Merge
from gateway.composition.model import ArgumentDef, FieldDef
from gateway.spec import names

_BELONGS_TO_OWNER: Final = names.GUARDS | {
    names.TAG,
    names.INACCESSIBLE,
    names.COST,
    names.LIST_SIZE,
}


def check_externals(
    merge: Merge, coordinate: str, merged: MergedField, externals: Sequence[FieldSource]
) -> None:
    for subgraph, _, field in externals:
        at = f"[{subgraph.name}] {coordinate}"
        _check_directives(merge, at, field)
        if field.type != merged.type:
            merge.findings.error(
                ErrorCode.EXTERNAL_TYPE_MISMATCH,
                f"{at} is @external of type {type_ref.show(field.type)}, "
                f"and resolved as {type_ref.show(merged.type)}",
                [field.place],
                advice=f"write {type_ref.show(merged.type)}",
            )
        for name, argument in merged.arguments.items():
            given = field.arguments.get(name)
            if given is None:
                merge.findings.error(
                    ErrorCode.EXTERNAL_ARGUMENT_MISSING,
                    f"{at} is @external without the argument {name}",
                    [field.place],
                    advice=f"add {name}: {type_ref.show(argument.type)}",
                )
            else:
                _check_argument(merge, f"{at}({name}:)", argument, given)


def _check_directives(merge: Merge, at: str, field: FieldDef) -> None:
    for each in field.applied:
        if each.name in _BELONGS_TO_OWNER:
            merge.findings.error(
                ErrorCode.MERGED_DIRECTIVE_APPLICATION_ON_EXTERNAL,
                f"{at} is @external and carries @{each.name}",
                [field.place],
                advice=f"put @{each.name} where the field is resolved",
            )


def _check_argument(merge: Merge, at: str, merged: MergedInput, given: ArgumentDef) -> None:
    if not type_ref.is_subtype(merged.type, given.type, merge.is_subtype):
        merge.findings.error(
            ErrorCode.EXTERNAL_ARGUMENT_TYPE_MISMATCH,
            f"{at} of an @external field is {type_ref.show(given.type)}, "
            f"and {type_ref.show(merged.type)} where it is resolved",
            [given.place],
            advice=f"write {type_ref.show(merged.type)}",
        )
    if given.default != merged.default:
        merge.findings.error(
            ErrorCode.EXTERNAL_ARGUMENT_DEFAULT_MISMATCH,
            f"{at} of an @external field defaults to {given.default}, "
            f"and to {merged.default} where it is resolved",
            [given.place],
            advice="write the same default",
        )
