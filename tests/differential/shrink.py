"""Makes an operation that shows a difference as small as it can be and still show one."""

from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentSpreadNode,
    GraphQLSchema,
    GraphQLSyntaxError,
    InlineFragmentNode,
    Node,
    Visitor,
    parse,
    print_ast,
    validate,
    visit,
)
from graphql.language.visitor import REMOVE

Shows = Callable[[str], Awaitable[bool]]
_Selection = FieldNode | InlineFragmentNode | FragmentSpreadNode


async def shrunk(schema: GraphQLSchema, operation: str, shows: Shows) -> str:
    """Leaves out selections and directives one by one, as long as the operation still `shows`."""
    smaller = True
    while smaller:
        smaller = False
        for candidate in _smaller(operation):
            if not validate(schema, parse(candidate)) and await shows(candidate):
                operation, smaller = candidate, True
                break
    return operation


def _smaller(operation: str) -> Iterator[str]:
    """Every way to leave one thing out, large things first."""
    document = parse(operation)
    for number in range(_Cutter.count(document)):
        cut = visit(document, _Cutter(number))
        text = print_ast(visit(cut, _Sweeper(cut)))
        if _is_whole(text):
            yield text


def _is_whole(text: str) -> bool:
    try:
        return bool(parse(text, allow_empty_selection_sets=False).definitions)
    except GraphQLSyntaxError:
        return False


class _Cutter(Visitor):
    """Takes away the selection, directive or fragment around a selection with this number."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.left = number

    @staticmethod
    def count(document: DocumentNode) -> int:
        cutter = _Cutter(-1)
        visit(document, cutter)
        return -1 - cutter.left

    def enter(self, node: Node, *_: Any) -> Any:
        if node.kind not in {"field", "inline_fragment", "fragment_spread", "directive"}:
            return None
        self.left -= 1
        return REMOVE if self.left == -1 else None


class _Sweeper(Visitor):
    """Takes away fragments that nothing spreads and variables that nothing uses."""

    def __init__(self, document: DocumentNode) -> None:
        super().__init__()
        self._document = print_ast(document)

    def enter_fragment_definition(self, node: Any, *_: Any) -> Any:
        return None if f"...{node.name.value}" in self._document else REMOVE

    def enter_variable_definition(self, node: Any, *_: Any) -> Any:
        used = self._document.count(f"${node.variable.name.value}") > 1
        return None if used else REMOVE
