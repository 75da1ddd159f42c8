"""@external says that a field is named by a key, requirement, provision or interface here."""

from collections.abc import Iterator
from typing import Final

from gateway.composition.findings import ErrorCode, Findings
from gateway.composition.model import FieldDef, Kind, Subgraph, TypeDef
from gateway.composition.usage import named_by_federation
from gateway.spec import names

_BELONGS_TO_OWNER: Final = (
    names.TAG,
    names.INACCESSIBLE,
    names.AUTHENTICATED,
    names.REQUIRES_SCOPES,
    names.POLICY,
    names.COST,
    names.LIST_SIZE,
)


def externals_are_used(subgraph: Subgraph, findings: Findings) -> None:
    used = named_by_federation(subgraph.types)
    for owner, field in subgraph.output_fields():
        if field.external:
            is_used = (owner.name, field.name) in used
            for code, message, advice in _faults(owner, field, is_used):
                findings.error(
                    code,
                    f"[{subgraph.name}] {owner.name}.{field.name} {message}",
                    [field.place],
                    advice=advice,
                )


def _faults(owner: TypeDef, field: FieldDef, is_used: bool) -> Iterator[tuple[ErrorCode, str, str]]:
    if owner.kind is Kind.INTERFACE:
        yield (
            ErrorCode.EXTERNAL_ON_INTERFACE,
            "is @external, but no interface field is resolved by itself",
            "put @external on the fields of the implementing types",
        )
    if not is_used:
        yield (
            ErrorCode.EXTERNAL_UNUSED,
            "is @external, and no @key, @requires, @provides or interface here names it",
            "remove the field, or remove @external if this subgraph resolves it",
        )
    for each in field.applied:
        if each.name in _BELONGS_TO_OWNER:
            yield (
                ErrorCode.MERGED_DIRECTIVE_APPLICATION_ON_EXTERNAL,
                f"is @external and carries @{each.name}",
                f"put @{each.name} where the field is resolved",
            )
