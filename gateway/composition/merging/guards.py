"""Guards read from what composition works on: values of arguments, and merged directives."""

from collections.abc import Sequence

from graphql import ListValueNode, ValueNode, parse_const_value, print_ast

from gateway.spec import names
from gateway.spec.guards import NOTHING, Guards, Requirement


def requirement(value: ValueNode | None) -> Requirement:
    rows = value.values if isinstance(value, ListValueNode) else ()
    return frozenset(
        frozenset(print_ast(v) for v in (row.values if isinstance(row, ListValueNode) else ()))
        for row in rows
    )


def show(wanted: Requirement) -> str:
    rows = sorted(sorted(each) for each in wanted)
    return "[" + ", ".join("[" + ", ".join(row) + "]" for row in rows) + "]"


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
