"""Node types from the one registry: stubs for foreign ones, the `entity` decorator for served ones.

A well-formed id never answers null from `node`, existing or not: its fields stay null. So every
field of an entity but `id` is nullable and has a default, and `resolve_references` answers a list
as long as its input: an instance, None, or an exception for its slot.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from functools import cache
from typing import Any, Protocol, TypeVar, cast, dataclass_transform

import strawberry
from strawberry import federation
from strawberry.federation.schema_directives import Key
from strawberry.federation.types import FieldSet

from subgraphs.kit.context import Info
from subgraphs.kit.ids import BY_TYPE, NODE_TYPES
from subgraphs.kit.types import Node

T = TypeVar("T", bound=type[Node])
Representation = Mapping[str, object]


class NodeStub(Node):
    """A foreign entity, known by its id alone."""


class Entity(Protocol):
    """What the kit asks of a served node type."""

    @classmethod
    async def resolve_references(
        cls, info: Info[Any], references: Sequence[Representation], /
    ) -> Sequence[object]:
        """Instances for raw representations, in order; None for an unknown one."""


@dataclass_transform(kw_only_default=True, field_specifiers=(strawberry.field, federation.field))
def entity(name: str, *, keys: Sequence[str] = ("id",)) -> Callable[[T], T]:
    """Declare a served node type, named and described as the registry says."""
    kind = BY_TYPE[name]

    def declare(cls: T) -> T:
        declared: T = federation.type(cls, name=name, description=kind.description, keys=list(keys))
        return declared

    return declare


@cache
def stub(name: str) -> type[NodeStub]:
    """The stub class of a foreign node type; use it as `graphql_type` of a reference field."""
    kind = BY_TYPE[name]
    cls = type(name, (NodeStub,), {"__module__": __name__, "__annotations__": {}})
    declared: type[NodeStub] = federation.type(
        cls,
        name=name,
        description=kind.description,
        keys=[Key(fields=FieldSet("id"), resolvable=False)],
    )
    return declared


def with_stubs(served: Sequence[type[Node]]) -> dict[str, type[Node]]:
    """All node types of the network by name: the served ones, and stubs for the rest."""
    mine = {cls.__name__: cls for cls in served}
    unknown = set(mine) - set(NODE_TYPES)
    if unknown:
        raise LookupError(f"not in the registry of node types: {sorted(unknown)}")
    return {name: mine.get(name) or stub(name) for name in NODE_TYPES}


def has_key(cls: type, representation: Representation) -> bool:
    """Whether a representation carries all of one key of the type, as plain values."""
    return any(
        all(isinstance(representation.get(name), str | int) for name in key.split())
        for key in _keys(cast("Hashable", cls))
    )


@cache
def _keys(cls: Hashable) -> tuple[str, ...]:
    definition = cls.__strawberry_definition__  # type: ignore[attr-defined]
    found = (one for one in definition.directives if isinstance(one, Key))
    return tuple(str(one.fields) for one in found)


def stub_id(text: str) -> strawberry.ID:
    return strawberry.ID(text)
