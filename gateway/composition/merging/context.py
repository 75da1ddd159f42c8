"""What every merging step may ask: the subgraphs, who overrides whom, who is used where."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import TypeAlias

from gateway.composition import type_ref
from gateway.composition.findings import Findings
from gateway.composition.merging.overrides import Overrides
from gateway.composition.model import (
    Applied,
    ArgumentDef,
    FieldDef,
    Kind,
    Subgraph,
    TypeDef,
    ValueDef,
)
from gateway.spec import names

TypeSource: TypeAlias = tuple[Subgraph, TypeDef]
FieldSource: TypeAlias = tuple[Subgraph, TypeDef, FieldDef]
InputSource: TypeAlias = tuple[Subgraph, ArgumentDef]
ValueSource: TypeAlias = tuple[Subgraph, ValueDef]

Guarded: TypeAlias = tuple[Subgraph, tuple[Applied, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """One run of merging. `subtypes` holds (narrow, wide) pairs of named types."""

    subgraphs: tuple[Subgraph, ...]
    findings: Findings
    overrides: Overrides
    subtypes: frozenset[tuple[str, str]]
    implementations: Mapping[str, Sequence[TypeSource]]
    """By interface, the object types that implement it in some subgraph, wherever defined."""
    interface_objects: tuple[TypeSource, ...]
    input_types: frozenset[str]
    output_types: frozenset[str]
    composed: frozenset[str]
    """Custom directives (`@resumable`) that at least one subgraph composes."""

    def guards_below(self, interface: str, field: str | None = None) -> list[Guarded]:
        """Guards of the implementations of an interface (or of one of its fields).

        Whoever asks an interface may be answered by any of its implementations, so all count.
        """
        return [
            (subgraph, guards)
            for subgraph, each in self.implementations.get(interface, ())
            for carrier in ([each] if field is None else [each.fields.get(field)])
            if carrier is not None
            and (guards := tuple(a for a in carrier.applied if a.name in names.GUARDS))
        ]

    def through_interface_objects(self, type_name: str, field: str) -> list[FieldSource]:
        """Who resolves a field of this type by resolving it for an interface of the type."""
        return [
            (subgraph, each, found)
            for subgraph, each in self.interface_objects
            if self.is_subtype(type_name, each.name)
            if (found := each.fields.get(field)) is not None and not found.external
        ]

    def is_subtype(self, narrow: str, wide: str) -> bool:
        return (narrow, wide) in self.subtypes


def open_merge(subgraphs: Sequence[Subgraph], overrides: Overrides, findings: Findings) -> Merge:
    subtypes = frozenset(_subtypes(subgraphs))
    return Merge(
        subgraphs=tuple(subgraphs),
        findings=findings,
        overrides=overrides,
        subtypes=subtypes,
        implementations=_implementations(subgraphs, subtypes),
        interface_objects=tuple(
            (s, each) for s in subgraphs for each in s.types.values() if each.interface_object
        ),
        input_types=frozenset(_input_types(subgraphs)),
        output_types=frozenset(
            type_ref.named(field.type) for each in subgraphs for _, field in each.output_fields()
        ),
        composed=frozenset(f"@{c.name}" for each in subgraphs for c in each.composed),
    )


def _implementations(
    subgraphs: Sequence[Subgraph], subtypes: Set[tuple[str, str]]
) -> dict[str, list[TypeSource]]:
    found: dict[str, list[TypeSource]] = {}
    for narrow, wide in sorted(subtypes):
        for subgraph in subgraphs:
            each = subgraph.types.get(narrow)
            if each is not None and each.kind is Kind.OBJECT:
                found.setdefault(wide, []).append((subgraph, each))
    return found


def _subtypes(subgraphs: Sequence[Subgraph]) -> set[tuple[str, str]]:
    found: set[tuple[str, str]] = set()
    for subgraph in subgraphs:
        for each in subgraph.types.values():
            found.update((each.name, interface) for interface in each.interfaces)
            if each.kind is Kind.UNION:
                found.update((member, each.name) for member in each.members)
    return found


def _input_types(subgraphs: Sequence[Subgraph]) -> set[str]:
    found: set[str] = set()
    for subgraph in subgraphs:
        for each in subgraph.types.values():
            found.update(type_ref.named(field.type) for field in each.inputs.values())
            for field in each.fields.values():
                found.update(type_ref.named(a.type) for a in field.arguments.values())
    return found


def names_of(sources: Sequence[tuple[Subgraph, *tuple[object, ...]]]) -> str:
    """`"issuer" and "wallet"`, for sentences."""
    return listed([source[0].name for source in sources])


def listed(found: Sequence[str]) -> str:
    quoted = [f'"{name}"' for name in found]
    if len(quoted) < 2:
        return "".join(quoted)
    return f"{', '.join(quoted[:-1])} and {quoted[-1]}"
