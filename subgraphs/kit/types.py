"""GraphQL value types and interfaces that all four SDLs carry word for word."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from enum import Enum
from functools import wraps
from typing import Final, ParamSpec, TypeVar, cast

import strawberry
from strawberry import federation
from strawberry.types.enum import StrawberryEnumDefinition

from subgraphs.kit import errors
from subgraphs.kit.scalars import Decimal

P = ParamSpec("P")
R = TypeVar("R")


E = TypeVar("E", bound=type[Enum])


def worded(description: str, *, name: str | None = None, **members: str) -> Callable[[E], E]:
    """Declare a GraphQL enum with a sentence for each member; its values stay plain text.

    `name` where the class has a shorter one in its own room.
    """

    def declare(cls: E) -> E:
        declared: E = strawberry.enum(cls, name=name, description=description)
        for value in _definition(declared).values:
            value.description = members[value.name]
        return declared

    return declare


def _definition(cls: type[Enum]) -> StrawberryEnumDefinition:
    definition: StrawberryEnumDefinition = cls.__strawberry_definition__  # type: ignore[attr-defined]
    return definition


@strawberry.interface(description="Anything with a global id (全局对象).")
class Node:
    id: strawberry.ID = strawberry.field(
        description="Global id: a type prefix and 26 characters (全局标识)."
    )


@strawberry.interface(description="A business refusal, given as data (业务拒绝).")
class DomainError:
    code: str = strawberry.field(description="Stable code for programs (错误代码).")
    message: str = strawberry.field(description="A sentence for people (说明).")


@federation.type(shareable=True, description="An argument is not well-formed (参数无效).")
class ValidationFailed(DomainError):
    field: str | None = strawberry.field(
        default=None, description="Path of the argument below `input` (字段)."
    )


@federation.type(
    shareable=True, description="No such object, or none that this viewer may see (不存在)."
)
class NotFound(DomainError):
    field: str | None = strawberry.field(
        default=None, description="Path of the argument below `input` (字段)."
    )


@federation.type(shareable=True, description="The viewer may not do this (无权限).")
class Forbidden(DomainError):
    pass


@federation.type(shareable=True, description="The state machine has no such step (状态不允许).")
class InvalidTransitionError(DomainError):
    from_: str = strawberry.field(name="from", description="The present state (当前状态).")
    to: str = strawberry.field(description="The state asked for (目标状态).")
    allowed: list[str] = strawberry.field(description="States it can move to (允许的状态).")


@federation.type(shareable=True, description="The holder's signature does not hold (签名无效).")
class InvalidSignature(DomainError):
    pass


@federation.type(shareable=True, description="Nothing was written; try again (请重试).")
class TryAgain(DomainError):
    pass


@worded("A currency code of ISO 4217 (币种).", CNY="Chinese yuan (人民币).")
class CurrencyCode(Enum):
    CNY = "CNY"


@federation.type(shareable=True, description="An exact amount of money (金额).")
class Money:
    amount: Decimal = strawberry.field(description="Exact amount to the fen (金额).")
    currency: CurrencyCode = strawberry.field(
        default=CurrencyCode.CNY, description="Currency (币种)."
    )


INPUT: Final = strawberry.argument(name="input", description="What to do (输入).")
"""Use it as `input_: Annotated[VerbNounInput, INPUT]`."""


@strawberry.input
class MutationInput:
    """Inherit it in every mutation's input."""

    client_mutation_id: str | None = strawberry.field(
        default=None,
        description="Idempotency key: the same call again answers the same result (幂等键).",
    )


def as_data(refusal: errors.Refusal) -> DomainError:
    """The union member a refusal becomes in a mutation's answer."""
    code, message = refusal.code, refusal.message
    match refusal:
        case errors.Invalid():
            return ValidationFailed(code=code, message=message, field=refusal.field)
        case errors.NotFound():
            return NotFound(code=code, message=message, field=refusal.field)
        case errors.InvalidTransition():
            return InvalidTransitionError(
                code=code,
                message=message,
                from_=refusal.source,
                to=refusal.target,
                allowed=list(refusal.allowed),
            )
        case _:
            return _PLAIN.get(type(refusal), ValidationFailed)(code=code, message=message)


_PLAIN: Final[dict[type[errors.Refusal], type[DomainError]]] = {
    errors.Forbidden: Forbidden,
    errors.SignatureRefused: InvalidSignature,
    errors.Busy: TryAgain,
    errors.ServicePaused: TryAgain,
}


def refusals_as_data(resolver: Callable[P, Awaitable[R]]) -> Callable[P, Awaitable[R]]:
    """Wrap a mutation resolver: a Refusal becomes its union member instead of a GraphQL error.

    Each result union must list ValidationFailed, NotFound, Forbidden, InvalidTransitionError,
    InvalidSignature and TryAgain as far as its resolver can raise them.
    """

    @wraps(resolver)
    async def answered(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return await resolver(*args, **kwargs)
        except errors.Refusal as refusal:
            return cast("R", as_data(refusal))

    return answered
