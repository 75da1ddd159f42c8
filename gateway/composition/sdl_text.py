"""Small pieces of SDL that more than one printer writes."""

from graphql import StringValueNode, print_ast

from gateway.composition import type_ref
from gateway.composition.merged import MergedInput


def print_description(text: str | None, indent: str = "") -> str:
    """A description as a block string above what it describes, or nothing."""
    if not text:
        return ""
    block = print_ast(StringValueNode(value=text, block=True))
    lines = [f"{indent}{line}" if line else "" for line in block.split("\n")]
    return "\n".join(lines) + "\n"


def print_input(given: MergedInput, suffix: str = "") -> str:
    """`name: Type = default @directives` of an argument or input field, on one line."""
    default = f" = {given.default}" if given.default is not None else ""
    directives = "".join(f" {text}" for text in given.directives)
    return f"{given.name}: {type_ref.show(given.type)}{default}{suffix}{directives}"
