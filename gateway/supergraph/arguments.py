"""Reads the arguments of directives in a parsed SDL."""

from collections.abc import Iterable, Iterator, Mapping

from graphql import BooleanValueNode, DirectiveNode, EnumValueNode, StringValueNode, ValueNode


def arguments_of(directive: DirectiveNode) -> Mapping[str, ValueNode]:
    """The arguments by name."""
    return {argument.name.value: argument.value for argument in directive.arguments or ()}


def named(directives: Iterable[DirectiveNode], name: str | None) -> Iterator[DirectiveNode]:
    """Those directives that go by this name."""
    return (directive for directive in directives if directive.name.value == name)


def text_of(value: ValueNode | None) -> str | None:
    """The text of a string or the name of an enum value, else None."""
    return value.value if isinstance(value, StringValueNode | EnumValueNode) else None


def flag_of(value: ValueNode | None, *, default: bool) -> bool:
    """The value of a Boolean, else the default."""
    return value.value if isinstance(value, BooleanValueNode) else default
