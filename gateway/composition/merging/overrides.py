"""Who takes a field over from whom with @override, and what is left of the field there."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from gateway.composition.findings import ErrorCode, Findings, HintCode
from gateway.composition.model import FieldDef, Kind, Override, Subgraph, TypeDef
from gateway.composition.usage import named_by_federation
from gateway.spec.names import SubgraphName

Coordinate: TypeAlias = tuple[SubgraphName, str, str]
"""Subgraph, type, field."""

_LABEL: Final = re.compile(r"^[a-zA-Z][a-zA-Z0-9_\-:./]*$")
_PERCENT: Final = re.compile(r"^percent\((\d{1,2}(\.\d{1,8})?|100)\)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Overrides:
    """Fields that lost their job: `dropped` vanish there, `used` still serve as key or the like.

    `active` are the overriding fields whose source exists; `moving` are overridden by label, so
    that both subgraphs resolve them until the migration is over.
    """

    dropped: frozenset[Coordinate]
    used: frozenset[Coordinate]
    active: frozenset[Coordinate]
    moving: Mapping[Coordinate, str]

    def resolves(self, subgraph: Subgraph, owner: TypeDef, field: FieldDef) -> bool:
        at = (subgraph.name, owner.name, field.name)
        return field.resolved and at not in self.dropped and at not in self.used


def find_overrides(subgraphs: Sequence[Subgraph], findings: Findings) -> Overrides:
    finder = _Finder({each.name: each for each in subgraphs}, findings)
    for each in subgraphs:
        for owner, field in each.output_fields():
            if field.override is not None:
                finder.follow(each, owner, field, field.override)
    return Overrides(
        dropped=frozenset(finder.dropped),
        used=frozenset(finder.used),
        active=frozenset(finder.active),
        moving=finder.moving,
    )


class _Finder:
    def __init__(self, subgraphs: Mapping[SubgraphName, Subgraph], findings: Findings) -> None:
        self._subgraphs = subgraphs
        self._findings = findings
        self._named: dict[SubgraphName, set[tuple[str, str]]] = {}
        self.dropped: set[Coordinate] = set()
        self.used: set[Coordinate] = set()
        self.active: set[Coordinate] = set()
        self.moving: dict[Coordinate, str] = {}

    def follow(
        self, subgraph: Subgraph, owner: TypeDef, field: FieldDef, override: Override
    ) -> None:
        coordinate = f"{owner.name}.{field.name}"
        at = [override.place]
        faults = list(_local_faults(subgraph, owner, field, override))
        for code, message, advice in faults:
            self._findings.error(
                code, f"[{subgraph.name}] {coordinate} {message}", at, advice=advice
            )
        if faults:
            return
        source = self._subgraphs.get(override.source)
        if source is None:
            self._findings.hint(
                HintCode.FROM_SUBGRAPH_DOES_NOT_EXIST,
                f'[{subgraph.name}] {coordinate} overrides "{override.source}", '
                "which is not among the subgraphs",
                at,
            )
            return
        there = source.types.get(owner.name)
        overridden = there.fields.get(field.name) if there else None
        if there is not None:
            self.active.add((subgraph.name, owner.name, field.name))
        if there is None or overridden is None or overridden.external:
            self._findings.hint(
                HintCode.OVERRIDE_DIRECTIVE_CAN_BE_REMOVED,
                f"[{subgraph.name}] {coordinate} overrides nothing: "
                f'"{source.name}" no longer resolves it',
                at,
            )
            return
        self._take_over((subgraph, source), there, overridden, override)

    def _take_over(
        self,
        pair: tuple[Subgraph, Subgraph],
        there: TypeDef,
        overridden: FieldDef,
        override: Override,
    ) -> None:
        subgraph, source = pair
        coordinate = f"{there.name}.{overridden.name}"
        places = [override.place, overridden.place]
        fault = _source_fault(overridden, there, source)
        if fault is not None:
            code, message = fault
            self._findings.error(
                code,
                f'[{subgraph.name}] {coordinate} overrides the one of "{source.name}", {message}',
                places,
                advice=f'remove that directive in "{source.name}", or this @override',
            )
            return
        at = (source.name, there.name, overridden.name)
        label = override.label
        if label is not None and not (_LABEL.match(label) or _PERCENT.match(label)):
            self._findings.error(
                ErrorCode.OVERRIDE_LABEL_INVALID,
                f"[{subgraph.name}] {coordinate} has the label {label!r}",
                [override.place],
                advice="use a name such as my-label, or percent(0) to percent(100)",
            )
            # The intent is clear: a second error about the sharing of the field would not help.
            self.dropped.add(at)
            return
        if override.label is not None:
            self._findings.hint(
                HintCode.OVERRIDE_MIGRATION_IN_PROGRESS,
                f'{coordinate} moves from "{source.name}" to "{subgraph.name}" by label '
                f'"{override.label}"',
                places,
            )
            self.moving[at] = override.label
            return
        is_used = (there.name, overridden.name) in self._named_in(source)
        (self.used if is_used else self.dropped).add(at)
        self._findings.hint(
            HintCode.OVERRIDDEN_FIELD_CAN_BE_REMOVED,
            f'[{source.name}] {coordinate} is overridden by "{subgraph.name}": '
            + ("mark it @external, as a key or the like names it" if is_used else "remove it"),
            [overridden.place],
        )

    def _named_in(self, source: Subgraph) -> set[tuple[str, str]]:
        if source.name not in self._named:
            self._named[source.name] = named_by_federation(source.types)
        return self._named[source.name]


def _local_faults(
    subgraph: Subgraph, owner: TypeDef, field: FieldDef, override: Override
) -> Iterator[tuple[ErrorCode, str, str]]:
    if owner.kind is Kind.INTERFACE:
        yield (
            ErrorCode.OVERRIDE_ON_INTERFACE,
            "is a field of an interface, which nobody resolves",
            "put @override on the implementing types",
        )
    if field.external:
        yield (
            ErrorCode.OVERRIDE_COLLISION_WITH_ANOTHER_DIRECTIVE,
            "is @external and overrides",
            "a field is either taken over or left to the other: keep one of the two",
        )
    if override.source == subgraph.name:
        yield (
            ErrorCode.OVERRIDE_FROM_SELF_ERROR,
            "overrides its own subgraph",
            "name the subgraph that the field is taken from",
        )


def _source_fault(
    overridden: FieldDef, there: TypeDef, source: Subgraph
) -> tuple[ErrorCode, str] | None:
    if overridden.override is not None:
        return (
            ErrorCode.OVERRIDE_SOURCE_HAS_OVERRIDE,
            f'which itself overrides "{overridden.override.source}"',
        )
    collision = ErrorCode.OVERRIDE_COLLISION_WITH_ANOTHER_DIRECTIVE
    if overridden.requires is not None:
        return collision, f"which has @requires in {source.name}"
    if overridden.provides is not None:
        return collision, f"which has @provides in {source.name}"
    if there.interface_object:
        return collision, f"where {there.name} is an @interfaceObject"
    return None
