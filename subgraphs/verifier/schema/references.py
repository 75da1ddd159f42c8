"""Nodes that refer to each other without their modules importing each other.

A field of type `later("Acceptance")` is tied when the schema is built; `made` and `bare` take the
class from the schema that is answering.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar, cast

import strawberry
from strawberry.dataloader import DataLoader
from strawberry.types.lazy_type import LazyType

from subgraphs.kit.context import Info
from subgraphs.kit.federation import Schema
from subgraphs.kit.nodes import Representation
from subgraphs.kit.types import Node
from subgraphs.verifier.parts import Parts

R = TypeVar("R")
N = TypeVar("N", bound=Node)

_HOME: Final = {
    "Holder": "contributions",
    "Credential": "contributions",
    "Endorsement": "contributions",
    "Verification": "decision",
    "Acceptance": "acceptance",
}


def later(name: str) -> Any:
    """The node type of that name, wherever its module comes in the order of imports."""
    return LazyType(name, f"{__package__}.{_HOME[name]}")


def listed_later(name: str) -> Any:
    """A list of them."""
    return list[LazyType(name, f"{__package__}.{_HOME[name]}")]  # type: ignore[misc]


def bare(info: Info[Parts], name: str, id_: str) -> Node:
    """A node known by its id."""
    return cast("Schema", info.schema).nodes[name](id=strawberry.ID(id_))


def made(info: Info[Parts], name: str, row: object) -> Node:
    """A node of a row."""
    cls: Any = cast("Schema", info.schema).nodes[name]
    return cast("Node", cls.of(row))


async def answered(
    rows: DataLoader[str, R | None], references: Sequence[Representation], node: Callable[[R], N]
) -> list[N | None]:
    """What `_entities` asked for, one query for all; None where there is nothing to see."""
    found = await rows.load_many([str(reference["id"]) for reference in references])
    return [None if row is None else node(row) for row in found]
