"""Typed decorators for resolvers, so that `mypy --strict` sees through strawberry's.

`resolved` a field, `listed` a bounded connection, `mutation` with refusals as data, `subscription`,
`unlisted` a mutation between machines, `unlisted_field` what they ask.
A description is no option: every field of the graph has one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import strawberry
from strawberry import federation

from subgraphs.kit.paging import LIST_SIZE
from subgraphs.kit.types import refusals_as_data

F = TypeVar("F", bound=Callable[..., Any])


def resolved(
    description: str,
    *,
    name: str | None = None,
    shareable: bool = False,
    requires: Sequence[str] = (),
    tags: Sequence[str] = (),
    directives: Sequence[object] = (),
    graphql_type: Any = None,
) -> Callable[[F], F]:
    """A field with a resolver; `graphql_type` is for references to stubs."""

    def declare(resolver: F) -> F:
        declared: F = federation.field(
            resolver=resolver,
            description=description,
            name=name,
            shareable=shareable,
            requires=list(requires),
            tags=list(tags),
            directives=list(directives),
            graphql_type=graphql_type,
        )
        return declared

    return declare


def listed(
    description: str, *, name: str | None = None, directives: Sequence[object] = ()
) -> Callable[[F], F]:
    """A field that answers a Connection; its resolver takes `first` and `after`."""
    return resolved(description, name=name, directives=[LIST_SIZE, *directives])


def mutation(description: str) -> Callable[[F], F]:
    """A mutation field: a Refusal raised inside becomes a member of the result union."""

    def declare(resolver: F) -> F:
        declared: F = strawberry.mutation(
            resolver=refusals_as_data(resolver), description=description
        )
        return declared

    return declare


def unlisted(description: str) -> Callable[[F], F]:
    """A mutation that no client sees; its Refusals are errors."""

    def declare(resolver: F) -> F:
        declared: F = federation.mutation(
            resolver=resolver, description=description, inaccessible=True
        )
        return declared

    return declare


def unlisted_field(description: str, *, name: str | None = None) -> Callable[[F], F]:
    """A field that no client sees."""

    def declare(resolver: F) -> F:
        declared: F = federation.field(
            resolver=resolver, description=description, name=name, inaccessible=True
        )
        return declared

    return declare


def subscription(
    description: str, *, name: str | None = None, directives: Sequence[object] = ()
) -> Callable[[F], F]:
    def declare(resolver: F) -> F:
        declared: F = strawberry.subscription(
            resolver=resolver, description=description, name=name, directives=list(directives)
        )
        return declared

    return declare
