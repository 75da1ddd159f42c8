"""A call: a field with its arguments, as text that is equal for equal calls."""

from collections.abc import Iterator
from dataclasses import dataclass
from operator import itemgetter

from graphql import FieldNode, print_ast
from graphql.language.ast import ListValueNode, ObjectValueNode, ValueNode, VariableNode

from gateway.spec.field_set import FieldPick
from gateway.spec.names import TYPENAME


@dataclass(frozen=True, slots=True)
class Call:
    """`arguments` is "(a: 1, b: $x)" in the order of names, or empty.

    `salt` keeps apart calls that must not be merged (root fields of a mutation), `part` those of a
    deferred part from the first answer's; `variables` are those the arguments use.
    """

    name: str
    arguments: str = ""
    variables: tuple[str, ...] = ()
    salt: str = ""
    part: int = 0

    @property
    def identity(self) -> str:
        own = f"{self.text}#{self.salt}" if self.salt else self.text
        return f"{own}@{self.part}" if self.part else own

    @property
    def text(self) -> str:
        return f"{self.name}{self.arguments}"


TYPENAME_CALL = Call(TYPENAME)


def read_call(node: FieldNode, *, salt: str = "") -> Call:
    """The call a client's field makes."""
    arguments = node.arguments or ()
    given = sorted(((each.name.value, each.value) for each in arguments), key=itemgetter(0))
    if not given:
        return Call(node.name.value, salt=salt)
    text = ", ".join(f"{name}: {print_ast(value)}" for name, value in given)
    used = dict.fromkeys(name for _, value in given for name in variables_in(value))
    return Call(node.name.value, f"({text})", tuple(used), salt)


def required_call(pick: FieldPick) -> Call:
    """The call a field set makes; its arguments are literals."""
    if not pick.arguments:
        return Call(pick.name)
    text = ", ".join(f"{name}: {value}" for name, value in sorted(pick.arguments))
    return Call(pick.name, f"({text})")


def variables_in(value: ValueNode) -> Iterator[str]:
    """The variables a value uses, at any depth."""
    match value:
        case VariableNode(name=name):
            yield name.value
        case ListValueNode(values=values):
            for item in values:
                yield from variables_in(item)
        case ObjectValueNode(fields=fields):
            for each in fields:
                yield from variables_in(each.value)
