"""Random valid operations over any schema: aliases, fragments, abstract types, conditions, parts
that may come later."""

import re
from dataclasses import dataclass, field
from itertools import count
from random import Random
from typing import Any, Final

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    is_abstract_type,
    is_composite_type,
    is_required_argument,
    parse,
    validate,
)

VARIABLES: Final = {"yes": True, "no": False, "first": 1, "id": "k1"}
_TYPES: Final = {"yes": "Boolean!", "no": "Boolean! = false", "first": "Int", "id": "ID!"}
_OF_VARIABLE: Final = {"yes": ["Boolean"], "no": ["Boolean"], "first": ["Int"], "id": ["ID"]}
_CONDITIONS: Final = (
    "@include(if: $yes)",
    "@include(if: $no)",
    "@skip(if: $yes)",
    "@skip(if: $no)",
    "@include(if: true)",
    "@skip(if: true) @include(if: $yes)",
)
_ALIASES: Final = ("id", "name", "key", "title", "works", "type", "f0", "code", "place")
_IDS: Final = ("p1", "k1", "f1", "h2", "?", "E00", "E11", "E22", "E30")
_TEXTS: Final = ("a@x", "1", "?")
_LONGEST: Final = 6_000


@dataclass
class _Writer:
    """Draws selections; named fragments are collected as they are used."""

    schema: GraphQLSchema
    chance: Random
    defers: bool = True
    fragments: list[str] = field(default_factory=list)
    deferred: int = 0

    def often(self, percent: int) -> bool:
        return self.chance.randrange(100) < percent

    def condition(self) -> str:
        return " " + self.chance.choice(_CONDITIONS) if self.often(12) else ""

    def deferral(self) -> str:
        """Every @defer has a label of its own, as GraphQL wants it."""
        if not self.defers or not self.often(15):
            return ""
        self.deferred += 1
        condition = self.chance.choice(["", ", if: $yes", ", if: $no", ", if: true"])
        return f' @defer(label: "d{self.deferred}"{condition})'

    def selection_set(self, type_: Any, depth: int, least: int = 1) -> str:
        several = range(self.chance.randint(least, 4))
        return "{ " + "  ".join(self.selection(type_, depth) for _ in several) + " }"

    def selection(self, type_: Any, depth: int) -> str:
        if depth > 0 and self.often(60 if is_abstract_type(type_) else 20):
            return self.fragment(type_, depth)
        if isinstance(type_, GraphQLUnionType) or self.often(8):
            return ("kind: " if self.often(30) else "") + "__typename" + self.condition()
        return self.field(type_, depth)

    def fragment(self, type_: Any, depth: int) -> str:
        overlapping = self.overlapping(type_)
        if not overlapping:
            return "__typename"
        narrowed = self.chance.choice(overlapping)
        body = self.selection_set(narrowed, depth - 1)
        if self.often(30):
            name = f"F{len(self.fragments)}"
            self.fragments.append(f"fragment {name} on {narrowed.name} {body}")
            return f"...{name}{self.condition()}{self.deferral()}"
        on = "" if narrowed is type_ and self.often(40) else f" on {narrowed.name}"
        return f"...{on}{self.condition()}{self.deferral()} {body}"

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
        open_ = [
            name
            for name, found in type_.fields.items()
            if depth > 0 or not is_composite_type(get_named_type(found.type))
        ]
        if not open_:
            return "__typename"
        name = self.chance.choice(open_)
        found: GraphQLField = type_.fields[name]
        alias = f"{self.chance.choice(_ALIASES)}: " if self.often(15) else ""
        arguments = [
            f"{argument}: {self.value(argument, declared)}"
            for argument, declared in found.args.items()
            if is_required_argument(declared) or self.often(40)
        ]
        given = f"({', '.join(arguments)})" if arguments else ""
        below = get_named_type(found.type)
        body = f" {self.selection_set(below, depth - 1)}" if is_composite_type(below) else ""
        return f"{alias}{name}{given}{self.condition()}{body}"

    def value(self, name: str, argument: GraphQLArgument) -> str:
        fits = name in VARIABLES and str(argument.type).rstrip("!") in _OF_VARIABLE[name]
        if fits and self.often(30):
            return f"${name}"
        return self.literal(argument.type)

    def literal(self, type_: Any) -> str:
        match type_:
            case GraphQLNonNull():
                return self.literal(type_.of_type)
            case GraphQLList():
                return f"[{self.literal(type_.of_type)}]"
            case GraphQLEnumType():
                return str(self.chance.choice(sorted(type_.values)))
            case GraphQLInputObjectType():
                fields = (f"{name}: {self.literal(f.type)}" for name, f in type_.fields.items())
                return f"{{{', '.join(fields)}}}"
        if type_.name == "Boolean":
            return self.chance.choice(["true", "false"])
        if type_.name in {"Int", "Float"}:
            return str(self.chance.randint(0, 3))
        return '"' + self.chance.choice(_IDS if type_.name == "ID" else _TEXTS) + '"'


def undeferred(operation: str) -> str:
    """The same operation without any @defer."""
    return re.sub(r" @defer(\([^)]*\))?", "", operation)


def random_operation(
    schema: GraphQLSchema, chance: Random, *, depth: int = 4, defers: bool = True
) -> str:
    """The text of a valid query; `VARIABLES` has a value for each of its variables."""
    for attempt in count():
        writer = _Writer(schema, chance, defers)
        body = writer.selection_set(schema.query_type, max(depth - attempt // 30, 1), least=2)
        rest = "\n".join([body, *writer.fragments])
        used = [f"${name}: {type_}" for name, type_ in _TYPES.items() if f"${name}" in rest]
        text = f"query ({' '.join(used)}) {rest}" if used else rest
        if len(rest) < _LONGEST and not validate(schema, parse(text)):
            return text
    raise AssertionError(depth)


def assignments(chance: Random) -> dict[str, object]:
    """Values for the variables, conditions at random."""
    return {**VARIABLES, "yes": chance.random() < 0.6, "no": chance.random() < 0.4}
