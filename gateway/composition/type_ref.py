"""References to types (`[Credential!]!`) as data, and which of two is the wider one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from graphql import ListTypeNode, NamedTypeNode, NonNullTypeNode, TypeNode


@dataclass(frozen=True, slots=True)
class Named:
    """A type by its name."""

    name: str


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list of something."""

    item: "TypeRef"


@dataclass(frozen=True, slots=True)
class NonNull:
    """Something that is never null."""

    item: "Named | ListOf"


TypeRef: TypeAlias = Named | ListOf | NonNull
IsSubtype: TypeAlias = Callable[[str, str], bool]
"""Whether the first named type is, or implements, or is a member of the second."""


def non_null(ref: TypeRef) -> NonNull:
    return ref if isinstance(ref, NonNull) else NonNull(ref)


def of_node(node: TypeNode) -> TypeRef:
    match node:
        case NonNullTypeNode(type=inner):
            return non_null(of_node(inner))
        case ListTypeNode(type=inner):
            return ListOf(of_node(inner))
        case NamedTypeNode(name=name):
            return Named(name.value)
        case _:
            raise AssertionError(node.kind)


def show(ref: TypeRef) -> str:
    match ref:
        case Named(name):
            return name
        case ListOf(item):
            return f"[{show(item)}]"
        case NonNull(item):
            return f"{show(item)}!"


def named(ref: TypeRef) -> str:
    """The name inside all wrappers."""
    while not isinstance(ref, Named):
        ref = ref.item
    return ref.name


def is_list(ref: TypeRef) -> bool:
    return isinstance(ref.item if isinstance(ref, NonNull) else ref, ListOf)


def renamed(ref: TypeRef, names: Mapping[str, str]) -> TypeRef:
    """The same wrappers around another name, where `names` has one."""
    if not names:
        return ref
    match ref:
        case Named(name):
            return Named(names.get(name, name))
        case ListOf(item):
            return ListOf(renamed(item, names))
        case NonNull(item):
            return non_null(renamed(item, names))


def is_subtype(narrow: TypeRef, wide: TypeRef, named_subtype: IsSubtype) -> bool:
    """Whether every value of `narrow` is a value of `wide`."""
    match narrow, wide:
        case NonNull(a), NonNull(b):
            return is_subtype(a, b, named_subtype)
        case NonNull(a), _:
            return is_subtype(a, wide, named_subtype)
        case ListOf(a), ListOf(b):
            return is_subtype(a, b, named_subtype)
        case Named(a), Named(b):
            return a == b or named_subtype(a, b)
        case _:
            return False


def widest(refs: list[TypeRef], named_subtype: IsSubtype) -> TypeRef | None:
    """The reference among `refs` that all the others are subtypes of, if there is one."""
    return next(
        (wide for wide in refs if all(is_subtype(ref, wide, named_subtype) for ref in refs)), None
    )


def narrowest(refs: list[TypeRef], named_subtype: IsSubtype) -> TypeRef | None:
    """The reference among `refs` that is a subtype of all the others, if there is one."""
    return next(
        (slim for slim in refs if all(is_subtype(slim, ref, named_subtype) for ref in refs)), None
    )
