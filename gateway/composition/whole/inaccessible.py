"""What is @inaccessible must not be needed by what clients still see."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from graphql import (
    EnumValueNode,
    ListValueNode,
    ObjectValueNode,
    ValueNode,
    parse_const_value,
)

from gateway.composition import type_ref
from gateway.composition.findings import ErrorCode, Place
from gateway.composition.merged import MergedField, MergedInput, MergedType, Supergraph
from gateway.composition.merging.applied import carries
from gateway.composition.merging.context import Merge
from gateway.composition.model import Kind
from gateway.spec import names


@dataclass(frozen=True, slots=True)
class _Fault:
    code: ErrorCode
    message: str
    advice: str


def hidden_things_are_not_needed(supergraph: Supergraph, merge: Merge) -> None:
    if not any(link.url.startswith(names.INACCESSIBLE_IDENTITY) for link in supergraph.links):
        return
    checker = _Checker(supergraph.types)
    for each in supergraph.types.values():
        for fault in checker.type(each):
            places = _places(merge, each.name)
            merge.findings.error(fault.code, fault.message, places, advice=fault.advice)


def _places(merge: Merge, name: str) -> list[Place]:
    return [s.types[name].place for s in merge.subgraphs if name in s.types]


class _Checker:
    def __init__(self, types: Mapping[str, MergedType]) -> None:
        self._types = types
        self._hidden = {name for name, each in types.items() if _hidden(each.directives)}

    def type(self, each: MergedType) -> Iterator[_Fault]:
        if each.name in self._hidden:
            if each.name == "Query":
                yield _Fault(
                    ErrorCode.QUERY_ROOT_TYPE_INACCESSIBLE,
                    "Query is @inaccessible",
                    "hide single fields of it instead",
                )
            return
        if self._only_hidden_children(each):
            yield _Fault(
                ErrorCode.ONLY_INACCESSIBLE_CHILDREN,
                f"{each.name} is visible, and everything in it is @inaccessible",
                f"mark {each.name} itself @inaccessible",
            )
        for field in each.fields.values():
            yield from self._field(each, field)
        for given in each.inputs.values():
            yield from self._input(f"{each.name}.{given.name}", given)

    def _field(self, owner: MergedType, field: MergedField) -> Iterator[_Fault]:
        coordinate = f"{owner.name}.{field.name}"
        if _hidden(field.directives):
            yield from self._implemented(owner, field)
            return
        yield from self._reference(coordinate, field.type)
        for given in field.arguments.values():
            yield from self._input(f"{coordinate}({given.name}:)", given)
            if _hidden(given.directives):
                yield from self._implemented_argument(owner, field, given)

    def _input(self, coordinate: str, given: MergedInput) -> Iterator[_Fault]:
        if _hidden(given.directives):
            if isinstance(given.type, type_ref.NonNull) and given.default is None:
                yield _Fault(
                    ErrorCode.REQUIRED_INACCESSIBLE,
                    f"{coordinate} is @inaccessible and required, so nobody could give it",
                    "make it optional, or give it a default",
                )
            return
        yield from self._reference(coordinate, given.type)
        if given.default is not None:
            used = self._hidden_in_default(given.type, parse_const_value(given.default))
            for hidden in used:
                yield _Fault(
                    ErrorCode.DEFAULT_VALUE_USES_INACCESSIBLE,
                    f"the default of {coordinate} uses {hidden}, which is @inaccessible",
                    "choose a default that clients may see",
                )

    def _reference(self, coordinate: str, ref: type_ref.TypeRef) -> Iterator[_Fault]:
        target = type_ref.named(ref)
        if target in self._hidden:
            yield _Fault(
                ErrorCode.REFERENCED_INACCESSIBLE,
                f"{coordinate} is visible, and its type {target} is @inaccessible",
                f"mark {coordinate} @inaccessible as well",
            )

    def _implemented(self, owner: MergedType, field: MergedField) -> Iterator[_Fault]:
        for name in owner.interfaces:
            interface = self._types.get(name)
            if interface is None or name in self._hidden:
                continue
            wanted = interface.fields.get(field.name)
            if wanted is not None and not _hidden(wanted.directives):
                yield _Fault(
                    ErrorCode.IMPLEMENTED_BY_INACCESSIBLE,
                    f"{owner.name}.{field.name} is @inaccessible, "
                    f"and {name}.{field.name}, which it implements, is visible",
                    f"mark {name}.{field.name} @inaccessible as well",
                )

    def _implemented_argument(
        self, owner: MergedType, field: MergedField, given: MergedInput
    ) -> Iterator[_Fault]:
        for name in owner.interfaces:
            interface = self._types.get(name)
            wanted = interface.fields.get(field.name) if interface else None
            argument = wanted.arguments.get(given.name) if wanted else None
            if argument is not None and not _hidden(argument.directives):
                yield _Fault(
                    ErrorCode.IMPLEMENTED_BY_INACCESSIBLE,
                    f"{owner.name}.{field.name}({given.name}:) is @inaccessible, "
                    f"and that of {name}, which it implements, is visible",
                    f"mark {name}.{field.name}({given.name}:) @inaccessible as well",
                )

    def _hidden_in_default(self, ref: type_ref.TypeRef, value: ValueNode) -> Iterator[str]:
        target = self._types.get(type_ref.named(ref))
        if target is None:
            return
        if isinstance(value, ListValueNode):
            for item in value.values:
                yield from self._hidden_in_default(ref, item)
        elif isinstance(value, EnumValueNode):
            found = target.values.get(value.value)
            if found is not None and _hidden(found.directives):
                yield f"{target.name}.{value.value}"
        elif isinstance(value, ObjectValueNode):
            yield from self._hidden_in_object(target, value)

    def _hidden_in_object(self, target: MergedType, value: ObjectValueNode) -> Iterator[str]:
        for item in value.fields:
            given = target.inputs.get(item.name.value)
            if given is None:
                continue
            if _hidden(given.directives):
                yield f"{target.name}.{given.name}"
            else:
                yield from self._hidden_in_default(given.type, item.value)

    def _only_hidden_children(self, each: MergedType) -> bool:
        if each.kind is Kind.UNION:
            return all(name in self._hidden for name in each.member_names)
        return _all_hidden(
            child.directives
            for children in (each.fields, each.inputs, each.values)
            for child in children.values()
        )


def _hidden(directives: tuple[str, ...]) -> bool:
    return carries(directives, names.INACCESSIBLE)


def _all_hidden(found: Iterable[tuple[str, ...]]) -> bool:
    every = list(found)
    return bool(every) and all(_hidden(directives) for directives in every)
