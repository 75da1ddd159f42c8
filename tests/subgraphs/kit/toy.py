"""A subgraph as small as can be, to show what the kit does for all four."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any

import strawberry

from subgraphs.kit.context import Info
from subgraphs.kit.errors import Busy, Forbidden, Invalid, InvalidTransition, NotFound
from subgraphs.kit.federation import Schema
from subgraphs.kit.fields import mutation, resolved
from subgraphs.kit.nodes import NodeStub, Representation, entity, stub
from subgraphs.kit.types import (
    INPUT,
    InvalidTransitionError,
    MutationInput,
    Node,
    TryAgain,
    ValidationFailed,
)
from subgraphs.kit.types import Forbidden as ForbiddenType
from subgraphs.kit.types import NotFound as NotFoundType

logging.getLogger("strawberry").setLevel(logging.CRITICAL)
REFUSALS = {
    "invalid": Invalid("not so", field="input.what"),
    "absent": NotFound("thing"),
    "denied": Forbidden(),
    "order": InvalidTransition(source="A", target="C", allowed=["B"]),
    "busy": Busy("later"),
    "bug": RuntimeError("the password is swordfish"),
}


@dataclass(slots=True)
class Toy:
    """What the toy was asked for."""

    known: set[str] = field(default_factory=set)
    calls: list[int] = field(default_factory=list)


@entity("Consent")
class Consent(Node):
    purpose: str | None = None
    holder: NodeStub | None = strawberry.field(
        default=None, graphql_type=stub("Presentation") | None
    )

    @resolved("A field that fails as told (测试).")
    def fails(self, how: str) -> str | None:
        raise REFUSALS[how]

    @classmethod
    async def resolve_references(
        cls, info: Info[Toy], references: Sequence[Representation], /
    ) -> Sequence[Consent | Exception | None]:
        toy = info.context.parts
        toy.calls.append(len(references))
        return [
            cls(id=strawberry.ID(str(one["id"])), purpose="TEST")
            if one["id"] in toy.known
            else None
            for one in references
        ]


@entity("WalletItem")
class WalletItem(Node):
    label: str | None = None

    @classmethod
    async def resolve_references(
        cls, info: Info[Toy], references: Sequence[Representation], /
    ) -> Sequence[Any]:
        raise RuntimeError("the store is away")


@strawberry.input
class TryInput(MutationInput):
    how: str


@strawberry.type
class TrySuccess:
    done: bool = True


TryResult = Annotated[
    TrySuccess
    | ValidationFailed
    | NotFoundType
    | ForbiddenType
    | InvalidTransitionError
    | TryAgain,
    strawberry.union("TryResult"),
]


@strawberry.type
class Query:
    @resolved("A field that fails as told (测试).")
    async def fails(self, how: str) -> str | None:
        raise REFUSALS[how]

    @resolved("A field that must not be null (测试).", name="broken")
    def broken(self) -> str:
        return None  # type: ignore[return-value]


@strawberry.type
class Mutation:
    @mutation("Try something (测试).")
    async def attempt(self, info: Info[Toy], input_: Annotated[TryInput, INPUT]) -> TryResult:
        if input_.how in REFUSALS:
            raise REFUSALS[input_.how]
        return TrySuccess()


schema = Schema(query=Query, mutation=Mutation, served=[Consent, WalletItem])
