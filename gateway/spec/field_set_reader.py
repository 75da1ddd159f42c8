"""Reads field set text strictly; needs GraphQL's parser, so the plan may not import it.

Laws: at most MAX_TOKENS tokens and MAX_DEPTH levels are read; aliases, directives, variables and
fragment spreads are refused, because federation gives them no meaning in a field set.
"""

from typing import Final

from graphql import (
    FieldNode,
    FragmentSpreadNode,
    GraphQLSyntaxError,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    VariableNode,
    parse,
    print_ast,
)
from graphql.language.ast import ListValueNode, ObjectValueNode, ValueNode

from gateway.spec.field_set import FieldPick, FieldSet, Pick, TypePick

MAX_TOKENS: Final = 2_000
MAX_DEPTH: Final = 24


class FieldSetError(ValueError):
    """Text that is no field set; `offset` counts characters from its start."""

    code = "INVALID_FIELD_SET"

    def __init__(self, message: str, *, text: str, offset: int) -> None:
        super().__init__(message)
        self.text, self.offset = text, offset


class DirectiveInFieldSetError(FieldSetError):
    """A directive stands in a field set, where it has no meaning."""

    code = "DIRECTIVE_IN_FIELD_SET"


def read(text: str) -> FieldSet:
    """Read `"id owner { name }"`, with or without outer braces. Raises FieldSetError."""
    return _Reader(text).read()


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        bare = not text.lstrip(" \t\r\n,\ufeff").startswith("{")
        self._shift = 1 if bare else 0
        self._source = "{" + text + "\n}" if bare else text

    def read(self) -> FieldSet:
        try:
            document = parse(self._source, max_tokens=MAX_TOKENS)
        except GraphQLSyntaxError as error:
            start = min(error.positions or (0,))
            raise self._fault(error.message.removeprefix("Syntax Error: "), start) from None
        except RecursionError:
            raise self._fault(f"deeper than {MAX_DEPTH} levels", 0) from None
        operation = document.definitions[0]
        if len(document.definitions) != 1 or not isinstance(operation, OperationDefinitionNode):
            raise self._fault("expected one selection of fields", 0)
        return self._selections(operation.selection_set, depth=1)

    def _selections(self, node: SelectionSetNode | None, *, depth: int) -> FieldSet:
        if node is None:
            return ()
        if depth > MAX_DEPTH:
            raise self._fault_at(node, f"deeper than {MAX_DEPTH} levels")
        if not node.selections:
            raise self._fault_at(node, "expected at least one field")
        return tuple(self._pick(selection, depth) for selection in node.selections)

    def _pick(self, node: SelectionNode, depth: int) -> Pick:
        if node.directives:
            message = "directives have no meaning in a field set"
            raise DirectiveInFieldSetError(
                message, text=self._text, offset=self._fault_at(node, message).offset
            )
        if isinstance(node, FieldNode):
            return self._field(node, depth)
        if isinstance(node, InlineFragmentNode):
            if node.type_condition is None:
                raise self._fault_at(node, "an inline fragment must name a type")
            return TypePick(
                type_condition=node.type_condition.name.value,
                selections=self._selections(node.selection_set, depth=depth + 1),
            )
        if isinstance(node, FragmentSpreadNode):
            raise self._fault_at(node, f"fragment ...{node.name.value} can't be used here")
        raise AssertionError(node.kind)

    def _field(self, node: FieldNode, depth: int) -> FieldPick:
        if node.alias is not None:
            raise self._fault_at(
                node, f'alias "{node.alias.value}" can\'t be used: select "{node.name.value}"'
            )
        for argument in node.arguments or ():
            if _has_variable(argument.value):
                raise self._fault_at(argument, "variables can't be used in a field set")
        return FieldPick(
            name=node.name.value,
            arguments=tuple((a.name.value, print_ast(a.value)) for a in node.arguments or ()),
            selections=self._selections(node.selection_set, depth=depth + 1),
        )

    def _fault_at(self, node: object, message: str) -> FieldSetError:
        location = getattr(node, "loc", None)
        return self._fault(message, location.start if location else 0)

    def _fault(self, message: str, start: int) -> FieldSetError:
        offset = min(max(start - self._shift, 0), len(self._text))
        return FieldSetError(message, text=self._text, offset=offset)


def _has_variable(value: ValueNode) -> bool:
    match value:
        case VariableNode():
            return True
        case ListValueNode(values=values):
            return any(_has_variable(item) for item in values)
        case ObjectValueNode(fields=fields):
            return any(_has_variable(field.value) for field in fields)
        case _:
            return False
