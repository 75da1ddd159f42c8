"""Generated Python: text in, function out.

Only names of GraphQL (quoted with `repr`) and names made here ever enter the text, and everything
else a function needs reaches it through its namespace.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast


def build(name: str, lines: Sequence[str], namespace: Mapping[str, object]) -> Callable[..., Any]:
    """Compile the lines and give the function called `name` that they define."""
    scope = dict(namespace)
    exec(compile("\n".join(lines), f"<generated {name}>", "exec"), scope)  # noqa: S102  # our text
    return cast("Callable[..., Any]", scope[name])


def indented(depth: int, line: str) -> str:
    return "    " * depth + line
