"""What a caller must hold to see something: requirements that can be joined and compared.

A requirement is an OR of ANDs: at least one set of scopes (or policies) must be held in full.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product
from typing import Final, TypeAlias

Requirement: TypeAlias = frozenset[frozenset[str]]

NOTHING: Final[Requirement] = frozenset({frozenset()})


def all_of(found: Iterable[Requirement]) -> Requirement:
    """Whoever meets the result meets each of them; alternatives implied by others are left out."""
    joined = {frozenset[str]().union(*chosen) for chosen in product(*dict.fromkeys(found))}
    return frozenset(each for each in joined if not any(other < each for other in joined))


def implies(held: Requirement, wanted: Requirement) -> bool:
    """Whether whoever meets `held` also meets `wanted`."""
    return all(any(want <= have for want in wanted) for have in held)


def is_met(wanted: Requirement, held: frozenset[str]) -> bool:
    """Whether somebody who holds these meets it. A requirement without alternatives never is."""
    return any(want <= held for want in wanted)


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
