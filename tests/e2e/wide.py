"""The widest reads a schema allows: every field of a type, to a depth, as one operation."""

from functools import cache
from typing import Final

from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    build_schema,
    get_named_type,
    is_composite_type,
    is_required_argument,
)

from subgraphs.demo.deployment import ROOT

# a new cursor is encrypted with a nonce of its own, so that equal places differ as text
NOT_ASKED: Final = frozenset({"cursor", "startCursor", "endCursor"})
FREE: Final = ("Connection", "Edge")


@cache
def api() -> GraphQLSchema:
    """The schema that clients see."""
    return build_schema((ROOT / "schema" / "api.graphql").read_text(encoding="utf-8"))


@cache
def wide_node(type_name: str, depth: int) -> str:
    """`node(id:)` with every field of a type that needs no argument, to a depth."""
    type_ = api().get_type(type_name)
    assert isinstance(type_, GraphQLObjectType)
    inside = _object(type_, depth)
    return f"query Wide{type_name}($id: ID!) {{ node(id: $id) {{ ... on {type_name} {inside} }} }}"


@cache
def wide_roots(depth: int) -> dict[str, str]:
    """Each root field that needs no argument, with everything below it to a depth."""
    query = api().query_type
    assert query is not None
    return {
        name: f"query Wide_{name} {{ {selected} }}"
        for name, field in query.fields.items()
        if (selected := _field(name, field, depth))
    }


@cache
def lists_of(type_name: str) -> tuple[str, ...]:
    """The connections of a type that need no argument."""
    type_ = api().get_type(type_name)
    assert isinstance(type_, GraphQLObjectType)
    return tuple(
        name
        for name, field in type_.fields.items()
        if get_named_type(field.type).name.endswith("Connection")
        and not any(map(is_required_argument, field.args.values()))
    )


def _object(type_: GraphQLObjectType | GraphQLInterfaceType, depth: int, mark: str = "") -> str:
    fields = [_field(name, field, depth, mark) for name, field in type_.fields.items()]
    return f"{{ __typename {' '.join(filter(None, fields))} }}"


def _field(name: str, field: GraphQLField, depth: int, mark: str = "") -> str:
    if name in NOT_ASKED or any(map(is_required_argument, field.args.values())):
        return ""
    type_ = get_named_type(field.type)
    said = f"{mark}{name}: {name}" if mark else name
    if not is_composite_type(type_):
        return said
    left = depth if type_.name.endswith(FREE) else depth - 1
    if left < 0:
        return ""
    return f"{said} {_composite(type_, left)}"


def _composite(type_: object, depth: int) -> str:
    if isinstance(type_, GraphQLObjectType):
        return _object(type_, depth)
    assert isinstance(type_, GraphQLInterfaceType | GraphQLUnionType)
    # aliases by type: fields of one name may differ in type from one member to the next
    members = [
        f"... on {member.name} {_object(member, depth, f'{member.name}_')}"
        for member in api().get_possible_types(type_)
    ]
    return f"{{ __typename {' '.join(members)} }}"
