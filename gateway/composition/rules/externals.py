"""@external says that a field is named by a key, requirement, provision or interface here."""

from collections.abc import Iterator

from gateway.composition.findings import ErrorCode, Findings
from gateway.composition.model import Kind, Subgraph, TypeDef
from gateway.composition.usage import named_by_federation


def externals_are_used(subgraph: Subgraph, findings: Findings) -> None:
    used = named_by_federation(subgraph.types)
    for owner, field in subgraph.output_fields():
        if field.external:
            is_used = (owner.name, field.name) in used
            for code, message, advice in _faults(owner, is_used=is_used):
                findings.error(
                    code,
                    f"[{subgraph.name}] {owner.name}.{field.name} {message}",
                    [field.place],
                    advice=advice,
                )


def _faults(owner: TypeDef, *, is_used: bool) -> Iterator[tuple[ErrorCode, str, str]]:
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
