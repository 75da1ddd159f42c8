"""`@context` and `@fromContext`: which types set a context, which arguments take it."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from graphql import StringValueNode

from gateway.composition.model import Applied, ArgumentDef, FieldDef, Subgraph, TypeDef
from gateway.spec import names
from gateway.spec.field_set import FieldSet
from gateway.spec.field_set_reader import FieldSetError, read

_USE: Final = re.compile(
    r"^(?:[\s,\ufeff]|#[^\n\r]*)*\$(?:[\s,\ufeff]|#[^\n\r]*)*([A-Za-z_]\w*)(.*)$", re.S
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextUse:
    """One `@fromContext`: the context's name and what it selects; both empty where unread."""

    context: str
    selection: str
    text: str


def use_of(argument: ArgumentDef) -> ContextUse | None:
    """How an argument is filled from a context; None where clients fill it."""
    for each in argument.applied:
        if each.name == names.FROM_CONTEXT:
            text = _text(each, "field")
            found = _USE.match(text)
            context, selection = found.groups() if found else ("", "")
            return ContextUse(context=context, selection=selection, text=text)
    return None


def uses_of(field: FieldDef) -> Iterator[tuple[ArgumentDef, ContextUse]]:
    """All contextual arguments of a field."""
    for argument in field.arguments.values():
        use = use_of(argument)
        if use is not None:
            yield argument, use


def selection_of(use: ContextUse) -> FieldSet:
    """What is read of the type that sets the context; nothing where that can't be read."""
    try:
        return read(use.selection)
    except FieldSetError:
        return ()


def contexts_set_by(each: TypeDef) -> list[str]:
    """Names of the contexts that a type sets."""
    return [_text(applied, "name") for applied in each.applied if applied.name == names.CONTEXT]


def setting_types(types: Mapping[str, TypeDef]) -> dict[str, list[TypeDef]]:
    """By context, the types that set it."""
    found: dict[str, list[TypeDef]] = {}
    for each in types.values():
        for name in contexts_set_by(each):
            found.setdefault(name, []).append(each)
    return found


def global_name(subgraph: Subgraph, context: str) -> str:
    """A context belongs to its subgraph, so the supergraph puts the subgraph's name before it."""
    return f"{subgraph.name}__{context}"


def _text(applied: Applied, argument: str) -> str:
    value = applied.arguments.get(argument)
    return value.value if isinstance(value, StringValueNode) else ""
