"""The deferred parts of an operation: which fragments may come later, and what each is within.

Part 0 is the first answer. A fragment with @defer is a part of its own for each depth and each part
in which it stands; so all objects it is about lie equally deep.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from graphql import (
    DirectiveNode,
    DocumentNode,
    SelectionNode,
    StringValueNode,
    Visitor,
    visit,
)

from gateway.plan.shape import When
from gateway.planner.conditions import either
from gateway.spec.names import DEFER


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One deferred fragment, `depth` fields below the root and within the part `parent`."""

    number: int
    parent: int
    depth: int
    label: str | None
    when: When


@dataclass(slots=True)
class Parts:
    """Grows while an operation is read; a part always comes after the one it is within."""

    found: list[Part] = field(default_factory=list)
    _numbers: dict[tuple[int, int, int], int] = field(default_factory=dict)

    def number(self, directive: DirectiveNode, *, parent: int, depth: int, when: When) -> int:
        """The number of the part that a fragment makes here, if only under these conditions."""
        place = parent, id(directive), depth
        known = self._numbers.get(place)
        if known is not None:
            part = self.found[known - 1]
            self.found[known - 1] = replace(part, when=either(part.when, when))
            return known
        number = self._numbers[place] = len(self.found) + 1
        label = _label(directive)
        self.found.append(Part(number=number, parent=parent, depth=depth, label=label, when=when))
        return number

    def reading(self) -> Iterator[Part]:
        """Each part, those found meanwhile included."""
        number = 0
        while number < len(self.found):
            yield self.found[number]
            number += 1

    def chain(self, number: int) -> frozenset[int]:
        """A part with everything it is within."""
        chain = {0, number}
        while number:
            number = self.found[number - 1].parent
            chain.add(number)
        return frozenset(chain)


def deferral_of(node: SelectionNode) -> DirectiveNode | None:
    """The @defer of a fragment."""
    return next((each for each in node.directives or () if each.name.value == DEFER), None)


def defers(document: DocumentNode) -> bool:
    """Whether @defer stands anywhere in a document."""
    finder = _Finder()
    visit(document, finder)
    return finder.found


class _Finder(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.found = False

    def enter_directive(self, node: DirectiveNode, *_: object) -> None:
        self.found = self.found or node.name.value == DEFER


def _label(directive: DirectiveNode) -> str | None:
    for argument in directive.arguments or ():
        if argument.name.value == "label" and isinstance(argument.value, StringValueNode):
            return argument.value.value
    return None
