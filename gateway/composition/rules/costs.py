"""@cost and @listSize stand where a gateway can count with them."""

from collections.abc import Iterator

from graphql import IntValueNode, ListValueNode, StringValueNode, ValueNode

from gateway.composition import type_ref
from gateway.composition.findings import ErrorCode, Findings
from gateway.composition.model import Applied, FieldDef, Kind, Subgraph
from gateway.spec import names


def costs_stand_where_they_count(subgraph: Subgraph, findings: Findings) -> None:
    for owner, field in subgraph.output_fields():
        for applied in field.applied:
            coordinate = f"{owner.name}.{field.name}"
            if applied.name == names.COST and owner.kind is Kind.INTERFACE:
                findings.error(
                    ErrorCode.COST_APPLIED_TO_INTERFACE_FIELD,
                    f"[{subgraph.name}] @cost on {coordinate}: {owner.name} is an interface",
                    [applied.place],
                    advice="put @cost on that field of the implementing types",
                )
            if applied.name == names.LIST_SIZE:
                for code, message, advice in _list_size_faults(subgraph, field, applied):
                    findings.error(
                        code,
                        f"[{subgraph.name}] @listSize on {coordinate}: {message}",
                        [applied.place],
                        advice=advice,
                    )


def _list_size_faults(
    subgraph: Subgraph, field: FieldDef, applied: Applied
) -> Iterator[tuple[ErrorCode, str, str]]:
    sized = _strings(applied.arguments.get("sizedFields"))
    if not sized and not type_ref.is_list(field.type):
        yield (
            ErrorCode.LIST_SIZE_APPLIED_TO_NON_LIST,
            f"{type_ref.show(field.type)} is no list",
            "name the fields that are lists in sizedFields",
        )
    assumed = applied.arguments.get("assumedSize")
    if isinstance(assumed, IntValueNode) and int(assumed.value) < 0:
        yield (
            ErrorCode.LIST_SIZE_INVALID_ASSUMED_SIZE,
            f"assumedSize is {assumed.value}",
            "assume 0 or more",
        )
    yield from _slicing_faults(field, _strings(applied.arguments.get("slicingArguments")))
    yield from _sized_faults(subgraph, field, sized)


def _slicing_faults(field: FieldDef, slicing: list[str]) -> Iterator[tuple[ErrorCode, str, str]]:
    for name in slicing:
        argument = field.arguments.get(name)
        if argument is None:
            message = f'there is no argument "{name}"'
        elif type_ref.show(argument.type).removesuffix("!") != "Int":
            message = f'the argument "{name}" is no Int'
        else:
            continue
        yield (
            ErrorCode.LIST_SIZE_INVALID_SLICING_ARGUMENT,
            message,
            "name arguments of this field that are Int",
        )


def _sized_faults(
    subgraph: Subgraph, field: FieldDef, sized: list[str]
) -> Iterator[tuple[ErrorCode, str, str]]:
    target = subgraph.types.get(type_ref.named(field.type))
    for name in sized:
        found = target.fields.get(name) if target else None
        if found is None:
            code = ErrorCode.LIST_SIZE_INVALID_SIZED_FIELD
            message = f'{type_ref.named(field.type)} has no field "{name}"'
        elif not type_ref.is_list(found.type):
            code = ErrorCode.LIST_SIZE_APPLIED_TO_NON_LIST
            message = f"{type_ref.named(field.type)}.{name} is no list"
        else:
            continue
        yield (
            code,
            message,
            "name fields of the returned type that are lists",
        )


def _strings(value: ValueNode | None) -> list[str]:
    if isinstance(value, StringValueNode):
        return [value.value]
    items = value.values if isinstance(value, ListValueNode) else ()
    return [item.value for item in items if isinstance(item, StringValueNode)]
