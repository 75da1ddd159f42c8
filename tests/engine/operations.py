"""Random valid operations over a schema: aliases, fragments, abstract types, conditions."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from graphql import (
    GraphQLArgument,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    is_composite_type,
    is_required_argument,
    parse,
    validate,
)
from hypothesis import assume
from hypothesis import strategies as st

VARIABLES: Final = {"yes": True, "no": False, "first": 1, "id": "k1"}
_TYPES: Final = {"yes": "Boolean!", "no": "Boolean = false", "first": "Int", "id": "ID!"}
_CONDITIONS: Final = (
    "@include(if: $yes)",
    "@include(if: $no)",
    "@skip(if: $yes)",
    "@skip(if: $no)",
    "@include(if: true)",
    "@skip(if: true) @include(if: $yes)",
)
_ALIASES: Final = ("id", "name", "key", "title", "works", "type")
_VALUES: Final = {"ID": ('"p1"', '"k1"', '"f1"', '"h2"', '"?"'), "String": ('"a@x"', '"1"', '"?"')}


@dataclass
class _Writer:
    """Draws selections; named fragments are collected as they are used."""

    schema: GraphQLSchema
    draw: Any
    names: Sequence[str]
    fragments: list[str] = field(default_factory=list)

    def chance(self, percent: int) -> bool:
        return bool(self.draw(st.integers(0, 99)) < percent)

    def condition(self) -> str:
        return " " + self.draw(st.sampled_from(_CONDITIONS)) if self.chance(12) else ""

    def selection_set(self, type_: Any, depth: int) -> str:
        count = self.draw(st.integers(1, 4))
        return "{ " + "  ".join(self.selection(type_, depth) for _ in range(count)) + " }"

    def selection(self, type_: Any, depth: int) -> str:
        if depth > 0 and self.chance(25):
            return self.fragment(type_, depth)
        if isinstance(type_, GraphQLUnionType) or self.chance(8):
            return ("kind: " if self.chance(30) else "") + "__typename" + self.condition()
        return self.field(type_, depth)

    def fragment(self, type_: Any, depth: int) -> str:
        narrowed = self.draw(st.sampled_from(self.overlapping(type_)))
        body = self.selection_set(narrowed, depth - 1)
        if self.chance(30):
            name = f"F{len(self.fragments)}"
            self.fragments.append(f"fragment {name} on {narrowed.name} {body}")
            return f"...{name}{self.condition()}"
        on = "" if narrowed is type_ and self.chance(40) else f" on {narrowed.name}"
        return f"...{on}{self.condition()} {body}"

    def overlapping(self, type_: Any) -> list[Any]:
        mine = self.possible(type_)
        return [
            other
            for name, other in sorted(self.schema.type_map.items())
            if is_composite_type(other)
            and not name.startswith("__")
            and self.possible(other) & mine
        ]

    def possible(self, type_: Any) -> set[str]:
        if isinstance(type_, GraphQLInterfaceType | GraphQLUnionType):
            return {found.name for found in self.schema.get_possible_types(type_)}
        return {type_.name}

    def field(self, type_: GraphQLObjectType | GraphQLInterfaceType, depth: int) -> str:
        leafy = [
            name
            for name, found in type_.fields.items()
            if depth > 0 or not is_composite_type(get_named_type(found.type))
        ]
        if not leafy:
            return "__typename"
        name = self.draw(st.sampled_from(leafy))
        found: GraphQLField = type_.fields[name]
        alias = f"{self.draw(st.sampled_from(_ALIASES))}: " if self.chance(15) else ""
        arguments = [
            f"{argument}: {self.value(argument, declared)}"
            for argument, declared in found.args.items()
            if is_required_argument(declared) or self.chance(40)
        ]
        given = f"({', '.join(arguments)})" if arguments else ""
        below = get_named_type(found.type)
        body = f" {self.selection_set(below, depth - 1)}" if is_composite_type(below) else ""
        return f"{alias}{name}{given}{self.condition()}{body}"

    def value(self, name: str, argument: GraphQLArgument) -> str:
        kind = get_named_type(argument.type).name
        if name in VARIABLES and self.chance(30):
            return f"${name}"
        if kind == "Boolean":
            return str(self.draw(st.sampled_from(["true", "false", "$yes"])))
        if kind == "Int":
            return str(self.draw(st.integers(0, 3)))
        return str(self.draw(st.sampled_from(_VALUES[kind])))


@st.composite
def operations(draw: Any, schema: GraphQLSchema, *, depth: int = 4) -> str:
    """The text of a valid query; `VARIABLES` are the values of its variables."""
    writer = _Writer(schema, draw, sorted(schema.type_map))
    body = writer.selection_set(schema.query_type, depth)
    rest = "\n".join([body, *writer.fragments])
    used = [f"${name}: {type_}" for name, type_ in _TYPES.items() if f"${name}" in rest]
    text = f"query ({' '.join(used)}) {rest}" if used else rest
    assume(not validate(schema, parse(text)))
    return text
