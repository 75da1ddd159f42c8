"""An @external field must look as it does where it is resolved."""

from collections.abc import Sequence

from gateway.composition import type_ref
from gateway.composition.findings import ErrorCode
from gateway.composition.merged import MergedField, MergedInput
from gateway.composition.merging.context import FieldSource, Merge
from gateway.composition.model import ArgumentDef


def check_externals(
    merge: Merge, coordinate: str, merged: MergedField, externals: Sequence[FieldSource]
) -> None:
    for subgraph, _, field in externals:
        at = f"[{subgraph.name}] {coordinate}"
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
