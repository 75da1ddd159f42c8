"""A field set (`"id owner { name }"`, the argument of @key, @requires and @provides) as data."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldPick:
    """One field, with arguments kept as GraphQL text and what is picked below it."""

    name: str
    arguments: tuple[tuple[str, str], ...] = ()
    selections: "FieldSet" = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TypePick:
    """What is picked where the object is of one type: `... on Book { isbn }`."""

    type_condition: str
    selections: "FieldSet"


Pick: TypeAlias = FieldPick | TypePick
FieldSet: TypeAlias = tuple[Pick, ...]


def render(field_set: FieldSet) -> str:
    """Print a field set as federation writes it, without outer braces."""
    return " ".join(_render_pick(pick) for pick in field_set)


def _render_pick(pick: Pick) -> str:
    match pick:
        case TypePick(type_condition=condition, selections=selections):
            return f"... on {condition} {{ {render(selections)} }}"
        case FieldPick(name=name, arguments=arguments, selections=selections):
            given = ", ".join(f"{key}: {value}" for key, value in arguments)
            head = f"{name}({given})" if given else name
            return f"{head} {{ {render(selections)} }}" if selections else head


def walk(field_set: FieldSet) -> Iterator[Pick]:
    """Every pick at every depth, parents first."""
    for pick in field_set:
        yield pick
        yield from walk(pick.selections)
