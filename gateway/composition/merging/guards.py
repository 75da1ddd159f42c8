"""Guards as requirements that can be joined and compared.

A requirement is an OR of ANDs: at least one set of scopes (or policies) must be held in full.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Final, TypeAlias

from graphql import ListValueNode, ValueNode, parse_const_value, print_ast

from gateway.spec import names

Requirement: TypeAlias = frozenset[frozenset[str]]

NOTHING: Final[Requirement] = frozenset({frozenset()})


def requirement(value: ValueNode | None) -> Requirement:
    rows = value.values if isinstance(value, ListValueNode) else ()
    return frozenset(
        frozenset(print_ast(v) for v in (row.values if isinstance(row, ListValueNode) else ()))
        for row in rows
    )


def all_of(found: Iterable[Requirement]) -> Requirement:
    """Whoever meets the result meets each of them; alternatives implied by others are left out."""
    joined = {frozenset[str]().union(*chosen) for chosen in product(*dict.fromkeys(found))}
    return frozenset(each for each in joined if not any(other < each for other in joined))


def implies(held: Requirement, wanted: Requirement) -> bool:
    """Whether whoever meets `held` also meets `wanted`."""
    return all(any(want <= have for want in wanted) for have in held)


def show(wanted: Requirement) -> str:
    rows = sorted(sorted(each) for each in wanted)
    return "[" + ", ".join("[" + ", ".join(row) + "]" for row in rows) + "]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Guards:
    """All guards of one element."""

    authenticated: bool = False
    scopes: Requirement = NOTHING
    policies: Requirement = NOTHING

    def __and__(self, other: "Guards") -> "Guards":
        return Guards(
            authenticated=self.authenticated or other.authenticated,
            scopes=all_of([self.scopes, other.scopes]),
            policies=all_of([self.policies, other.policies]),
        )

    def imply(self, wanted: "Guards") -> bool:
        return (
            (self.authenticated or not wanted.authenticated)
            and implies(self.scopes, wanted.scopes)
            and implies(self.policies, wanted.policies)
        )


def guards_of(directives: Sequence[str]) -> Guards:
    """Read back from merged directives, where each stands at most once."""
    scopes = _argument(directives, f"@{names.REQUIRES_SCOPES}(scopes: ")
    policies = _argument(directives, f"@{names.POLICY}(policies: ")
    return Guards(
        authenticated=f"@{names.AUTHENTICATED}" in directives, scopes=scopes, policies=policies
    )


def _argument(directives: Sequence[str], head: str) -> Requirement:
    for text in directives:
        if text.startswith(head):
            return requirement(parse_const_value(text.removeprefix(head).removesuffix(")")))
    return NOTHING
