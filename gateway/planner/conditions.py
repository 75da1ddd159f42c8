"""Arithmetic of conditions: any of (all of guards), always in lowest terms and in a fixed order."""

from collections.abc import Iterable
from typing import Final

from gateway.plan.shape import ALWAYS, Guard, When

NEVER: Final[When] = ()
_MOST = 16
"""Beyond so many alternatives a condition is given up for ALWAYS: more is fetched, never less."""

_Terms = frozenset[frozenset[Guard]]


def both(left: When, right: When) -> When:
    """Left and right."""
    if left == ALWAYS:
        return right
    if right == ALWAYS:
        return left
    terms = frozenset(frozenset((*a, *b)) for a in left for b in right)
    return _ordered(frozenset(term for term in terms if _possible(term)))


def either(left: When, right: When) -> When:
    """Left or right."""
    if right in (left, NEVER):
        return left
    if left == NEVER:
        return right
    return _ordered(frozenset(frozenset(term) for term in (*left, *right)))


def any_of(conditions: Iterable[When]) -> When:
    """Whether one of them holds; none given: never."""
    total = NEVER
    for condition in conditions:
        total = either(total, condition)
    return total


def implies(left: When, right: When) -> bool:
    """Whether right surely holds where left does. May say no where a cleverer proof says yes."""
    return all(any(set(wanted) <= set(term) for wanted in right) for term in left)


def within(condition: When, context: When) -> When:
    """What is left to check of a condition where the context is known to hold."""
    if implies(context, condition):
        return ALWAYS
    if len(context) != 1:
        return condition
    known = set(context[0])
    return _ordered(
        frozenset(frozenset(guard for guard in term if guard not in known) for term in condition)
    )


def variables_of(condition: When) -> frozenset[str]:
    """The variables a condition looks at."""
    return frozenset(guard.variable for term in condition for guard in term)


def _possible(term: frozenset[Guard]) -> bool:
    return all(Guard(guard.variable, not guard.value) not in term for guard in term)


def _ordered(terms: _Terms) -> When:
    lowest = _lowest(terms)
    if len(lowest) > _MOST:
        return ALWAYS
    return tuple(sorted(tuple(sorted(term)) for term in lowest))


def _lowest(terms: _Terms) -> _Terms:
    """Drop what another term covers; join two terms that differ in one guard's value only."""
    while True:
        kept = frozenset(term for term in terms if not any(other < term for other in terms))
        joined = frozenset(
            term - {guard}
            for term in kept
            for guard in term
            if (term - {guard}) | {Guard(guard.variable, not guard.value)} in kept
        )
        if joined <= kept:
            return kept
        terms = kept | joined
